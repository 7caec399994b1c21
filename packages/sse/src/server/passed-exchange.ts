import type { Admitted, DoorName, EventStream, Exchange, Forwarded, StreamListener } from './exchange.js'
import { refusalOf, refuse } from './refusal.js'

/** An exchange on its way to another node: it answers once, and can be ended from here. */
export class PassedExchange<Admission> implements Exchange<Admission> {
  readonly door: DoorName
  readonly link: string
  readonly origin: string | undefined
  readonly remoteAddress: string | undefined
  readonly forwarded: Forwarded
  readonly #exchange: Exchange<Admission>
  /** Told when nothing more is to be done here. */
  readonly #done: (passed: PassedExchange<Admission>) => void
  #isAnswered = false
  #isGone = false
  #stream: EventStream | undefined
  #goneListeners: (() => void)[] = []

  constructor(exchange: Exchange<Admission>, forwarded: Forwarded, done: (passed: PassedExchange<Admission>) => void) {
    this.#exchange = exchange
    this.#done = done
    this.door = exchange.door
    this.link = forwarded.link
    this.origin = exchange.origin
    this.remoteAddress = exchange.remoteAddress
    this.forwarded = forwarded
    exchange.onGone(() => this.#gone())
  }

  get hasCredentials(): boolean {
    return this.forwarded.standing !== undefined
  }

  /** Not for the owner, who has what came of it. */
  admit(): Promise<Admitted<Admission>> {
    return this.#exchange.admit()
  }

  body(maxBytes: number): Promise<string> {
    return this.#exchange.body(maxBytes)
  }

  reply(status: number, body: object): void {
    if (!this.#begins()) return
    this.#done(this)
    this.#exchange.reply(status, body)
  }

  replyEvents(events: Uint8Array): void {
    if (!this.#begins()) return
    this.#done(this)
    this.#exchange.replyEvents(events)
  }

  stream(listener: StreamListener): EventStream | undefined {
    if (!this.#begins()) return undefined
    this.#stream = this.#exchange.stream({
      filled: () => listener.filled(),
      drained: () => listener.drained(),
      closed: () => {
        this.#done(this)
        listener.closed()
      },
    })
    if (this.#stream === undefined) this.#done(this)
    return this.#stream
  }

  onGone(run: () => void): void {
    if (this.#isGone) queueMicrotask(run)
    else this.#goneListeners.push(run)
  }

  /** This node ends: the client comes again, to another one. */
  end(): void {
    this.#stream?.end()
    if (!this.#begins()) return
    refuse(this.#exchange, refusalOf('busy'))
    this.#gone()
  }

  #begins(): boolean {
    if (this.#isAnswered || this.#isGone) return false
    this.#isAnswered = true
    return true
  }

  /** Nobody waits for an answer: the owner need not look for one. */
  #gone(): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#done(this)
    for (const run of this.#goneListeners.splice(0)) run()
  }
}
