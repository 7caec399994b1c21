import type { BrokerUnderTest } from '../../packages/server/src/broker/broker.contract.js'
import type { Broker } from '../../packages/server/src/broker/broker.js'
import type { ProfileMaker } from '../../packages/server/src/broker/relay/profile.js'
import { relayBroker } from '../../packages/server/src/broker/relay/relay-broker.js'
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
): Promise<BrokerUnderTest> {
  const rest = createBrokerRest()
  const { port, login, passcode, host } = real
  const profile = scopedProfile(maker, scope, () => rest.active())
  const broker = await openRelay(port, profile, { login, passcode, host, scope })
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
  port: number,
  profile: ProfileMaker,
  { login, passcode, host, scope }: { login: string; passcode: string; host: string; scope: string },
): Promise<Broker> {
  const wheel = createWheel(systemClock)
  const nodeId = crypto.randomUUID()
  let lastId = 0
  const factory = relayBroker({
    hosts: [{ host: '127.0.0.1', port }],
    ...{ virtualHost: host, systemLogin: { login, passcode }, profile, pool: 2, prefetch: 100 },
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
