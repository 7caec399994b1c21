import { type Conversation, createConversation } from './conversation.js'
import type { DownData } from './downlink.js'
import { globalSurroundings } from './global-surroundings.js'
import type { RungName } from './ladder.js'
import { endpointOf, type HttpLinkOptions } from './options.js'
import type { Surroundings } from './surroundings.js'
import { utf8Bytes, wellFormed } from './text.js'

/** What a link tells, in the shape of the events of a WebSocket. */
export interface LinkEvents {
  open: { readonly type: 'open'; readonly target: HttpLink }
  message: { readonly type: 'message'; readonly target: HttpLink; readonly data: string | ArrayBuffer | Blob }
  error: { readonly type: 'error'; readonly target: HttpLink; readonly message: string }
  close: {
    readonly type: 'close'
    readonly target: HttpLink
    readonly code: number
    readonly reason: string
    readonly wasClean: boolean
  }
  /** Another kind of carrier is proved, or (undefined) what carried is lost. */
  rungchange: {
    readonly type: 'rungchange'
    readonly target: HttpLink
    readonly rung: RungName | undefined
    readonly previous: RungName | undefined
  }
}

type Handler<Type extends keyof LinkEvents> = ((event: LinkEvents[Type]) => void) | null
type Listener = ((event: never) => void) | { handleEvent(event: never): void }

/**
 * A connection that lives on WebSocket where that works, and on HTTP where it does not, with the shape of a WebSocket.
 * It outlives its sockets and requests: no message is lost or repeated while the link lives.
 */
export class HttpLink {
  static readonly CONNECTING = 0
  static readonly OPEN = 1
  static readonly CLOSING = 2
  static readonly CLOSED = 3
  readonly CONNECTING = 0
  readonly OPEN = 1
  readonly CLOSING = 2
  readonly CLOSED = 3
  readonly url: string
  readonly extensions = ''
  /** How binary messages are handed over. */
  binaryType: 'arraybuffer' | 'blob' = 'arraybuffer'
  onopen: Handler<'open'> = null
  onmessage: Handler<'message'> = null
  onerror: Handler<'error'> = null
  onclose: Handler<'close'> = null
  onrungchange: Handler<'rungchange'> = null
  private readonly surroundings: Surroundings
  private readonly conversation: Conversation
  private readonly listeners: { readonly type: string; readonly listener: Listener; readonly isOnce: boolean }[] = []
  private selected = ''

  /** `url`: the endpoint, as `https://`, `wss://` or relative to the page. Throws a SyntaxError if it is none of these. */
  constructor(url: string, options: HttpLinkOptions = {}, surroundings: Surroundings = globalSurroundings(options)) {
    const page = typeof location === 'undefined' ? undefined : location.href
    const endpoint = endpointOf(url, page)
    this.url = endpoint.http
    this.surroundings = surroundings
    this.conversation = createConversation(endpoint, options, surroundings, {
      opened: (protocol) => {
        this.selected = protocol
        this.tell('open', { type: 'open', target: this })
      },
      message: (data) => this.tell('message', { type: 'message', target: this, data: this.shaped(data) }),
      rungChanged: (rung, previous) => this.tell('rungchange', { type: 'rungchange', target: this, rung, previous }),
      closed: (code, reason, wasClean) => {
        if (!wasClean) this.tell('error', { type: 'error', target: this, message: reason })
        this.tell('close', { type: 'close', target: this, code, reason, wasClean })
        this.listeners.length = 0
      },
    })
  }

  get readyState(): 0 | 1 | 2 | 3 {
    return this.conversation.state()
  }

  /** The sub-protocol that the server chose. */
  get protocol(): string {
    return this.selected
  }

  /** Bytes of messages that the server has not acknowledged. */
  get bufferedAmount(): number {
    return this.conversation.bufferedBytes()
  }

  /** What carries messages down; undefined while the link looks for what does. */
  get rung(): RungName | undefined {
    return this.conversation.rung()
  }

