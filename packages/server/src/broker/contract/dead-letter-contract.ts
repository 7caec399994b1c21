import { connect } from './contract-client.js'
import type { ContractParts } from './contract-parts.js'

/** Messages that come back too often. */
export function deadLetterContract({ describe, expect, triesWith, limits }: ContractParts): void {
  const individual = { ack: 'client-individual' }

  describe('a dead letter', () => {
    const { maxDeliveries, deadLetterQueue } = limits

    triesWith('queues', 'is what came back too often, and says where it comes from', async ({ broker, quiet }) => {
      if (maxDeliveries === undefined || deadLetterQueue === undefined) return
      const [alice, bob] = [connect(broker), connect(broker)]
      await alice.subscribe('1', '/queue/a', individual)
      await alice.send('/queue/a', 'bad', { x: '1' })
      await alice.send('/queue/a', 'good')
      for (let i = 0; i < maxDeliveries; i++) {
        await quiet()
        expect(alice.bodies().filter((body) => body === 'bad').length).toEqual(i + 1)
        await alice.nack('bad')
      }
      await quiet()
      await bob.subscribe('1', deadLetterQueue, individual)
      await quiet()
      expect(alice.bodies().filter((body) => body === 'bad').length).toEqual(maxDeliveries)
      expect(bob.delivered).toEqual([{ destination: deadLetterQueue, body: 'bad', subscription: '1' }])
      const { headers } = bob.messages[0] ?? {}
      expect(headers?.get('original-destination')).toEqual('/queue/a')
      expect(headers?.get('x')).toEqual('1')
      expect(bob.deliveries[0]?.redelivered).toEqual(undefined)
    })

    triesWith('queues', 'is never dead again, nor too old', async (under) => {
      const { broker, quiet } = under
      if (maxDeliveries === undefined || deadLetterQueue === undefined) return
      const alice = connect(broker)
      await alice.subscribe('1', '/queue/a', individual)
      await alice.send('/queue/a', 'bad', { expiration: '60000' })
      for (let i = 0; i < maxDeliveries; i++) {
        await quiet()
        await alice.nack('bad')
      }
      await quiet()
      await under.pass(120_000)
      alice.delivered.length = 0
      alice.deliveries.length = 0
      await alice.subscribe('2', deadLetterQueue, individual)
      for (let i = 0; i < maxDeliveries + 2; i++) {
        await quiet()
        await alice.nack('bad')
      }
      await quiet()
      expect(alice.bodies().length).toEqual(maxDeliveries + 3)
    })

    triesWith(
      'durableSubscriptions',
      'of several subscriptions is held apart, though it is one message',
      async (under) => {
        const { broker, quiet } = under
        if (maxDeliveries === undefined || deadLetterQueue === undefined) return
        const alice = connect(broker, { userName: 'alice', clientId: 'c' })
        const durable = { ...individual, durable: 'true' }
        await alice.subscribe('1', '/topic/a', durable)
        await alice.subscribe('2', '/topic/a', durable)
        await alice.send('/topic/a', 'bad')
        for (let i = 0; i < maxDeliveries; i++) {
          await quiet()
          const last = alice.deliveries.slice(-2)
          for (const { ack = '' } of last) await alice.channel.handle({ command: 'NACK', reference: { ack } })
        }
        await quiet()
        const bob = connect(broker)
        await bob.subscribe('1', deadLetterQueue, individual)
        await quiet()
        expect(bob.bodies()).toEqual(['bad', 'bad'])
        expect(bob.messages.map(({ headers }) => headers.get('original-destination'))).toEqual(['/topic/a', '/topic/a'])
        for (const { ack = '' } of bob.deliveries) await bob.channel.handle({ command: 'ACK', reference: { ack } })
        await quiet()
        const left = broker.admin?.destinations().filter(({ destination }) => destination === deadLetterQueue)
        expect((left ?? []).map(({ depth, inFlight }) => ({ depth, inFlight }))).toEqual(
          left === undefined ? [] : [{ depth: 0, inFlight: 0 }],
        )
      },
    )
  })
}
