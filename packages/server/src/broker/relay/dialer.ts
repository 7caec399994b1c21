import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import type { Connection } from '../../connection/connection.js'
import { type After, socketConnection } from '../../connection/socket-connection.js'

/** Where a broker listens for STOMP. */
export interface BrokerAddress {
  readonly host: string
  readonly port: number
  /**
   * TLS with Node's own options (`ca`, `cert`, `key`, `servername`); true: with none. The broker's certificate is
   * verified against `host`, or `servername` if given. @default no TLS
   */
  readonly tls?: boolean | ConnectionOptions
}

/** Who is told how one attempt to connect ends: once, by one of these, and never inside the call to `Dial`. */
export interface DialListener {
  /** To be attached inside this call: it may have something to tell already. */
  connected(connection: Connection): void
  /** Nothing was connected. `reason`: in words, for the log. */
  failed(reason: string): void
}

/** An attempt under way. */
export interface Dialling {
  /** Gives it up: its listener is told nothing more. Harmless when it has ended. */
  cancel(): void
}

/** Connects to one address, once. */
export type Dial = (address: BrokerAddress, listener: DialListener) => Dialling

/** How one connects over the network. */
export interface DialOptions {
  /** Runs deadlines. */
  readonly after: After
  /** How long one attempt may take, name look-up and TLS handshake included, in ms. @default 10000 */
  readonly timeoutMs?: number
}

const DIAL_TIMEOUT_MS = 10_000

/** Connects by TCP, and TLS where the address says so. */
export function createDial({ after, timeoutMs = DIAL_TIMEOUT_MS }: DialOptions): Dial {
  return (address, listener) => {
    let socket: Socket
    try {
      socket = openSocket(address)
    } catch (error) {
      // A port that is none, a certificate that cannot be read: Node throws at once.
      return after(0, () => listener.failed(describe(error)))
    }
    return watchSocket(socket, address, listener, after, timeoutMs)
  }
}

function watchSocket(socket: Socket, { tls }: BrokerAddress, listener: DialListener, after: After, timeoutMs: number) {
  const timer = after(timeoutMs, () => fail(`not connected within ${timeoutMs} ms`))
  let isOver = false
  /** True the first time. */
  const end = (): boolean => {
    if (isOver) return false
    isOver = true
    timer.cancel()
    return true
  }
  const fail = (reason: string): void => {
    if (!end()) return
    socket.destroy()
    listener.failed(reason)
  }
  // Stays: what breaks after `cancel` must not end the process.
  socket.on('error', (error) => fail(describe(error)))
  const closed = (): void => fail('closed before it was connected')
  socket.once('close', closed)
  // For a broker without heart-beats: what is dead is found out some day.
  socket.setKeepAlive(true, KEEP_ALIVE_MS)
  socket.once(tls ? 'secureConnect' : 'connect', () => {
    if (!end()) return
    socket.off('close', closed)
    listener.connected(socketConnection(socket, after))
  })
  return {
    cancel() {
      if (end()) socket.destroy()
    },
  }
}

/** After so long a silence the system asks whether the other side is there. */
const KEEP_ALIVE_MS = 30_000

/** `host:port`, as in a URL. */
export function formatAddress({ host, port }: BrokerAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

function openSocket({ host, port, tls }: BrokerAddress): Socket {
  if (!tls) return connectTcp({ host, port })
  // An IP address is no server name (RFC 6066, 3).
  const name = isIP(host) === 0 ? { servername: host } : {}
  return connectTls({ ...name, ...(tls === true ? {} : tls), host, port })
}

/** With several addresses of one name Node tells of all failures in one error, whose own text is empty. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.message === '' && 'code' in error ? String(error.code) : error.message
}
