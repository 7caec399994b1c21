import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import type { Connection } from '../connection/connection.js'
import { type After, socketConnection } from '../connection/socket-connection.js'

/** One port on which native STOMP clients connect, without HTTP. */
export interface TcpOptions {
  /** 61613 is what STOMP clients expect; 0 takes any free one, which `fastify.stomp.tcpAddresses` then names. */
  readonly port: number
  /** Address to listen on. @default '127.0.0.1', reachable from this machine only */
  readonly host?: string
  /**
   * Speaks TLS on this port, with Node's own options: `key` and `cert`; `ca` and `requestCert` to let in only clients
   * with a certificate, whose names become no identity. A handshake must end within `handshakeTimeout`, 10000 ms unless
   * given. @default no TLS, which is warned about once where the port can be reached from other machines
   */
  readonly tls?: TlsOptions
  /** How many connections the system keeps waiting to be accepted. @default Node's, 511 */
  readonly backlog?: number
  /** How many connections may be open on this port; further ones are closed as soon as they open. @default no limit */
  readonly maxConnections?: number
  /** True: where the port cannot be had a warning is logged, and the application goes on without. @default false */
  readonly optional?: boolean
}

/** Where a listener is bound: `{ address, family, port }`. */
export type TcpAddress = AddressInfo

/** What the listeners need. */
export interface TcpParts {
  /** Begins a session on a connection, in the tick in which its socket came. */
  readonly accept: (connection: Connection) => void
  readonly after: After
  readonly log: TcpLog
}

/** The part of the application's logger that listeners use. */
export type TcpLog = Readonly<Record<'debug' | 'info' | 'warn' | 'error', (fields: object, text: string) => void>>

/** All TCP ports of one application. */
export interface TcpListeners {
  /** Of those that listen, in the order of the options. */
  readonly addresses: readonly TcpAddress[]
  /** Listens on all ports. Rejects if one that is not `optional` cannot be had; then none listens. */
  open(): Promise<void>
  /** Takes no new connections from now on; those that are open stay. */
  stop(): void
  /** Stops, and ends what is still open: handshakes that are under way, once the sessions are gone. Resolves when all is gone. */
  close(): Promise<void>
}

/** Makes the listeners; they listen once they are opened. Throws for options that cannot work, a bad certificate too. */
export function createTcpListeners(options: TcpOptions | readonly TcpOptions[], parts: TcpParts): TcpListeners {
  const listeners = (isList(options) ? options : [options]).map((each) => new TcpListener(each, parts))
  const close = async (): Promise<void> => {
    await Promise.all(listeners.map((listener) => listener.close()))
  }
  return {
    get addresses() {
      return listeners.flatMap((listener) => listener.address ?? [])
    },
    async open() {
      try {
        for (const listener of listeners) await listener.open()
      } catch (error) {
        await close()
        throw error
      }
      const open = listeners.filter((listener) => listener.isOpenToListeningIn).map(({ name }) => name)
      if (open.length === 0) return
      parts.log.warn({ addresses: open }, 'STOMP over TCP without TLS can be read, and changed, on the way: use tls')
    },
    stop() {
      for (const listener of listeners) listener.stop()
    },
    close,
  }
}

// Array.isArray does not narrow a readonly array.
const isList = (options: TcpOptions | readonly TcpOptions[]): options is readonly TcpOptions[] => Array.isArray(options)

/** How long a TLS handshake may take, in ms. */
const HANDSHAKE_TIMEOUT_MS = 10_000

const LOOPBACK = /^(::ffff:)?127\.|^::1$/

class TcpListener {
  readonly #options: TcpOptions
  readonly #parts: TcpParts
  readonly #server: Server
  /** The bare sockets, also of connections that are still shaking hands. */
  readonly #sockets = new Set<Socket>()
  #refusedCount = 0

  constructor(options: TcpOptions, parts: TcpParts) {
    const { port, maxConnections, tls } = options
    if (!Number.isSafeInteger(port) || port < 0 || port > 65_535) {
      throw new RangeError(`tcp.port must be a whole number from 0 to 65535, not ${port}`)
    }
    if (maxConnections !== undefined && (!Number.isSafeInteger(maxConnections) || maxConnections < 1)) {
      throw new RangeError('tcp.maxConnections must be a whole number above 0')
    }
    this.#options = options
    this.#parts = parts
    const server =
      tls === undefined
        ? createServer({ allowHalfOpen: true })
        : createTlsServer({ handshakeTimeout: HANDSHAKE_TIMEOUT_MS, ...tls, allowHalfOpen: true })
    this.#server = server
    if (maxConnections !== undefined) server.maxConnections = maxConnections
    server.on('connection', (socket) => this.#keep(socket))
    server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => this.#accept(socket))
    server.on('tlsClientError', (error: Error, socket: Socket) => {
      // Node leaves it open.
      socket.destroy()
      parts.log.debug({ err: error }, 'a TLS handshake failed')
    })
    server.on('drop', () => this.#refused())
  }

  /** As in a URL. */
  get name(): string {
    const { port, host = '127.0.0.1', tls } = this.#options
    const { address, port: actualPort } = this.address ?? { address: host, port }
    return `${tls ? 'tls' : 'tcp'}://${address.includes(':') ? `[${address}]` : address}:${actualPort}`
  }

  /** Undefined while it does not listen. */
  get address(): TcpAddress | undefined {
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address : undefined
  }

  /** True where frames pass over a network as they are. */
  get isOpenToListeningIn(): boolean {
    return this.#options.tls === undefined && this.address !== undefined && !LOOPBACK.test(this.address.address)
  }

  async open(): Promise<void> {
    const { port, host = '127.0.0.1', backlog, optional = false } = this.#options
    const { log } = this.#parts
    const server = this.#server
    try {
      server.listen({ port, host, ...(backlog === undefined ? {} : { backlog }) })
      await once(server, 'listening')
    } catch (cause) {
      const error = new ListenError(this.name, cause)
      if (!optional) throw error
      return log.warn({ err: error }, `${error.message}: going on without`)
    }
    // Such as too many open files while accepting: the listener itself goes on.
    server.on('error', (error) => log.error({ err: error }, `STOMP over TCP at ${this.name}`))
    log.info({}, `STOMP over TCP listening at ${this.name}`)
  }

  stop(): void {
    if (this.#server.listening) this.#server.close()
  }

  async close(): Promise<void> {
    this.stop()
    const gone = [...this.#sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve)))
    for (const socket of this.#sockets) socket.destroy()
    await Promise.all(gone)
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
  }

  #accept(socket: Socket): void {
    try {
      this.#parts.accept(socketConnection(socket, this.#parts.after))
    } catch (error) {
      socket.destroy()
      this.#parts.log.error({ err: error }, 'a TCP connection could not be taken')
    }
  }

  #refused(): void {
    this.#refusedCount++
    // At 1, 2, 4, 8 ...: who refuses thousands is not to fill the log with them.
    if ((this.#refusedCount & (this.#refusedCount - 1)) !== 0) return
    this.#parts.log.warn({ refused: this.#refusedCount }, `${this.name} has as many connections as are allowed`)
  }
}

/** A port that could not be had; `code` is that of the system, such as EADDRINUSE. */
class ListenError extends Error {
  readonly code: string | undefined

  constructor(name: string, cause: unknown) {
    super(`STOMP over TCP cannot listen at ${name}: ${cause instanceof Error ? cause.message : cause}`, { cause })
    this.name = 'ListenError'
    this.code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined
  }
}
