import { connect, counted } from './contract-client.js'
import type { ContractParts } from './contract-parts.js'

/** Subscribers that take no more for now, or do not take a delivery. */
export function flowContract({ describe, expect, triesWith }: ContractParts): void {
  const individual = { ack: 'client-individual' }

  describe('a full subscriber', () => {
    triesWith(
      'queues',
      'is given no more of queues until it is ready, but messages of topics',
      async ({ broker, quiet }) => {
        const [alice, bob] = [connect(broker), connect(broker)]
        await alice.subscribe('q', '/queue/a')
        await alice.subscribe('r', '/queue/b', individual)
        await alice.subscribe('t', '/topic/a')
        alice.onDelivery = () => 'full'
        await bob.send('/queue/a', 'a1')
        await quiet()
        await bob.send('/queue/a', 'a2')
        await bob.send('/queue/b', 'b1')
        await bob.send('/topic/a', 't1')
        await bob.send('/topic/a', 't2')
        await quiet()
        expect(alice.bodies()).toEqual(['a1', 't1', 't2'])
        alice.onDelivery = () => 'taken'
        alice.channel.ready()
        await quiet()
        expect(alice.bodies().slice(3).sort()).toEqual(['a2', 'b1'])
      },
    )

    triesWith('queues', 'may be full of a topic: queues wait for it then too', async ({ broker, quiet }) => {
      const [alice, bob] = [connect(broker), connect(broker)]
      await alice.subscribe('t', '/topic/a')
      await alice.subscribe('q', '/queue/a')
      alice.onDelivery = () => 'full'
      await bob.send('/topic/a', 't')
      await quiet()
      await bob.send('/queue/a', 'q')
      await quiet()
      expect(alice.bodies()).toEqual(['t'])
      alice.channel.ready()
      await quiet()
      expect(alice.bodies()).toEqual(['t', 'q'])
    })

    triesWith('queues', 'leaves its share to others', async ({ broker, quiet }) => {
      const [alice, bob] = [connect(broker), connect(broker)]
      await alice.subscribe('1', '/queue/a')
      await bob.subscribe('1', '/queue/a')
      alice.onDelivery = () => 'full'
      for (const body of counted(4)) await bob.send('/queue/a', body)
      await quiet()
      expect(alice.bodies()).toEqual(['0'])
      expect(bob.bodies()).toEqual(['1', '2', '3'])
    })

    triesWith(
      'queues',
      'that can take one at a time is given of each of its queues in turn',
      async ({ broker, quiet }) => {
        const [alice, bob] = [connect(broker), connect(broker)]
        for (const body of counted(3)) {
          await bob.send('/queue/a', `a${body}`)
          await bob.send('/queue/b', `b${body}`)
        }
        alice.onDelivery = () => 'full'
        await alice.subscribe('1', '/queue/a')
        await alice.subscribe('2', '/queue/b')
        for (let i = 0; i < 5; i++) {
          await quiet()
          alice.channel.ready()
        }
        await quiet()
        expect(
          [
            ...new Set(
              alice
                .bodies()
                .slice(0, 3)
                .map(([queue]) => queue),
            ),
          ].sort(),
        ).toEqual(['a', 'b'])
        expect(alice.bodies().sort()).toEqual(['a0', 'a1', 'a2', 'b0', 'b1', 'b2'])
      },
    )
  })

  describe('a delivery that is not taken', () => {
    for (const ack of ['auto', 'client']) {
      triesWith('queues', `goes back to its place, for another (${ack})`, async ({ broker, quiet }) => {
        const [alice, bob] = [connect(broker), connect(broker)]
        alice.onDelivery = () => 'dropped'
        await alice.subscribe('1', '/queue/a', { ack })
        await bob.send('/queue/a', 'one')
        await bob.send('/queue/a', 'two')
        await quiet()
        await bob.subscribe('1', '/queue/a', { ack })
        await quiet()
        expect(bob.bodies()).toEqual(['one', 'two'])
        expect(bob.deliveries.map(({ redelivered }) => redelivered)).toEqual([undefined, undefined])
      })
    }
  })
}
