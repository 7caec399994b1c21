import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { requireComponent } from '../../../tests/components.js'
import { openUpstream, relayTo } from './upstream.js'
import { admitVisitors, hears, launchBrowser, say } from './visitors.js'

const component = requireComponent('chromium')

describe.skipIf(!component.available)(component.title('the page over a relay'), { timeout: 60_000 }, () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchBrowser(component.path)
  }, 60_000)
  afterAll(() => browser?.close())

  it('says quietly that the broker is away, stays connected, and delivers what was written meanwhile', async () => {
    const upstream = await openUpstream()
    const visitors = await admitVisitors(browser, { relay: relayTo(upstream.proxy.port) })
    try {
      const ada = await visitors.enter('Ada')
      const bob = await visitors.enter('Bob')
      await say(ada, 'before')
      await hears(bob, 'before')

      upstream.proxy.cut()
      await ada.getByText('The message broker is away.').waitFor()
      expect(await ada.locator('.status').getAttribute('data-phase')).toBe('connected')
      await say(ada, 'meanwhile')
      await ada.locator('.message[data-state=sending]', { hasText: 'meanwhile' }).waitFor()

      upstream.proxy.mend()
      await hears(bob, 'meanwhile')
      await ada.locator('.message[data-state=sent]', { hasText: 'meanwhile' }).waitFor()
      await ada.getByText('The message broker is away.').waitFor({ state: 'detached' })
      expect(visitors.faults).toEqual([])
    } finally {
      await visitors.close()
      await upstream.close()
    }
  })
})
