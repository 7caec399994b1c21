import { createHeaders } from '@hoofbeat/codec'
import { codeOf, connect } from './contract-client.js'
import type { ContractParts } from './contract-parts.js'

/** Subscriptions to topics, from SUBSCRIBE to the end of their broker. */
export function subscriptionContract({ describe, expect, tries, contract }: ContractParts): void {
  describe('a subscription', () => {
    tries('misses nothing that is published once it has settled', async ({ broker, quiet }) => {
      const [alice, bob] = [connect(broker), connect(broker)]
      for (let i = 0; i < 20; i++) {
        await alice.subscribe(`${i}`, `/topic/${i}`)
        await bob.send(`/topic/${i}`, `${i}`)
      }
      await quiet()
      // The order of different destinations is nobody's promise.
      expect([...alice.bodies()].sort()).toEqual(Array.from({ length: 20 }, (_, i) => `${i}`).sort())
    })

    tries('ends with UNSUBSCRIBE, and no other of its channel with it', async ({ broker, quiet }) => {
      const alice = connect(broker)
      await alice.subscribe('1', '/topic/a')
      await alice.subscribe('2', '/topic/a')
      await alice.unsubscribe('1')
      await alice.send('/topic/a', 'hi')
      await quiet()
      expect(alice.delivered.map(({ subscription }) => subscription)).toEqual(['2'])
    })

    tries('may be made again under the same id, also elsewhere', async ({ broker, quiet }) => {
      const alice = connect(broker)
      await alice.subscribe('1', '/topic/a')
      await alice.unsubscribe('1')
      await alice.subscribe('1', '/topic/b')
      await alice.send('/topic/a', 'a')
      await alice.send('/topic/b', 'b')
      await quiet()
      expect(alice.bodies()).toEqual(['b'])
    })

    tries('is known by its id within its channel alone', async ({ broker, quiet }) => {
      const [alice, bob] = [connect(broker), connect(broker)]
      await alice.subscribe('1', '/topic/a')
      await bob.subscribe('1', '/topic/a')
      await bob.unsubscribe('1')
      await bob.send('/topic/a', 'hi')
      await quiet()
      expect(alice.bodies()).toEqual(['hi'])
      expect(bob.bodies()).toEqual([])
    })
  })

  describe('detaching', () => {
    tries('ends all subscriptions at once, and may be repeated', async ({ broker, quiet }) => {
      const [alice, bob] = [connect(broker), connect(broker)]
      await alice.subscribe('1', '/topic/a')
      await alice.subscribe('2', '/topic/b')
      await bob.subscribe('1', '/topic/a')
      alice.channel.detach()
      alice.channel.detach()
      await bob.send('/topic/a', 'hi')
      await bob.send('/topic/b', 'hi')
      await quiet()
      expect(alice.bodies()).toEqual([])
      expect(bob.bodies()).toEqual(['hi'])
    })

    tries(
      'while a message is being delivered spares the one detached, and harms no other',
      async ({ broker, quiet }) => {
        const clients = Array.from({ length: 6 }, () => connect(broker))
        // Whoever is reached first detaches all whose number is odd.
        const odd = clients.filter((_, i) => i % 2 === 1)
        const publisher = connect(broker)
        const order: number[] = []
        for (const [i, client] of clients.entries()) {
          await client.subscribe('1', '/topic/a')
          client.delivered.push = (...items) => {
            order.push(i)
            for (const other of odd) other.channel.detach()
            return Array.prototype.push.apply(client.delivered, items)
          }
        }
        await publisher.send('/topic/a', 'hi')
        await quiet()
        // An odd one may have been the very first; all even ones are reached in any case.
        expect(order.filter((i) => i % 2 === 0).sort()).toEqual([0, 2, 4])
        expect(order.filter((i) => i % 2 === 1).length <= 1).toEqual(true)
      },
    )

    tries('makes a SUBSCRIBE that comes later have no effect', async ({ broker, quiet }) => {
      const [alice, bob] = [connect(broker), connect(broker)]
      alice.channel.detach()
      await alice.subscribe('1', '/topic/a')
      await bob.send('/topic/a', 'hi')
      await quiet()
      expect(alice.bodies()).toEqual([])
    })
  })

  describe('a refusal', () => {
    tries(
      'answers SEND, SUBSCRIBE and publish where nothing is served, and nothing is done',
      async ({ broker, quiet }) => {
        const alice = connect(broker)
        const destination = contract.unknownDestination
        const body = new Uint8Array()
        const refused = [
          await codeOf(() => alice.send(destination, 'hi')),
          await codeOf(() => alice.subscribe('1', destination)),
          await codeOf(async () => await broker.publish({ destination, headers: createHeaders(), body })),
        ]
        const code = 'STOMP_ERR_DESTINATION_UNKNOWN'
        expect(refused).toEqual([code, code, code])
        await alice.subscribe('1', '/topic/a')
        await alice.send('/topic/a', 'still works')
        await quiet()
        expect(alice.bodies()).toEqual(['still works'])
      },
    )
  })

  describe('closing', () => {
    tries('ends all deliveries', async ({ broker, quiet }) => {
      const alice = connect(broker)
      await alice.subscribe('1', '/topic/a')
      await alice.send('/topic/a', 'before')
      await quiet()
      await broker.close()
      await alice.send('/topic/a', 'after').catch(() => {})
      await quiet()
      expect(alice.bodies()).toEqual(['before'])
    })
  })
}
