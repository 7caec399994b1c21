import type { Attached } from '../wire/requests.js'
import type { Attach, AttachOwner } from './attach.js'
import type { LinkTimer } from './clock.js'
import { attachedEvent, beatEvent, farewellEvent } from './event-text.js'
import type { Exchange } from './exchange.js'

/** Down messages as the complete reply to one request, held until there is something to say. */
export class PollAttach implements Attach {
  readonly rung = 'poll'
  readonly number: number
  readonly fullSinceMs = undefined
  readonly isHeldBack = false
  readonly #owner: AttachOwner
  readonly #exchange: Exchange<unknown>
  readonly #holdMs: number
  /** Monotonic time before which it is not answered, so that a fast poller is paced. */
  readonly #earliestMs: number
  /** Who is told that the request is over, for whatever cause. */
  readonly #done: () => void
  #attached: Attached | undefined
  #from = 1
  #timer: LinkTimer | undefined
  #isOver = false
  sent: number

  constructor(
    owner: AttachOwner,
    number: number,
    exchange: Exchange<unknown>,
    bounds: { readonly holdMs: number; readonly earliestMs: number },
    done: () => void,
  ) {
    this.#owner = owner
    this.number = number
    this.#exchange = exchange
    this.#holdMs = bounds.holdMs
    this.#earliestMs = bounds.earliestMs
    this.#done = done
    this.sent = owner.retention.acknowledged
  }

  start(attached: Attached): void {
    this.#attached = attached
    this.#from = attached.from
    this.sent = attached.from - 1
    this.#owner.retention.trim()
    const heldUntilMs = this.#owner.clock.now() + this.#holdMs
    if (this.#hasNews()) this.flush()
    else this.#wait(Math.max(heldUntilMs, this.#earliestMs))
  }

  push(): void {
    this.flush()
  }

  flush(): void {
    if (this.#isOver || !this.#hasNews()) return
    if (this.#owner.clock.now() >= this.#earliestMs) this.#answer()
    else this.#wait(this.#earliestMs)
  }

  /** A poll says nothing before its time. */
  beat(): void {}

  holdBack(): void {}

  takeSaid(): boolean {
    return true
  }

  end(): void {
    if (!this.#isOver) this.#reply([])
  }

  destroy(): void {
    this.end()
  }

  #hasNews(): boolean {
    return this.#owner.retention.last > this.sent || this.#owner.verdict !== undefined
  }

  #wait(untilMs: number): void {
    const { clock } = this.#owner
    this.#timer?.cancel()
    this.#timer = clock.after(Math.max(0, untilMs - clock.now()), () => this.#answer())
  }

  #answer(): void {
    if (this.#isOver) return
    const { retention, limits } = this.#owner
    const parts: Uint8Array[] = []
    let size = 0
    // What was acknowledged while the reply was held is no longer kept: it begins behind.
    this.sent = Math.max(this.sent, retention.acknowledged)
    this.#from = this.sent + 1
    while (this.sent < retention.last && size < limits.maxBatchBytes) {
      const { bytes, count } = retention.from(this.sent + 1, 'event')
      parts.push(bytes)
      size += bytes.byteLength
      this.sent += count
    }
    this.#reply(parts)
    this.#owner.ended(this)
  }

  #reply(parts: Uint8Array[]): void {
    this.#isOver = true
    this.#timer?.cancel()
    this.#timer = undefined
    const { verdict, retention } = this.#owner
    const isLast = verdict !== undefined && this.sent === retention.last
    const tail = isLast ? farewellEvent({ ...verdict, sent: this.sent }) : beatEvent(this.#owner.beatOf(this.sent))
    const attached = this.#attached
    if (attached !== undefined) {
      const head = attachedEvent({ ...attached, from: this.#from })
      this.#exchange.replyEvents(Buffer.concat([Buffer.from(head), ...parts, Buffer.from(tail)]))
    }
    this.#done()
  }

  /** The client has gone before it was answered. */
  gone(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#timer?.cancel()
    this.#done()
    this.#owner.ended(this)
  }
}
