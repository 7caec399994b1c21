import { answerOf, codeOf, connect, counted, sendOf } from './contract-client.js'
import type { ContractParts } from './contract-parts.js'

/** ACK and NACK, lost sessions, dead letters. */
export function ackContract({ describe, expect, triesWith, limits }: ContractParts): void {
  const individual = { ack: 'client-individual' }
  const cumulative = { ack: 'client' }
  const unknown = 'STOMP_ERR_ACK_UNKNOWN'

  describe('acknowledgement', () => {
    triesWith('queues', 'is not needed with auto, and harmless there', async ({ broker, quiet }) => {
      const alice = connect(broker)
      await alice.subscribe('1', '/queue/a', { ack: 'auto' })
      await alice.send('/queue/a', 'hi')
      await quiet()
      expect(alice.deliveries).toEqual([{ subscription: '1' }])
      const reference = { messageId: alice.messages[0]?.id ?? '', subscription: '1' }
      expect(await codeOf(async () => alice.channel.handle({ command: 'ACK', reference }))).toEqual(undefined)
      alice.channel.detach()
      expect(broker.admin?.destinations() ?? []).toEqual([])
    })

    triesWith('queues', 'with client-individual means one message, whatever the order', async ({ broker, quiet }) => {
      const [alice, bob] = [connect(broker), connect(broker)]
      await alice.subscribe('1', '/queue/a', individual)
      for (const body of counted(6)) await alice.send('/queue/a', body)
      await quiet()
      for (const body of ['4', '0', '2']) await alice.ack(body)
      alice.channel.detach()
      await bob.subscribe('1', '/queue/a')
      await quiet()
      expect(bob.bodies()).toEqual(['1', '3', '5'])
    })

    triesWith('queues', 'with client means all up to that one', async ({ broker, quiet }) => {
      const [alice, bob] = [connect(broker), connect(broker)]
      await alice.subscribe('1', '/queue/a', cumulative)
      for (const body of counted(6)) await alice.send('/queue/a', body)
      await quiet()
      await alice.ack('1')
      await alice.ack('3')
      expect(await codeOf(() => alice.ack('2'))).toEqual(unknown)
      alice.channel.detach()
      await bob.subscribe('1', '/queue/a')
      await quiet()
      expect(bob.bodies()).toEqual(['4', '5'])
    })

    triesWith('queues', 'with client reaches no other subscription', async ({ broker, quiet }) => {
      const [alice, bob] = [connect(broker), connect(broker)]
      await alice.subscribe('1', '/queue/a', cumulative)
      await alice.subscribe('2', '/queue/b', cumulative)
      await bob.send('/queue/a', 'a')
      await bob.send('/queue/b', 'b')
      await quiet()
      await alice.ack('b')
      alice.channel.detach()
      await bob.subscribe('1', '/queue/a')
      await bob.subscribe('2', '/queue/b')
      await quiet()
      expect(bob.bodies()).toEqual(['a'])
    })

    triesWith('queues', 'may name message and subscription, or, of STOMP 1.0, the message alone', async (under) => {
      const { broker, quiet } = under
      const alice = connect(broker)
      await alice.subscribe('1', '/queue/a', individual)
      for (const body of counted(3)) await alice.send('/queue/a', body)
      await quiet()
      const byMessage = (body: string, subscription: string | undefined) => async () => {
        const messageId = alice.messages[alice.bodies().indexOf(body)]?.id ?? ''
        await alice.channel.handle({ command: 'ACK', reference: { messageId, subscription } })
      }
      expect(await codeOf(byMessage('0', '2'))).toEqual(unknown)
      expect(await codeOf(byMessage('0', '1'))).toEqual(undefined)
      expect(await codeOf(byMessage('0', '1'))).toEqual(unknown)
      expect(await codeOf(byMessage('1', undefined))).toEqual(undefined)
      expect(await codeOf(byMessage('1', undefined))).toEqual(unknown)
      expect(await codeOf(byMessage('none', undefined))).toEqual(unknown)
    })

    triesWith('queues', 'of what nobody was given, or of another session, is refused', async ({ broker, quiet }) => {
      const [alice, bob] = [connect(broker), connect(broker)]
      await alice.subscribe('1', '/queue/a', individual)
      await bob.subscribe('1', '/queue/b', individual)
      await alice.send('/queue/a', 'hi')
      await quiet()
      const [delivery] = alice.deliveries
      for (const ack of [delivery?.ack ?? '', 'nonsense', '1-1-', '']) {
        const answer = { command: 'ACK', reference: { ack } } as const
        expect(await codeOf(async () => bob.channel.handle(answer))).toEqual(unknown)
      }
      expect(await codeOf(() => alice.ack('hi'))).toEqual(undefined)
      expect(await codeOf(() => alice.ack('hi'))).toEqual(unknown)
      expect(await codeOf(() => alice.nack('hi'))).toEqual(unknown)
    })

    triesWith('queues', 'of an earlier delivery says nothing about a later one', async ({ broker, quiet }) => {
      const alice = connect(broker)
      await alice.subscribe('1', '/queue/a', individual)
      await alice.send('/queue/a', 'hi')
      await quiet()
      const first = answerOf(alice, 'hi')
      await alice.nack('hi')
      await quiet()
      expect(await codeOf(async () => alice.channel.handle(first))).toEqual(unknown)
      expect(await codeOf(() => alice.ack('hi'))).toEqual(undefined)
    })

    triesWith('queues', 'after the end of the session has no effect and harms nobody', async ({ broker, quiet }) => {
      const [alice, bob] = [connect(broker), connect(broker)]
      await alice.subscribe('1', '/queue/a', individual)
      await bob.send('/queue/a', 'hi')
      await quiet()
      alice.channel.detach()
      expect(await codeOf(() => alice.ack('hi'))).toEqual(undefined)
      expect(await codeOf(() => alice.commit(answerOf(alice, 'hi'), sendOf('/queue/b', 'half')))).toEqual(undefined)
      await bob.subscribe('1', '/queue/a')
      await bob.subscribe('2', '/queue/b')
      await quiet()
      expect(bob.bodies()).toEqual(['hi'])
    })
  })

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
