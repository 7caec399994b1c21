import { fileURLToPath } from 'node:url'
import { createContext, runInContext } from 'node:vm'
import { beforeAll, describe, expect, it } from 'vitest'
import { bundlePage } from '../networks/bundle.js'
import { type Cutter, openCutter } from '../networks/cutter.js'
import { openGateway, type Post, type PostFate } from '../networks/gateway.js'
import { type Carrier, FaultLog } from '../networks/network.js'
import type { PageReport } from '../networks/page/traffic.js'
import { type Site, startSite } from '../networks/site.js'
import type { NativeEvent, NativeRequest } from './native-bridge.js'
import { type NativeManners, startNativeSide } from './native-side.js'
import { expectAll, reportWhen, type Traffic } from './traffic.js'

const SCRIPT = fileURLToPath(new URL('page/native.ts', import.meta.url))
const VOLUME = { count: 100, durationMs: 500 }

describe('an unmodified stompjs client where there is only what React Native has', { timeout: 60_000 }, () => {
  let script: string

  beforeAll(async () => {
    script = await bundlePage(SCRIPT)
  })

  const withClient = async (
    run: (traffic: Traffic, site: Site, url: string) => Promise<void>,
    manners: NativeManners = {},
  ): Promise<void> => {
    const site = await startSite(script, VOLUME)
    // A realm with the language and nothing else; strings are all that passes between it and Node.
    const scope: { tellScript?(event: string): void } = {}
    const native = startNativeSide((event: NativeEvent) => scope.tellScript?.(JSON.stringify(event)), manners)
    Object.assign(scope, { nativeCall: (request: string) => native.handle(JSON.parse(request) as NativeRequest) })
    createContext(scope)
    runInContext(script, scope)
    try {
      const traffic: Traffic = {
        begin: async (errand) => runInContext(`traffic.begin(${JSON.stringify(errand)})`, scope),
        burst: async (count) => runInContext(`traffic.burst(${count})`, scope),
        report: async () => JSON.parse(String(runInContext('JSON.stringify(traffic.report())', scope))) as PageReport,
      }
      await run(traffic, site, `http://127.0.0.1:${site.port}/stomp`)
    } finally {
      native.stop()
      await site.close()
    }
  }

  it.each<Carrier>(['websocket', 'poll'])('sends and receives every message once over %s', async (rung) => {
    await withClient(async (traffic, site, url) => {
      await traffic.begin({ ...VOLUME, url, reconnectDelayMs: 0, rungs: [rung] })
      const { carried } = await expectAll(traffic, site, VOLUME.count)
      expect(carried).toEqual({ [rung]: VOLUME.count })
    })
  })

  it('needs the two options of stompjs where a WebSocket loses the last NUL of texts', async () => {
    await withClient(
      async (traffic, site, url) => {
        const stomp = { forceBinaryWSFrames: true, appendMissingNULLonIncoming: true }
        await traffic.begin({ ...VOLUME, url, reconnectDelayMs: 0, rungs: ['websocket'], stomp })
        await expectAll(traffic, site, VOLUME.count)
      },
      { losesLastNul: true },
    )
  })

  it('goes from WebSocket to polls, and tries no stream', async () => {
    await withClient(async (traffic, site) => {
      let takesSockets = true
      const upgrade = () => (takesSockets ? { kind: 'pass' as const } : { kind: 'refuse' as const, status: 503 })
      const attaches: string[] = []
      const post = ({ path, body }: Post): PostFate => {
        if (path.endsWith('/down')) attaches.push(String(body))
        return { kind: 'pass' }
      }
      const gateway = await openGateway(site.port, { upgrade, post })
      const cutter: Cutter = await openCutter(gateway.port, 'reset', new FaultLog())
      try {
        const url = `http://127.0.0.1:${cutter.port}/stomp`
        await traffic.begin({ ...VOLUME, url, reconnectDelayMs: 0 })
        await reportWhen(traffic, ({ rungs, receivedAtMs }) => rungs.length > 0 && receivedAtMs.length > 20)
        takesSockets = false
        cutter.cut()
        await traffic.burst(10)
        cutter.mend()
        await reportWhen(traffic, (report) => report.rungs.length > 1)
        const { rungs } = await expectAll(traffic, site, VOLUME.count)
        expect(rungs).toEqual(['websocket', 'poll'])
        // A stream has no time for which it is held.
        expect(attaches.filter((body) => !body.includes('"hold"'))).toEqual([])
      } finally {
        await cutter.close()
        await gateway.close()
      }
    })
  })
})
