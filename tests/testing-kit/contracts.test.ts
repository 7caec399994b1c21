import { type Broker, embeddedBroker, type MessageStore } from '@hoofbeat/server'
import {
  type BrokerContract,
  brokerContract,
  type ContractRunner,
  createBrokerParts,
  createFakeClock,
  storeContract,
} from '@hoofbeat/server/testing'
import { describe, expect, it } from 'vitest'
import { emptyShelves, openOwnStore } from './own-store.js'

const LIMITS = { maxDeliveries: 3, maxQueueMessages: 20, maxBacklogMessages: 10 }

/** A contract for the embedded broker, as `change` leaves it: what an application would put around it. */
function contractFor(change: (broker: Broker) => Broker): BrokerContract {
  return {
    async open() {
      const clock = createFakeClock()
      const factory = embeddedBroker({ ...LIMITS, history: [{ topics: '/topic/history/**', count: 5 }] })
      const broker = change(await factory(createBrokerParts(clock)))
      return {
        broker,
        quiet: async () => {},
        pass: (ms) => clock.pass(ms),
        epochMs: () => clock.epochMs(),
        close: () => broker.close(),
      }
    },
    unknownDestination: '/elsewhere/a',
    limits: { ...LIMITS, deadLetterQueue: '/queue/dead-letters', historyCount: 5 },
  }
}

/** A store at a place of its own, as `change` leaves it. */
const storeFor = (change: (store: MessageStore) => MessageStore) => ({
  async place() {
    const shelves = emptyShelves()
    return { store: () => change(openOwnStore(shelves)), remove: async () => {} }
  },
})

describe('the contract of brokers, from outside', () => {
  brokerContract(
    { describe, it, expect },
    contractFor((broker) => broker),
  )
})

describe('the contract of brokers, where no limits are given', () => {
  brokerContract(
    { describe, it, expect },
    { open: contractFor((broker) => broker).open, unknownDestination: '/elsewhere/a' },
  )
})

describe('the contract of stores, for a store of ones own', () => {
  storeContract(
    { describe, it, expect },
    storeFor((store) => store),
  )
})

describe('the contracts', () => {
  it('find a broker that forgets to deliver, and a store that forgets to clear', async () => {
    const broker = await failures((runner) =>
      brokerContract(
        runner,
        contractFor((real) => {
          const attach: Broker['attach'] = (subscriber, owner) =>
            real.attach({ deliver: () => 'taken', refuse: (error) => subscriber.refuse(error) }, owner)
          return new Proxy(real, { get: (target, name) => (name === 'attach' ? attach : bound(target, name)) })
        }),
      ),
    )
    expect(broker.length).toBeGreaterThan(20)
    const store = await failures((runner) =>
      storeContract(
        runner,
        storeFor((real) => ({
          ...real,
          commit: (changes) => real.commit(changes.filter(({ kind }) => kind !== 'clear')),
        })),
      ),
    )
    expect(store).toContain('clear one shelf and no other')
    expect(store.length).toBeLessThan(10)
  })
})

const bound = (target: Broker, name: string | symbol): unknown => {
  const value: unknown = Reflect.get(target, name)
  return typeof value === 'function' ? value.bind(target) : value
}

/** Runs a contract under a runner of three lines; the titles of what failed. */
async function failures(run: (runner: ContractRunner) => void): Promise<string[]> {
  const tests: { title: string; body: () => Promise<void> }[] = []
  run({ describe: (_title, body) => body(), it: (title, body) => tests.push({ title, body }), expect })
  const failed: string[] = []
  for (const { title, body } of tests) await body().catch(() => failed.push(title))
  return failed
}
