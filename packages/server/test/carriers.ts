import { createConnection } from 'node:net'
import { HttpLink } from '@hoofbeat/sse/client'
import { afterEach, expect } from 'vitest'
import { WebSocket } from 'ws'

const ends: (() => void)[] = []

/** Ends after each test what was opened in it. */
export function endAfterEach(end: () => void): void {
  ends.push(end)
}

afterEach(() => {
  for (const end of ends.splice(0)) end()
})

/** One connection, whatever carries it: what came, and the close code where there is one. */
export interface Carried {
  /** Sends text as soon as it is open. */
  send(text: string): void
  readonly text: () => string
  /** The close code; over SockJS by polls the HTTP status of a poll that was refused. */
  readonly closed: Promise<number | undefined>
}

/** Where a server listens, and what header fields the requests have: on a link all that its client sends of its own. */
export type Where = { readonly origin: string; readonly tcpPort: number; readonly headers?: Record<string, string> }

export function overWebSocket({ origin, headers = {} }: Where): Carried {
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/stomp`, { headers })
  ends.push(() => socket.terminate())
  let text = ''
  socket.on('message', (data) => {
    text += String(data)
  })
  const opened = new Promise((resolve) => socket.once('open', resolve))
  return {
    send: (message) => void opened.then(() => socket.send(message)),
    text: () => text,
    closed: new Promise((resolve) => socket.once('close', resolve)),
  }
}

export function overTcp({ tcpPort }: Where): Carried {
  const socket = createConnection(tcpPort, '127.0.0.1')
  ends.push(() => socket.destroy())
  let text = ''
  socket.on('data', (data) => {
    text += String(data)
  })
  return {
    send: (message) => void socket.write(message),
    text: () => text,
    closed: new Promise((resolve) => socket.once('close', () => resolve(undefined))),
  }
}

/** What a SockJS frame says: the text of its messages, or the close code. */
function readSockJs(frame: string): { readonly text: string; readonly code: number | undefined } {
  if (frame.startsWith('a')) return { text: (JSON.parse(frame.slice(1)) as string[]).join(''), code: undefined }
  return { text: '', code: frame.startsWith('c') ? (JSON.parse(frame.slice(1)) as [number])[0] : undefined }
}

export function overSockJsWebSocket({ origin, headers = {} }: Where): Carried {
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/stomp/1/a/websocket`, { headers })
  ends.push(() => socket.terminate())
  let text = ''
  const closed = new Promise<number | undefined>((resolve) => {
    socket.on('message', (data) => {
      const frame = readSockJs(String(data))
      text += frame.text
      if (frame.code !== undefined) resolve(frame.code)
    })
  })
  const opened = new Promise((resolve) => socket.once('open', resolve))
  return {
    send: (message) => void opened.then(() => socket.send(JSON.stringify([message]))),
    text: () => text,
    closed,
  }
}

export function overSockJsPolls({ origin, headers = {} }: Where): Carried {
  const post = (path: string, body?: string): Promise<Response> =>
    fetch(`${origin}/stomp/1/polls${path}`, { method: 'POST', headers, ...(body === undefined ? {} : { body }) })
  let text = ''
  let began = (): void => {}
  const opened = new Promise<void>((resolve) => {
    began = resolve
  })
  const poll = async (): Promise<number | undefined> => {
    for (;;) {
      const response = await post('/xhr')
      if (response.status !== 200) return response.status
      const frame = readSockJs((await response.text()).trim())
      began()
      text += frame.text
      if (frame.code !== undefined) return frame.code
    }
  }
  // The server may have gone before the client at the end of a test.
  const closed = poll().catch(() => undefined)
  return {
    send: (message) => void opened.then(() => post('/xhr_send', JSON.stringify([message]))),
    text: () => text,
    closed,
  }
}

/** `tokens`: what its client sends as Authorization when it opens, and each time it renews; the last one again and again. */
export const overLink =
  (rung: 'websocket' | 'stream' | 'poll', tokens?: string[], path = '/stomp') =>
  ({ origin, headers: fixed = {} }: Where): Carried => {
    const headers = (): Record<string, string> => {
      const token = tokens === undefined || tokens.length === 1 ? tokens?.[0] : tokens.shift()
      return token === undefined ? fixed : { ...fixed, authorization: token }
    }
    // A browser sends cookies with an upgrade by itself.
    class WithHeaders extends WebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols, { headers: fixed })
      }
    }
    const link = new HttpLink(`${origin}${path}`, {
      rungs: [rung],
      WebSocket: WithHeaders as never,
      headers,
    })
    ends.push(() => link.close())
    let text = ''
    link.onmessage = ({ data }) => {
      text += typeof data === 'string' ? data : Buffer.from(data as ArrayBuffer).toString()
    }
    const opened = new Promise<void>((resolve) => {
      link.onopen = () => resolve()
    })
    const closed = new Promise<number>((resolve) => {
      link.onclose = ({ code }) => resolve(code)
    })
    return { send: (message) => void opened.then(() => link.send(message)), text: () => text, closed }
  }

/** CONNECT with these header lines. */
export const connectFrame = (headers: string): string =>
  `CONNECT\naccept-version:1.2\nhost:x\nheart-beat:0,0\n${headers}\n\n\0`

/** A SEND to `/session/renew` with these header lines. */
export const renewal = (receipt: string, headers = 'login:alice'): string =>
  `SEND\ndestination:/session/renew\n${headers}\nreceipt:${receipt}\n\n\0`

/** A SEND that shows by its receipt that the session lives. */
export const ping = (receipt: string): string => `SEND\ndestination:/topic/ping\nreceipt:${receipt}\n\n\0`

/** Sends CONNECT with these header lines, and waits for CONNECTED. */
export async function connected(carried: Carried, headers = 'login:alice'): Promise<Carried> {
  carried.send(connectFrame(headers))
  await expect.poll(carried.text).toContain('CONNECTED\n')
  return carried
}
