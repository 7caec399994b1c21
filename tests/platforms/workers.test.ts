import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundlePage } from '../networks/bundle.js'
import type { Carrier } from '../networks/network.js'
import { startSite } from '../networks/site.js'
import { CHROMIUM, FIREFOX, missingOf, WEBKIT } from './browsers.js'
import type { Engine } from './engine.js'
import type { WorkerKind } from './page/workers.js'
import { expectAll, trafficOf } from './traffic.js'

const RUNGS: readonly Carrier[] = ['websocket', 'stream', 'poll']
const KINDS: readonly WorkerKind[] = ['classic worker', 'module worker', 'shared worker', 'service worker']
const CASES = KINDS.flatMap((kind) => RUNGS.map((rung) => ({ kind, rung })))
const VOLUME = { count: 100, durationMs: 500 }
const SCRIPT = fileURLToPath(new URL('page/workers.ts', import.meta.url))

describe.each([CHROMIUM, FIREFOX, WEBKIT])('an unmodified stompjs client in $name', (browser) => {
  const missing = missingOf(browser)
  let launching: Promise<Engine> | undefined
  let engine: Engine
  let script: string

  beforeAll(async () => {
    if (missing) return
    script = await bundlePage(SCRIPT)
    launching = browser.launch()
    engine = await launching
  }, 120_000)
  // Also one that came too late for the tests.
  afterAll(async () => (await launching)?.close(), 120_000)

  it.skipIf(missing).concurrent.each(CASES)(
    `sends and receives every message once from a $kind over $rung${missing?.title('') ?? ''}`,
    { timeout: 120_000 },
    async ({ kind, rung }) => {
      const site = await startSite(script, VOLUME)
      const page = await engine.openPage(`http://127.0.0.1:${site.port}`)
      try {
        await page.evaluate(`workers.start(${JSON.stringify(kind)})`)
        const traffic = trafficOf(page, 'workers')
        await traffic.begin({ ...VOLUME, reconnectDelayMs: 0, rungs: [rung] })
        const { carried } = await expectAll(traffic, site, VOLUME.count)
        expect(carried).toEqual({ [rung]: VOLUME.count })
      } finally {
        await page.close()
        await site.close()
      }
    },
  )
})
