import { createHeaders } from '@hoofbeat/codec'
import type { Broker } from '../../packages/server/src/broker/broker.js'
import { ECHO } from './scoped-profile.js'

/** So many round trips through the broker, and so much time, bring nothing else before it is quiet. */
const QUIET_ROUNDS = 3
const QUIET_MS = 60
const PATIENCE_MS = 15_000

/** Tells when nothing is on its way between a relay and its broker. */
export interface BrokerRest {
  /** Something goes to the broker or comes from it: the profile says so. */
  active(): void
  /** Follows this relay from now on; when it is closed there is nothing to wait for. */
  follow(broker: Broker): Promise<void>
  /** Resolves when all that was asked of the broker has had its effect, and has come here. */
  quiet(): Promise<void>
}

/** Makes one; `quietMs`: how long nothing may come. */
export function createBrokerRest(quietMs: number = QUIET_MS): BrokerRest {
  let lastMs = 0
  let followed: Followed | undefined
  return {
    active() {
      lastMs = performance.now()
    },
    async follow(broker) {
      const own: Followed = { broker, echo: await openEcho(broker) }
      followed = own
      const close = broker.close.bind(broker)
      broker.close = () => {
        if (followed === own) followed = undefined
        return close()
      }
    },
    async quiet() {
      const giveUpMs = Date.now() + PATIENCE_MS
      for (let rounds = 0; rounds < QUIET_ROUNDS || performance.now() - lastMs < quietMs; ) {
        if (Date.now() > giveUpMs) throw new Error('the broker does not come to rest')
        const before = lastMs
        await (followed === undefined ? turn() : followed.echo())
        rounds = lastMs === before && isAnswered(followed) ? rounds + 1 : 0
      }
    },
  }
}

interface Followed {
  readonly broker: Broker
  readonly echo: () => Promise<void>
}

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 10))

const isAnswered = (followed: Followed | undefined): boolean =>
  (followed?.broker.legs?.() ?? []).every(
    ({ unansweredFrames, waitingFrames }) => unansweredFrames + waitingFrames === 0,
  )

/** Sends through the broker, to a topic and, if it has queues, to one, and waits for both to come back: nothing sent before is on its way. */
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
  const kinds = broker.capabilities.queues ? ['topic', 'queue'] : ['topic']
  const destinations = kinds.map((kind) => `/${kind}/${ECHO}`)
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
