import { type Conversation, createConversation } from './conversation.js'
import { globalSurroundings } from './global-surroundings.js'
import { endpointOf, type HttpLinkOptions, type RungName } from './options.js'
import type { Surroundings } from './surroundings.js'
import { sizeOf, wellFormed } from './text.js'

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
  readonly #conversation: Conversation
  #listeners: { readonly type: string; readonly listener: Listener; readonly isOnce: boolean }[] = []

  /** `url`: the endpoint, as `https://`, `wss://` or relative to the page. Throws a SyntaxError if it is none of these. */
  constructor(url: string, options: HttpLinkOptions = {}, surroundings: Surroundings = globalSurroundings(options)) {
    const endpoint = endpointOf(url, globalThis.location?.href)
    this.url = endpoint.http
    this.#conversation = createConversation(endpoint, options, surroundings, {
      opened: () => this.#tell('open', {}),
      message: (data) =>
        this.#tell('message', {
          data: typeof data === 'string' || this.binaryType !== 'blob' ? data : new Blob([data]),
        }),
      rungChanged: (rung, previous) => this.#tell('rungchange', { rung, previous }),
      closed: (code, reason, wasClean) => {
        if (!wasClean) this.#tell('error', { message: reason })
        this.#tell('close', { code, reason, wasClean })
        this.#listeners = []
      },
    })
  }

  get readyState(): 0 | 1 | 2 | 3 {
    return this.#conversation.state
  }

  /** The sub-protocol that the server chose. */
  get protocol(): string {
    return this.#conversation.link?.protocol ?? ''
  }

  /** Bytes of messages that the server has not acknowledged. */
  get bufferedAmount(): number {
    return this.#conversation.uplink.bytes()
  }

  /** What carries messages down; undefined while the link looks for what does. */
  get rung(): RungName | undefined {
    return this.#conversation.rung
  }

  /** How often something new began to carry. */
  get attaches(): number {
    return this.#conversation.accepted
  }

  /** How often the link lost its carrier and went on by another. */
  get resumes(): number {
    return this.#conversation.resumed
  }

  /** How long an answer takes, in ms. */
  get rtt(): number | undefined {
    return this.#conversation.roundTrip.ms()
  }

  /** Sends one message: it is kept until the server has it. Throws while the link is being opened. */
  send(data: string | ArrayBufferLike | ArrayBufferView): void {
    if (this.readyState === 0) throw invalid('InvalidStateError', 'not open yet')
    // What the caller does with its bytes afterwards must not change a message that has its number.
    this.#conversation.send(typeof data === 'string' ? wellFormed(data) : bytesOf(data).slice())
  }

  /** Ends the link behind all that was sent. */
  close(code = 1000, reason = ''): void {
    if (code !== 1000 && !(code >= 3000 && code <= 4999))
      throw invalid('InvalidAccessError', 'close code must be 1000 or 3000 to 4999')
    const text = wellFormed(reason)
    if (sizeOf(text) > 123) throw invalid('SyntaxError', 'reason longer than 123 bytes')
    this.#conversation.close(code, text)
  }

  /** Ends the link at once: `onclose` is told before this returns, and what was not acknowledged is given up. */
  terminate(): void {
    this.#conversation.leave(1006, 'terminated')
  }

  addEventListener<Type extends keyof LinkEvents>(
    type: Type,
    listener: ((event: LinkEvents[Type]) => void) | { handleEvent(event: LinkEvents[Type]): void },
    options?: boolean | { readonly once?: boolean },
  ): void {
    if (this.#listeners.some((known) => known.type === type && known.listener === listener)) return
    this.#listeners.push({ type, listener, isOnce: typeof options === 'object' && options.once === true })
  }

  removeEventListener<Type extends keyof LinkEvents>(
    type: Type,
    listener: ((event: LinkEvents[Type]) => void) | { handleEvent(event: LinkEvents[Type]): void },
  ): void {
    this.#listeners = this.#listeners.filter((known) => known.type !== type || known.listener !== listener)
  }

  #tell<Type extends keyof LinkEvents>(type: Type, members: Omit<LinkEvents[Type], 'type' | 'target'>): void {
    // The compiler does not see that what was taken out of the type is put in again.
    const event = { type, target: this, ...members } as unknown as LinkEvents[Type]
    const listeners = this.#listeners.filter((known) => known.type === type)
    this.#call(this[`on${type}`] as Handler<Type>, event)
    for (const entry of listeners) {
      if (entry.isOnce) this.#listeners = this.#listeners.filter((known) => known !== entry)
      this.#call(entry.listener, event)
    }
  }

  /** What a listener throws is the application's: it is thrown where nothing of the link is broken by it. */
  #call(listener: Listener | null, event: LinkEvents[keyof LinkEvents]): void {
    try {
      // Which events it takes was checked where it was added.
      if (typeof listener === 'function') listener(event as never)
      else listener?.handleEvent(event as never)
    } catch (error) {
      this.#conversation.surroundings.after(0, () => {
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
  if (Object.prototype.toString.call(data) === '[object Blob]') throw new TypeError('send the bytes of a Blob')
  return new Uint8Array(data)
}

function invalid(name: string, message: string): Error {
  if (typeof DOMException === 'function') return new DOMException(message, name)
  const error = new Error(message)
  error.name = name
  return error
}
