import { WebSocket } from 'ws'

/** A session of WebDriver BiDi. */
export interface Bidi {
  /** One command; resolves with its result, rejects with what the browser says against it. */
  call(method: string, params: object): Promise<Record<string, unknown>>
  close(): void
}

interface Reply {
  readonly id?: number
  readonly result?: Record<string, unknown>
  readonly error?: string
  readonly message?: string
}

interface Waiting {
  resolve(result: Record<string, unknown>): void
  reject(error: Error): void
}

export async function openBidi(url: string): Promise<Bidi> {
  const socket = new WebSocket(url)
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  const waiting = new Map<number, Waiting>()
  let last = 0
  socket.on('message', (data) => {
    const { id, result, error, message } = JSON.parse(String(data)) as Reply
    if (id === undefined) return
    const command = waiting.get(id)
    waiting.delete(id)
    if (result) command?.resolve(result)
    else command?.reject(new Error(`${error}: ${message}`))
  })
  socket.once('close', () => {
    for (const command of waiting.values()) command.reject(new Error('the browser has ended'))
    waiting.clear()
  })
  return {
    call: (method, params) =>
      new Promise((resolve, reject) => {
        const id = ++last
        waiting.set(id, { resolve, reject })
        socket.send(JSON.stringify({ id, method, params }), (error) => {
          if (error) reject(error)
        })
      }),
    close: () => socket.terminate(),
  }
}
