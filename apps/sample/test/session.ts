import { Client, type IFrame, type StompHeaders } from '@stomp/stompjs'
import { WebSocket } from 'ws'

/** What arrives, one after another, to be awaited. */
export interface Queue<T> {
  readonly next: () => Promise<T>
  readonly push: (item: T) => void
}

export const createQueue = <T>(): Queue<T> => {
  const items: T[] = []
  const waiting: ((item: T) => void)[] = []
  return {
    next: () =>
      new Promise((resolve) => {
        const [item] = items.splice(0, 1)
        if (item === undefined) waiting.push(resolve)
        else resolve(item)
      }),
    push: (item) => {
      const resolve = waiting.shift()
      if (resolve === undefined) items.push(item)
      else resolve(item)
    },
  }
}

/** One session of @stomp/stompjs over ws, which never reconnects. */
export interface Session {
  /** Headers of CONNECTED. */
  readonly connected: StompHeaders
  /** ERROR frames. */
  readonly errors: Queue<IFrame>
  /** Resolves when the connection is gone, with its close code. */
  readonly closed: Promise<number>
  /** Resolves when the SEND is receipted. */
  readonly send: (destination: string, body: unknown) => Promise<void>
  /** Sends without waiting. */
  readonly sendText: (destination: string, body: string, headers?: Record<string, string>) => void
  /** Resolves with the parsed bodies to come when the SUBSCRIBE is receipted. */
  readonly subscribe: (destination: string) => Promise<Queue<unknown>>
  readonly end: () => Promise<void>
}

/** Connects; rejects with the ERROR frame if the server refuses. */
export const connect = (url: string, connectHeaders: StompHeaders = {}): Promise<Session> =>
  new Promise((resolve, reject) => {
    const errors = createQueue<IFrame>()
    let receipts = 0
    let close: (code: number) => void
    const closed = new Promise<number>((resolveClosed) => {
      close = resolveClosed
    })
    const receipt = (act: (id: string) => void): Promise<void> =>
      new Promise((settle) => {
        const id = `receipt-${receipts++}`
        client.watchForReceipt(id, () => settle())
        act(id)
      })
    const sendText = (destination: string, body: string, headers: Record<string, string> = {}): void =>
      client.publish({ destination, body, headers })
    const client = new Client({
      webSocketFactory: () => new WebSocket(url, ['v12.stomp']),
      connectHeaders,
      reconnectDelay: 0,
      onConnect: ({ headers }) =>
        resolve({
          connected: headers,
          errors,
          closed,
          sendText,
          send: (destination, body) =>
            receipt((id) => client.publish({ destination, body: JSON.stringify(body), headers: { receipt: id } })),
          subscribe: async (destination) => {
            const bodies = createQueue<unknown>()
            await receipt((id) =>
              client.subscribe(destination, ({ body }) => bodies.push(JSON.parse(body)), { receipt: id }),
            )
            return bodies
          },
          end: () => client.deactivate(),
        }),
      onStompError: (frame) => {
        errors.push(frame)
        reject(frame)
      },
      onWebSocketClose: ({ code }) => close(code),
    })
    client.activate()
  })
