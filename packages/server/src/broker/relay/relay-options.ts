import type { HeartBeat } from '@hoofbeat/codec'
import type { BrokerAddress } from './dialer.js'
import type { ProfileMaker, ProfileName } from './profile.js'

/** Where a broker listens for STOMP. */
export interface RelayHost extends Omit<BrokerAddress, 'port'> {
  /** @default 61613, with `tls` 61614 */
  readonly port?: number
}

/** Who this node is to the broker. */
export interface SystemLogin {
  readonly login: string
  readonly passcode: string
}

/** What waits while the broker is away, for each connection to it. */
export interface RelayWaiting {
  /** Bytes of frames that wait to be sent. @default 4194304 (4 MiB) */
  readonly maxBytes?: number
  /** Frames that wait to be sent. @default 10000 */
  readonly maxFrames?: number
  /**
   * How long a frame, or a SUBSCRIBE, waits in ms; then it is refused with STOMP_ERR_BROKER_UNAVAILABLE. At most 90000: what
   * nodes say to each other is dropped when it is too old. @default 30000
   */
  readonly maxMs?: number
}

/** What the nodes of a cluster have in common. */
export interface RelayCluster {
  /**
   * The same at all nodes, and known to nobody else: it seals what they say to each other, and names the topics for it.
   * At least 16 characters. @default derived from `systemLogin` and `virtualHost`; without a passcode each node is alone
   */
  readonly secret?: string
  /** Where other nodes reach this one by HTTP, past any balancer. @default over the broker only */
  readonly url?: string | URL
}

/** Options of the broker at the other end of a relay. */
export interface RelayBrokerOptions {
  /**
   * The broker, or all that form one: `stomp://host:61613`, `stomp+ssl://host:61614`, with `login:passcode@` if there is
   * no `systemLogin`, or as an object. When a connection is lost they are tried in turn.
   */
  readonly hosts: readonly (string | RelayHost)[]
  /** The header `host` of CONNECT. @default '/' */
  readonly virtualHost?: string
  /** @default what stands in the first of `hosts`; else none */
  readonly systemLogin?: SystemLogin
  /**
   * `shared`: all clients of this node share a few connections, and one subscription to each topic. `per-client`: each
   * client has a connection of its own, with its own login and passcode, as the broker's permissions may want it.
   * @default 'shared'
   */
  readonly mode?: 'shared' | 'per-client'
  /** Of mode `shared`: connections that carry what clients send and their queues, besides the one for topics. @default 4 */
  readonly pool?: number
  /** For each of `hosts` that says TLS and has no options of its own: `ca`, `cert`, `key`. @default Node's own */
  readonly tls?: Exclude<BrokerAddress['tls'], boolean | undefined>
  /** Heart-beats with the broker, in ms; 0: none. @default { sendMs: 10000, receiveMs: 10000 } */
  readonly heartBeat?: HeartBeat
  /** What the broker is. @default told by the header `server` of the first CONNECTED */
  readonly profile?: ProfileName | ProfileMaker
  /**
   * Without `profile`: how long the start waits for the broker, in ms; with it, it does not wait. Fastify itself ends a
   * start after its own `pluginTimeout` (10 s by default), so that must be longer. @default 8000
   */
  readonly startTimeoutMs?: number
  readonly waiting?: RelayWaiting
  /** Unacknowledged messages that a subscription may hold, where SUBSCRIBE has no `prefetch-count`. @default 10 */
  readonly prefetch?: number
  /** The most that `prefetch-count` may ask for; more is taken for this. @default 1000 */
  readonly maxPrefetch?: number
  /** How long a topic stays subscribed at the broker when its last subscriber has gone, in ms. @default 1000 */
  readonly topicLingerMs?: number
  /** Different topics and patterns that clients of this node may be subscribed to. @default 10000 */
  readonly maxTopics?: number
  /**
   * Connections for durable subscriptions: ActiveMQ needs one for each that is subscribed, every broker one for a moment to
   * end one that is not. @default 1000
   */
  readonly maxDurableConnections?: number
  /** Messages of a topic that may wait for the acknowledgements of one subscription; more end its session. @default 1000 */
  readonly maxBacklogMessages?: number
  /** @default a cluster of all nodes with the same login and virtual host */
  readonly cluster?: RelayCluster
}

/** The options with their defaults. */
export interface RelaySettings {
  readonly addresses: readonly BrokerAddress[]
  readonly virtualHost: string
  readonly systemLogin: SystemLogin | undefined
  readonly isPerClient: boolean
  readonly pool: number
  readonly heartBeat: HeartBeat
  readonly profile: ProfileName | ProfileMaker | undefined
  readonly startTimeoutMs: number
  readonly maxWaitingBytes: number
  readonly maxWaitingFrames: number
  readonly maxWaitMs: number
  readonly prefetchCount: number
  readonly maxPrefetchCount: number
  readonly topicLingerMs: number
  readonly maxTopics: number
  readonly maxDurableConnections: number
  readonly maxBacklogMessages: number
  readonly secret: string | undefined
  readonly url: URL | undefined
}