  /** How often something new began to carry. */
  get attaches(): number {
    return this.conversation.counts.accepted
  }

  /** How often the link lost its carrier and went on by another. */
  get resumes(): number {
    return this.conversation.counts.resumed
  }

  /** How long an answer takes, in ms. */
  get rtt(): number | undefined {
    return this.conversation.rtt()
  }

  /** Sends one message: it is kept until the server has it. Throws while the link is being opened. */
  send(data: string | ArrayBufferLike | ArrayBufferView): void {
    if (this.readyState === 0) throw invalid('InvalidStateError', 'the link is not open yet')
    if (typeof data === 'string') {
      const text = wellFormed(data)
      this.conversation.send(text, utf8Bytes(text))
      return
    }
    // What the caller does with its bytes afterwards must not change a message that has its number.
    const bytes = bytesOf(data).slice()
    this.conversation.send(bytes, bytes.byteLength)
  }

  /** Ends the link behind all that was sent. */
  close(code = 1000, reason = ''): void {
    if (code !== 1000 && !(code >= 3000 && code <= 4999))
      throw invalid('InvalidAccessError', `${code} is no code for a close`)
    const text = wellFormed(reason)
    if (utf8Bytes(text) > 123) throw invalid('SyntaxError', 'the reason is longer than 123 bytes')
    this.conversation.close(code, text)
  }

  /** Ends the link at once: `onclose` is told before this returns, and what was not acknowledged is given up. */
  terminate(): void {
    this.conversation.leave(1006, 'terminated')
  }

  addEventListener<Type extends keyof LinkEvents>(
    type: Type,
    listener: ((event: LinkEvents[Type]) => void) | { handleEvent(event: LinkEvents[Type]): void },
    options?: boolean | { readonly once?: boolean },
  ): void {
    if (this.listeners.some((known) => known.type === type && known.listener === listener)) return
    this.listeners.push({ type, listener, isOnce: typeof options === 'object' && options.once === true })
  }

  removeEventListener<Type extends keyof LinkEvents>(
    type: Type,
    listener: ((event: LinkEvents[Type]) => void) | { handleEvent(event: LinkEvents[Type]): void },
  ): void {
    const at = this.listeners.findIndex((known) => known.type === type && known.listener === listener)
    if (at >= 0) this.listeners.splice(at, 1)
  }

  private shaped(data: DownData): string | ArrayBuffer | Blob {
    return typeof data === 'string' || this.binaryType !== 'blob' ? data : new Blob([data])
  }

  private tell<Type extends keyof LinkEvents>(type: Type, event: LinkEvents[Type]): void {
    const listeners = this.listeners.filter((known) => known.type === type)
    this.guarded(() => (this[`on${type}`] as Handler<Type>)?.(event))
    for (const known of listeners) {
      const listener = known.listener as
        | ((event: LinkEvents[Type]) => void)
        | { handleEvent(event: LinkEvents[Type]): void }
      if (known.isOnce) this.removeEventListener(type, listener)
      this.guarded(() => (typeof listener === 'function' ? listener(event) : listener.handleEvent(event)))
    }
  }

  /** What a handler throws is the application's: it is thrown where nothing of the link is broken by it. */
  private guarded(run: () => void): void {
    try {
      run()
    } catch (error) {
      this.surroundings.after(0, () => {
        throw error
      })
    }
  }
}

/** A link with a given network and time: for tests. */
export function createHttpLink(url: string, options: HttpLinkOptions, surroundings: Surroundings): HttpLink {
  return new HttpLink(url, options, surroundings)
}

function bytesOf(data: ArrayBufferLike | ArrayBufferView): Uint8Array {
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  if (Object.prototype.toString.call(data) === '[object Blob]')
    throw new TypeError('a Blob is read later than it is sent: send its bytes')
  return new Uint8Array(data)
}

function invalid(name: string, message: string): Error {
  if (typeof DOMException === 'function') return new DOMException(message, name)
  const error = new Error(message)
  error.name = name
  return error
}
