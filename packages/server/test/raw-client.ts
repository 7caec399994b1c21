import { createDecoder, encode, type Frame, type FrameInit } from '@hoofbeat/codec'
import { WebSocket } from 'ws'

/** A WebSocket that speaks raw bytes and keeps all frames that come: to send what no proper client would. */
export interface RawClient {
  readonly socket: WebSocket
  send(data: string | Uint8Array | FrameInit): void
  /** The next frame, as soon as it comes. Rejects if the socket closes before. */
  next(): Promise<Frame>
  /** The close code and reason, as soon as the socket has closed. */
  readonly closed: Promise<{ code: number; reason: string }>
}

/** Opens a raw client; resolves when the WebSocket is open. */
export async function openRawClient(socket: WebSocket): Promise<RawClient> {
  const decoder = createDecoder({ from: 'server', limits: { maxBodyBytes: 16 * 1024 * 1024 } })
  const frames: Frame[] = []
  const waiting: { resolve: (frame: Frame) => void; reject: (error: Error) => void }[] = []
  socket.on('message', (data: Buffer) => {
    decoder.push(data)
    for (let next = decoder.next(); next !== undefined; next = decoder.next()) {
      if (next === 'heart-beat') continue
      const waiter = waiting.shift()
      if (waiter === undefined) frames.push(next)
      else waiter.resolve(next)
    }
  })
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => {
      for (const { reject } of waiting.splice(0)) reject(new Error(`closed with ${code} ${reason}`))
      resolve({ code, reason: reason.toString() })
    })
  })
  if (socket.readyState !== WebSocket.OPEN) {
    await new Promise((resolve, reject) => {
      socket.once('open', resolve)
      socket.once('error', reject)
    })
  }
  return {
    socket,
    closed,
    send(data) {
      if (typeof data === 'string' || data instanceof Uint8Array) socket.send(data)
      else socket.send(encode(data, '1.2'))
    },
    next() {
      const frame = frames.shift()
      if (frame !== undefined) return Promise.resolve(frame)
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }))
    },
  }
}
