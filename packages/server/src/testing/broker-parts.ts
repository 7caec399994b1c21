import type { BrokerParts } from '../broker/broker-factory.js'
import { createWheel } from '../clock/wheel.js'
import { createDestinationSyntax, type Separator } from '../destination/destination.js'
import { createTurns } from '../framing/turns.js'
import type { FakeClock } from './fake-clock.js'

/**
 * What the plugin gives to a broker, for a broker on its own under {@link brokerContract}: in virtual time, with message
 * ids `m-1`, `m-2` and so on, and nobody who observes.
 */
export function createBrokerParts(clock: FakeClock, { separator = '/' }: { separator?: Separator } = {}): BrokerParts {
  const wheel = createWheel(clock)
  let lastId = 0
  return {
    clock,
    wheel,
    turns: createTurns(clock),
    after: (delayMs, run) => wheel.after(delayMs, run),
    syntax: createDestinationSyntax(separator),
    nextMessageId: () => `m-${++lastId}`,
    observe: () => {},
  }
}
