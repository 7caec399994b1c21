import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { requireComponent } from '../../../tests/components.js'
import { type LossyProxy, openProxy } from './proxy.js'
import {
  admitVisitors,
  box,
  DESKTOP,
  hears,
  isTooWide,
  launchBrowser,
  PHONE,
  say,
  texts,
  type Visitors,
} from './visitors.js'

const component = requireComponent('chromium')

describe.skipIf(!component.available)(component.title('what carries the pages'), { timeout: 60_000 }, () => {
  let browser: Browser
  let visitors: Visitors
  /** In front of Bob alone. */
  let bobProxy: LossyProxy

  beforeAll(async () => {
    browser = await launchBrowser(component.path)
  }, 60_000)
  afterAll(() => browser?.close())

  beforeEach(async () => {
    visitors = await admitVisitors(browser)
    bobProxy = await openProxy(visitors.proxy.port)
  })
  afterEach(async () => {
    await visitors.close()
    await bobProxy.close()
    expect(visitors.faults).toEqual([])
  })

  const enterAda = (): Promise<Page> => visitors.enter('Ada', '/?transport=plain')
  const enterBob = (path: string): Promise<Page> => visitors.enter('Bob', path, {}, bobProxy.port)

  const opener = (page: Page): Locator => page.getByRole('button', { name: 'About the connection' })

  const openPanel = async (page: Page): Promise<void> => {
    await opener(page).click()
    await page.getByRole('heading', { name: 'Connection' }).waitFor()
  }

  const fact = (page: Page, name: string): Locator =>
    page.locator('.transport-fact', { has: page.getByText(name, { exact: true }) }).locator('dd')

  const choice = (page: Page, title: string): Locator => page.getByRole('radio', { name: new RegExp(`^${title}`) })

  /** Waits until the panel says so. */
  const tells = (page: Page, name: string, value: string | RegExp): Promise<void> =>
    fact(page, name).filter({ hasText: value }).waitFor()

  const sessionOf = async (page: Page): Promise<string> => {
    await tells(page, 'Session', /\w{4}/)
    return (await fact(page, 'Session').textContent()) ?? ''
  }

  const isConnected = (page: Page): Promise<void> => page.locator('.status[data-phase=connected]').waitFor()

  it.each([
    ['auto', 'Automatic', 'WebSocket', 1],
    ['websocket', 'WebSocket', 'WebSocket', 1],
    ['stream', 'Event stream', 'Event stream', 0],
    ['poll', 'Polling', 'Polling', 0],
    ['plain', 'Plain WebSocket', 'Plain WebSocket', 1],
  ])('carries a chat both ways by %s, and the panel names it', async (name, title, carrier, sockets) => {
    const ada = await enterAda()
    const bob = await visitors.open(`/?transport=${name}`, {}, bobProxy.port)
    let opened = 0
    bob.on('websocket', () => {
      opened += 1
    })
    await bob.getByLabel('Name', { exact: true }).fill('Bob')
    await bob.getByRole('button', { name: 'Join' }).click()
    await isConnected(bob)
    await say(bob, 'Good morning')
    await hears(ada, 'Good morning')
    await say(ada, 'Morning, Bob')
    await hears(bob, 'Morning, Bob')
    await bob.locator('.message[data-state=sent]').waitFor()

    await openPanel(bob)
    expect(await choice(bob, title).isChecked()).toBe(true)
    await tells(bob, 'Carried by', new RegExp(`^${carrier}$`))
    await tells(bob, 'Round trip', / ms$/)
    await tells(bob, 'Resumed', name === 'plain' ? '–' : 'Never')
    await tells(bob, 'Reconnects', '0')
    await tells(bob, 'Connected since', /\d, for\s\d+\ss$/)
    expect(opened).toBe(sockets)
  })

  it.each(['auto', 'websocket', 'stream', 'poll'])(
    'goes on in the same session after a cut by %s: nothing is lost, nothing comes twice',
    async (name) => {
      const ada = await enterAda()
      const bob = await enterBob(`/?transport=${name}`)
      await say(bob, 'before')
      await hears(ada, 'before')
      await bob.locator('.message[data-state=sent]').waitFor()
      await openPanel(bob)
      const session = await sessionOf(bob)

      bobProxy.cut()
      await say(ada, 'said meanwhile')
      await ada.locator('.message[data-state=sent]', { hasText: 'said meanwhile' }).waitFor()
      await say(bob, 'written while away')
      await bob.locator('.message[data-state=sending]', { hasText: 'written while away' }).waitFor()
      bobProxy.mend()
      await hears(bob, 'said meanwhile')
      await hears(ada, 'written while away')
      await bob.locator('.message[data-state=sent]', { hasText: 'written while away' }).waitFor()
      await say(ada, 'said after')
      await hears(bob, 'said after')

      await isConnected(bob)
      await tells(bob, 'Resumed', 'Once')
      await tells(bob, 'Reconnects', '0')
      expect(await sessionOf(bob)).toBe(session)
      const all = ['before', 'said meanwhile', 'written while away', 'said after']
      expect(await texts(bob)).toEqual(all)
      expect(await texts(ada)).toEqual(all)
    },
  )

  it('goes on by another transport at once, with what was under way and what is not sent yet', async () => {
    const ada = await enterAda()
    const bob = await enterBob('/?transport=plain')
    await openPanel(bob)
    const session = await sessionOf(bob)

    bobProxy.hold()
    await say(bob, 'under way')
    await bob.locator('.message[data-state=sending]').waitFor()
    await box(bob).fill('not finished')
    // One after another, whether or not the last one had time to begin.
    for (const title of ['Polling', 'Event stream', 'Automatic', 'Plain WebSocket', 'WebSocket']) {
      await choice(bob, title).check()
    }
    await hears(ada, 'under way')
    await bob.locator('.message[data-state=sent]', { hasText: 'under way' }).waitFor()
    await tells(bob, 'Carried by', /^WebSocket$/)
    expect(await sessionOf(bob)).not.toBe(session)
    expect(await box(bob).inputValue()).toBe('not finished')
    await box(bob).press('Enter')
    await hears(ada, 'not finished')
    await hears(bob, 'not finished')
    expect(await texts(ada)).toEqual(['under way', 'not finished'])
    expect(await texts(bob)).toEqual(['under way', 'not finished'])
  })

  it('sends what was under way in a room that was left meanwhile', async () => {
    const ada = await enterAda()
    const bob = await enterBob('/?transport=plain')
    bobProxy.hold()
    await say(bob, 'under way')
    await bob.locator('.message[data-state=sending]').waitFor()
    await bob.goto(`http://127.0.0.1:${bobProxy.port}/?transport=plain#tea`)
    await bob.getByRole('heading', { name: 'tea' }).waitFor()
    await openPanel(bob)
    await choice(bob, 'WebSocket').check()
    await hears(ada, 'under way')
    await bob.keyboard.press('Escape')
    await bob.getByRole('link', { name: 'lobby' }).click()
    await bob.locator('.message[data-state=sent]', { hasText: 'under way' }).waitFor()
    expect(await texts(bob)).toEqual(['under way'])
    expect(await texts(ada)).toEqual(['under way'])
  })

  it('remembers the choice, and follows the address where that names one', async () => {
    const bob = await enterBob('/')
    await openPanel(bob)
    await choice(bob, 'Polling').check()
    await tells(bob, 'Carried by', 'Polling')
    await bob.reload()
    await isConnected(bob)
    await openPanel(bob)
    await tells(bob, 'Carried by', 'Polling')
    expect(await choice(bob, 'Polling').isChecked()).toBe(true)

    await bob.goto(`http://127.0.0.1:${bobProxy.port}/?transport=plain#tea`)
    await isConnected(bob)
    await openPanel(bob)
    await tells(bob, 'Carried by', 'Plain WebSocket')
    await choice(bob, 'Event stream').check()
    await tells(bob, 'Carried by', 'Event stream')
    expect(new URL(bob.url()).search + new URL(bob.url()).hash).toBe('?transport=stream#tea')
  })

  it('says while a link looks for a way that nothing is lost', async () => {
    const bob = await enterBob('/?transport=websocket')
    await openPanel(bob)
    await sessionOf(bob)
    bob.setDefaultTimeout(4_000)
    bobProxy.cut()
    await bob.getByText('Reconnecting, nothing is lost').waitFor()
    await tells(bob, 'Carried by', 'Nothing at the moment')
    bobProxy.mend()
    await isConnected(bob)
    await tells(bob, 'Carried by', /^WebSocket$/)
  })

  it('begins with the best transport when it is automatic again', async () => {
    const bob = await enterBob('/?transport=poll')
    await openPanel(bob)
    await tells(bob, 'Carried by', 'Polling')
    bob.setDefaultTimeout(4_000)
    await choice(bob, 'Automatic').check()
    await tells(bob, 'Carried by', /^WebSocket$/)
    await tells(bob, 'Reconnects', '1')
  })

  it('is opened, used and closed by keyboard', async () => {
    const bob = await enterBob('/')
    await opener(bob).focus()
    await bob.keyboard.press('Enter')
    await bob.getByRole('heading', { name: 'Connection' }).waitFor()
    await bob.keyboard.press('Tab')
    expect(await bob.evaluate('document.activeElement.parentElement.innerText')).toMatch(/^Automatic/)
    await bob.keyboard.press('ArrowDown')
    await bob.keyboard.press('ArrowDown')
    await tells(bob, 'Carried by', 'Event stream')
    await bob.keyboard.press('Escape')
    await bob.getByRole('heading', { name: 'Connection' }).waitFor({ state: 'hidden' })
    expect(await bob.evaluate('document.activeElement.id')).toBe('status-open')
  })

  it('is written to only while it is open', async () => {
    const bob = await enterBob('/')
    const written = `new Promise((resolve) => {
      let count = 0
      new MutationObserver((all) => { count += all.length }).observe(
        document.getElementById('transport-facts'), { subtree: true, childList: true, characterData: true })
      setTimeout(() => resolve(count), 2500)
    })`
    expect(await bob.evaluate(written)).toBe(0)
    await openPanel(bob)
    expect(await bob.evaluate(written)).toBeGreaterThan(0)
    await bob.keyboard.press('Escape')
    expect(await bob.evaluate(written)).toBe(0)
  })

  it('carries the greeting example too, and switches it', async () => {
    const page = await visitors.open('/greeting.html?transport=stream')
    const greet = async (name: string) => {
      await page.getByLabel('What is your name?').fill(name)
      await page.getByRole('button', { name: 'Send' }).click()
      await page.getByRole('cell', { name: `Hello, ${name}!` }).waitFor()
    }
    await page.getByRole('button', { name: 'Connect', exact: true }).click()
    await isConnected(page)
    await greet('Ada')
    await openPanel(page)
    await tells(page, 'Carried by', 'Event stream')
    await choice(page, 'Polling').check()
    await tells(page, 'Carried by', 'Polling')
    await page.keyboard.press('Escape')
    await greet('Bob')
  })

  it.each([
    ['a phone', PHONE],
    ['a small phone', { width: 320, height: 568 }],
    ['a desktop', DESKTOP],
  ])('fits on %s', async (_title, viewport) => {
    for (const path of ['/', '/greeting.html']) {
      const page = await visitors.open(path, { viewport })
      if (path === '/') await page.getByLabel('Name', { exact: true }).fill('A name of forty characters, no fewer....')
      if (path === '/') await page.getByRole('button', { name: 'Join' }).click()
      else await page.getByRole('button', { name: 'Connect', exact: true }).click()
      await isConnected(page)
      await openPanel(page)
      const edges = await page.locator('#transport').boundingBox()
      if (edges === null) throw new Error('the panel is not shown')
      expect(edges.x).toBeGreaterThanOrEqual(0)
      expect(edges.x + edges.width).toBeLessThanOrEqual(viewport.width)
      expect(edges.y + edges.height).toBeLessThanOrEqual(viewport.height)
      expect(await isTooWide(page)).toBe(false)
    }
  })
})
