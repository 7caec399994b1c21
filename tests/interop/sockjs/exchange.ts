import type SockJSClient from 'sockjs-client'

/** What a page, or a process, is to do. */
export interface Errand {
  readonly url: string
  /** The transports it may use; empty: all. */
  readonly transports: readonly string[]
  /** What it sends. */
  readonly up: readonly string[]
}

/** How it went. */
export interface Exchange {
  /** What carried it; empty if it never opened. */
  readonly transport: string
  /** The name that the server has for it. */
  readonly user: string
  readonly received: readonly string[]
  /** What the server found wrong with what it got; undefined if it did not come so far. */
  readonly verdict: string | undefined
  readonly close: readonly [code: number, reason: string]
}

declare const SockJS: typeof SockJSClient

/**
 * Sends all, takes as many back, and waits for the server's close. It runs in pages too, so it refers to nothing outside
 * of itself but the global `SockJS`.
 */
export function exchange({ url, transports, up }: Errand): Promise<Exchange> {
  return new Promise((resolve) => {
    const socket = new SockJS(url, null, { transports })
    const received: string[] = []
    let transport = ''
    let user = ''
    let verdict: string | undefined
    let sent = 0
    const sendSome = (): void => {
      for (const text of up.slice(sent, sent + 100)) socket.send(text)
      sent += 100
      if (sent < up.length) setTimeout(sendSome)
    }
    socket.onopen = () => {
      transport = socket.transport
      socket.send(`begin ${up.length}`)
      sendSome()
    }
    socket.onmessage = ({ data }) => {
      if (data.startsWith('user ')) {
        user = data.slice(5)
      } else if (data.startsWith('verdict ')) {
        verdict = data.slice(8)
        socket.send('bye')
      } else {
        received.push(data)
      }
    }
    socket.onclose = ({ code, reason }) => resolve({ transport, user, received, verdict, close: [code, reason] })
  })
}
