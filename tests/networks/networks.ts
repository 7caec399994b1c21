import { expect } from 'vitest'
import { requireComponent } from '../components.js'
import { makeCertificate } from './certificate.js'
import { type CutManner, openCutter } from './cutter.js'
import { type GatewayRules, openGateway, type PostFate } from './gateway.js'
import { CONNECTIONS_ONLY, FOR_LINKS, type HaproxyOptions, startHaproxy } from './haproxy.js'
import { type Carrier, FaultLog, type Network, type OpenNetwork } from './network.js'
import { PASSES_UPGRADE, startNginx } from './nginx.js'
import { askForUpgrade, readStream, speakBySocket } from './probe.js'

const nginx = requireComponent('nginx')
const haproxy = requireComponent('haproxy')
const openssl = requireComponent('openssl')

/** All networks that a page must get through, each with its share of what really is between people and servers. */
export const NETWORKS: readonly Network[] = [
  {
    name: 'nginx as it comes: no Upgrade',
    needs: [nginx],
    carriers: ['stream'],
    open: (targetPort) => openNginx(targetPort, []),
    async proves(url) {
      expect((await askForUpgrade(url)).status).not.toBe(101)
      // On a busy machine it may take its time: what matters is that it comes.
      expect(await readStream(url, 20_000, 'event: k')).toContain('event: k')
    },
  },
  {
    name: 'nginx that buffers, HTTP/1.0 behind it',
    needs: [nginx],
    carriers: ['poll'],
    open: (targetPort) =>
      openNginx(targetPort, [
        'proxy_http_version 1.0;',
        'proxy_buffering on;',
        'proxy_ignore_headers X-Accel-Buffering;',
      ]),
    async proves(url) {
      expect((await askForUpgrade(url)).status).not.toBe(101)
      expect(await readStream(url, 1_500)).not.toContain('event: k')
    },
  },
  {
    name: 'haproxy that cuts after 5 s',
    needs: [haproxy],
    carriers: ['websocket', 'stream', 'poll'],
    faultsPerMinute: 10,
    open: (targetPort) => openHaproxy(targetPort, { defaults: CONNECTIONS_ONLY, cutMs: 5_000 }),
  },
  {
    name: 'haproxy with a timeout for tunnels',
    needs: [haproxy],
    carriers: ['websocket'],
    open: (targetPort) => openHaproxy(targetPort, { defaults: FOR_LINKS }),
    proves: async (url) => expect((await askForUpgrade(url)).status).toBe(101),
  },
  swallowing('swallows WebSocket frames up', ['up'], 0),
  swallowing('swallows WebSocket frames down', ['down'], 0),
  swallowing('swallows WebSocket frames both ways', ['up', 'down'], 0),
  swallowing('swallows frames up, after 2 s', ['up'], 2_000),
  swallowing('swallows frames down, after 2 s', ['down'], 2_000),
  swallowing('swallows frames both ways, after 2 s', ['up', 'down'], 2_000),
  {
    name: 'drops the sub-protocol from the answer',
    needs: [],
    carriers: ['stream'],
    open: (targetPort) => openRules(targetPort, () => ({ upgrade: () => ({ kind: 'pass', dropsProtocol: 'answer' }) })),
    proves: async (url) => expect(await askForUpgrade(url)).toEqual({ status: 101, protocol: undefined }),
  },
  {
    name: 'drops the sub-protocol from the request',
    needs: [],
    carriers: ['stream'],
    open: (targetPort) =>
      openRules(targetPort, () => ({ upgrade: () => ({ kind: 'pass', dropsProtocol: 'request' }) })),
    proves: async (url) => expect(await askForUpgrade(url)).toEqual({ status: 101, protocol: undefined }),
  },
  unreliable('answers with pages of its own', ['stream', 'poll'], ownPages),
  unreliable('answers polls with pages of its own', ['poll'], ownPages),
  unreliable('repeats POSTs', ['stream', 'poll'], repeats),
  unreliable('repeats polls', ['poll'], repeats),
  {
    name: 'nginx with TLS and HTTP/2, Upgrade passed',
    needs: [nginx, openssl],
    carriers: ['websocket'],
    open: (targetPort) => openTls(targetPort, PASSES_UPGRADE),
    proves: async (url) => expect((await askForUpgrade(url)).status).toBe(101),
  },
  {
    name: 'nginx with TLS and HTTP/2, no Upgrade',
    needs: [nginx, openssl],
    carriers: ['stream'],
    open: (targetPort) => openTls(targetPort, ['proxy_http_version 1.1;']),
    proves: async (url) => expect((await askForUpgrade(url)).status).not.toBe(101),
  },
  cutting('resets everything for 1 s, every 5 s', 'reset', 1_000, 5_000),
  cutting('is silent for 1 s, every 5 s', 'silent', 1_000, 5_000),
  cutting('resets everything for 10 s, every 20 s', 'reset', 10_000, 20_000),
  cutting('is silent for 10 s, every 20 s', 'silent', 10_000, 20_000),
]

async function openNginx(targetPort: number, location: readonly string[]): Promise<OpenNetwork> {
  const daemon = await startNginx({ program: nginx.path, targetPort, location })
  return { url: `http://127.0.0.1:${daemon.port}`, log: new FaultLog(), close: daemon.stop }
}

