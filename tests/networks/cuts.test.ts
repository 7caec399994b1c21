import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { requireComponent } from '../components.js'
import { begin, launchBrowser, openContext, reportWhen } from './browser.js'
import { bundlePage } from './bundle.js'
import { type CutManner, openCutter } from './cutter.js'
import { FaultLog } from './network.js'
import type { PageReport } from './page/traffic.js'
import { startSite } from './site.js'
import { until } from './until.js'

const chromium = requireComponent('chromium')

/** The server keeps a link without a carrier for so long only. */
const GRACE_MS = 2_000
const CUT_MS = 6_000
const TRAFFIC = { count: 400, durationMs: 4_000 }
const PATIENCE_MS = 40_000

describe
  .skipIf(!chromium.available)
  .concurrent(chromium.title('a cut longer than the time of grace'), { timeout: 60_000 }, () => {
    let browser: Browser
    let script: string

    beforeAll(async () => {
      browser = await launchBrowser(chromium.path)
      script = await bundlePage()
    }, 60_000)
    afterAll(() => browser?.close())

    /** Cuts in the midst of the traffic; resolves when `holds` does after the end of the cut. */
    const cutThrough = async (manner: CutManner, holds: (report: PageReport, received: number) => boolean) => {
      const ends: (() => Promise<void>)[] = []
      try {
        const site = await startSite(script, TRAFFIC, { fallback: { times: { graceMs: GRACE_MS } } })
        ends.push(site.close)
        const cutter = await openCutter(site.port, manner, new FaultLog())
        ends.push(cutter.close)
        const context = await openContext(browser)
        ends.push(() => context.close())
        const page = await context.newPage()
        await page.goto(`http://127.0.0.1:${cutter.port}`)
        await begin(page, { ...TRAFFIC, reconnectDelayMs: 300 })
        await reportWhen(page, ({ receivedAtMs }) => receivedAtMs.length > TRAFFIC.count / 4, PATIENCE_MS)
        cutter.cut()
        await page.waitForTimeout(CUT_MS)
        cutter.mend()
        const report = await reportWhen(page, (told) => holds(told, site.up.atMs.length), PATIENCE_MS)
        // Nothing is left of a session whose link was lost.
        expect(await until(() => site.app.stomp.users.sessionCount === 1, PATIENCE_MS)).toBe(true)
        return { report, up: site.up, sessions: site.tallies.size }
      } finally {
        for (const end of ends.reverse()) await end()
      }
    }

    it('is told as the loss of the link when all connections were reset, and the page connects anew', async () => {
      const { report, up, sessions } = await cutThrough('reset', ({ connects }) => connects > 1)
      expect(report.connects).toBe(2)
      expect([4404, 4408]).toContain(report.closes[0]?.code)
      // What came before it came in order, and nothing came twice.
      expect([report.errors, report.faults, up.faults, sessions]).toEqual([[], [], [], 1])
      expect(up.atMs.length).toBeLessThanOrEqual(report.sentAtMs.length)
    })

    it('is survived without a loss, or told as the loss of the link, when the network was silent', async () => {
      const { report, up } = await cutThrough(
        'silent',
        ({ connects, receivedAtMs }, received) =>
          connects > 1 || (received === TRAFFIC.count && receivedAtMs.length === TRAFFIC.count),
      )
      expect([report.errors, report.faults, up.faults]).toEqual([[], [], []])
      if (report.connects === 1) expect(report.closes).toEqual([])
      else expect([4404, 4408]).toContain(report.closes[0]?.code)
    })
  })
