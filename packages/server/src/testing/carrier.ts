import type { Connection, Peer } from '../connection/connection.js'
import { linkConnection } from './linked-connection.js'

/** How a connection ended. */
export interface ClosedWith {
  /** A WebSocket close code; 1006 where the connection was cut. */
  readonly code: number
  readonly reason: string
}

/** What carries a test client's bytes: a linked connection, or an injected WebSocket. */
export interface Carrier {
  send(data: Uint8Array | string): void
  close(code: number, reason: string): void
  /** Ends without a closing handshake. */
  cut(): void
  /** True: the client's end reads no more; what it is sent waits before it. False: it reads again. */
  setStalled(stalled: boolean): void
}

/** Who takes what a carrier brings. */
export interface CarrierReader {
  bytes(data: Uint8Array): void
  /** The last call. */
  closed(ending: ClosedWith): void
}

/** A linked connection as a carrier; `accept` takes the server's end, in the same tick. */
export function linkedCarrier(
  accept: (connection: Connection) => void,
  reader: CarrierReader,
  peer: Partial<Peer>,
): Carrier {
  let isStalled = false
  const unread: (() => void)[] = []
  // What a peer that reads no more was sent stays on the way; of its end it learns behind that.
  const read = (act: () => void): void => {
    if (isStalled) unread.push(act)
    else act()
  }
  const link = linkConnection(
    {
      bytes: (data) => read(() => reader.bytes(data)),
      closed: (code, reason) => read(() => reader.closed({ code, reason })),
    },
    peer,
  )
  accept(link.connection)
  return {
    send: (data) => link.send(data),
    close: (code, reason) => link.close(code, reason),
    cut: () => link.close(1006, ''),
    setStalled(stalled) {
      if (stalled === isStalled) return
      isStalled = stalled
      if (!stalled) for (const act of unread.splice(0)) act()
      link.setStalled(stalled)
    },
  }
}
