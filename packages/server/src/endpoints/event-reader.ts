import type { Frame } from '@hoofbeat/codec'
import type { Timer } from '../clock/wheel.js'
import type { Dispatcher } from '../dispatch/dispatcher.js'
import type { Recipient } from '../dispatch/recipient.js'
import { StompError } from '../errors.js'
import type { FramingParts } from '../framing/framed-connection.js'
import type { Flushable } from '../framing/turns.js'
import type { Delivery, Taken } from '../message/delivery.js'
import type { Message } from '../message/message.js'
import type { EventPositions } from './event-positions.js'
import { eventOf, gapEvent } from './event-text.js'

/** As much of an HTTP response as events are written to. */
export interface EventSink {
  /** False: full until `drained` is called on the reader. */
  write(text: string): boolean
  /** Ends it in good order; the reader's client comes back by itself. */
  end(): void
  destroy(): void
}

/** From this many bytes that wait on, whoever can hold back is asked to. */
const HIGH_WATER_BYTES = 65_536

/** Something is said at least this often, so that proxies keep the stream open and a client that is gone is noticed. */
const BEAT_MS = 15_000

/**
 * Who listens without STOMP: writes the messages of its subscriptions as events, once a turn. One that reads too slowly
 * is let go: it comes back with the id it has seen last, and a history gives it the rest.
 */
export class EventReader implements Recipient, Flushable {
  /** Set by whoever opens it, before the first frame is handled. */
  dispatcher: Dispatcher | undefined
  /** Why it was let go before it began; undefined: it may begin. */
  refusal: StompError | undefined
  readonly #framing: FramingParts
  readonly #positions: EventPositions
  readonly #outcomes = new Map<Frame, { settled(): void; refused(error: StompError): void }>()
  readonly #onFailed: (error: StompError) => void
  readonly #onSlow: (waitingBytes: number) => void
  #sink: EventSink | undefined
  #pending = ''
  #isScheduled = false
  #isFull = false
  #isAwaited = false
  #isOver = false
  #stall: Timer | undefined
  #beat: Timer | undefined

  #tellGone: (() => void) | undefined

  /**
   * `failed` is told once, when the reader has been let go for a reason of its own; `slow` before, where that is that so
   * many bytes wait for it.
   */
  constructor(
    framing: FramingParts,
    positions: EventPositions,
    failed: (error: StompError) => void,
    slow: (waitingBytes: number) => void,
  ) {
    this.#framing = framing
    this.#positions = positions
    this.#onFailed = failed
    this.#onSlow = slow
  }

  /** Hands a frame to the dispatcher; resolves when its effect is real, rejects with a StompError. */
  handle(frame: Frame): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#outcomes.set(frame, { settled: resolve, refused: reject })
      this.dispatcher?.handle(frame)
    })
  }

  /** From now on events are written, those that wait first. Not for one that has a `refusal`. */
  start(sink: EventSink): void {
    this.#sink = sink
    this.#keepBeating()
    this.#schedule()
  }

  /** Says something that is no message. */
  say(text: string): void {
    this.#pending += text
    this.#schedule()
  }

  drained(): void {
    if (!this.#isFull) return
    this.#isFull = false
    this.#stall?.cancel()
    this.#write()
  }

  /** Nothing more is said. Harmless when repeated. */
  close(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#stall?.cancel()
    this.#beat?.cancel()
    this.dispatcher?.close()
    if (this.#sink === undefined) this.dispatcher?.gone(1000, '')
  }

  /** Writes what waits, and ends the response. */
  end(): void {
    if (this.#isOver) return
    if (this.#pending !== '') this.#sink?.write(this.#pending)
    this.close()
    this.#sink?.end()
  }

  /** The response has ended. */
  gone(): void {
    this.close()
    this.#stall?.cancel()
    this.dispatcher?.gone(1000, '')
    this.#tellGone?.()
  }

  flush(): void {
    this.#isScheduled = false
    if (!this.#isFull) this.#write()
  }

  // From the dispatcher.

  get carrier(): { readonly waitingBytes: number } {
    return this
  }

  get waitingBytes(): number {
    return Buffer.byteLength(this.#pending)
  }

  deliver(message: Message, delivery: Delivery): Taken {
    if (this.#isOver) return 'dropped'
    const destination = delivery.destination ?? message.destination
    const id = this.#positions.move(Number(delivery.subscription), message.id)
    if (delivery.isAfterGap) this.#pending += gapEvent(destination)
    this.#pending += eventOf(id, destination, message.body)
    const { figures, limits } = this.#framing
    const { maxOutboxBytes } = limits
    // A single message is taken whatever its size; a text has at most as many characters as bytes.
    if (this.#pending.length > maxOutboxBytes + message.body.length * 2) {
      if (figures !== undefined) figures.droppedDeliveries++
      this.#fallBehind()
      return 'dropped'
    }
    if (figures !== undefined) figures.deliveries++
    this.#schedule()
    if (!this.#isFull && this.#pending.length < HIGH_WATER_BYTES) return 'taken'
    this.#isAwaited = true
    return 'full'
  }

  settled(frame: Frame): void {
    this.#take(frame)?.settled()
  }

  refused(frame: Frame, error: StompError): void {
    this.#take(frame)?.refused(error)
  }

  answered(frame: Frame | undefined, error: StompError): void {
    if (frame !== undefined) this.refused(frame, error)
  }

  failed(error: StompError): void {
    this.#fail(error)
  }

  /** It may come back at once, by itself: nothing in an event stream tells it not to. */
  expel(error: StompError): Promise<void> {
    if (this.#sink === undefined) {
      this.#fail(error)
      return Promise.resolve()
    }
    // One that ends already has said why.
    if (!this.#isOver) this.#onFailed(error)
    return new Promise((resolve) => {
      this.#tellGone = resolve
      const isFull = this.#isFull
      this.end()
      if (isFull) this.#sink?.destroy()
      else this.#stall = this.#framing.wheel.after(this.#framing.limits.sendTimeoutMs, () => this.#sink?.destroy())
    })
  }

  setPaused(): void {
    // Nothing more is read than what was handed over at once.
  }

  #take(frame: Frame): { settled(): void; refused(error: StompError): void } | undefined {
    const outcome = this.#outcomes.get(frame)
    this.#outcomes.delete(frame)
    return outcome
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isOver || this.#sink === undefined) return
    this.#isScheduled = true
    this.#framing.turns.flushSoon(this)
  }

  #write(): void {
    if (this.#isOver || this.#sink === undefined) return
    const text = this.#pending
    this.#pending = ''
    const { figures } = this.#framing
    if (figures !== undefined) figures.bytesOut += Buffer.byteLength(text)
    if (text !== '' && !this.#sink.write(text)) {
      this.#isFull = true
      this.#stall = this.#framing.wheel.after(this.#framing.limits.sendTimeoutMs, () => this.#fallBehind())
      return
    }
    if (!this.#isAwaited) return
    this.#isAwaited = false
    this.dispatcher?.ready()
  }

  #keepBeating(): void {
    this.#beat = this.#framing.wheel.after(BEAT_MS, () => {
      this.say(':\n\n')
      this.#keepBeating()
    })
  }

  #fallBehind(): void {
    if (!this.#isOver) this.#onSlow(this.waitingBytes)
    this.#fail(new StompError('STOMP_ERR_SLOW_READER'))
  }

  #fail(error: StompError): void {
    if (this.#isOver) return
    if (this.#sink === undefined) this.refusal = error
    else this.#onFailed(error)
    this.close()
    this.#sink?.destroy()
    for (const { refused } of this.#outcomes.values()) refused(error)
  }
}
