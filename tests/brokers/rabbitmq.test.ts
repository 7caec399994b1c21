import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { brokerContract } from '../../packages/server/src/broker/broker.contract.js'
import { codeOf, connect } from '../../packages/server/src/broker/contract/contract-client.js'
import { rabbitmqProfile } from '../../packages/server/src/broker/relay/profiles/rabbitmq.js'
import { type Otherwise, runnerBut } from '../../packages/server/test/relay/otherwise.js'
import { requireComponent } from '../components.js'
import { acrossNodes } from './across-nodes.js'
import { conformance } from './conformance.js'
import { RELAYED_CELLS } from './conformance-otherwise.js'
import { startRabbitmq } from './rabbitmq-broker.js'
import { RABBITMQ_OTHERWISE } from './rabbitmq-otherwise.js'
import type { RealBroker } from './real-broker.js'
import { nextScope, openRelayUnderTest } from './relay-under-test.js'

const rabbitmq = requireComponent('RabbitMQ')

/** The same of the cells of the conformance suite. */
const OTHER_CELLS: Otherwise = {
  ...RELAYED_CELLS,
  'refuses all open messages up to the one it names in mode client, and none that was answered or came after':
    'what comes back is not sorted',
  'leaves in a queue what a selector does not fit, for others': 'RabbitMQ has no selectors for queues',
}

let real: RealBroker

describe.skipIf(!rabbitmq.available)(rabbitmq.title('a relay to RabbitMQ, as a broker,'), () => {
  beforeAll(async () => {
    real = await startRabbitmq(rabbitmq)
  }, 240_000)
  afterAll(() => real?.stop())

  brokerContract(runnerBut(RABBITMQ_OTHERWISE), {
    open: () => openRelayUnderTest(real, rabbitmqProfile),
    unknownDestination: '/elsewhere/a',
  })
  acrossNodes(() => real, rabbitmqProfile)
  conformance(() => real, rabbitmqProfile, OTHER_CELLS)

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

  it('lets no header of a SEND say how its queue is to be made, or end a connection', async () => {
    const scope = nextScope()
    const one = await openRelayUnderTest(real, rabbitmqProfile, scope)
    const other = await openRelayUnderTest(real, rabbitmqProfile, scope)
    const [nodes, mallory, bob] = [[one, other], connect(one.broker), connect(other.broker)]
    const said = [
      ...['exclusive', 'durable', 'auto-delete', 'browser', 'requeue', 'no-local', 'prefetch-count', 'persistent'],
      ...['x-expires', 'x-max-length', 'x-message-ttl', 'x-queue-type', 'x-queue-name', 'id', 'user-id', 'app-id'],
    ]
    for (const [index, name] of said.entries()) {
      for (const value of ['true', 'false', '0', 'garbage']) {
        const queue = `/queue/made-${index}-${value}`
        await mallory.send(queue, 'one', { [name]: value, receipt: 'r' })
        await bob.send(queue, 'two', { receipt: 'r' })
      }
    }
    await bob.subscribe('1', '/queue/made-0-true')
    for (const { quiet } of nodes) await quiet()
    expect(bob.bodies()).toEqual(['one', 'two'])
    expect(nodes.flatMap(({ broker }) => broker.legs?.().map(({ connects }) => connects))).toEqual(Array(6).fill(1))
    for (const node of nodes) await node.close()
  }, 60_000)

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
