import type { Frame, FrameInit } from '@hoofbeat/codec'
import type { StompError } from '../../errors.js'
import type { LegReport, Settled } from '../broker.js'
import type { HeaderLine } from './profile.js'

/** Takes what comes for one subscription of a leg. Must not throw. */
export interface LegSubscriber {
  /**
   * A MESSAGE; `connection` is the number of the connection that it came by (see `Leg`). It may come before `settled`, and
   * after `end` until that has resolved: a queue's broker then still waits for an answer.
   */
  deliver(frame: Frame, connection: number): void
  /** The connection is lost: what it has delivered and was not answered will come again. */
  lost(): void
  /**
   * The subscription is there again, by another connection. `unheardMs`: so long, at the most, the broker may have been
   * without it; counted from when it was last heard, and with the time in which this process itself stood still.
   */
  restored(unheardMs: number): void
  /** The broker does not serve it any more, after it did (see `settled`): nothing comes from now on. */
  refused(error: StompError): void
}

/** One subscription of a leg, which lasts over its connections. */
export interface LegSubscription {
  /** The `id` at the broker: unlike every other one of the leg. */
  readonly id: string
  /**
   * Resolves at the broker's RECEIPT, or when it is ended before; rejects with the refusal, and then nothing else is told.
   * While the broker is away it waits. Nobody has to look at it.
   */
  readonly settled: Promise<void>
  /** Ends it; resolves at the broker's RECEIPT, and at once while the broker is away. `headers`: besides `id`. */
  end(headers?: readonly HeaderLine[]): Promise<void>
}

/**
 * One lasting way to the broker: a STOMP connection that is dialled again whenever it is lost. What is sent goes out in
 * the order of the calls, over all connections. Subscriptions are restored before anything else is sent.
 */
export interface Leg {
  readonly report: LegReport
  /** Whether there is a connection on which all subscriptions are there again. */
  readonly isUp: boolean
  /**
   * Which connection it is: 0 before the first CONNECTED, and one more with each. Deliveries belong to their connection,
   * and may come before `isUp`.
   */
  readonly connection: number
  /**
   * How many RECEIPTs have come, by all connections, and pauses have ended, in which none could be read: while it grows the
   * broker is at work.
   */
  readonly answeredCount: number
  /**
   * Sends frames that belong together: one SEND, or BEGIN, ..., COMMIT. Settles when the broker has answered the last one
   * with its RECEIPT, if `isReceipted`, which is waited for as long as the connection lives; else when it was written and
   * there is room for more. While the broker is away, or does not read, frames wait, in a bounded buffer and for a bounded
   * time; then they are refused with STOMP_ERR_BROKER_UNAVAILABLE. What was written and not answered when a connection
   * broke is sent again, each SEND with the lines of `repeated`; undefined: is refused (its fate is unknown, and twice
   * would be worse). What the broker answers by an ERROR, or cannot be written in its version of STOMP, is refused with
   * STOMP_ERR_BROKER_REFUSED and not sent again. After `close` everything is refused with STOMP_ERR_CLOSING.
   */
  send(frames: readonly FrameInit[], isReceipted: boolean, repeated?: readonly HeaderLine[]): Settled
  /**
   * Sends frames that mean something on this very connection only (ACK, NACK, and what stands with them in a
   * transaction). Where that is gone, nothing is sent, and a receipted one is refused with STOMP_ERR_BROKER_UNAVAILABLE.
   */
  answer(frames: readonly FrameInit[], connection: number, isReceipted: boolean): Settled
  /** `headers`: of the SUBSCRIBE, besides `id` and `receipt`. */
  subscribe(headers: readonly HeaderLine[], subscriber: LegSubscriber): LegSubscription
  /**
   * Stops or starts to read what the broker sends, RECEIPTs too; over all connections, but not while one is made. The broker
   * keeps what is not read, for a while: RabbitMQ ends a connection of which nothing was read for half a minute. What had
   * been read before may still be delivered.
   */
  setPaused(isPaused: boolean): void
  /**
   * Ends with DISCONNECT, when what was receipted is answered or after a while. Nothing is delivered from now on. Resolves
   * when the connection is closed on our side.
   */
  close(): Promise<void>
}