async function openHaproxy(
  targetPort: number,
  options: Pick<HaproxyOptions, 'defaults' | 'cutMs'>,
): Promise<OpenNetwork> {
  const log = new FaultLog()
  const daemon = await startHaproxy({ program: haproxy.path, targetPort, ...options }, log)
  return { url: `http://127.0.0.1:${daemon.port}`, log, close: daemon.stop }
}

async function openTls(targetPort: number, location: readonly string[]): Promise<OpenNetwork> {
  const certificate = await makeCertificate(openssl.path)
  const daemon = await startNginx({ program: nginx.path, targetPort, location, certificate })
  return {
    url: `https://127.0.0.1:${daemon.port}`,
    log: new FaultLog(),
    async close() {
      await daemon.stop()
      await certificate.remove()
    },
  }
}

async function openRules(targetPort: number, rulesWith: (log: FaultLog) => GatewayRules): Promise<OpenNetwork> {
  const log = new FaultLog()
  const gateway = await openGateway(targetPort, rulesWith(log))
  return { url: `http://127.0.0.1:${gateway.port}`, log, close: gateway.close }
}

/** The first cut comes when messages have been on their way for so long. */
const FIRST_CUT_MS = 2_000

function cutting(name: string, manner: CutManner, forMs: number, everyMs: number): Network {
  return {
    name,
    needs: [],
    carriers: ['websocket', 'stream', 'poll'],
    // The first comes late, and the last when all has come.
    faultsPerMinute: 60_000 / everyMs - (forMs > 1_000 ? 1 : 2),
    async open(targetPort) {
      const log = new FaultLog()
      const cutter = await openCutter(targetPort, manner, log)
      let timer: ReturnType<typeof setTimeout> | undefined
      const cut = (): void => {
        cutter.cut()
        timer = setTimeout(mend, forMs)
      }
      const mend = (): void => {
        cutter.mend()
        timer = setTimeout(cut, everyMs - forMs)
      }
      return {
        url: `http://127.0.0.1:${cutter.port}`,
        log,
        begin() {
          timer = setTimeout(cut, FIRST_CUT_MS)
        },
        close() {
          clearTimeout(timer)
          return cutter.close()
        },
      }
    },
  }
}

/** Accepts the upgrade, and from then on, or a while later, passes nothing in some direction. */
function swallowing(name: string, ways: readonly ('up' | 'down')[], afterMs: number): Network {
  const rules = (log: FaultLog): GatewayRules => ({
    upgrade() {
      const beginMs = Date.now()
      return {
        kind: 'pass',
        passes(way, bytes) {
          if (!ways.includes(way) || Date.now() - beginMs < afterMs) return true
          log.note(`${bytes.length} bytes swallowed on their way ${way}`)
          return false
        },
      }
    },
  })
  const isMuteDown = ways.includes('down')
  const network: Network = {
    name,
    needs: [],
    // Until a stream is proved a link tells of the WebSocket by which it was greeted.
    carriers: afterMs === 0 && isMuteDown ? ['stream'] : ['websocket', 'stream'],
    open: (targetPort) => openRules(targetPort, rules),
  }
  if (afterMs > 0) return { ...network, faultsPerMinute: 10 }
  // Nothing of the application is sent before the rung is proved, so that no message is met.
  const words = { isGreeted: !isMuteDown, isAnswered: false }
  return { ...network, proves: async (url) => expect(await speakBySocket(url, 500)).toEqual(words) }
}

/** Passes requests alone, and does something to some of them. */
function unreliable(name: string, rungs: readonly Carrier[], rulesWith: (log: FaultLog) => GatewayRules): Network {
  const open = (targetPort: number): Promise<OpenNetwork> => openRules(targetPort, rulesWith)
  return { name, needs: [], carriers: rungs, ...(rungs.length === 1 && { rungs }), faultsPerMinute: 10, open }
}

/** Every sixth POST meets one of these, by turns before and behind the server. */
const STATUSES = [502, 401, 404, 413]

function ownPages(log: FaultLog): GatewayRules {
  let posts = 0
  let pages = 0
  return {
    upgrade: () => ({ kind: 'refuse', status: 502 }),
    post({ path }): PostFate {
      if (++posts % 6 !== 0) return { kind: 'pass' }
      const page = pages++
      const status = STATUSES[page % STATUSES.length] ?? 502
      const isForwarded = Math.floor(page / STATUSES.length) % 2 === 1
      log.note(`${status} for ${doorOf(path)}, ${isForwarded ? 'behind' : 'before'} the server`)
      return { kind: 'page', status, isForwarded }
    },
  }
}

const DELAYS_MS = [0, 120, 900, 3_000]

function repeats(log: FaultLog): GatewayRules {
  let posts = 0
  let repeated = 0
  return {
    upgrade: () => ({ kind: 'refuse', status: 502 }),
    post({ path }): PostFate {
      if (++posts % 4 !== 0) return { kind: 'pass' }
      const turn = repeated++
      const afterMs = DELAYS_MS[turn % DELAYS_MS.length] ?? 0
      const isSecondPassed = Math.floor(turn / DELAYS_MS.length) % 2 === 1
      log.note(`${doorOf(path)} again after ${afterMs} ms, answer ${isSecondPassed ? 2 : 1} passed`)
      return { kind: 'repeat', afterMs, isSecondPassed }
    },
  }
}

const doorOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)
