import { createHeaders } from '@hoofbeat/codec'
import type { BrokerUnderTest } from '../../packages/server/src/broker/broker.contract.js'
import type { Broker } from '../../packages/server/src/broker/broker.js'
import type { ProfileMaker } from '../../packages/server/src/broker/relay/profile.js'
import { relayBroker } from '../../packages/server/src/broker/relay/relay-broker.js'
import { systemClock } from '../../packages/server/src/clock/clock.js'
import { createWheel } from '../../packages/server/src/clock/wheel.js'
import { createDestinationSyntax } from '../../packages/server/src/destination/destination.js'
import { createTurns } from '../../packages/server/src/framing/turns.js'
import type { RealBroker } from './real-broker.js'
import { ECHO, scopedProfile } from './scoped-profile.js'

/** So many round trips through the broker, and so much time, bring nothing else before it is quiet. */
const QUIET_ROUNDS = 3
const QUIET_MS = 60
const PATIENCE_MS = 15_000

let lastScope = 0

/** A scope that no other test has. */
export const nextScope = (): string => `t${++lastScope}`

/** A relay to a real broker, with names of its own there: two of the same scope are two nodes. */
export async function openRelayUnderTest(
  real: RealBroker,
  maker: ProfileMaker,
  scope: string = nextScope(),
): Promise<BrokerUnderTest> {
  let lastMs = 0
  const active = (): void => {
    lastMs = performance.now()
  }
  let isClosed = false
  const { port, login, passcode, host } = real
  const broker = await openRelay(port, scopedProfile(maker, scope, active), { login, passcode, host, scope })
  const echo = await openEcho(broker)
  const close = broker.close.bind(broker)
  broker.close = () => {
    isClosed = true
    return close()
  }
  return {
    broker,
    async quiet() {
      const giveUpMs = Date.now() + PATIENCE_MS
      for (let rounds = 0; rounds < QUIET_ROUNDS || performance.now() - lastMs < QUIET_MS; ) {
        if (Date.now() > giveUpMs) throw new Error('the broker does not come to rest')
        const before = lastMs
        await (isClosed ? turn() : echo())
        rounds = lastMs === before && (isClosed || isAnswered(broker)) ? rounds + 1 : 0
      }
    },
    pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    epochMs: () => Date.now(),
    close: () => broker.close(),
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 10))

const isAnswered = (broker: Broker): boolean =>
  (broker.legs?.() ?? []).every(({ unansweredFrames, waitingFrames }) => unansweredFrames + waitingFrames === 0)

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

/** Sends through the broker, to a topic and a queue, and waits for both to come back: nothing sent before is on its way. */
async function openEcho(broker: Broker): Promise<() => Promise<void>> {
  let back = 0
  let arrived = (): void => {}
  const channel = broker.attach(
    {
      deliver() {
        back++
        arrived()
        return 'taken'
      },
      refuse(error) {
        throw error
      },
    },
    { sessionId: crypto.randomUUID(), userName: undefined, clientId: undefined },
  )
  const [headers, body] = [createHeaders(), new Uint8Array()]
  const destinations = ['topic', 'queue'].map((kind) => `/${kind}/${ECHO}`)
  for (const destination of destinations) {
    const shown = { shownId: destination, shownDestination: undefined }
    await channel.handle({ command: 'SUBSCRIBE', id: destination, ...shown, destination, headers })
  }
  return async () => {
    const awaited = back + destinations.length
    const all = new Promise<void>((resolve) => {
      arrived = () => {
        if (back >= awaited) resolve()
      }
    })
    for (const destination of destinations) await channel.handle({ command: 'SEND', destination, headers, body })
    await all
  }
}
