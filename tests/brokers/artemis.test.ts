import { afterAll, beforeAll, describe } from 'vitest'
import { brokerContract } from '../../packages/server/src/broker/broker.contract.js'
import { artemisProfile } from '../../packages/server/src/broker/relay/profiles/artemis.js'
import { type Otherwise, runnerBut } from '../../packages/server/test/relay/otherwise.js'
import { requireComponent } from '../components.js'
import { acrossNodes } from './across-nodes.js'
import { startArtemis } from './artemis-broker.js'
import { conformance } from './conformance.js'
import { nackCells, RELAYED_CELLS } from './conformance-otherwise.js'
import { RELAYED } from './otherwise.js'
import type { RealBroker } from './real-broker.js'
import { openRelayUnderTest } from './relay-under-test.js'

const artemis = requireComponent('Artemis')
const jdk = requireComponent('JDK')

/** What is left to the broker, and why. */
const OTHERWISE: Otherwise = {
  ...RELAYED,
  'does not end for a message that a consumer has, until it comes back': 'Artemis has no NACK',
  'of an earlier delivery says nothing about a later one': 'Artemis has no NACK',
  'by a cumulative NACK comes with all before it, in order': 'Artemis has no NACK',
  'when its subscription ends is given to another': 'Artemis marks only what a lost connection gives back',
  "knows the server's own headers of a message": 'Artemis has no JMSMessageID of STOMP messages',
  'shares a queue with others: each message to one, and in order': 'Artemis reads no text as TRUE',
  'acknowledges, returns and sends together': 'Artemis has no ACK in a transaction',
  'with an unknown destination has not happened at all': 'Artemis has no ACK in a transaction',
  'with an unknown ACK has not happened at all': 'Artemis has no ACK in a transaction',
  'with an expiry that cannot be read has not happened at all': 'Artemis has no ACK in a transaction',
  'answers each message once': 'Artemis has no ACK in a transaction',
  'gives back what was not acknowledged': 'Artemis marks only what a lost connection gives back',
  'keeps its destination and selector': 'Artemis keeps them, and does not tell that others were asked for',
  'ends with UNSUBSCRIBE while it is live': 'Artemis does not tell whether there was one',
  'ends with UNSUBSCRIBE while it is not': 'Artemis does not tell whether there was one',
}

/** The same of the cells of the conformance suite. */
const OTHER_CELLS: Otherwise = {
  ...RELAYED_CELLS,
  ...nackCells('Artemis has no NACK'),
  'gives what was not acknowledged to another client when its own has gone, however it went':
    'Artemis marks only what a lost connection gives back',
  'acknowledges and sends together': 'Artemis has no ACK in a transaction',
}

let real: RealBroker

describe.skipIf(!artemis.available || !jdk.available)(
  artemis.title(jdk.title('a relay to Artemis, as a broker,')),
  () => {
    beforeAll(async () => {
      real = await startArtemis(artemis, jdk)
    }, 240_000)
    afterAll(() => real?.stop())

    brokerContract(runnerBut(OTHERWISE), {
      open: () => openRelayUnderTest(real, artemisProfile),
      unknownDestination: '/elsewhere/a',
    })
    acrossNodes(() => real, artemisProfile)
    conformance(() => real, artemisProfile, OTHER_CELLS)
  },
)
