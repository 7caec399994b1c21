import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { brokerContract } from '../../packages/server/src/broker/broker.contract.js'
import { connect, counted } from '../../packages/server/src/broker/contract/contract-client.js'
import { rabbitmqProfile } from '../../packages/server/src/broker/relay/profiles/rabbitmq.js'
import { type Otherwise, runnerBut } from '../../packages/server/test/relay/otherwise.js'
import { requireComponent } from '../components.js'
import { startRabbitmq } from './rabbitmq-broker.js'
import { RABBITMQ_OTHERWISE } from './rabbitmq-otherwise.js'
import type { RealBroker } from './real-broker.js'
import { nextScope, openRelayUnderTest } from './relay-under-test.js'

const rabbitmq = requireComponent('RabbitMQ')

const OTHERWISE: Otherwise = {
  ...RABBITMQ_OTHERWISE,
  'is given no more of queues until it is ready, but messages of topics': 'its topics wait at RabbitMQ, too',
}

const PATIENCE = { timeout: 20_000, interval: 20 }

let real: RealBroker

describe.skipIf(!rabbitmq.available)(
  rabbitmq.title('a relay to RabbitMQ with a connection for each client, as a broker,'),
  () => {
    beforeAll(async () => {
      // The clients of the contract say no login.
      const configuration = ['stomp.default_user = guest', 'stomp.default_pass = guest']
      real = await startRabbitmq(rabbitmq, { configuration })
    }, 240_000)
    afterAll(() => real?.stop())

    brokerContract(runnerBut(OTHERWISE), {
      open: () => openRelayUnderTest(real, rabbitmqProfile, nextScope(), 'per-client'),
      unknownDestination: '/elsewhere/a',
    })

    it('lets what a client has no room for wait there, holds up nobody else, and loses nothing', async () => {
      const under = await openRelayUnderTest(real, rabbitmqProfile, nextScope(), 'per-client')
      const [slow, fast, publisher] = [connect(under.broker), connect(under.broker), connect(under.broker)]
      await slow.subscribe('1', '/topic/a')
      await fast.subscribe('1', '/topic/a')
      slow.onDelivery = () => 'full'
      const body = 'x'.repeat(20_000)
      const count = 2_000
      for (const number of counted(count)) {
        await publisher.send('/topic/a', number + body, number.endsWith('99') ? { receipt: 'r' } : {})
      }
      await vi.waitFor(() => expect(fast.messages).toHaveLength(count), PATIENCE)
      expect(slow.messages).toHaveLength(1)
      expect(slow.refusals).toEqual([])
      slow.onDelivery = () => 'taken'
      slow.channel.ready()
      await vi.waitFor(() => expect(slow.messages).toHaveLength(count), PATIENCE)
      const numbers = slow.bodies().map((text) => text.slice(0, -body.length))
      expect(numbers).toEqual(counted(count))
      await under.close()
    }, 60_000)
  },
)
