import { isUtf8 } from 'node:buffer'
import { encodeHeader, type Headers, type Version } from '@hoofbeat/codec'
import type { Delivery } from './delivery.js'
import { knownOwnHeaders, ownHeaders, type WrittenHeaders, writeOwnHeaders } from './own-headers.js'
import { createTailedFrame, createWireText, type WireFrame, type WireText } from './wire-frame.js'

/**
 * One published message; immutable. Its encodings are made once for each version and shared by all subscribers whose
 * MESSAGE reads the same; where only the subscription differs, they share everything behind the first headers.
 */
export interface Message {
  /** The `message-id`: one for the message, not one for each session. */
  readonly id: string
  readonly destination: string
  /** The sender's own headers in their order, repeats kept; none of those that the server alone may set. */
  readonly headers: Headers
  readonly body: Uint8Array
  /** The MESSAGE frame for one delivery. Equal deliveries get the very same object. */
  frame(version: Version, delivery: Delivery): WireFrame
}

/** What a message is made of; see {@link createMessage}. */
export interface MessageInit {
  /** Of letters, digits and hyphens: it is written as it is. */
  readonly id: string
  readonly destination: string
  readonly headers: Headers
  readonly body: Uint8Array
  /** What the message before it has written: one for all messages of a broker. */
  readonly written?: WrittenHeaders
  /** Told of each header that a subscriber's version cannot write (it is left out of that version's MESSAGE). */
  readonly onHeaderLeftOut?: (header: string, version: Version, destination: string) => void
}

/**
 * How many different subscription ids of one message are remembered for sharing, for each version. After as many that
 * were not among them, only the last one is looked at.
 */
const MAX_SHARED_FRAMES = 64

/** Makes a message; reserved headers are dropped. */
export function createMessage(init: MessageInit): Message {
  return new PublishedMessage(init)
}

class PublishedMessage implements Message {
  readonly id: string
  readonly destination: string
  readonly body: Uint8Array
  readonly #given: Headers
  /** Made when somebody asks: most messages are only written. */
  #headers: Headers | undefined
  readonly #written: WrittenHeaders | undefined
  readonly #onHeaderLeftOut: MessageInit['onHeaderLeftOut']
  #isText: boolean | undefined
  /** For the version that was asked for last; the others are rare. */
  #forms: MessageForms | undefined
  #otherForms: Map<Version, MessageForms> | undefined

  constructor(init: MessageInit) {
    this.id = init.id
    this.destination = init.destination
    this.body = init.body
    this.#given = init.headers
    this.#written = init.written
    this.#onHeaderLeftOut = init.onHeaderLeftOut
  }

  get headers(): Headers {
    this.#headers ??= ownHeaders(this.#given)
    return this.#headers
  }

  frame(version: Version, delivery: Delivery): WireFrame {
    const forms = this.#forms?.version === version ? this.#forms : this.#formsOf(version)
    const { subscription } = delivery
    const hasAck = delivery.ack !== undefined && version === '1.2'
    if (hasAck || delivery.destination !== undefined || delivery.redelivered || delivery.isAfterGap) {
      return this.#encode(this.#head(version, delivery), forms)
    }
    if (forms.last !== undefined && forms.lastSubscription === subscription) return forms.last
    const known = forms.misses > MAX_SHARED_FRAMES ? undefined : forms.shared?.get(subscription)
    const frame = known ?? this.#encode(this.#plainHead(version, delivery), forms)
    if (known === undefined) remember(forms, subscription, frame)
    forms.last = frame
    forms.lastSubscription = subscription
    return frame
  }

  #encode(head: WireText, forms: MessageForms): WireFrame {
    this.#isText ??= isUtf8(this.body)
    return createTailedFrame(head, forms.tail, this.body, this.#isText)
  }

  /** The head where nothing is to be said of this one delivery: for one subscription it is that of the message before. */
  #plainHead(version: Version, delivery: Delivery): WireText {
    const { start } = delivery
    if (start?.destination === this.destination && start.version === version) return start.head
    const head = this.#head(version, delivery)
    if ('start' in delivery) delivery.start = { version, destination: this.destination, head }
    return head
  }

  #head(version: Version, delivery: Delivery): WireText {
    let head = 'MESSAGE\n'
    if (delivery.subscription !== undefined)
      head += encodeHeader('MESSAGE', 'subscription', delivery.subscription, version)
    // Before STOMP 1.2 a client acknowledges by message-id and subscription.
    if (delivery.ack !== undefined && version === '1.2') {
      head += encodeHeader('MESSAGE', 'ack', delivery.ack, version)
    }
    if (delivery.redelivered) head += 'redelivered:true\n'
    if (delivery.deliveryCount !== undefined) head += `delivery-count:${delivery.deliveryCount}\n`
    if (delivery.isAfterGap) head += 'history-gap:true\n'
    head += encodeHeader('MESSAGE', 'destination', delivery.destination ?? this.destination, version)
    return createWireText(head)
  }

  #formsOf(version: Version): MessageForms {
    const others = this.#otherForms?.get(version)
    if (this.#forms !== undefined) {
      this.#otherForms ??= new Map()
      this.#otherForms.set(this.#forms.version, this.#forms)
    }
    this.#forms = others ?? {
      version,
      tail: this.#tail(version),
      last: undefined,
      lastSubscription: undefined,
      shared: undefined,
      misses: 0,
    }
    return this.#forms
  }

  /** All headers that are the same for every subscriber of this version, and the empty line. */
  #tail(version: Version): WireText {
    const lines = knownOwnHeaders(this.#given, version, this.#written)
    const { text, byteLength } = lines ?? this.#writeOwn(version)
    const before = `message-id:${this.id}\n`
    const after = `content-length:${this.body.length}\n\n`
    return { text: before + text + after, byteLength: before.length + byteLength + after.length }
  }

  // Of its own: a function that makes a closure costs each of its calls, whether it is made or not.
  #writeOwn(version: Version): WireText {
    return writeOwnHeaders(this.#given, version, this.#written, (header) =>
      this.#onHeaderLeftOut?.(header, version, this.destination),
    )
  }
}

interface MessageForms {
  readonly version: Version
  readonly tail: WireText
  /** The frame that was asked for last, of those that can be shared: next to it comes, as a rule, the same. */
  last: WireFrame | undefined
  lastSubscription: string | undefined
  /** Ready frames by subscription id, for deliveries that say nothing else of their own. */
  shared: Map<string | undefined, WireFrame> | undefined
  /** How many were not remembered any more. */
  misses: number
}

function remember(forms: MessageForms, subscription: string | undefined, frame: WireFrame): void {
  // Most messages have one frame: that is remembered as the last.
  if (forms.last === undefined) return
  forms.shared ??= new Map([[forms.lastSubscription, forms.last]])
  if (forms.shared.size < MAX_SHARED_FRAMES) forms.shared.set(subscription, frame)
  else forms.misses++
}
