import * as CLOSE from '../wire/close.js'
import { PROTOCOL_VERSION } from '../wire/protocol.js'
import type { Beat, CloseReason } from '../wire/requests.js'
import type { Attach, AttachOwner } from './attach.js'
import type { LinkClock } from './clock.js'
import type { DownTurn } from './down-turn.js'
import { type Expiry, expiryIn } from './expiry.js'
import { Intake } from './intake.js'
import type { Link, LinkListener, Rung } from './link.js'
import type { LinkDeed, LinkKeeper } from './link-keeper.js'
import type { LinkLimits, LinkTimes } from './links.js'
import { Liveness } from './liveness.js'
import { Retention } from './retention.js'

/**
 * `new`: the client has said nothing yet. `open`: with an attach or, for a while, without. `closing`: what is retained is
 * still replayed, with the verdict. `closed`: nothing is left but the verdict.
 */
export type LinkState = 'new' | 'open' | 'closing' | 'closed'

const TIME_PASSED: CloseReason = { code: CLOSE.timePassed, reason: '' }

/** One link that this node owns. */
export class OwnedLink<Admission> implements Link<Admission>, AttachOwner {
  // First what each message needs: fields that lie together come into the processor's caches together.
  #state: LinkState = 'new'
  #attach: Attach | undefined
  readonly retention: Retention = new Retention()
  readonly limits: LinkLimits
  readonly deed: LinkDeed
  readonly clock: LinkClock
  readonly times: LinkTimes
  admission: Admission | undefined
  readonly intake: Intake<Admission>
  verdict: CloseReason | undefined
  /** HTTP requests that have proved the link and are not answered. */
  requests = 0
  /** When the rates of one link allow the next attach, the next up. */
  attachDueMs = 0
  upDueMs = 0
  /** Highest attach accepted. */
  highestAttach = 0
  /** When it was accepted. */
  attachedMs: number = Number.NEGATIVE_INFINITY
  readonly #keeper: LinkKeeper<Admission, OwnedLink<Admission>>
  /** Since when it is new, without an attach, or closing. */
  #sinceMs: number
  #liveness: Liveness
  #expiry: Expiry | undefined
  /** `write` has said false, and `drained` was not told. */
  #isOverfull = false
  #willDrain = false
  /** The client has closed it, and the application has not yet taken all that was sent before. */
  #isLeaving = false

  constructor(
    deed: LinkDeed,
    admission: Admission,
    expiresMs: number | undefined,
    keeper: LinkKeeper<Admission, OwnedLink<Admission>>,
  ) {
    this.deed = deed
    this.admission = admission
    this.#keeper = keeper
    this.clock = keeper.clock
    this.limits = keeper.limits
    this.times = keeper.times
    this.#sinceMs = keeper.clock.now()
    this.#liveness = new Liveness(this.#sinceMs)
    this.#expiry = expiryIn(keeper.clock, expiresMs)
    this.intake = new Intake(keeper.limits.maxInboxBytes, this)
  }

  get id(): string {
    return this.deed.id
  }

  get protocol(): string | undefined {
    return this.deed.protocol
  }

  get remoteAddress(): string | undefined {
    return this.deed.remoteAddress
  }

  get state(): LinkState {
    return this.#state
  }

  get rung(): Rung | undefined {
    return this.#attach?.rung
  }

  get isSuspended(): boolean {
    return this.#attach === undefined && this.#state === 'open'
  }

  /** The present attach. */
  get present(): Attach | undefined {
    return this.#attach
  }

  /** What is left of the credentials' life; undefined: they do not end. */
  get expiry(): Expiry | undefined {
    return this.#expiry
  }

  attach(listener: LinkListener<Admission>): void {
    this.intake.listener = listener
  }

