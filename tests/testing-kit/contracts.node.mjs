// Run by `node --test`, on the built package: the contract suites under another runner than vitest.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { embeddedBroker, memoryStore } from '@hoofbeat/server'
import { brokerContract, createBrokerParts, createFakeClock, storeContract } from '@hoofbeat/server/testing'

/** node:test has no `expect`; the contracts need one word of it. */
const expect = (actual) => ({ toEqual: (expected) => assert.deepEqual(actual, expected) })

const LIMITS = { maxDeliveries: 3, maxQueueMessages: 20, maxBacklogMessages: 10 }

brokerContract(
  { describe, it, expect },
  {
    async open() {
      const clock = createFakeClock()
      const broker = await embeddedBroker({ ...LIMITS, history: [{ topics: '/topic/history/**', count: 5 }] })(
        createBrokerParts(clock),
      )
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
  },
)

storeContract(
  { describe, it, expect },
  {
    async place() {
      const store = memoryStore()
      return { store: () => store, remove: async () => {} }
    },
  },
)
