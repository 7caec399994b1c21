import { describe } from 'vitest'
import { brokerContract } from '../../src/broker/broker.contract.js'
import { type Otherwise, runnerBut } from './otherwise.js'
import { openUpstream } from './upstream-broker.js'

/** What a relay does in another way, and why: titles of the contract's tests, which are left out. */
const OTHERWISE: Otherwise = {
  'of the requests of one channel is the order of the calls, without waiting for them':
    'a SEND without a receipt is on its way when it settles; topics come by another connection',
  'leaves its share to others': 'up to prefetch-count messages have come for it already',
  'goes back to its place, for another (auto)': 'it waits in the node until the session is ready or gone',
  'goes back to its place, for another (client)': 'it waits in the node until the session is ready or gone',
  'from a lost session is for none of its other subscriptions': 'the broker ends one after the other, and counts',
}

describe('the relay as a broker, over another Hoofbeat server,', () => {
  brokerContract(runnerBut(OTHERWISE), {
    async open() {
      const upstream = await openUpstream()
      const broker = await upstream.relay({ prefetch: 100 })
      return {
        broker,
        quiet: upstream.quiet,
        pass: (ms) => upstream.clock.pass(ms),
        epochMs: () => upstream.clock.epochMs(),
        close: () => upstream.end(),
      }
    },
    unknownDestination: '/elsewhere/a',
    limits: { maxBacklogMessages: 1_000 },
  })
})
