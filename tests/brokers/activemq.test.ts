import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { brokerContract } from '../../packages/server/src/broker/broker.contract.js'
import { connect } from '../../packages/server/src/broker/contract/contract-client.js'
import { activemqProfile } from '../../packages/server/src/broker/relay/profiles/activemq.js'
import { type Otherwise, runnerBut } from '../../packages/server/test/relay/otherwise.js'
import { requireComponent } from '../components.js'
import { acrossNodes } from './across-nodes.js'
import { startActivemq } from './activemq-broker.js'
import { conformance } from './conformance.js'
import { nackCells, RELAYED_CELLS } from './conformance-otherwise.js'
import { RELAYED } from './otherwise.js'
import type { RealBroker } from './real-broker.js'
import { openRelayUnderTest } from './relay-under-test.js'

const activemq = requireComponent('ActiveMQ')
const jdk = requireComponent('JDK')

/** What is left to the broker, and why. */
const OTHERWISE: Otherwise = {
  ...RELAYED,
  'of an earlier delivery says nothing about a later one': 'NACK makes a dead letter',
  'by a cumulative NACK comes with all before it, in order': 'NACK makes a dead letter',
  'shares a queue with others: each message to one, and in order': 'ActiveMQ reads no text as TRUE',
  'acknowledges, returns and sends together': 'NACK cannot stand in a transaction',
  'with an unknown destination has not happened at all': 'NACK cannot stand in a transaction',
  'with an unknown ACK has not happened at all': 'NACK cannot stand in a transaction',
  'with an expiry that cannot be read has not happened at all': 'NACK cannot stand in a transaction',
  'answers each message once': 'NACK cannot stand in a transaction',
  'keeps its destination and selector': 'ActiveMQ begins it anew with what is asked for',
  'gives back what was not acknowledged': 'ActiveMQ does not mark what a durable subscription gives again',
  'may be to a pattern, and select': 'ActiveMQ takes its time to give what was kept: see below',
}

/** The same of the cells of the conformance suite. */
const OTHER_CELLS: Otherwise = { ...RELAYED_CELLS, ...nackCells('NACK makes a dead letter') }

let real: RealBroker

describe.skipIf(!activemq.available || !jdk.available)(
  activemq.title(jdk.title('a relay to ActiveMQ, as a broker,')),
  () => {
    beforeAll(async () => {
      real = await startActivemq(activemq, jdk)
    }, 240_000)
    afterAll(() => real?.stop())

    brokerContract(runnerBut(OTHERWISE), {
      open: () => openRelayUnderTest(real, activemqProfile),
      unknownDestination: '/elsewhere/a',
    })
    acrossNodes(() => real, activemqProfile)

    it('collects what a durable pattern with a selector means, of topics that begin meanwhile too', async () => {
      const under = await openRelayUnderTest(real, activemqProfile)
      const bob = connect(under.broker)
      const wanted = { durable: 'true', selector: 'x = 1' }
      const alices = { userName: 'alice', clientId: 'phone' }
      let alice = connect(under.broker, alices)
      await alice.subscribe('1', '/topic/*', wanted)
      alice.channel.detach()
      await under.quiet()
      for (const [topic, x] of [
        ['a', '1'],
        ['b', '2'],
        ['b', '1'],
        ['b/c', '1'],
      ]) {
        await bob.send(`/topic/${topic}`, `${topic} ${x}`, { x: `${x}` })
      }
      await under.quiet()
      alice = connect(under.broker, alices)
      await alice.subscribe('1', '/topic/*', wanted)
      await vi.waitFor(() => expect(alice.bodies()).toEqual(['a 1', 'b 1']), 10_000)
      await under.close()
    }, 30_000)
    conformance(() => real, activemqProfile, OTHER_CELLS)
  },
)
