import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'
import { createDecoder, encode, type Frame, type FrameInit } from '@hoofbeat/codec'

/** A bare TCP or TLS socket that keeps all frames that come: to send, and to end, as no proper client would. */
export interface TcpClient {
  readonly socket: Socket
  send(data: string | Uint8Array | FrameInit): void
  /** The next frame, as soon as it comes. Rejects if the server ends its side before. */
  next(): Promise<Frame>
  /** Sends CONNECT and waits for CONNECTED. */
  connect(headers?: Readonly<Record<string, string>>): Promise<Frame>
  /** Resolves when the server has ended its side, and rejects if the connection breaks before. */
  readonly ended: Promise<void>
  /** Resolves when the server has ended its side or the connection broke, whichever it was. */
  readonly over: Promise<void>
  /** The fault that broke the connection, if any, once it is gone. */
  readonly closed: Promise<string | undefined>
}

/** Opens a client on a port of this machine. It ends its own side only when told: `socket.end()`. */
export async function openTcpClient(port: number): Promise<TcpClient> {
  const socket = createConnection({ port, host: '127.0.0.1', allowHalfOpen: true })
  const client = wrapSocket(socket)
  await once(socket, 'connect')
  return client
}

/** A client on a socket that is open already, or is about to be. */
export function wrapSocket(socket: Socket): TcpClient {
  const decoder = createDecoder({ from: 'server', limits: { maxBodyBytes: 16 * 1024 * 1024 } })
  const frames: Frame[] = []
  const waiting: { resolve: (frame: Frame) => void; reject: (error: Error) => void }[] = []
  let fault: string | undefined
  const abandon = (reason: string): void => {
    for (const { reject } of waiting.splice(0)) reject(new Error(reason))
  }
  socket.on('data', (data) => {
    decoder.push(data)
    for (let next = decoder.next(); next !== undefined; next = decoder.next()) {
      if (next === 'heart-beat') continue
      const waiter = waiting.shift()
      if (waiter === undefined) frames.push(next)
      else waiter.resolve(next)
    }
  })
  socket.on('error', (error: NodeJS.ErrnoException) => {
    fault = error.code ?? error.message
  })
  const ended = new Promise<void>((resolve, reject) => {
    socket.on('end', () => {
      abandon('the server has ended its side')
      resolve()
    })
    socket.on('close', () => {
      abandon(`the connection is gone: ${fault}`)
      reject(new Error(`the connection is gone: ${fault}`))
    })
  })
  const over = ended.catch(() => undefined)
  const closed = new Promise<string | undefined>((resolve) => socket.on('close', () => resolve(fault)))
  const client: TcpClient = {
    socket,
    ended,
    over,
    closed,
    send(data) {
      socket.write(typeof data === 'string' || data instanceof Uint8Array ? data : encode(data, '1.2'))
    },
    next() {
      const frame = frames.shift()
      if (frame !== undefined) return Promise.resolve(frame)
      if (socket.readableEnded || socket.destroyed) return Promise.reject(new Error('the server has ended its side'))
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }))
    },
    async connect(headers = {}) {
      client.send({ command: 'CONNECT', headers: { 'accept-version': '1.2', host: 'test', ...headers } })
      const connected = await client.next()
      if (connected.command !== 'CONNECTED') throw new Error(`${connected.command} came instead of CONNECTED`)
      return connected
    },
  }
  return client
}
