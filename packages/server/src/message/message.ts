import { isUtf8 } from 'node:buffer'
import { encodeHeader, type Headers, headersFromFlat, type Version } from '@hoofbeat/codec'
import type { Delivery } from './delivery.js'
import { joinWireFrame, type WireFrame } from './wire-frame.js'

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
  readonly id: string
  readonly destination: string
  readonly headers: Headers
  readonly body: Uint8Array
  /** Told of each header that a subscriber's version cannot write (it is left out of that version's MESSAGE). */
  readonly onHeaderLeftOut?: (header: string, version: Version) => void
}

/** Headers that never travel from the sender to a subscriber: they belong to the sender's own frame, or to the server. */
const RESERVED = new Set([
  'destination',
  'receipt',
  'transaction',
  'ack',
  'content-length',
  'message-id',
  'subscription',
  'redelivered',
  'delivery-count',
  'history-gap',
])

/** How many different subscription ids of one message are remembered for sharing, for each version. */
const MAX_SHARED_FRAMES = 64

/** Makes a message; reserved headers are dropped. */
export function createMessage(init: MessageInit): Message {
  return new PublishedMessage(init)
}

const NUL = new Uint8Array(1)

class PublishedMessage implements Message {
  readonly id: string
  readonly destination: string
  readonly headers: Headers
  readonly body: Uint8Array
  readonly #onHeaderLeftOut: MessageInit['onHeaderLeftOut']
  #isText: boolean | undefined
  #forms: Map<Version, MessageForms> | undefined

  constructor(init: MessageInit) {
    this.id = init.id
    this.destination = init.destination
    this.headers = withoutReserved(init.headers)
    this.body = init.body
    this.#onHeaderLeftOut = init.onHeaderLeftOut
  }

  frame(version: Version, delivery: Delivery): WireFrame {
    const forms = this.#formsOf(version)
    const hasAck = delivery.ack !== undefined && version === '1.2'
    const isShared = !hasAck && delivery.destination === undefined && !delivery.redelivered && !delivery.isAfterGap
    if (!isShared) return this.#encode(version, delivery, forms)
    const known = forms.shared.get(delivery.subscription)
    if (known !== undefined) return known
    const frame = this.#encode(version, delivery, forms)
    if (forms.shared.size < MAX_SHARED_FRAMES) forms.shared.set(delivery.subscription, frame)
    return frame
  }

  #encode(version: Version, delivery: Delivery, forms: MessageForms): WireFrame {
    const destination = delivery.destination ?? this.destination
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
    head += encodeHeader('MESSAGE', 'destination', destination, version)
    this.#isText ??= isUtf8(this.body)
    return joinWireFrame([Buffer.from(head), forms.tail, this.body, NUL], this.#isText)
  }

  #formsOf(version: Version): MessageForms {
    this.#forms ??= new Map()
    const known = this.#forms.get(version)
    if (known !== undefined) return known
    const forms: MessageForms = { tail: this.#tail(version), shared: new Map() }
    this.#forms.set(version, forms)
    return forms
  }

  /** All headers that are the same for every subscriber of this version, and the empty line. */
  #tail(version: Version): Uint8Array {
    let tail = encodeHeader('MESSAGE', 'message-id', this.id, version)
    const { flat } = this.headers
    for (let i = 0; i + 1 < flat.length; i += 2) {
      const name = flat[i] ?? ''
      try {
        tail += encodeHeader('MESSAGE', name, flat[i + 1] ?? '', version)
      } catch {
        this.#onHeaderLeftOut?.(name, version)
      }
    }
    return Buffer.from(`${tail}content-length:${this.body.length}\n\n`)
  }
}

interface MessageForms {
  readonly tail: Uint8Array
  /** Ready frames by subscription id, for deliveries that say nothing else of their own. */
  readonly shared: Map<string | undefined, WireFrame>
}

function withoutReserved(headers: Headers): Headers {
  const { flat } = headers
  const kept: string[] = []
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const name = flat[i] ?? ''
    if (!RESERVED.has(name)) kept.push(name, flat[i + 1] ?? '')
  }
  return kept.length === flat.length ? headers : headersFromFlat(kept)
}
