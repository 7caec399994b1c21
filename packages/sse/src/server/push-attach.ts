import type { Attached } from '../wire/requests.js'
import type { Attach, AttachOwner } from './attach.js'
import type { DownForm, DownTurn } from './down-turn.js'
import type { Rung } from './link.js'

/** An attach whose carrier stays, and takes what comes: what streams and WebSockets have in common. */
export abstract class PushAttach implements Attach {
  abstract readonly rung: Rung
  abstract readonly isHeldBack: boolean
  readonly number: number
  protected readonly owner: AttachOwner
  sent: number
  fullSinceMs: number | undefined
  protected isOver = false
  #hasSaid = true
  /** A `k` could not be said while the carrier was full. */
  #owesBeat = false
  #hasSaidFarewell = false

  constructor(owner: AttachOwner, number: number) {
    this.owner = owner
    this.number = number
    this.sent = owner.retention.acknowledged
  }

  /** The form of bytes that the carrier takes now. */
  protected abstract readonly form: DownForm
  /** Writes ready bytes. False: full. */
  protected abstract writeBytes(bytes: Uint8Array): boolean
  protected abstract sayAttached(attached: Attached): boolean
  protected abstract sayBeat(): boolean
  protected abstract sayFarewell(): boolean
  abstract holdBack(isHeld: boolean): void
  protected abstract endCarrier(): void
  protected abstract destroyCarrier(): void

  start(attached: Attached): void {
    this.sent = attached.from - 1
    this.noteRoom(this.sayAttached(attached))
    this.flush()
  }

  push(turn: DownTurn, first: number): void {
    if (this.fullSinceMs !== undefined || this.isOver || first !== this.sent + 1) return
    this.sent += turn.count
    this.#hasSaid = true
    this.writeSoon(turn.bytes(this.form))
  }

  flush(): void {
    const { retention } = this.owner
    while (this.fullSinceMs === undefined && !this.isOver && this.sent < retention.last) {
      // The client may have acknowledged more than this carrier has brought: nothing of that is kept.
      const from = Math.max(this.sent, retention.acknowledged) + 1
      if (from > this.sent + 1) return this.#leap()
      const { bytes, count } = retention.from(from, this.form)
      this.sent += count
      this.noteRoom(this.writeBytes(bytes))
    }
    if (this.owner.verdict === undefined || this.sent < retention.last || this.isOver || this.#hasSaidFarewell) return
    this.#hasSaidFarewell = true
    this.sayFarewell()
  }

  beat(): void {
    if (this.isOver) return
    this.#owesBeat = this.fullSinceMs !== undefined
    if (!this.#owesBeat) this.noteRoom(this.sayBeat())
    // Beats are rare while much is written.
    this.owner.retention.trim()
  }

  takeSaid(): boolean {
    const hasSaid = this.#hasSaid
    this.#hasSaid = false
    return hasSaid
  }

  end(): void {
    if (this.isOver) return
    this.isOver = true
    // What does not take anything now would not take an end either.
    if (this.fullSinceMs === undefined) this.endCarrier()
    else this.destroyCarrier()
  }

  destroy(): void {
    if (this.isOver) return
    this.isOver = true
    this.destroyCarrier()
  }

  /** What was written soon has filled the carrier. */
  filled(): void {
    this.noteRoom(false)
  }

  /** The carrier takes more. */
  drained(): void {
    if (this.isOver) return
    this.fullSinceMs = undefined
    if (this.#owesBeat) this.beat()
    this.flush()
  }

  /** The carrier has ended by itself. */
  closed(): void {
    if (this.isOver) return
    this.isOver = true
    this.owner.ended(this)
  }

  /** Writes ready bytes when the carrier likes to; `filled` is told if that has filled it. */
  protected writeSoon(bytes: Uint8Array): void {
    if (!this.writeBytes(bytes)) this.filled()
  }

  protected noteRoom(hasRoom: boolean): void {
    this.#hasSaid = true
    if (!hasRoom) this.fullSinceMs = this.owner.clock.now()
  }

  /**
   * The next message is no longer kept: another carrier brought it, and this one, still full of older ones, cannot count
   * on. The client has a better way already, or comes back at once.
   */
  #leap(): void {
    this.destroy()
    this.owner.ended(this)
  }
}
