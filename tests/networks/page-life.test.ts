import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { requireComponent } from '../components.js'
import { begin, burstAndReload, deactivate, launchBrowser, openContext, reportOf, reportWhen } from './browser.js'
import { bundlePage } from './bundle.js'
import type { Carrier } from './network.js'
import type { PageReport } from './page/traffic.js'
import { type Site, startSite } from './site.js'
import { until } from './until.js'

const chromium = requireComponent('chromium')

const RUNGS: readonly Carrier[] = ['websocket', 'stream', 'poll']
const TRAFFIC = { count: 200, durationMs: 4_000 }
/** How long a page is away, in the midst of its traffic. */
const AWAY_MS = 2_000
/** In a full run long enough for the link to notice it by its clocks. */
const STILL_MS = Number(process.env.HOOFBEAT_NETWORK_SECONDS ?? 6) < 60 ? AWAY_MS : 13_000
const PATIENCE_MS = 30_000

describe.skipIf(!chromium.available)(chromium.title('a page that lives'), { timeout: 90_000 }, () => {
  let browser: Browser
  let script: string

  beforeAll(async () => {
    browser = await launchBrowser(chromium.path)
    script = await bundlePage()
  }, 60_000)
  afterAll(() => browser?.close())

  /** Opens a page whose traffic has begun, over one rung; those below it are allowed. */
  const withPage = async (rung: Carrier, run: (page: Page, site: Site) => Promise<void>): Promise<void> => {
    const site = await startSite(script, TRAFFIC)
    const context = await openContext(browser)
    try {
      const page = await context.newPage()
      await page.goto(`http://127.0.0.1:${site.port}`)
      await begin(page, { ...TRAFFIC, reconnectDelayMs: 0, rungs: RUNGS.slice(RUNGS.indexOf(rung)) })
      const report = await reportWhen(page, ({ receivedAtMs }) => receivedAtMs.length > 20, PATIENCE_MS)
      expect(report.rungs).toEqual([rung])
      await run(page, site)
    } finally {
      await context.close()
      await site.close()
    }
  }

  /** Everything has come, both ways, in one session. */
  const expectAll = async (page: Page, site: Site): Promise<PageReport> => {
    const isComplete = ({ receivedAtMs, closes }: PageReport): boolean =>
      closes.length > 0 || (receivedAtMs.length === TRAFFIC.count && site.up.atMs.length === TRAFFIC.count)
    const report = await reportWhen(page, isComplete, PATIENCE_MS)
    expect([report.closes, report.errors, report.faults, site.up.faults]).toEqual([[], [], [], []])
    expect([report.connects, report.receivedAtMs.length, site.up.atMs.length]).toEqual([
      1,
      TRAFFIC.count,
      TRAFFIC.count,
    ])
    return report
  }

  describe.concurrent.each(RUNGS)('over %s', (rung) => {
    it('brings what it sent last when it is left, and its session ends at once', async () => {
      await withPage(rung, async (page, site) => {
        const { sentAtMs } = await reportOf(page)
        const { reloaded } = await burstAndReload(page, 50)
        const hasEnded = await until(() => site.app.stomp.users.sessionCount === 0, 5_000)
        await reloaded
        expect(hasEnded).toBe(true)
        expect(site.up.faults).toEqual([])
        expect(site.up.atMs.length).toBeGreaterThanOrEqual(sentAtMs.length + 50)
      })
    })

    it('goes on where it was when one comes back to it', async () => {
      await withPage(rung, async (page, site) => {
        await page.goto(`http://127.0.0.1:${site.port}/away`)
        await page.waitForTimeout(AWAY_MS)
        // No event `load` comes where nothing is loaded.
        await page.goBack({ waitUntil: 'commit' })
        const { restores } = await reportWhen(page, (report) => report.restores > 0, 5_000)
        expect(restores).toBe(1)
        await expectAll(page, site)
      })
    })

    it('goes on where it was after its machine stood still', async () => {
      await withPage(rung, async (page, site) => {
        const session = await page.context().newCDPSession(page)
        await session.send('Debugger.enable')
        const paused = new Promise((resolve) => session.once('Debugger.paused', resolve))
        await session.send('Debugger.pause')
        await paused
        await page.waitForTimeout(STILL_MS)
        await session.send('Debugger.resume')
        await session.detach()
        const { receivedAtMs } = await expectAll(page, site)
        expect(longestPauseMs(receivedAtMs)).toBeGreaterThan(0.9 * STILL_MS)
      })
    })

    it('goes on where it was after it was offline', async () => {
      await withPage(rung, async (page, site) => {
        await page.context().setOffline(true)
        await page.waitForTimeout(AWAY_MS)
        await page.context().setOffline(false)
        await expectAll(page, site)
        // Chromium lets a response that has begun go on.
        expect(longestPauseMs(site.up.atMs)).toBeGreaterThan(0.9 * AWAY_MS)
      })
    })

    it('shares nothing with its duplicate', async () => {
      await withPage(rung, async (page, site) => {
        await page.evaluate(() => sessionStorage.setItem('mark', 'poll 0'))
        const [copy] = await Promise.all([
          page.context().waitForEvent('page'),
          page.evaluate(() => void open(location.href)),
        ])
        await copy.waitForLoadState()
        // What a page keeps is copied with it, as when one duplicates a tab: it says what carried and when, and no more.
        const kept = await copy.evaluate(() => Object.values<string>(sessionStorage))
        expect(kept).toContain('poll 0')
        expect(kept.filter((value) => !/^(websocket|stream|poll) \d+$/.test(value))).toEqual([])
        await begin(copy, { ...TRAFFIC, durationMs: 1_000, reconnectDelayMs: 0, rungs: [rung] })
        await expectAll(page, site)
        // Where the machine is busy, the copy has sent nothing yet.
        const hasAll = () =>
          site.tallies.size > 1 && [...site.tallies.values()].every(({ atMs }) => atMs.length === TRAFFIC.count)
        expect(await until(hasAll, PATIENCE_MS)).toBe(true)
        expect(site.tallies.size).toBe(2)
        expect([...site.tallies.values()].flatMap(({ faults }) => faults)).toEqual([])
        const report = await reportOf(copy)
        expect([report.closes, report.errors, report.connects]).toEqual([[], [], 1])
        await deactivate(copy)
      })
    })
  })
})

/** The longest time without a message. */
function longestPauseMs(atMs: readonly number[]): number {
  return Math.max(...atMs.map((at, index) => at - (atMs[index - 1] ?? at)))
}
