import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { requireComponent } from '../../../tests/components.js'
import { buildApp } from '../src/app.js'
import { connect } from './session.js'
import { admitVisitors, DESKTOP, isTooWide, launchBrowser, PHONE, type Visitors } from './visitors.js'

describe("the endpoint of Spring's guide", () => {
  let app: FastifyInstance
  let url: string

  beforeEach(async () => {
    app = await buildApp({ greetingDelayMs: 0, drainMs: 0 })
    url = `${await app.listen({ port: 0, host: '127.0.0.1' })}/gs-guide-websocket`
  })
  afterEach(() => app.close())

  it('tells SockJS clients what they may try', async () => {
    expect(await (await fetch(url)).text()).toBe('Welcome to SockJS!\n')
    expect(await (await fetch(`${url}/info`)).json()).toMatchObject({ websocket: true, cookie_needed: true })
  })

  it.each(['', '/websocket'])("speaks plain STOMP over a WebSocket at '%s' below it", async (path) => {
    const session = await connect(`${url.replace('http', 'ws')}${path}`, { login: 'Ada' })
    expect(session.connected['user-name']).toBe('Ada')
    const greetings = await session.subscribe('/topic/greetings')
    await session.send('/app/hello', { name: 'Ada' })
    expect(await greetings.next()).toEqual({ content: 'Hello, Ada!' })
    await session.end()
  })
})

const component = requireComponent('chromium')

describe.skipIf(!component.available)(
  component.title("the page of Spring's guide in Chromium"),
  { timeout: 60_000 },
  () => {
    let browser: Browser
    let visitors: Visitors

    beforeAll(async () => {
      browser = await launchBrowser(component.path)
    }, 60_000)
    afterAll(() => browser?.close())

    beforeEach(async () => {
      visitors = await admitVisitors(browser)
    })
    afterEach(async () => {
      await visitors.close()
      expect(visitors.faults).toEqual([])
    })

    const connectBy = async (page: Page, by: string): Promise<void> => {
      await page.getByRole('button', { name: 'Connect', exact: true }).click()
      await page.locator('.status[data-phase=connected]').getByText(by, { exact: true }).waitFor()
    }
    const greet = async (page: Page, name: string): Promise<void> => {
      await page.getByLabel('What is your name?').fill(name)
      await page.getByRole('button', { name: 'Send' }).click()
    }

    it.each([
      { query: '', by: 'WebSocket' },
      { query: '?transport=xhr-streaming', by: 'XHR streaming' },
      { query: '?transport=eventsource', by: 'EventSource' },
      { query: '?transport=xhr-polling', by: 'XHR polling' },
    ])('greets everybody over $by', async ({ query, by }) => {
      const ada = await visitors.open(`/spring-guide.html${query}`)
      const bob = await visitors.open('/greeting.html')
      await connectBy(ada, by)
      await bob.getByRole('button', { name: 'Connect', exact: true }).click()
      await bob.locator('.status[data-phase=connected]').waitFor()
      await greet(ada, "O'Hara <b> 100%")
      await ada.getByRole('cell', { name: "Hello, O'Hara <b> 100%!" }).waitFor()
      await greet(bob, 'Bob')
      await ada.getByRole('cell', { name: 'Hello, Bob!' }).waitFor()

      await ada.getByRole('button', { name: 'Disconnect' }).click()
      await ada.locator('.status[data-phase=idle]').waitFor()
      expect(await ada.getByRole('button', { name: 'Send' }).isDisabled()).toBe(true)
    })

    it('tells that the connection was lost, and connects anew', async () => {
      const page = await visitors.open('/spring-guide.html')
      await connectBy(page, 'WebSocket')
      visitors.proxy.cut()
      await page.locator('.status', { hasText: 'Connection lost' }).waitFor()
      visitors.proxy.mend()
      await connectBy(page, 'WebSocket')
      await greet(page, 'Ada')
      await page.getByRole('cell', { name: 'Hello, Ada!' }).waitFor()
    })

    it('changes to another transport when one is chosen', async () => {
      const page = await visitors.open('/spring-guide.html')
      await connectBy(page, 'WebSocket')
      await page.getByRole('button', { name: 'WebSocket' }).click()
      await page.getByRole('radio', { name: 'XHR polling' }).check()
      await page.locator('.status[data-phase=connected]', { hasText: 'Connected by XHR polling' }).waitFor()
      await page.keyboard.press('Escape')
      await greet(page, 'Ada')
      await page.getByRole('cell', { name: 'Hello, Ada!' }).waitFor()
    })

    it.each([
      ['a small phone', { width: 320, height: 568 }],
      ['a desktop', DESKTOP],
    ])('never scrolls sideways on %s', async (_title, viewport) => {
      const page = await visitors.open('/spring-guide.html?transport=xhr-streaming', { viewport })
      expect(await isTooWide(page)).toBe(false)
      await connectBy(page, 'XHR streaming')
      await greet(page, 'A name of forty characters, no fewer....')
      await page.getByRole('cell').first().waitFor()
      expect(await isTooWide(page)).toBe(false)
    })

    it.each(['/', '/greeting.html'])('is linked from %s', async (path) => {
      const page = await visitors.open(path)
      expect(await page.getByRole('link', { name: 'The same over SockJS' }).getAttribute('href')).toBe(
        'spring-guide.html',
      )
    })

    /** For people: `SCREENSHOTS=1 npx vitest run apps/sample/test/spring-guide.test.ts` prints where the pictures are. */
    const takePictures = async (): Promise<void> => {
      const folder = await mkdtemp(join(tmpdir(), 'hoofbeat-pages-'))
      for (const colorScheme of ['light', 'dark'] as const) {
        for (const [device, viewport] of [
          ['desktop', DESKTOP],
          ['phone', PHONE],
        ] as const) {
          const page = await visitors.open('/spring-guide.html?transport=xhr-streaming', { viewport, colorScheme })
          await page.screenshot({ path: join(folder, `before-${device}-${colorScheme}.png`) })
          await connectBy(page, 'XHR streaming')
          for (const name of ['Ada', 'Bob']) {
            await greet(page, name)
            await page.getByRole('cell', { name: `Hello, ${name}!` }).waitFor()
          }
          await page.screenshot({ path: join(folder, `greeted-${device}-${colorScheme}.png`) })
          await page.getByRole('button', { name: 'XHR streaming' }).click()
          await page.screenshot({ path: join(folder, `choice-${device}-${colorScheme}.png`) })
        }
      }
      process.stdout.write(`pictures in ${folder}\n`)
    }
    if (process.env.SCREENSHOTS) it('has its pictures taken', { timeout: 120_000 }, takePictures)
  },
)
