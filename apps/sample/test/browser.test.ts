import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { requireComponent } from '../../../tests/components.js'
import { openProxy } from './proxy.js'
import {
  admitVisitors,
  box,
  DESKTOP,
  hears,
  isTooWide,
  joinAs,
  launchBrowser,
  PHONE,
  say,
  texts,
  type Visitors,
} from './visitors.js'

const component = requireComponent('chromium')

describe.skipIf(!component.available)(component.title('the pages in Chromium'), { timeout: 60_000 }, () => {
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

  const open: Visitors['open'] = (...its) => visitors.open(...its)
  const enter: Visitors['enter'] = (...its) => visitors.enter(...its)

  it('lets two talk, and a third who joins see what was said', async () => {
    const ada = await enter('Ada')
    const bob = await enter('Bob')
    await say(ada, 'Good morning')
    await hears(bob, 'Good morning')
    await say(bob, 'Morning, Ada')
    await hears(ada, 'Morning, Ada')

    const cyd = await enter('Cyd')
    await hears(cyd, 'Morning, Ada')
    expect(await texts(cyd)).toEqual(['Good morning', 'Morning, Ada'])
    expect(await cyd.locator('.message-author').allTextContents()).toEqual(['Ada', 'Bob'])
    await say(cyd, 'Hello, both')
    await hears(ada, 'Hello, both')
    await hears(bob, 'Hello, both')
    await ada.locator('.message[data-state=sent] .message-state', { hasText: 'Sent' }).waitFor()
    expect(await texts(ada)).toEqual(['Good morning', 'Morning, Ada', 'Hello, both'])
  })

  it('comes back by itself after its plain WebSocket is lost, misses nothing and loses nothing', async () => {
    const direct = await enter('Ada', '/?transport=plain')
    const bobProxy = await openProxy(visitors.proxy.port)
    try {
      const bob = await joinAs(await open('/?transport=plain', {}, bobProxy.port), 'Bob')
      await say(bob, 'before')
      await hears(direct, 'before')

      bobProxy.cut()
      await bob.locator('.status[data-phase=waiting]').waitFor()
      await bob.getByText(/^Reconnecting in \d+ s$/).waitFor()
      await say(bob, 'written while away')
      await bob.getByText('What you write stays here').waitFor()
      expect(await box(bob).inputValue()).toBe('written while away')
      await say(direct, 'said meanwhile')
      await direct.locator('.message[data-state=sent]', { hasText: 'said meanwhile' }).waitFor()

      bobProxy.mend()
      await bob.locator('.status[data-phase=connected]').waitFor()
      await hears(bob, 'said meanwhile')
      await say(direct, 'said after')
      await hears(bob, 'said after')
      expect(await box(bob).inputValue()).toBe('written while away')
      await box(bob).press('Enter')
      await hears(direct, 'written while away')
      const all = ['before', 'said meanwhile', 'said after', 'written while away']
      await hears(bob, 'written while away')
      expect(await texts(bob)).toEqual(all)
      expect(await texts(direct)).toEqual(all)
    } finally {
      await bobProxy.close()
    }
  })

  it('shows what people say as text, never as HTML', async () => {
    const html = '<img src="x" onerror="document.title=1"><b>bold</b>'
    const ada = await enter(`<i>Ada</i>`)
    await say(ada, html)
    await hears(ada, html)
    expect(await ada.locator('.message img, .message b, .message i').count()).toBe(0)
  })

  it('keeps rooms apart, names them in the address and lists them', async () => {
    const ada = await enter('Ada', '/#tea')
    const bob = await enter('Bob')
    await say(ada, 'tea only')
    await bob.getByRole('link', { name: 'tea' }).waitFor()
    await say(bob, 'lobby only')
    await hears(bob, 'lobby only')
    expect(await texts(bob)).toEqual(['lobby only'])

    await bob.getByRole('link', { name: 'tea' }).click()
    await hears(bob, 'tea only')
    expect(new URL(bob.url()).hash).toBe('#tea')
    expect(await texts(bob)).toEqual(['tea only'])

    await bob.locator('#new-room summary').click()
    await bob.getByLabel('Name of the room to open').fill('Caf\u00e9 & Cake')
    await bob.getByLabel('Name of the room to open').press('Enter')
    await bob.getByRole('heading', { name: 'caf\u00e9-cake' }).waitFor()
    await bob.getByText('Nobody has said anything here yet').waitFor()
    await say(bob, 'cake only')
    await ada.getByRole('link', { name: 'caf\u00e9-cake' }).click()
    await hears(ada, 'cake only')
    await ada.goBack()
    await hears(ada, 'tea only')
  })

  it('lists who is here, and lets two talk alone', async () => {
    const ada = await enter('Ada')
    const bob = await enter('Bob')
    const eve = await enter('Eve')
    await ada.getByRole('link', { name: 'Bob' }).click()
    await ada.getByRole('heading', { name: 'Bob' }).waitFor()
    await say(ada, 'between us')
    await ada.locator('.message[data-state=sent]', { hasText: 'between us' }).waitFor()

    await bob.getByRole('link', { name: 'Ada 1 not seen' }).click()
    await hears(bob, 'between us')
    await say(bob, 'nobody else hears')
    await hears(ada, 'nobody else hears')
    expect(new URL(bob.url()).hash).toBe('#%40Ada')
    expect(await eve.getByRole('link', { name: 'not seen' }).count()).toBe(0)
    expect(await texts(eve)).toEqual([])

    await bob.context().close()
    await ada.getByRole('link', { name: 'Bob away' }).waitFor()
    await say(ada, 'are you there?')
    await ada.locator('.message[data-state=failed]').getByText('Not sent. Bob is not here').waitFor()
    await ada.getByRole('link', { name: 'lobby' }).click()
    await say(ada, 'the session goes on')
    await hears(eve, 'the session goes on')
  })

  it('keeps the name and the unsent text over a reload', async () => {
    const ada = await enter('Ada')
    await box(ada).fill('not finished')
    await ada.reload()
    await ada.locator('.status[data-phase=connected]').waitFor()
    expect(await ada.getByRole('dialog').count()).toBe(0)
    expect(await box(ada).inputValue()).toBe('not finished')
    await ada.getByRole('button', { name: 'Your name: Ada' }).waitFor()
  })

  it('shows why the server refuses, and lets one try again', async () => {
    const page = await open('/')
    await page.getByLabel('Name', { exact: true }).fill('Ada')
    await page.getByText('Passcode', { exact: true }).first().click()
    await page.getByLabel('Passcode').fill('wrong')
    await page.getByRole('button', { name: 'Join' }).click()
    await page.getByRole('alert').getByText('The passcode is wrong').waitFor()
    await page.locator('.status[data-phase=refused]').waitFor({ state: 'attached' })
    await page.getByLabel('Passcode').fill('right')
    await page.getByRole('button', { name: 'Join' }).click()
    await page.locator('.status[data-phase=connected]').waitFor()
  })

  it('marks a message that the server refuses, keeps its text and goes on', async () => {
    const ada = await enter('Ada')
    // The box itself takes no more than the server does.
    await ada.evaluate('document.getElementById("text").maxLength = 2000')
    await say(ada, 'a'.repeat(1001))
    await ada
      .locator('.message[data-state=failed]')
      .getByText(/^Not sent\. /)
      .waitFor()
    await say(ada, 'shorter')
    await ada.locator('.message[data-state=sent]', { hasText: 'shorter' }).waitFor()
  })

  it('greets on the page of the greeting example', async () => {
    const page = await open('/greeting.html')
    await page.getByRole('button', { name: 'Connect', exact: true }).click()
    await page.locator('.status[data-phase=connected]').waitFor()
    await page.getByLabel('What is your name?').fill("O'Hara <b>")
    await page.getByRole('button', { name: 'Send' }).click()
    await page.getByRole('cell', { name: "Hello, O'Hara <b>!" }).waitFor()
    await page.getByRole('button', { name: 'Disconnect' }).click()
    await page.locator('.status[data-phase=idle]').waitFor()
  })

  it.each([
    ['a phone', PHONE],
    ['a small phone', { width: 320, height: 568 }],
    ['a desktop', DESKTOP],
  ])('never scrolls sideways on %s', async (_title, viewport) => {
    const path = '/?transport=plain#a-room-with-the-longest-name-32'
    const page = await enter('A name of forty characters, no fewer....', path, { viewport })
    await say(page, `long ${'word'.repeat(100)}`)
    await page.locator('.message[data-state=sent]').waitFor()
    expect(await isTooWide(page)).toBe(false)
    await page.locator('#new-room summary').click()
    expect(await isTooWide(page)).toBe(false)
    visitors.proxy.cut()
    await page.getByRole('button', { name: 'Reconnect now' }).waitFor()
    expect(await isTooWide(page)).toBe(false)
    visitors.proxy.mend()
    await page.goto(`http://127.0.0.1:${visitors.proxy.port}/greeting.html`)
    expect(await isTooWide(page)).toBe(false)
  })

  /** For people: `SCREENSHOTS=1 npx vitest run apps/sample/test/browser.test.ts` prints where the pictures are. */
  const takePictures = async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hoofbeat-pages-'))
    const ada = await enter('Ada')
    const bob = await enter('Bob')
    await say(ada, 'Good morning! Did the new release go out last night?')
    await hears(bob, 'Good morning! Did the new release go out last night?')
    await say(bob, 'Morning. It did, a little after ten.')
    await hears(ada, 'Morning. It did, a little after ten.')
    await say(bob, 'Nobody lost their connection for more than a second, as far as I can see in the log.')
    await hears(ada, 'Nobody lost their connection for more than a second, as far as I can see in the log.')
    await say(ada, 'Lovely.')
    await hears(bob, 'Lovely.')
    await say(ada, 'Then let us write the notes:\n- what changed\n- what to do before the update\n- who to ask')
    await enter('Chandra', '/#release-notes').then((page) => say(page, 'Draft is up.'))
    await enter('Dee', '/#tea-and-cake').then((page) => say(page, 'Cake at four.'))
    await ada.getByRole('link', { name: 'tea-and-cake' }).waitFor()
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const [device, viewport] of [
        ['desktop', DESKTOP],
        ['phone', PHONE],
      ] as const) {
        const picture = (page: Page, what: string) =>
          page.screenshot({ path: join(folder, `${what}-${device}-${colorScheme}.png`) })
        const options = { viewport, colorScheme }
        await picture(await open('/', options), 'join')
        const page = await enter('Ada', '/?transport=plain', options)
        await page.locator('.message').nth(4).waitFor()
        await picture(page, 'chat')
        await page.locator('#status-open').click()
        await page.locator('.transport-fact', { hasText: ' ms' }).waitFor()
        await picture(page, 'connection')
        await page.keyboard.press('Escape')
        await say(page, `Here is a long address: https://example.org/${'path/'.repeat(12)}`)
        await picture(await open('/greeting.html', options), 'greeting')
        visitors.proxy.cut()
        await page.getByRole('button', { name: 'Reconnect now' }).waitFor()
        await box(page).fill('I am still writing this')
        await picture(page, 'lost')
        visitors.proxy.mend()
        await page.locator('.status[data-phase=connected]').waitFor()
        await page.locator('#new-room summary').click()
        await picture(page, 'new-room')
        const empty = await enter('Ada', '/#quiet', options)
        await empty.getByText('Nobody has said').waitFor()
        await picture(empty, 'empty')
      }
    }
    process.stdout.write(`pictures in ${folder}\n`)
  }
  if (process.env.SCREENSHOTS) it('has its pictures taken', { timeout: 120_000 }, takePictures)
})
