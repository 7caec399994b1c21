import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { CHROMIUM_FLAGS } from '../chromium.js'
import type { Errand, PageReport, TrafficPage } from './page/traffic.js'

/** How long a reload may take on a busy machine. */
const RELOAD_MS = 30_000

/** Starts a Chromium that lets pages rest when one goes elsewhere, as people's browsers do. */
export function launchBrowser(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [...CHROMIUM_FLAGS],
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  })
}

/** A context of its own: nothing remembered, and all certificates are good. */
export function openContext(browser: Browser): Promise<BrowserContext> {
  return browser.newContext({ ignoreHTTPSErrors: true })
}

declare const traffic: TrafficPage

export const begin = (page: Page, errand: Errand): Promise<void> =>
  page.evaluate((given) => traffic.begin(given), errand)

/**
 * Soon sends so many messages at once and, in the same task, leaves: a page that is reloaded is not kept. `reloaded`
 * resolves when the page is there again, and is to be awaited before its context is closed: Chromium forgets to close a
 * page that is just committing a reload, and `close` would never resolve
 * (https://github.com/microsoft/playwright/issues/42068).
 */
export async function burstAndReload(page: Page, count: number): Promise<{ readonly reloaded: Promise<unknown> }> {
  const reloaded = page.waitForEvent('load', { timeout: RELOAD_MS })
  // If something fails before it is awaited, that is what the test tells.
  reloaded.catch(() => {})
  await page.evaluate((messages) => {
    // Not before this call has returned, since nobody is left to answer it then.
    setTimeout(() => {
      traffic.burst(messages)
      location.reload()
    })
  }, count)
  return { reloaded }
}

export const reportOf = (page: Page): Promise<PageReport> => page.evaluate(() => traffic.report())

export const deactivate = (page: Page): Promise<void> => page.evaluate(() => traffic.deactivate())

/** Asks again and again until something holds; the last report then, or at the deadline, is what tests look at. */
export async function reportWhen(
  page: Page,
  holds: (report: PageReport) => boolean,
  withinMs: number,
): Promise<PageReport> {
  const giveUpMs = Date.now() + withinMs
  for (;;) {
    const report = await reportOf(page)
    if (holds(report) || Date.now() > giveUpMs) return report
    await page.waitForTimeout(200)
  }
}