  write(turn: DownTurn): boolean {
    if (this.#state !== 'open') return false
    const { retention } = this
    const first = retention.push(turn)
    if (this.#attach !== undefined) this.#attach.push(turn, first)
    else this.#keeper.waits(turn.byteLength)
    const max = this.limits.maxRetainedBytes
    if (!retention.exceeds(max)) return this.#state === 'open'
    this.#isOverfull = true
    if (retention.exceeds(2 * max)) this.close(CLOSE.limit, '')
    return false
  }

  setPaused(paused: boolean): void {
    this.intake.isPaused = paused
    if (paused || this.#willDrain || this.intake.isEmpty) return
    this.#willDrain = true
    this.clock.after(0, () => this.#drain())
  }

  close(code: number, reason: string): void {
    if (this.#state === 'closed') return this.#tellClosed()
    if (this.#state === 'closing') return
    this.verdict = { code, reason }
    if (this.#state === 'new') return this.end(this.verdict)
    this.#state = 'closing'
    this.#sinceMs = this.clock.now()
    this.intake.clear()
    this.#tellClosed()
    // Acknowledgements are wanted still.
    this.#attach?.holdBack(false)
    this.#attach?.flush()
    if (this.retention.count === 0) this.end(this.verdict)
  }

  /** The client has closed the link; what it had sent before is handed on first. */
  closeByClient(code: number, reason: string): void {
    if (this.#state === 'closed') return
    const verdict = this.verdict ?? { code, reason }
    this.verdict = verdict
    this.#isLeaving = !this.intake.isEmpty
    if (this.#isLeaving) this.clock.after(this.times.graceMs, () => this.#tellClosed())
    this.end(verdict)
  }

  /** Ends it at once. With a verdict for those who ask; without, it is as if it had never been. */
  end(verdict: CloseReason | undefined): void {
    if (this.#state === 'closed') return
    // On the socket of a new link the client may be attaching another one, and would take a `c` for the end of that.
    const isKnown = this.#state !== 'new'
    this.#state = 'closed'
    this.verdict = verdict
    const attach = this.#attach
    this.#attach = undefined
    if (attach === undefined) this.#keeper.waits(-this.retention.bytes)
    else {
      if (isKnown) attach.flush()
      attach.end()
    }
    this.retention.clear()
    this.#keeper.ended(this, verdict)
    if (this.#isLeaving) this.intake.release()
    else this.#tellClosed()
  }

  /** Extends the life of the credentials; `expiresMs` undefined: they do not end. */
  renew(expiresMs: number | undefined, admission: Admission | undefined): void {
    this.#expiry = expiryIn(this.clock, expiresMs)
    // The application has not seen the link yet: it begins with the newest.
    if (this.#state === 'new' && admission !== undefined) this.admission = admission
    this.intake.tellRenewed(expiresMs, admission)
  }

  /** The client has given a sign of life. */
  heard(): void {
    this.#liveness.heard()
  }

  /** An acknowledgement of down messages. False: it covers what was never sent, and ends the link. */
  acknowledge(number: number): boolean {
    const { retention } = this
    if (number > retention.last) {
      this.close(CLOSE.protocol, '')
      return false
    }
    if (number > retention.acknowledged) this.#liveness.progressed()
    const before = retention.bytes
    retention.acknowledge(number)
    if (this.#attach === undefined) this.#keeper.waits(retention.bytes - before)
    if (this.#state === 'closing' && retention.count === 0) this.end(this.verdict)
    if (this.#isOverfull && !retention.exceeds(this.limits.maxRetainedBytes / 2)) {
      this.#isOverfull = false
      if (this.#state === 'open') this.intake.tellDrained()
    }
    return true
  }

  /** Up message of this number: the next one is accepted, an older one skipped. False: one before it is missing. */
  take(number: number, data: Uint8Array | string, byteLength: number): boolean {
    const { intake } = this
    if (number <= intake.accepted || this.#state !== 'open') return true
    if (number > intake.accepted + 1) return false
    intake.accept(data, byteLength)
    if (intake.isFull) this.#attach?.holdBack(true)
    return true
  }

  /** Makes this attach the present one; the former ends at a message border. */
  carry(attach: Attach): void {
    const former = this.#attach
    this.#attach = attach
    this.highestAttach = attach.number
    this.attachedMs = this.clock.now()
    this.#liveness = new Liveness(this.attachedMs)
    if (former !== undefined) former.end()
    else {
      this.#keeper.waits(-this.retention.bytes)
      this.#keeper.resumed(this)
    }
    const from = this.retention.acknowledged + 1
    attach.start({ v: PROTOCOL_VERSION, attach: attach.number, from, ack: this.intake.accepted })
    if (this.intake.isFull) attach.holdBack(true)
  }

  /** The client has shown that it uses the link: the application is told of it, once. */
  takeUp(): void {
    if (this.#state !== 'new') return
    this.#state = 'open'
    this.#sinceMs = this.clock.now()
    if (this.#attach === undefined) this.#keeper.suspended(this)
    try {
      this.#keeper.accept(this)
    } catch {
      this.failed()
    }
    if (this.intake.listener === undefined) this.close(CLOSE.failed, '')
  }

  beatOf(sent: number): Beat {
    const expires = this.#expiry?.noticeMs
    return expires === undefined ? { ack: this.intake.accepted, sent } : { ack: this.intake.accepted, sent, expires }
  }

  ended(attach: Attach): void {
    if (attach !== this.#attach) return
    this.#attach = undefined
    if (this.#state === 'open') this.#sinceMs = this.clock.now()
    this.#keeper.suspended(this)
    this.#keeper.waits(this.retention.bytes)
  }

  /** Looks at every deadline; asked each `periodMs`. */
  tick(nowMs: number, periodMs: number): void {
    if (this.#expiry?.leftMs === 0 && !this.intake.watchesCredentials) this.close(CLOSE.credentials, '')
    if (this.#state === 'new') {
      if (nowMs - this.#sinceMs >= this.times.freshMs) this.end(undefined)
      return
    }
    const attach = this.#attach
    const isResting = attach === undefined || this.#state === 'closing'
    // Also while closing: something is not acknowledged, and whoever asks later must not take it for a good end.
    if (isResting && nowMs - this.#sinceMs >= this.times.graceMs) return this.end(TIME_PASSED)
    if (attach === undefined) return
    const due = this.#liveness.judge(attach, nowMs, periodMs, this.times)
    if (due === 'beat') attach.beat()
    if (due !== 'end') return
    attach.destroy()
    this.ended(attach)
  }

  /** The application threw. */
  failed(): void {
    this.close(CLOSE.failed, '')
  }

  #drain(): void {
    this.#willDrain = false
    this.intake.drain()
    if (!this.intake.isFull) this.#attach?.holdBack(false)
    if (this.#isLeaving && this.intake.isEmpty) this.#tellClosed()
  }

  #tellClosed(): void {
    this.intake.tellClosed(this.verdict ?? TIME_PASSED, this.clock)
  }
}

/** The state, asked anew: what was told meanwhile may have changed it. */
export function stateOf(link: OwnedLink<unknown>): LinkState {
  return link.state
}
