import type { NativeEvent, NativeRequest } from '../native-bridge.js'
import { atob, base64OfBytes, btoa, bytesOfBase64, TextDecoder, TextEncoder } from './native-text.js'

/**
 * The globals of React Native (0.85), as far as a script may find them, over its native side; everything else that a browser
 * has is missing: `document`, `location`, events of the global scope, streams, storage, locks, message channels, `crypto`.
 */

declare const nativeCall: (request: string) => void

const ask = (request: NativeRequest): void => nativeCall(JSON.stringify(request))

const pending = new Map<number, (event: NativeEvent) => void>()
let last = 0

const setTimer = (run: () => void, ms: number, isRepeated: boolean): number => {
  const id = ++last
  const set = (): void => ask({ ask: 'timer', id, ms })
  pending.set(id, () => {
    if (isRepeated) set()
    else pending.delete(id)
    run()
  })
  set()
  return id
}

const clearTimer = (id: number): void => {
  if (pending.delete(id)) ask({ ask: 'clear', id })
}

class AbortSignal {
  aborted = false
  readonly listeners: (() => void)[] = []
  addEventListener(_type: string, listener: () => void): void {
    this.listeners.push(listener)
  }
}

class AbortController {
  readonly signal: AbortSignal = new AbortSignal()
  abort(): void {
    if (this.signal.aborted) return
    this.signal.aborted = true
    for (const listener of this.signal.listeners) listener()
  }
}

/** Without `body`: it comes whole. */
class Response {
  readonly status: number
  readonly #text: string
  constructor(text: string, { status }: { readonly status: number }) {
    this.#text = text
    this.status = status
  }
  text(): Promise<string> {
    return Promise.resolve(this.#text)
  }
}

interface RequestInit {
  readonly method?: string
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

const fetch = (url: string, { method = 'GET', body = '', headers = {}, signal }: RequestInit): Promise<Response> =>
  new Promise((resolve, reject) => {
    const id = ++last
    pending.set(id, (event) => {
      pending.delete(id)
      if (event.tell === 'response') resolve(new Response(event.text, event))
      else reject(new TypeError('Network request failed'))
    })
    signal?.addEventListener('abort', () => {
      if (!pending.delete(id)) return
      ask({ ask: 'abort', id })
      reject(new Error('Aborted'))
    })
    ask({ ask: 'request', id, url, method, body, headers })
  })

/** Binary data pass the bridge as base64; nobody says how much has not left yet. */
class WebSocket {
  readyState = 0
  protocol: string | undefined
  bufferedAmount: number | undefined
  binaryType: string | undefined
  onopen: ((event: object) => void) | null = null
  onmessage: ((event: object) => void) | null = null
  onerror: ((event: object) => void) | null = null
  onclose: ((event: object) => void) | null = null
  readonly #id: number = ++last

  constructor(url: string, protocols: readonly string[]) {
    pending.set(this.#id, (event) => this.#told(event))
    ask({ ask: 'connect', id: this.#id, url, protocols })
  }

  send(data: string | ArrayBuffer | ArrayBufferView): void {
    if (this.readyState === 0) throw new Error('INVALID_STATE_ERR')
    if (typeof data === 'string') ask({ ask: 'send', id: this.#id, text: data })
    else ask({ ask: 'sendBinary', id: this.#id, base64: base64OfBytes(viewOf(data)) })
  }

  close(code = 1000, reason = ''): void {
    if (this.readyState > 1) return
    this.readyState = 2
    ask({ ask: 'close', id: this.#id, code, reason })
  }

  #told(event: NativeEvent): void {
    if (event.tell === 'open') {
      this.readyState = 1
      this.protocol = event.protocol
      this.onopen?.({ type: 'open' })
    } else if (event.tell === 'text') this.onmessage?.({ type: 'message', data: event.text })
    else if (event.tell === 'binary') this.onmessage?.({ type: 'message', data: bytesOfBase64(event.base64).buffer })
    else if (event.tell === 'closed') {
      const wasOpening = this.readyState === 0
      this.readyState = 3
      pending.delete(this.#id)
      if (wasOpening) this.onerror?.({ type: 'error' })
      this.onclose?.({ type: 'close', code: event.code, reason: event.reason })
    }
  }
}

const viewOf = (data: ArrayBuffer | ArrayBufferView): Uint8Array =>
  ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data)

const beganMs = Date.now()

Object.assign(globalThis, {
  window: globalThis,
  self: globalThis,
  global: globalThis,
  navigator: { product: 'ReactNative' },
  performance: { timeOrigin: beganMs, now: () => Date.now() - beganMs },
  console: { log: () => {}, warn: () => {}, error: () => {}, debug: () => {} },
  setTimeout: (run: () => void, ms = 0) => setTimer(run, ms, false),
  setInterval: (run: () => void, ms = 0) => setTimer(run, ms, true),
  clearTimeout: clearTimer,
  clearInterval: clearTimer,
  AbortController,
  AbortSignal,
  Response,
  fetch,
  WebSocket,
  TextDecoder,
  TextEncoder,
  atob,
  btoa,
  tellScript(event: string) {
    const told = JSON.parse(event) as NativeEvent
    pending.get(told.id)?.(told)
  },
})
