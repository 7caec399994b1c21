import type { User } from '../hooks/user.js'
import type { SessionFacts } from './presence-hooks.js'

/** CONNECT (or STOMP) came. */
export interface ConnectEvent extends Pick<SessionFacts, 'sessionId'> {
  /** As in `SessionFacts`. */
  readonly transport: string
}

/** A frame, a session, or a request that would have become a session was refused. */
export interface RefusedEvent {
  /** Undefined before there is a session: by its Origin, by `identify`, or while the server is closing. */
  readonly sessionId: string | undefined
  /** Undefined for an anonymous session, and for one that is not connected (any more). */
  readonly user: User | undefined
  /** One of `STOMP_ERRORS`, or the code of an error that a hook or handler threw for the client to see. */
  readonly code: string
  /** What the client is told. */
  readonly message: string
  /** What was thrown, where that is not the refusal itself; not for clients. */
  readonly cause: unknown
}

/** A session is closed because it does not read what it is owed. */
export interface SlowReaderEvent {
  readonly sessionId: string
  /** Undefined for an anonymous session. */
  readonly user: User | undefined
  /** As in `SessionFacts`. */
  readonly transport: string
  /** Bytes that waited for it in the server, beyond what its connection had taken. */
  readonly waitingBytes: number
}

/** A broker elsewhere can be reached again, or cannot be reached any more. */
export interface BrokerAvailabilityEvent {
  readonly isAvailable: boolean
}

/**
 * Hooks that look on, as those of presence do: told for all sessions, wherever they were added, when it has happened.
 * They cannot refuse; what they throw is logged; a promise that a hook returns is not waited for.
 */
export interface EventHooks {
  /** Before `authenticate` is asked. Nothing is known of who it is. */
  readonly onConnect: (event: ConnectEvent) => unknown
  /** With each ERROR, each refusal that a MESSAGE tells, and each HTTP request that the doors turn away. */
  readonly onRefused: (event: RefusedEvent) => unknown
  /** Before `onRefused` with STOMP_ERR_SLOW_READER, and `onDisconnected`. */
  readonly onSlowReader: (event: SlowReaderEvent) => unknown
  /**
   * With each change of `stomp.broker.isAvailable`; never with a broker inside the process. While it is false sessions
   * stay connected, and what is for the broker waits, for a bounded time.
   */
  readonly onBrokerAvailability: (event: BrokerAvailabilityEvent) => unknown
}
