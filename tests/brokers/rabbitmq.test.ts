import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { brokerContract } from '../../packages/server/src/broker/broker.contract.js'
import { codeOf, connect } from '../../packages/server/src/broker/contract/contract-client.js'
import { rabbitmqProfile } from '../../packages/server/src/broker/relay/profiles/rabbitmq.js'
import { type Otherwise, runnerBut } from '../../packages/server/test/relay/otherwise.js'
import { requireComponent } from '../components.js'
import { acrossNodes } from './across-nodes.js'
import { RELAYED } from './otherwise.js'
import { startRabbitmq } from './rabbitmq-broker.js'
import type { RealBroker } from './real-broker.js'
import { openRelayUnderTest } from './relay-under-test.js'

const rabbitmq = requireComponent('RabbitMQ')

/** What is left to the broker, and why. */
const OTHERWISE: Otherwise = {
  ...RELAYED,
  'with client means all up to that one': 'what comes back is not sorted',
  'acknowledges, returns and sends together': 'what comes back is not sorted',
  "knows the server's own headers of a message": 'RabbitMQ has no selectors for queues',
  'on a queue holds nobody up, and leaves what it does not match': 'RabbitMQ has no selectors for queues',
  'shares a queue with others: each message to one, and in order': 'RabbitMQ has no selectors for queues',
  'finds what comes back': 'RabbitMQ has no selectors for queues',
  'may be to a pattern, and select': 'RabbitMQ has no selectors for queues',
  'keeps its destination and selector': 'the broker does not tell what it was made with',
  'ends with UNSUBSCRIBE while it is not': 'only what is live can be ended: subscribe first',
}

let real: RealBroker

describe.skipIf(!rabbitmq.available)(rabbitmq.title('a relay to RabbitMQ, as a broker,'), () => {
  beforeAll(async () => {
    real = await startRabbitmq(rabbitmq)
  }, 240_000)
  afterAll(() => real?.stop())

  brokerContract(runnerBut(OTHERWISE), {
    open: () => openRelayUnderTest(real, rabbitmqProfile),
    unknownDestination: '/elsewhere/a',
  })
  acrossNodes(() => real, rabbitmqProfile)

  it('acknowledges what it reads of several topics, over a connection that lasts', async () => {
    const under = await openRelayUnderTest(real, rabbitmqProfile)
    const alice = connect(under.broker)
    const topics = ['/topic/a', '/topic/b', '/topic/**']
    for (const topic of topics) await alice.subscribe(topic, topic)
    for (let i = 0; i < 200; i++) {
      await alice.send('/topic/a', `${i}`)
      if (i % 20 === 0) await alice.send('/topic/b', `${i}`)
    }
    await under.quiet()
    expect(alice.delivered).toHaveLength(2 * (200 + 10))
    expect(under.broker.legs?.().map(({ name, connects }) => [name, connects])).toEqual([
      ['shared', 1],
      ['pool-1', 1],
      ['pool-2', 1],
    ])
    await under.close()
  })

  it('serves exchanges that are named as topics, and no others', async () => {
    const under = await openRelayUnderTest(real, (syntax) =>
      rabbitmqProfile(syntax, { exchanges: ['amq.direct', 'amq.fanout'] }),
    )
    const alice = connect(under.broker)
    await alice.subscribe('1', '/exchange/amq.direct/a/b')
    await alice.subscribe('2', '/exchange/amq.fanout')
    await alice.send('/exchange/amq.direct/a/b', 'direct')
    await alice.send('/exchange/amq.direct/a', 'elsewhere')
    await alice.send('/exchange/amq.fanout', 'all')
    await under.quiet()
    expect(alice.delivered.map(({ destination, body }) => `${destination} ${body}`).sort()).toEqual([
      '/exchange/amq.direct/a/b direct',
      '/exchange/amq.fanout all',
    ])
    for (const other of ['/exchange/amq.topic/a', '/exchange/none', '/amq/queue/none', '/queue/hoofbeat-1']) {
      expect(await codeOf(() => alice.subscribe('3', other))).toBe('STOMP_ERR_DESTINATION_UNKNOWN')
    }
    await under.close()
  }, 30_000)
})
