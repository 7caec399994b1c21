import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join as joinPath } from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { requireComponent } from '../../../tests/components.js'
import { admitVisitors, box, DESKTOP, hears, isTooWide, launchBrowser, PHONE, say, type Visitors } from './visitors.js'

const component = requireComponent('chromium')

describe.skipIf(!component.available)(
  component.title('the page of the chat handler in Chromium'),
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

    const ask = async (page: Page, name: string): Promise<void> => {
      await page.getByLabel('Name', { exact: true }).fill(name)
      await page.getByRole('button', { name: 'Join' }).click()
    }
    /** Each message: who says it, to whom alone, and what. */
    const said = async (page: Page): Promise<string[]> =>
      (await page.locator('.message').allInnerTexts()).map((text) => text.split(/\n+/).join(' | '))
    const enter = async (name: string, query = '', options: BrowserContextOptions = {}): Promise<Page> => {
      const page = await visitors.open(`/chat-handler.html${query}`, options)
      await ask(page, name)
      await hears(page, `${name} has joined`)
      return page
    }

    it.each([
      { query: '', by: 'WebSocket' },
      { query: '?transport=stream', by: 'Event stream' },
      { query: '?transport=poll', by: 'Polling' },
      { query: '?transport=plain', by: 'Plain WebSocket' },
    ])('lets people talk by $by, to all and to one', async ({ query, by }) => {
      const ada = await enter('ada', query)
      await ada.locator('.status[data-phase=connected]').getByText(by, { exact: true }).waitFor()
      const bob = await enter('bob', '?transport=plain')
      const cyd = await enter('cyd', '?transport=plain')
      await hears(ada, 'cyd has joined')
      await say(ada, 'Good morning')
      for (const page of [ada, bob, cyd]) await hears(page, 'Good morning')
      await say(bob, '@ada only for you')
      await hears(ada, 'only for you')
      await say(cyd, 'Morning, ada')
      await hears(ada, 'Morning, ada')
      await hears(bob, 'Morning, ada')
      expect(await said(ada)).toEqual(['You | Good morning', 'bob | only to you | only for you', 'cyd | Morning, ada'])
      expect(await said(bob)).toEqual(['ada | Good morning', 'You | only to ada | only for you', 'cyd | Morning, ada'])
      expect(await said(cyd)).toEqual(['ada | Good morning', 'You | Morning, ada'])
    })

    it.each([
      { query: '', by: 'a link' },
      { query: '?transport=plain', by: 'a plain WebSocket' },
    ])('lets one leave by $by and come back with another name', async ({ query }) => {
      const bob = await enter('bob')
      const ada = await enter('ada', query)
      await ada.getByRole('button', { name: 'Leave' }).click()
      await hears(ada, 'You have left')
      await ada.locator('.status[data-phase=idle]').waitFor()
      await hears(bob, 'ada has left')
      await ask(ada, 'eve')
      await hears(bob, 'eve has joined')
    })

    it('shows what people say as text, never as HTML', async () => {
      const html = '<img src="x" onerror="document.title=1"><b>bold</b>'
      const ada = await enter('<i>ada</i>')
      await say(ada, html)
      await hears(ada, html)
      expect(await ada.locator('#messages :is(img, b, i)').count()).toBe(0)
    })

    it('says why a name is not taken, and takes another one', async () => {
      await enter('ada')
      const page = await visitors.open('/chat-handler.html')
      await ask(page, 'two words')
      await page
        .getByRole('alert')
        .getByText(/one word/)
        .waitFor()
      await ask(page, 'ada')
      await page.getByRole('alert').getByText('ada is here already: take another name').waitFor()
      await ask(page, 'eve')
      await hears(page, 'eve has joined')
      expect(await page.getByRole('alert').count()).toBe(0)
    })

    it('goes on after a cut without a word lost', async () => {
      const ada = await enter('ada')
      visitors.proxy.cut()
      await ada.locator('.status[data-phase=resuming]').waitFor()
      await say(ada, 'written while away')
      visitors.proxy.mend()
      await hears(ada, 'written while away')
      await ada.locator('.status[data-phase=connected]').waitFor()
    })

    it('tells that a plain WebSocket is lost, and lets one join again', async () => {
      const ada = await enter('ada', '?transport=plain')
      visitors.proxy.cut()
      await ada.getByText(/^The connection has ended/).waitFor()
      visitors.proxy.mend()
      await ada.getByRole('button', { name: 'Join' }).click()
      await ada.getByText('ada has joined').nth(1).waitFor()
      await box(ada).waitFor()
    })

    it.each([
      ['a phone', PHONE],
      ['a small phone', { width: 320, height: 568 }],
      ['a desktop', DESKTOP],
    ])('never scrolls sideways on %s', async (_title, viewport) => {
      const page = await visitors.open('/chat-handler.html', { viewport })
      expect(await isTooWide(page)).toBe(false)
      await ask(page, 'a'.repeat(40))
      await page.getByText('has joined').waitFor()
      await say(page, `long ${'word'.repeat(100)}`)
      await page.locator('.message').waitFor()
      expect(await isTooWide(page)).toBe(false)
    })

    it('is linked from the other pages', async () => {
      for (const path of ['/greeting.html', '/spring-guide.html']) {
        const page = await visitors.open(path)
        await page.getByRole('link', { name: 'A chat without STOMP' }).click()
        await page.getByRole('heading', { name: 'A chat without STOMP' }).waitFor()
      }
    })

    /** For people: `SCREENSHOTS=1 npx vitest run apps/sample/test/chat-handler-page.test.ts` prints where they are. */
    const takePictures = async (): Promise<void> => {
      const folder = await mkdtemp(joinPath(tmpdir(), 'hoofbeat-chat-handler-'))
      const bob = await enter('bob')
      for (const colorScheme of ['light', 'dark'] as const) {
        for (const [device, viewport] of [
          ['desktop', DESKTOP],
          ['phone', PHONE],
        ] as const) {
          const options = { viewport, colorScheme }
          const picture = (page: Page, what: string) =>
            page.screenshot({ path: joinPath(folder, `${what}-${device}-${colorScheme}.png`) })
          const name = `ada-${device}-${colorScheme}`
          const refused = await visitors.open('/chat-handler.html', options)
          await ask(refused, 'two words')
          await refused.getByRole('alert').waitFor()
          await picture(refused, 'join')
          const ada = await enter(name, '', options)
          await say(ada, 'Good morning! Did the new release go out last night?')
          await hears(bob, 'Good morning! Did the new release go out last night?')
          await say(bob, 'Morning. It did, a little after ten, and nobody lost their connection for long.')
          await say(bob, `@${name} The cake is for Cyd: not a word of it.`)
          await hears(ada, 'The cake is for Cyd: not a word of it.')
          await say(ada, '@bob Lovely.')
          await hears(bob, 'Lovely.')
          await say(ada, '@dee are you here?')
          await hears(ada, 'dee is not here')
          await picture(ada, 'chat')
          await ada.close()
          await hears(bob, `${name} has left`)
          await bob.reload()
          await ask(bob, 'bob')
          await hears(bob, 'bob has joined')
        }
      }
      process.stdout.write(`pictures in ${folder}\n`)
    }
    if (process.env.SCREENSHOTS) it('has its pictures taken', { timeout: 120_000 }, takePictures)
  },
)
