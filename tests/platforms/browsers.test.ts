import { setTimeout as after } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundlePage } from '../networks/bundle.js'
import { type Cutter, openCutter } from '../networks/cutter.js'
import { openGateway } from '../networks/gateway.js'
import { type Carrier, FaultLog } from '../networks/network.js'
import { until } from '../networks/until.js'
import { FIREFOX, missingOf, WEBKIT } from './browsers.js'
import type { Engine } from './engine.js'
import { expectAll, type Running, reportWhen, withTraffic } from './traffic.js'

const RUNGS: readonly Carrier[] = ['websocket', 'stream', 'poll']
/** How long the network is away, in the midst of the traffic. */
const AWAY_MS = 1_000
/** How soon a session that a page has ended must be over, on a busy machine: far below the time of grace. */
const PATIENCE_MS = 15_000

// Chromium has tests of its own, in tests/networks.
describe.each([FIREFOX, WEBKIT])('an unmodified stompjs page in $name', (browser) => {
  const missing = missingOf(browser)
  let launching: Promise<Engine> | undefined
  let engine: Engine
  let script: string

  beforeAll(async () => {
    if (missing) return
    script = await bundlePage()
    launching = browser.launch()
    engine = await launching
  }, 120_000)
  // Also one that came too late for the tests.
  afterAll(async () => (await launching)?.close(), 120_000)

  const running = (rung: Carrier, run: (running: Running) => Promise<void>) =>
    withTraffic({ engine, script, rungs: [rung] }, run)

  describe.skipIf(missing).concurrent.each(RUNGS)(
    `over %s${missing?.title('') ?? ''}`,
    { timeout: 120_000 },
    (rung) => {
      it('sends and receives every message once, in order and unchanged', async () => {
        await running(rung, async ({ traffic, site }) => {
          const { carried } = await expectAll(traffic, site)
          expect(carried).toEqual({ [rung]: 200 })
        })
      })

      it('goes on where it was when its connections are reset and refused for a second', async () => {
        let cutter: Cutter | undefined
        const between = async (port: number) => {
          cutter = await openCutter(port, 'reset', new FaultLog())
          return cutter
        }
        await withTraffic({ engine, script, rungs: [rung], between }, async ({ traffic, site }) => {
          cutter?.cut()
          await traffic.burst(20)
          await after(AWAY_MS)
          const { unacknowledgedBytes, attaches } = await traffic.report()
          expect(unacknowledgedBytes).toBeGreaterThan(0)
          cutter?.mend()
          const report = await expectAll(traffic, site)
          expect(report.attaches).toBeGreaterThan(attaches)
        })
      })

      it('brings what it sent last when it is reloaded, and its session ends at once', async () => {
        await running(rung, async ({ page, site, traffic }) => {
          const { sentAtMs } = await traffic.report()
          // Not before this call has returned: nobody is left to answer it then.
          await page.evaluate('void setTimeout(() => { traffic.burst(50); location.reload() })')
          expect(await until(() => site.app.stomp.users.sessionCount === 0, PATIENCE_MS)).toBe(true)
          expect(site.up.faults).toEqual([])
          expect(site.up.atMs.length).toBeGreaterThanOrEqual(sentAtMs.length + 50)
        })
      })

      // A test for each manner, and none that is skipped where it does not apply.
      if (browser.keepsPages)
        it('goes on where it was when one comes back to it', async () => {
          await running(rung, async ({ page, site, traffic, url }) => {
            await page.go(`${url}/away`)
            await after(AWAY_MS)
            await page.back()
            const { restores } = await reportWhen(traffic, (report) => report.restores > 0)
            expect(restores).toBe(1)
            await expectAll(traffic, site)
          })
        })
      else
        it('ends its session at once when one goes elsewhere', async () => {
          await running(rung, async ({ page, site, traffic, url }) => {
            await page.go(`${url}/away`)
            expect(await until(() => site.app.stomp.users.sessionCount === 0, PATIENCE_MS)).toBe(true)
            await page.back()
            // The page may still be on its way.
            const isLoaded = async () => (await page.evaluate('typeof traffic')) === 'object'
            expect(await until(isLoaded, PATIENCE_MS)).toBe(true)
            const { connects, restores } = await traffic.report()
            expect([connects, restores]).toEqual([0, 0])
          })
        })

      if (browser.canBeOffline)
        it('goes on where it was after it was offline', async () => {
          await running(rung, async ({ page, site, traffic }) => {
            await page.setOffline?.(true)
            await after(AWAY_MS)
            expect(await page.evaluate('navigator.onLine')).toBe(false)
            await page.setOffline?.(false)
            await expectAll(traffic, site)
          })
        })
    },
  )

  it.skipIf(missing)(
    `goes on by the next rung when the network takes no WebSocket any more${missing?.title('') ?? ''}`,
    {
      timeout: 120_000,
    },
    async () => {
      let cutter: Cutter | undefined
      let takesSockets = true
      const between = async (port: number) => {
        const upgrade = () => (takesSockets ? { kind: 'pass' as const } : { kind: 'refuse' as const, status: 503 })
        const gateway = await openGateway(port, { upgrade })
        const opened = await openCutter(gateway.port, 'reset', new FaultLog())
        cutter = opened
        return { ...opened, close: () => opened.close().then(gateway.close) }
      }
      await withTraffic({ engine, script, rungs: RUNGS, between }, async ({ traffic, site }) => {
        takesSockets = false
        cutter?.cut()
        cutter?.mend()
        const { rungs, resumes } = await expectAll(traffic, site)
        expect(rungs).toEqual(['websocket', 'stream'])
        expect(resumes).toBeGreaterThan(0)
      })
    },
  )
})
