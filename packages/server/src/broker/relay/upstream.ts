import type { Frame, FrameInit } from '@hoofbeat/codec'
import type { Clock } from '../../clock/clock.js'
import type { Wheel } from '../../clock/wheel.js'
import type { StompError } from '../../errors.js'
import type { FramingLimits } from '../../framing/framed-connection.js'
import type { Turns } from '../../framing/turns.js'
import type { ConnectRequest } from './upstream-frames.js'

/** Whoever waits for a RECEIPT; told once, by one of these. */
export interface Answer {
  /** The broker has sent it. */
  answered(): void
  /** The broker has answered this very request by an ERROR, which has ended the connection. */
  refused(error: StompError): void
  /** The connection has ended before. Told in the order of the requests. */
  lost(): void
}

/** How a connection to the broker ended. */
export interface UpstreamEnd {
  /** In words, for the log. */
  readonly reason: string
  /**
   * `connect-refused`: the broker has answered CONNECT by an ERROR. `refused`: it has sent an ERROR, and whose fault that
   * was is known and was told. `error`: it has sent an ERROR for something unknown. `lost`: everything else.
   */
  readonly cause: 'connect-refused' | 'refused' | 'error' | 'lost'
  /** How many RECEIPTs do not come any more. */
  readonly lostCount: number
  /** When something was heard of the broker last, on the clock. */
  readonly heardMs: number
}

/** Who is told what a connection to the broker brings. Nothing is told after `ended`. */
export interface UpstreamListener {
  /** CONNECTED came. */
  connected(): void
  /** A MESSAGE. */
  message(frame: Frame): void
  /** A RECEIPT came; whoever has waited for it was told. */
  answered(): void
  /** Where `isFull` was true it is not any more. */
  ready(): void
  /** The connection has ended; those who waited for a RECEIPT were told. The last call, made exactly once. */
  ended(end: UpstreamEnd): void
}

/** What a connection to the broker works with. */
export interface UpstreamParts {
  readonly clock: Clock
  readonly wheel: Wheel
  readonly turns: Turns
  readonly connect: ConnectRequest
  /** Those of the outbox but for its bytes: whoever sends looks at `isFull`. */
  readonly limits: Omit<FramingLimits, 'maxOutboxBytes'>
  /** How long CONNECTED may take, in ms. */
  readonly connectTimeoutMs: number
}

/** One STOMP connection to a broker, as its client. When it has ended it is over: nothing here is tried twice. */
export interface Upstream {
  /** The header `server` of CONNECTED. */
  readonly server: string | undefined
  /** True: what is sent all the same is kept without a bound, so send nothing until `ready`. */
  readonly isFull: boolean
  /** How many RECEIPTs the broker owes. */
  readonly unanswered: number
  /**
   * True: an ERROR that does not say what it answers is taken for the answer to the one RECEIPT that is due; to be set only
   * while nothing else is sent. Otherwise it is nobody's: the broker may have been stopped. @default false
   */
  isBlaming: boolean
  /**
   * Writes frames behind all others, after CONNECTED. With `answer` a RECEIPT is asked for with the last one. Throws
   * STOMP_ERR_BROKER_REFUSED, with nothing written, where one of them cannot be written in the version of the connection.
   */
  send(frames: readonly FrameInit[], answer?: Answer): void
  /** Stops or starts reading: RECEIPTs wait too, and silence is not judged. */
  setPaused(isPaused: boolean): void
  /** Sends DISCONNECT; ends when the broker has answered that, or is gone. No MESSAGE is told any more. */
  disconnect(): void
  /** Ends it at once. */
  end(reason: string): void
}
