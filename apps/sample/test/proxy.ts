import { createServer, connect as dial, type Socket } from 'node:net'

/** A TCP proxy in front of the server, to lose connections at will. */
export interface LossyProxy {
  /** Where it listens on 127.0.0.1. */
  readonly port: number
  /** Cuts all connections, as a lost network does: without a word. New ones are refused until `mend`. */
  readonly cut: () => void
  readonly mend: () => void
  /** From now on the present connections carry nothing, and stay. New ones do. */
  readonly hold: () => void
  readonly close: () => Promise<void>
}

export const openProxy = async (targetPort: number): Promise<LossyProxy> => {
  const sockets = new Set<Socket>()
  let isCut = false
  const keep = (socket: Socket, peer: Socket): void => {
    sockets.add(socket)
    socket.pipe(peer)
    // A reset is what `cut` brings about; the other half goes with it.
    socket.on('error', () => {})
    socket.on('close', () => {
      sockets.delete(socket)
      peer.destroy()
    })
  }
  const server = createServer((socket) => {
    if (isCut) return socket.destroy()
    const peer = dial(targetPort, '127.0.0.1')
    keep(socket, peer)
    keep(peer, socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const cut = (): void => {
    isCut = true
    for (const socket of sockets) socket.resetAndDestroy()
  }
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    cut,
    mend: () => {
      isCut = false
    },
    hold: () => {
      for (const socket of sockets) socket.unpipe().pause()
    },
    close: () => {
      cut()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
