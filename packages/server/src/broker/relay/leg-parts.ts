import { DEFAULT_LIMITS } from '@hoofbeat/codec'
import type { Clock } from '../../clock/clock.js'
import type { Wheel } from '../../clock/wheel.js'
import type { StompError } from '../../errors.js'
import type { FramingLimits } from '../../framing/framed-connection.js'
import type { Turns } from '../../framing/turns.js'
import type { Observe } from '../../observe/events.js'
import type { BackOff } from './dial-plan.js'
import type { BrokerAddress, Dial } from './dialer.js'
import type { ConnectRequest } from './upstream-frames.js'
import type { WaitingLimits } from './waiting-frames.js'

/** How much a leg takes, and how patient it is. */
export interface LegLimits extends WaitingLimits, Omit<FramingLimits, 'maxOutboxBytes'> {
  /** How many RECEIPTs the broker may owe; further frames wait. @default 1000 */
  readonly maxUnanswered: number
  /** How long CONNECTED may take, and each RECEIPT while subscriptions are restored, in ms. @default 10000 */
  readonly connectTimeoutMs: number
  /** How long `close` waits for what the broker owes, in ms. @default 5000 */
  readonly closeTimeoutMs: number
}

/**
 * The limits of a leg, unless it is told otherwise. A MESSAGE of the broker that goes beyond those for frames ends the
 * connection, and may come again by the next one: they are as far up as what brokers pass on (RabbitMQ: 128 MiB and
 * headers of 128 KiB, which escapes may double).
 */
export const DEFAULT_LEG_LIMITS: LegLimits = {
  ...DEFAULT_LIMITS,
  maxHeaders: 10_000,
  maxHeaderLineBytes: 1_048_576,
  maxHeaderBytes: 1_048_576,
  maxBodyBytes: 134_217_728,
  sendTimeoutMs: 30_000,
  frameTimeoutMs: 30_000,
  maxWaitingBytes: 4_194_304,
  maxWaitingFrames: 10_000,
  maxWaitMs: 30_000,
  maxUnanswered: 1_000,
  connectTimeoutMs: 10_000,
  closeTimeoutMs: 5_000,
}

/** What a leg is made of. */
export interface LegParts {
  /** As in `LegReport`. */
  readonly name: string
  /** At least one. */
  readonly addresses: readonly BrokerAddress[]
  readonly dial: Dial
  readonly connect: ConnectRequest
  /** @default DEFAULT_LEG_LIMITS */
  readonly limits?: Partial<LegLimits> | undefined
  /** @default DEFAULT_BACK_OFF */
  readonly backOff?: Partial<BackOff> | undefined
  /** True: whoever has it sends one request at a time, so every ERROR is the answer to that. @default false */
  readonly isForOne?: boolean | undefined
  readonly clock: Clock
  readonly wheel: Wheel
  readonly turns: Turns
  /** Is told `leg-up` and `leg-down`. */
  readonly observe: Observe
  /** Numbers from 0 to below 1. @default Math.random */
  readonly random?: (() => number) | undefined
  /** `isUp` has changed. */
  readonly stateChanged?: ((isUp: boolean) => void) | undefined
  /** The broker owes RECEIPTs, and has sent none for `maxWaitMs`; or it goes on. Nothing else happens by itself. */
  readonly stallChanged?: ((isStalled: boolean) => void) | undefined
  /** The broker has answered CONNECT by an ERROR, a wrong passcode for example; it is tried again nevertheless. */
  readonly connectRefused?: ((error: StompError) => void) | undefined
}
