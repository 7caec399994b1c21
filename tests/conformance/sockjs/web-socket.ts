import { WebSocket } from 'ws'

/** How a WebSocket ended, as the client sees it; 1006 if the connection broke. */
export interface Ending {
  readonly code: number
  readonly reason: string
}

/** A WebSocket client that does nothing of its own accord. */
export interface TestWebSocket {
  send(text: string): void
  /** The next text message. Rejects when the connection ends first. */
  next(): Promise<string>
  /** Text messages that have arrived and were not asked for yet. */
  readonly waiting: readonly string[]
  ended(): Promise<Ending>
  /** Answered by the server behind all that was sent before. */
  ping(): Promise<void>
  leave(): void
}

/** Resolves when its handshake is done. */
export async function openTestWebSocket(url: string): Promise<TestWebSocket> {
  const socket = new WebSocket(url, { perMessageDeflate: false })
  const waiting: string[] = []
  let wake = (): void => {}
  socket.on('message', (data: Buffer) => {
    waiting.push(data.toString('utf8'))
    wake()
  })
  let ending: Ending | undefined
  const ended = new Promise<Ending>((resolve) => {
    socket.on('close', (code, reason) => {
      ending = { code, reason: reason.toString() }
      resolve(ending)
      wake()
    })
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  socket.on('error', () => {})
  return {
    waiting,
    send: (text) => socket.send(text),
    async next() {
      while (waiting.length === 0) {
        if (ending !== undefined) throw new Error(`the WebSocket has ended with ${ending.code} ${ending.reason}`)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      return waiting.shift() ?? ''
    },
    ended: () => ended,
    async ping() {
      const answered = new Promise<void>((resolve) => socket.once('pong', () => resolve()))
      socket.ping()
      await answered
    },
    leave: () => socket.terminate(),
  }
}
