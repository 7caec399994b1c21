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
}

/** A setting that cannot be used. The text is for the person who set it. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError'
}

/**
 * Reads `PORT`, `HOST`, `STOMP_TCP_PORT` (0 = none), `DATA_DIR`, `ADMIN_TOKEN`, `PUSH_TOKEN` and `MAX_BODY_BYTES`; an empty
 * value counts as absent. Throws a SettingsError.
 */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
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
  }
}

function readNumber(name: string, text: string, least: number, most: number): number {
  const value = Number(text)
  // Number() takes '', ' 1 ', '0x10' and '1e3' too, which nobody means.
  if (/^\d+$/.test(text) && value >= least && value <= most) return value
  throw new SettingsError(`${name} must be a whole number from ${least} to ${most}, not '${text}'.`)
}
