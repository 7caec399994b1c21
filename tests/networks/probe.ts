import { request as sendHttp } from 'node:http'
import { request as sendHttps } from 'node:https'
import { setTimeout as after } from 'node:timers/promises'
import { WebSocket } from 'ws'

/** What came of asking for a WebSocket of links. */
export interface UpgradeAnswer {
  readonly status: number
  readonly protocol: string | undefined
}

/** Asks for an upgrade as a browser would. */
export function askForUpgrade(url: string): Promise<UpgradeAnswer> {
  return new Promise((resolve, reject) => {
    const send = url.startsWith('https:') ? sendHttps : sendHttp
    const request = send(`${url}/stomp`, {
      rejectUnauthorized: false,
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
        'sec-websocket-protocol': 'v1.link.hoofbeat, v12.stomp',
      },
    })
    request.once('upgrade', (response, socket) => {
      socket.destroy()
      resolve({ status: 101, protocol: response.headers['sec-websocket-protocol'] })
    })
    request.once('response', (response) => {
      response.resume()
      resolve({ status: response.statusCode ?? 0, protocol: undefined })
    })
    request.once('error', reject)
    request.end()
  })
}

/**
 * How much of a new link's event stream comes by itself within so long: its opening, and its first beat a little later,
 * which is held back where a proxy waits for more. Reads no longer once `enough` has come.
 */
export async function readStream(url: string, withinMs: number, enough?: string): Promise<string> {
  const post = (door: string, body: object, signal?: AbortSignal) =>
    fetch(`${url}/stomp/${door}`, { method: 'POST', body: JSON.stringify({ v: 1, ...body }), signal: signal ?? null })
  const opened: { link: string; key: string } = await (await post('open', { protocols: ['v12.stomp'] })).json()
  const abort = new AbortController()
  const { link, key } = opened
  let text = ''
  const read = async (): Promise<void> => {
    const { body } = await post(`${link}/down`, { key, attach: 1, ack: 0 }, abort.signal)
    const reader = body?.pipeThrough(new TextDecoderStream()).getReader()
    for (;;) {
      const piece = await reader?.read()
      if (!piece || piece.done) return
      text += piece.value
      if (enough !== undefined && text.includes(enough)) return
    }
  }
  const reading = read().catch(() => {})
  const late = new AbortController()
  await Promise.race([enough === undefined ? new Promise(() => {}) : reading, after(withinMs, undefined, late)])
  late.abort()
  abort.abort()
  await reading
  await post(`${link}/up`, { key, seq: 1, ack: 0, items: [], close: { code: 1000, reason: '' } })
  return text
}

/** Which words pass over a WebSocket that was accepted. */
export interface SocketWords {
  /** The server's greeting came. */
  readonly isGreeted: boolean
  /** A ping of ours was answered. */
  readonly isAnswered: boolean
}

/** Opens a WebSocket of links and says a word after so long; waits so long again for the answer. */
export async function speakBySocket(url: string, withinMs: number): Promise<SocketWords> {
  const words: string[] = []
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/stomp`, ['v1.link.hoofbeat', 'v12.stomp'])
  socket.on('message', (data) => words.push(String(data)))
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  await after(withinMs)
  socket.send('\u0001s{"seq":1}')
  socket.send('\u0001k{"ack":0,"sent":0,"ping":1}')
  await after(withinMs)
  socket.terminate()
  const hasCome = (letter: string): boolean => words.some((word) => word.startsWith(`\u0001${letter}`))
  return { isGreeted: hasCome('o'), isAnswered: hasCome('k') }
}
