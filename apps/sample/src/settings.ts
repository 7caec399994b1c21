import type { RelayBrokerOptions } from '@hoofbeat/server'

/** What the environment says about how to run. */
export interface Settings {
  /** TCP port; 0 lets the system choose a free one. @default 3000 */
  readonly port: number
  /** Address to listen on. @default '127.0.0.1', reachable from this machine only */
  readonly host: string
  /** TCP port for native STOMP clients, on the same address; undefined: none. @default 61613 */
  readonly stompTcpPort: number | undefined
  /** Folder of the durable store; undefined: all is in memory. */
  readonly dataDirectory: string | undefined
  /** Bearer token of `/admin/...`; undefined: that is off. */
  readonly adminToken: string | undefined
  /** Bearer token of `POST /push`; undefined: that is off. */
  readonly pushToken: string | undefined
  /** Largest body of one frame, in bytes; undefined leaves the server's own default. */
  readonly maxBodyBytes: number | undefined
  /** The broker elsewhere, and what the nodes of the application know of each other; undefined: the broker is inside. */
  readonly relay: RelayBrokerOptions | undefined
}

const LEAST_SECRET_LENGTH = 16

type Environment = Readonly<Record<string, string | undefined>>

/** A setting that cannot be used. The text is for the person who set it. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError'
}

/**
 * Reads `PORT`, `HOST`, `STOMP_TCP_PORT` (0 = none), `DATA_DIR`, `ADMIN_TOKEN`, `PUSH_TOKEN`, `MAX_BODY_BYTES`, `BROKER_URL`,
 * `NODE_URL` and `CLUSTER_SECRET`; an empty value counts as absent. Throws a SettingsError.
 */
export function readSettings(environment: Environment): Settings {
  const { PORT, HOST, STOMP_TCP_PORT, DATA_DIR, ADMIN_TOKEN, PUSH_TOKEN, MAX_BODY_BYTES } = environment
  const port = PORT ? readNumber('PORT', PORT, 0, 65_535) : 3000
  const stompTcpPort = STOMP_TCP_PORT ? readNumber('STOMP_TCP_PORT', STOMP_TCP_PORT, 0, 65_535) : 61_613
  if (stompTcpPort !== 0 && stompTcpPort === port) {
    throw new SettingsError(`PORT and STOMP_TCP_PORT are both ${port}: set one to another port.`)
  }
  return {
    port,
    host: HOST || '127.0.0.1',
    stompTcpPort: stompTcpPort === 0 ? undefined : stompTcpPort,
    dataDirectory: DATA_DIR || undefined,
    adminToken: ADMIN_TOKEN || undefined,
    pushToken: PUSH_TOKEN || undefined,
    maxBodyBytes: MAX_BODY_BYTES ? readNumber('MAX_BODY_BYTES', MAX_BODY_BYTES, 1, 2 ** 30) : undefined,
    relay: readRelay(environment),
  }
}

function readRelay({ BROKER_URL, NODE_URL, CLUSTER_SECRET, DATA_DIR }: Environment): RelayBrokerOptions | undefined {
  if (!BROKER_URL) {
    const needless = NODE_URL ? 'NODE_URL' : CLUSTER_SECRET ? 'CLUSTER_SECRET' : undefined
    if (needless === undefined) return undefined
    throw new SettingsError(`${needless} is for several nodes with one broker: set BROKER_URL, too, or neither.`)
  }
  if (DATA_DIR) {
    throw new SettingsError(
      'DATA_DIR and BROKER_URL are both set: with a broker elsewhere nothing is stored here. Set one of them.',
    )
  }
  if (CLUSTER_SECRET && CLUSTER_SECRET.length < LEAST_SECRET_LENGTH) {
    throw new SettingsError(`CLUSTER_SECRET must have at least ${LEAST_SECRET_LENGTH} characters.`)
  }
  const hosts = BROKER_URL.split(',')
  // There may be a password in it, which stays out of the log.
  if (!hosts.every(isBrokerUrl)) {
    throw new SettingsError(
      'BROKER_URL must be like stomp://user:pass@host:61613, or stomp+ssl://..., with further ones behind commas.',
    )
  }
  return {
    hosts,
    cluster: { ...(NODE_URL && { url: readUrl(NODE_URL) }), ...(CLUSTER_SECRET && { secret: CLUSTER_SECRET }) },
  }
}

/** A port that is none is no URL. */
function isBrokerUrl(text: string): boolean {
  return /^stomp(\+ssl)?:\/\/[^/\s]+$/.test(text) && URL.canParse(text)
}

function readUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url !== undefined && /^https?:$/.test(url.protocol)) return text
  throw new SettingsError(`NODE_URL must be like http://10.0.0.1:3000, as other nodes reach this one, not '${text}'.`)
}

function readNumber(name: string, text: string, least: number, most: number): number {
  const value = Number(text)
  // Number() takes '', ' 1 ', '0x10' and '1e3' too, which nobody means.
  if (/^\d+$/.test(text) && value >= least && value <= most) return value
  throw new SettingsError(`${name} must be a whole number from ${least} to ${most}, not '${text}'.`)
}
