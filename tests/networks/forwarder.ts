import { type AddressInfo, createServer, connect as dial, type Socket } from 'node:net'

/** Listens on a port of 127.0.0.1. */
export interface Listening {
  readonly port: number
  close(): Promise<void>
}

/** Two ends of a connection that a forwarder joins. */
export interface Pair {
  readonly near: Socket
  readonly far: Socket
}

/** Accepts connections on a free port and dials the target for each; `join` passes the bytes. */
export async function openForwarder(targetPort: number, join: (pair: Pair) => void): Promise<Listening> {
  const sockets = new Set<Socket>()
  const keep = (socket: Socket): void => {
    sockets.add(socket)
    // How connections end is what these tests are about: the forwarder does with it what it stands for.
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  }
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = dial({ port: targetPort, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    keep(near)
    keep(far)
    join({ near, far })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

/** A network has length: all that passes takes so long each way, and keeps its order. */
export function openDistance(targetPort: number, oneWayMs: number): Promise<Listening> {
  const pass = (from: Socket, to: Socket): void => {
    // Timers of one length fire in the order in which they were set.
    from.on('data', (bytes) => setTimeout(() => to.writable && to.write(bytes), oneWayMs))
    from.on('end', () => setTimeout(() => to.end(), oneWayMs))
    from.on('close', (hasError) => {
      if (hasError || !from.readableEnded) setTimeout(() => to.destroy(), oneWayMs)
    })
  }
  return openForwarder(targetPort, ({ near, far }) => {
    pass(near, far)
    pass(far, near)
  })
}
