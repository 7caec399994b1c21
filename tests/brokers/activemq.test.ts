import { afterAll, beforeAll, describe } from 'vitest'
import { brokerContract } from '../../packages/server/src/broker/broker.contract.js'
import { activemqProfile } from '../../packages/server/src/broker/relay/profiles/activemq.js'
import { type Otherwise, runnerBut } from '../../packages/server/test/relay/otherwise.js'
import { requireComponent } from '../components.js'
import { acrossNodes } from './across-nodes.js'
import { startActivemq } from './activemq-broker.js'
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
}

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
  },
)
