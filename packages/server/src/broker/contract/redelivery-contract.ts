import { codeOf, connect, counted } from './contract-client.js'
import type { ContractParts } from './contract-parts.js'

/** NACK, ended subscriptions and lost sessions: what comes back, and where to. */
export function redeliveryContract({ describe, expect, triesWith }: ContractParts): void {
  const individual = { ack: 'client-individual' }
  const cumulative = { ack: 'client' }
  const unknown = 'STOMP_ERR_ACK_UNKNOWN'

  describe('a message that comes back', () => {
    triesWith('queues', 'by NACK goes to its old place, and says how often it was given', async ({ broker, quiet }) => {
      const alice = connect(broker)
      await alice.subscribe('1', '/queue/a', { ...individual, 'prefetch-count': '2' })
      for (const body of counted(4)) await alice.send('/queue/a', body)
      await quiet()
      await alice.nack('0')
      await quiet()
      await alice.ack('1')
      await alice.ack('0')
      await quiet()
      expect(alice.bodies()).toEqual(['0', '1', '0', '2', '3'])
      const [once, , twice] = alice.deliveries
      expect([once?.redelivered, once?.deliveryCount]).toEqual([undefined, undefined])
      expect([twice?.redelivered, twice?.deliveryCount]).toEqual([true, 2])
      expect(alice.messages[0]?.id).toEqual(alice.messages[2]?.id)
    })

    triesWith('queues', 'by a cumulative NACK comes with all before it, in order', async ({ broker, quiet }) => {
      const [alice, bob] = [connect(broker), connect(broker)]
      await alice.subscribe('1', '/queue/a', { ...cumulative, 'prefetch-count': '3' })
      for (const body of counted(4)) await bob.send('/queue/a', body)
      await quiet()
      await alice.nack('1')
      await quiet()
      expect(alice.bodies()).toEqual(['0', '1', '2', '0', '1'])
      expect(alice.deliveries.map(({ redelivered }) => redelivered === true)).toEqual([false, false, false, true, true])
    })

    triesWith('queues', 'from a lost session goes to others before what came later, in order', async (under) => {
      const { broker, quiet } = under
      const [alice, bob, carol] = [connect(broker), connect(broker), connect(broker)]
      await alice.subscribe('1', '/queue/a', { ...individual, 'prefetch-count': '3' })
      for (const body of counted(5)) await carol.send('/queue/a', body)
      await quiet()
      // Given again out of order, so that what comes back is not in the order of the deliveries.
      await alice.nack('1')
      await quiet()
      await bob.subscribe('1', '/queue/a', { ...individual, 'prefetch-count': '1' })
      await quiet()
      alice.channel.detach()
      for (const body of ['3', '0', '1', '2']) {
        await quiet()
        await bob.ack(body)
      }
      await quiet()
      expect(bob.bodies()).toEqual(['3', '0', '1', '2', '4'])
      expect(bob.deliveries.map(({ deliveryCount }) => deliveryCount)).toEqual([undefined, 2, 3, 2, undefined])
    })

    triesWith('queues', 'when its subscription ends is given to another', async ({ broker, quiet }) => {
      const [alice, bob] = [connect(broker), connect(broker)]
      await alice.subscribe('1', '/queue/a', individual)
      await bob.send('/queue/a', 'hi')
      await quiet()
      await alice.unsubscribe('1')
      expect(await codeOf(() => alice.ack('hi'))).toEqual(unknown)
      await bob.subscribe('1', '/queue/a', individual)
      await quiet()
      expect(bob.deliveries.map(({ redelivered }) => redelivered)).toEqual([true])
    })

    triesWith('queues', 'from a lost session is for none of its other subscriptions', async ({ broker, quiet }) => {
      const [alice, bob] = [connect(broker), connect(broker)]
      await alice.subscribe('1', '/queue/a', { ...individual, 'prefetch-count': '2' })
      await alice.subscribe('2', '/queue/a', { ...individual, 'prefetch-count': '5' })
      for (const body of counted(4)) await bob.send('/queue/a', body)
      await quiet()
      alice.channel.detach()
      alice.channel.ready()
      await bob.subscribe('1', '/queue/a')
      await quiet()
      expect(alice.bodies()).toEqual(counted(4))
      expect(bob.bodies()).toEqual(counted(4))
      expect(bob.deliveries.map(({ deliveryCount }) => deliveryCount)).toEqual([2, 2, 2, 2])
    })

    for (const ack of ['client', 'client-individual']) {
      triesWith('queues', `when the session ends inside its delivery is not lost (${ack})`, async (under) => {
        const { broker, quiet } = under
        const [alice, bob] = [connect(broker), connect(broker)]
        for (const body of counted(4)) await bob.send('/queue/a', body)
        alice.onDelivery = () => {
          if (alice.bodies().length === 2) alice.channel.detach()
          return alice.bodies().length === 2 ? 'dropped' : 'taken'
        }
        await alice.subscribe('1', '/queue/a', { ack })
        await quiet()
        await bob.subscribe('1', '/queue/a')
        await quiet()
        expect(alice.bodies()).toEqual(['0', '1'])
        expect(bob.bodies()).toEqual(counted(4))
      })
    }

    triesWith('queues', 'when a whole session of many queues ends inside a delivery is not lost', async (under) => {
      const { broker, quiet } = under
      const [alice, bob] = [connect(broker), connect(broker)]
      for (const name of ['a', 'b']) {
        await alice.subscribe(name, `/queue/${name}`, individual)
        await bob.subscribe(name, `/queue/${name}`, individual)
      }
      for (const body of counted(10)) {
        await bob.send('/queue/a', `a${body}`)
        await bob.send('/queue/b', `b${body}`)
      }
      await quiet()
      const held = alice.bodies()
      bob.onDelivery = () => {
        alice.channel.detach()
        return 'taken'
      }
      await bob.send('/queue/a', 'last')
      await bob.send('/queue/a', 'very last')
      await quiet()
      const all = [...new Set(bob.bodies())].sort()
      expect(all).toEqual([...counted(10).flatMap((n) => [`a${n}`, `b${n}`]), 'last', 'very last'].sort())
      expect(bob.bodies().length + held.length).toEqual(22 + held.length)
    })
  })
}
