import type { Clock } from '../clock/clock.js'
import type { Wheel } from '../clock/wheel.js'
import type { DestinationSyntax } from '../destination/destination.js'
import type { Turns } from '../framing/turns.js'
import type { Message } from '../message/message.js'
import type { Observe } from '../observe/events.js'
import type { Broker } from './broker.js'

/** What a broker is given by the application that it works in. */
export interface BrokerParts {
  readonly syntax: DestinationSyntax
  readonly nextMessageId: () => string
  readonly observe: Observe
  /** Told of each message when it is made, to be followed until it is written. @default nobody follows it */
  readonly published?: ((message: Message, isStored: boolean) => void) | undefined
  readonly clock: Clock
  /** What runs deadlines and heart-beats, and what writes once a turn: for connections to a broker elsewhere. */
  readonly wheel: Wheel
  readonly turns: Turns
  /** Calls `run` once, after `delayMs`, unless it is cancelled. */
  readonly after: (delayMs: number, run: () => void) => { cancel(): void }
}

/** Makes a broker when the application has its parts; see `embeddedBroker`, `relayBroker`. */
export type BrokerFactory = (parts: BrokerParts) => Broker | Promise<Broker>
