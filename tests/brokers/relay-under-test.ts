import type { BrokerUnderTest } from '../../packages/server/src/broker/broker.contract.js'
import type { Broker } from '../../packages/server/src/broker/broker.js'
import type { ProfileMaker } from '../../packages/server/src/broker/relay/profile.js'
import { relayBroker } from '../../packages/server/src/broker/relay/relay-broker.js'
import type { RelayBrokerOptions } from '../../packages/server/src/broker/relay/relay-options.js'
import { systemClock } from '../../packages/server/src/clock/clock.js'
import { createWheel } from '../../packages/server/src/clock/wheel.js'
import { createDestinationSyntax } from '../../packages/server/src/destination/destination.js'
import { createTurns } from '../../packages/server/src/framing/turns.js'
import { createBrokerRest } from './broker-rest.js'
import type { RealBroker } from './real-broker.js'
import { scopedProfile } from './scoped-profile.js'

let lastScope = 0

/** A scope that no other test has. */
export const nextScope = (): string => `t${++lastScope}`

/** A relay to a real broker, with names of its own there: two of the same scope are two nodes. */
export async function openRelayUnderTest(
  real: RealBroker,
  maker: ProfileMaker,
  scope: string = nextScope(),
  mode: NonNullable<RelayBrokerOptions['mode']> = 'shared',
): Promise<BrokerUnderTest> {
  const rest = createBrokerRest()
  const profile = scopedProfile(maker, scope, () => rest.active())
  const broker = await openRelay(real, profile, { scope, mode })
  await rest.follow(broker)
  return {
    broker,
    quiet: () => rest.quiet(),
    pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    epochMs: () => Date.now(),
    close: () => broker.close(),
  }
}

async function openRelay(
  { port, login, passcode, host }: RealBroker,
  profile: ProfileMaker,
  { scope, mode }: { readonly scope: string; readonly mode: NonNullable<RelayBrokerOptions['mode']> },
): Promise<Broker> {
  const wheel = createWheel(systemClock)
  const nodeId = crypto.randomUUID()
  let lastId = 0
  const factory = relayBroker({
    hosts: [{ host: '127.0.0.1', port }],
    ...{ virtualHost: host, systemLogin: { login, passcode }, profile, mode, pool: 2, prefetch: 100 },
    cluster: { secret: `the secret of test ${scope}` },
  })
  return factory({
    ...{ clock: systemClock, wheel, turns: createTurns(systemClock) },
    after: (delayMs, run) => wheel.after(delayMs, run),
    syntax: createDestinationSyntax(),
    nextMessageId: () => `${nodeId}-${++lastId}`,
    observe: () => {},
  })
}
