import type { Command } from '@hoofbeat/codec'
import type { Observe } from './events.js'
import type { HandlerWatch } from './handler-watch.js'

/**
 * What the hot paths count: plain fields, added up where it happens and read when somebody scrapes. One of these may be
 * shared by several applications. Where nobody wants figures there is none, and nothing is counted.
 */
export interface Figures {
  /** Frames of clients, by command. Heart-beats are none. */
  readonly framesIn: Record<Command, number>
  /** Frames to clients that were taken for writing, by command. */
  readonly framesOut: Record<Command, number>
  /** Bytes of STOMP that came, without what the transport adds. */
  bytesIn: number
  /** Bytes of STOMP that were written. */
  bytesOut: number
  /** Messages given to a reader, with STOMP or without. */
  deliveries: number
  /** Messages that a reader could not be given any more. */
  droppedDeliveries: number
  readonly latency: Latency
}

/** How long published messages take until they are written: a sample of them, at most one for each turn and way of publishing. */
export interface Latency {
  /** The broker has made a message of what is published now. */
  published(message: object, isStored: boolean): void
  /** A reader is owed it. */
  owed(message: object, reader: object): void
  /** What a reader was owed is written. */
  written(reader: object): void
  /** A reader is gone. */
  gone(reader: object): void
}

/** One connected session, when somebody looks. */
export interface SessionGauge {
  readonly transport: string
  readonly rung: string | undefined
  /** What waits for it in the server, beyond what its connection has taken. */
  readonly waitingBytes: number
  readonly subscriptionCount: number
}

/** One destination of the broker, when somebody looks. */
export interface DestinationGauge {
  readonly destination: string
  readonly kind: string
  readonly depth: number
  readonly inFlight: number
}

/** One connection to a broker elsewhere, when somebody looks. */
export interface LegGauge {
  /** One of a few that last: it labels metrics. */
  readonly name: string
  readonly state: 'up' | 'connecting' | 'down'
  /** Live subscriptions at the broker. */
  readonly subscriptions: number
  /** Frames that wait for the broker to come back, or to have room. */
  readonly waitingFrames: number
  readonly waitingBytes: number
  /** Frames whose RECEIPT the broker owes. */
  readonly unansweredFrames: number
}

/** What is asked when somebody scrapes. */
export interface Gauges {
  sessions(): Iterable<SessionGauge>
  /** Users that are connected. */
  readonly userCount: number
  /** None where messages are kept elsewhere. */
  destinations(): readonly DestinationGauge[]
  /** Bytes of all messages kept; undefined where they are kept elsewhere. */
  readonly keptBytes: number | undefined
  /** Whether a broker elsewhere can be reached; undefined with one inside the process. */
  readonly isBrokerAvailable: boolean | undefined
  /** None with a broker inside the process. */
  legs(): readonly LegGauge[]
}

/** What an application gets of the metrics it was given. */
export interface JoinedMetrics {
  readonly figures: Figures
  readonly observe: Observe
  readonly watch: HandlerWatch
  /** The application is over: its gauges are not asked any more, what it has counted stays. */
  leave(): void
}

/** Takes the figures of applications to whoever scrapes them; `prometheusMetrics()` makes one. */
export interface Metrics {
  /** An application begins. */
  join(clock: { now(): number; soon(run: () => void): void }, gauges: Gauges): JoinedMetrics
}