/** What waits longer could come to another node when it counts no more: see `MAX_AGE_MS` of the bus. */
export const MAX_WAIT_MS = 90_000

/** Fills in the defaults. Throws a TypeError or RangeError that names the option. */
export function resolveRelaySettings(options: RelayBrokerOptions): RelaySettings {
  if (options.hosts.length === 0) throw new TypeError('hosts: name at least one, such as stomp://broker.example:61613')
  const hosts = options.hosts.map((host, i) => readHost(host, `hosts[${i}]`, options.tls))
  const mode = options.mode ?? 'shared'
  if (mode !== 'shared' && mode !== 'per-client') throw new TypeError("mode: must be 'shared' or 'per-client'")
  const { waiting = {}, cluster = {}, heartBeat = { sendMs: 10_000, receiveMs: 10_000 } } = options
  const counts = {
    pool: options.pool ?? 4,
    startTimeoutMs: options.startTimeoutMs ?? 8_000,
    maxWaitingBytes: waiting.maxBytes ?? 4_194_304,
    maxWaitingFrames: waiting.maxFrames ?? 10_000,
    maxWaitMs: waiting.maxMs ?? 30_000,
    prefetchCount: options.prefetch ?? 10,
    maxPrefetchCount: options.maxPrefetch ?? 1_000,
    maxTopics: options.maxTopics ?? 10_000,
    maxDurableConnections: options.maxDurableConnections ?? 1_000,
    maxBacklogMessages: options.maxBacklogMessages ?? 1_000,
  }
  for (const [name, value] of Object.entries(counts)) checkWhole(OPTION_NAMES[name] ?? name, value, 1)
  if (counts.maxWaitMs > MAX_WAIT_MS) {
    throw new RangeError(`waiting.maxMs: must be at most ${MAX_WAIT_MS}, or other nodes drop messages as too old`)
  }
  const topicLingerMs = options.topicLingerMs ?? 1_000
  checkWhole('topicLingerMs', topicLingerMs, 0)
  checkWhole('heartBeat.sendMs', heartBeat.sendMs, 0)
  checkWhole('heartBeat.receiveMs', heartBeat.receiveMs, 0)
  const { secret } = cluster
  if (secret !== undefined && secret.length < 16) {
    throw new RangeError('cluster.secret: must have at least 16 characters')
  }
  return {
    addresses: hosts.map(({ address }) => address),
    virtualHost: options.virtualHost ?? '/',
    systemLogin: options.systemLogin ?? hosts[0]?.login,
    isPerClient: mode === 'per-client',
    heartBeat,
    profile: options.profile,
    topicLingerMs,
    secret,
    url: cluster.url === undefined ? undefined : readUrl(cluster.url),
    ...counts,
  }
}

/** Where the name of the option is not that of the setting. */
const OPTION_NAMES: Readonly<Record<string, string>> = {
  maxWaitingBytes: 'waiting.maxBytes',
  maxWaitingFrames: 'waiting.maxFrames',
  maxWaitMs: 'waiting.maxMs',
  prefetchCount: 'prefetch',
  maxPrefetchCount: 'maxPrefetch',
}

function readHost(
  host: string | RelayHost,
  option: string,
  tls: RelayBrokerOptions['tls'],
): { readonly address: BrokerAddress; readonly login: SystemLogin | undefined } {
  if (typeof host !== 'string') {
    const wanted = host.tls === true ? (tls ?? true) : host.tls
    const port = host.port ?? (host.tls ? 61_614 : 61_613)
    checkPort(option, port)
    return { address: { host: host.host, port, ...(wanted === undefined ? {} : { tls: wanted }) }, login: undefined }
  }
  const url = URL.canParse(host) ? new URL(host) : undefined
  const isSecure = url?.protocol === 'stomp+ssl:'
  if (url === undefined || url.hostname === '' || (!isSecure && url.protocol !== 'stomp:')) {
    // The text may hold a passcode: it is not shown.
    throw new TypeError(`${option}: must read stomp://host:port or stomp+ssl://host:port`)
  }
  const name = url.hostname.replace(/^\[|\]$/g, '')
  const port = url.port === '' ? (isSecure ? 61_614 : 61_613) : Number(url.port)
  checkPort(option, port)
  const login =
    url.username === ''
      ? undefined
      : { login: decodeURIComponent(url.username), passcode: decodeURIComponent(url.password) }
  return { address: { host: name, port, ...(isSecure ? { tls: tls ?? true } : {}) }, login }
}

function readUrl(url: string | URL): URL {
  const read = typeof url === 'string' ? (URL.canParse(url) ? new URL(url) : undefined) : url
  if (read?.protocol === 'http:' || read?.protocol === 'https:') return read
  throw new TypeError('cluster.url: must be a URL that begins with http:// or https://')
}

function checkPort(option: string, port: number): void {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new RangeError(`${option}: ${port} is no port`)
}

function checkWhole(option: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return
  throw new RangeError(`${option}: must be a whole number, ${least} or more`)
}
