import type { Clock } from '../../clock/clock.js'
import type { Timer, Wheel } from '../../clock/wheel.js'
import type { Connection } from '../../connection/connection.js'
import { type BackOff, createDialPlan, type DialPlan } from './dial-plan.js'
import type { BrokerAddress, Dial, Dialling } from './dialer.js'

/** Who is told how the dialling goes. Nothing is told inside a call to {@link LegDialling}, but by `lost` and `failed`. */
export interface DiallingListener {
  /** An attempt begins. */
  dialling(address: BrokerAddress): void
  /** It has led to a connection, to be attached inside this call; now answer by `failed`, or by `connected` and `lost`. */
  dialled(connection: Connection): void
  /** It has not. */
  unreachable(reason: string): void
}

/** What it works with. */
export interface DiallingParts {
  readonly addresses: readonly BrokerAddress[]
  readonly dial: Dial
  readonly clock: Clock
  readonly wheel: Wheel
  readonly random: () => number
  readonly backOff: BackOff
}

/** Dials until there is a connection, and again when that is lost, for ever. */
export class LegDialling {
  readonly #listener: DiallingListener
  readonly #parts: DiallingParts
  readonly #plan: DialPlan
  #dialling: Dialling | undefined
  #timer: Timer | undefined
  #isStopped = false

  constructor(listener: DiallingListener, parts: DiallingParts) {
    this.#listener = listener
    this.#parts = parts
    this.#plan = createDialPlan(parts.addresses, parts.random, parts.backOff)
  }

  start(): void {
    this.#next()
  }

  /** The broker has taken the connection. */
  connected(): void {
    this.#plan.connected(this.#parts.clock.now())
  }

  /** The connection has ended before that. */
  failed(): void {
    this.#next()
  }

  /** The connection has ended after that. `hasError`: by an ERROR. */
  lost(hasError: boolean): void {
    this.#plan.lost(this.#parts.clock.now(), hasError)
    this.#next()
  }

  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
    this.#dialling?.cancel()
  }

  #next(): void {
    if (this.#isStopped) return
    const { address, delayMs } = this.#plan.next()
    if (delayMs === 0) this.#dial(address)
    else this.#timer = this.#parts.wheel.after(delayMs, () => this.#dial(address))
  }

  #dial(address: BrokerAddress): void {
    this.#listener.dialling(address)
    this.#dialling = this.#parts.dial(address, {
      connected: (connection) => this.#listener.dialled(connection),
      failed: (reason) => {
        this.#listener.unreachable(reason)
        this.#next()
      },
    })
  }
}
