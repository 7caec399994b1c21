import type { CloseReason } from '../wire/requests.js'
import type { LinkClock } from './clock.js'
import type { LinkListener } from './link.js'

/** What a waiting message costs beside its bytes. */
const MESSAGE_OVERHEAD_BYTES = 64

/** Whose messages these are. */
export interface IntakeOwner {
  /** The application threw. */
  failed(): void
}

/**
 * What one link tells its application: each up message once and in order, those that came while it had paused later;
 * room, and the end. What the application throws costs its link only. Who calls has found out that a message is the
 * next one.
 */
export class Intake<Admission = unknown> {
  /** Highest up message accepted. */
  accepted = 0
  isPaused = false
  listener: LinkListener<Admission> | undefined
  readonly #maxBytes: number
  readonly #owner: IntakeOwner
  #inbox: (Uint8Array | string)[] | undefined
  #taken = 0
  #inboxBytes = 0
  #roomWaiters: (() => void)[] | undefined

  constructor(maxBytes: number, owner: IntakeOwner) {
    this.#maxBytes = maxBytes
    this.#owner = owner
  }

  /** More waits for the application than may. */
  get isFull(): boolean {
    return this.#inboxBytes > this.#maxBytes
  }

  /** Nothing waits for the application. */
  get isEmpty(): boolean {
    return this.#inbox === undefined
  }

  /** Takes the next message: hands it on, or keeps it behind those that wait. */
  accept(data: Uint8Array | string, byteLength: number): void {
    this.accepted++
    if (!this.isPaused && this.#inbox === undefined) return this.#hand(data)
    this.#inbox ??= []
    this.#inbox.push(data)
    this.#inboxBytes += byteLength + MESSAGE_OVERHEAD_BYTES
  }

  /** Hands on what waits, until there is no more or the application pauses. */
  drain(): void {
    while (!this.isPaused) {
      const inbox = this.#inbox
      const data = inbox?.[this.#taken]
      if (inbox === undefined || data === undefined) break
      this.#taken++
      this.#inboxBytes -=
        (typeof data === 'string' ? Buffer.byteLength(data) : data.byteLength) + MESSAGE_OVERHEAD_BYTES
      if (this.#taken === inbox.length) this.#empty()
      this.#hand(data)
    }
    if (!this.isFull) this.release()
  }

  /** Runs it when there is room, at once if there is. */
  whenRoom(run: () => void): void {
    if (!this.isFull) return run()
    this.#roomWaiters ??= []
    this.#roomWaiters.push(run)
  }

  /** Lets go of those who wait for room. */
  release(): void {
    const waiters = this.#roomWaiters
    this.#roomWaiters = undefined
    if (waiters !== undefined) for (const run of waiters) run()
  }

  /** Forgets what waits: nothing of it is handed on. */
  clear(): void {
    this.#empty()
    this.release()
  }

  /** The application ends the link itself when its credentials end. */
  get watchesCredentials(): boolean {
    return this.listener?.renewed !== undefined
  }

  /** Tells the application that the credentials last longer, or not as long. */
  tellRenewed(lifeMs: number | undefined, admission: Admission | undefined): void {
    try {
      this.listener?.renewed?.(lifeMs, admission)
    } catch {
      this.#owner.failed()
    }
  }

  /** Tells the application that it may write again. */
  tellDrained(): void {
    try {
      this.listener?.drained()
    } catch {
      this.#owner.failed()
    }
  }

  /** Tells the application that it is over: once, soon, and nothing behind it. What waits is forgotten. */
  tellClosed({ code, reason }: CloseReason, clock: LinkClock): void {
    const { listener } = this
    this.listener = undefined
    this.clear()
    if (listener === undefined) return
    clock.after(0, () => {
      try {
        listener.closed(code, reason)
      } catch {
        // The link is over: there is nothing left to end.
      }
    })
  }

  #empty(): void {
    this.#inbox = undefined
    this.#taken = 0
    this.#inboxBytes = 0
  }

  #hand(data: Uint8Array | string): void {
    try {
      this.listener?.message(data)
    } catch {
      this.#owner.failed()
    }
  }
}
