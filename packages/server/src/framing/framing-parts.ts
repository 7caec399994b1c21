import type { Limits } from '@hoofbeat/codec'
import type { Clock } from '../clock/clock.js'
import type { Wheel } from '../clock/wheel.js'
import type { Figures } from '../observe/figures.js'
import type { OutboxLimits } from './outbox.js'
import type { Turns } from './turns.js'

/** Limits of one framed connection: those of the codec, those of the outbox, and one of patience. */
export interface FramingLimits extends Limits, OutboxLimits {
  /** How long an unfinished frame may stay without a further byte, in ms. @default 30000 */
  readonly frameTimeoutMs: number
}

/** What all framed connections of an application share. */
export interface FramingParts {
  readonly clock: Clock
  readonly wheel: Wheel
  readonly turns: Turns
  readonly limits: FramingLimits
  /** As of a decoder. @default false */
  readonly isLenient?: boolean
  /** Undefined: nobody counts. */
  readonly figures?: Figures | undefined
}
