import type { Connection, ConnectionListener, Peer } from '../connection/connection.js'
import type { Turn } from '../message/turn.js'

/** The client's end of a linked connection: what a network would carry, at once and in order. */
export interface LinkedEnd {
  /** The server's end, to be handed to an endpoint or session. */
  readonly connection: Connection
  /** Sends to the server; waits inside while the server has paused reading. */
  send(data: Uint8Array | string): void
  /** Ends the connection as a peer does. */
  close(code?: number, reason?: string): void
  /** Ends the peer's side alone, behind what it has sent: it still reads. */
  end(): void
  /** The peer breaks the transport's rules: the server may have last words, then all ends with `code`. */
  break(code: number, reason: string): void
  /** True: the peer stops reading; writes are taken but report full. False: it reads again. */
  setStalled(stalled: boolean): void
  /** How many writes the server has made: one for each turn in which it had something to say. */
  readonly writeCount: number
  /** True while the server holds the peer back. */
  readonly isPaused: boolean
}

/** Who takes what the server writes. */
export interface LinkedReader {
  bytes(data: Uint8Array): void
  closed(code: number, reason: string): void
}

/** Makes a connection within the process: no port, no socket, no time. */
export function linkConnection(reader: LinkedReader, peer: Partial<Peer> = {}): LinkedEnd {
  return new Link(reader, peer)
}

class Link implements LinkedEnd, Connection {
  readonly peer: Peer
  readonly connection: Connection = this
  writeCount = 0
  isPaused = false
  readonly #reader: LinkedReader
  #listener: ConnectionListener | undefined
  #isStalled = false
  #isClosed = false
  #hasPeerEnded = false
  #waiting: (Uint8Array | string)[] = []

  constructor(reader: LinkedReader, peer: Partial<Peer>) {
    this.#reader = reader
    this.peer = {
      transport: 'linked',
      ownsLiveness: false,
      protocol: undefined,
      identity: undefined,
      request: undefined,
      remoteAddress: undefined,
      ...peer,
    }
  }

  attach(listener: ConnectionListener): void {
    this.#listener = listener
    // Never inside the call that attaches: who attaches is not built yet.
    queueMicrotask(() => this.#flow())
  }

  write(turn: Turn): boolean {
    if (this.#isClosed) return false
    this.writeCount++
    this.#reader.bytes(turn.bytes('stream'))
    return !this.#isStalled
  }

  setPaused(paused: boolean): void {
    this.isPaused = paused
    if (!paused) queueMicrotask(() => this.#flow())
  }

  close(code = 1000, reason = ''): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#reader.closed(code, reason)
    // Like a socket: the end is told later, never inside the call that closes.
    queueMicrotask(() => this.#listener?.closed(code, reason))
  }

  send(data: Uint8Array | string): void {
    if (this.#isClosed) return
    this.#waiting.push(data)
    this.#flow()
  }

  end(): void {
    if (this.#isClosed) return
    this.#hasPeerEnded = true
    this.#flow()
  }

  break(code: number, reason: string): void {
    if (this.#isClosed) return
    this.#listener?.broken(code, reason)
    this.close(code, reason)
  }

  setStalled(stalled: boolean): void {
    this.#isStalled = stalled
    if (!stalled && !this.#isClosed) this.#listener?.drained()
  }

  #tellEnded(): void {
    if (!this.#hasPeerEnded) return
    this.#hasPeerEnded = false
    this.#listener?.ended()
  }

  #flow(): void {
    while (this.#listener !== undefined && !this.isPaused && !this.#isClosed) {
      const data = this.#waiting.shift()
      if (data === undefined) return this.#tellEnded()
      this.#listener.message(data, typeof data === 'string')
    }
  }
}
