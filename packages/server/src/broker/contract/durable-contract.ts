import { codeOf, connect, counted, sendOf } from './contract-client.js'
import type { ContractParts } from './contract-parts.js'

/** Durable subscriptions to topics. */
export function durableContract({ describe, expect, triesWith, limits }: ContractParts): void {
  const durable = { durable: 'true' }
  const alices = { userName: 'alice', clientId: 'phone' }

  describe('a durable subscription, where the broker has them,', () => {
    triesWith('durableSubscriptions', 'collects while its client is away', async ({ broker, quiet }) => {
      const bob = connect(broker)
      let alice = connect(broker, alices)
      await alice.subscribe('1', '/topic/a', durable)
      await bob.send('/topic/a', 'live')
      await quiet()
      expect(alice.bodies()).toEqual(['live'])
      alice.channel.detach()
      await quiet()
      for (const body of counted(3)) await bob.send('/topic/a', body)
      await bob.send('/topic/b', 'elsewhere')
      alice = connect(broker, alices)
      await alice.subscribe('1', '/topic/a', durable)
      await bob.send('/topic/a', 'live again')
      await quiet()
      expect(alice.delivered).toEqual(
        ['0', '1', '2', 'live again'].map((body) => ({ destination: '/topic/a', body, subscription: '1' })),
      )
      expect(alice.deliveries.some(({ redelivered }) => redelivered)).toEqual(false)
    })

    triesWith('durableSubscriptions', 'gives back what was not acknowledged', async ({ broker, quiet }) => {
      const bob = connect(broker)
      let alice = connect(broker, alices)
      await alice.subscribe('1', '/topic/a', { ...durable, ack: 'client-individual' })
      for (const body of counted(3)) await bob.send('/topic/a', body)
      await quiet()
      await alice.ack('1')
      alice.channel.detach()
      alice = connect(broker, alices)
      await alice.subscribe('1', '/topic/a', durable)
      await quiet()
      expect(alice.bodies()).toEqual(['0', '2'])
      expect(alice.deliveries.map(({ redelivered }) => redelivered)).toEqual([true, true])
    })

    triesWith('durableSubscriptions', 'may be to a pattern, and select', async ({ broker, quiet }) => {
      if (!broker.capabilities.wildcards || !broker.capabilities.selectors) return
      const bob = connect(broker)
      let alice = connect(broker, alices)
      const wanted = { ...durable, selector: 'x = 1' }
      await alice.subscribe('1', '/topic/*', wanted)
      alice.channel.detach()
      await bob.send('/topic/a', 'a', { x: '1' })
      await bob.send('/topic/b', 'not selected', { x: '2' })
      await bob.send('/topic/b', 'b', { x: '1' })
      await bob.send('/topic/b/c', 'not matched', { x: '1' })
      alice = connect(broker, alices)
      await alice.subscribe('1', '/topic/*', wanted)
      await quiet()
      expect(alice.delivered.map(({ destination, body }) => `${destination} ${body}`)).toEqual([
        '/topic/a a',
        '/topic/b b',
      ])
    })

    triesWith('durableSubscriptions', 'is named by user, client and id together', async ({ broker, quiet }) => {
      const bob = connect(broker)
      const owners = [
        alices,
        { ...alices, clientId: 'desk' },
        { clientId: 'phone' },
        { userName: 'carol', clientId: 'phone' },
      ]
      for (const owner of owners) {
        const client = connect(broker, owner)
        await client.subscribe('1', '/topic/a', durable)
        client.channel.detach()
      }
      await bob.send('/topic/a', 'hi')
      const [alice, nobody] = [connect(broker, alices), connect(broker)]
      await alice.subscribe('1', '/topic/a', durable)
      await alice.subscribe('2', '/topic/a', durable)
      await nobody.subscribe('1', '/topic/a', { ...durable, 'client-id': 'phone' })
      await quiet()
      expect(alice.delivered.map(({ subscription }) => subscription)).toEqual(['1'])
      expect(nobody.bodies()).toEqual(['hi'])
    })

    triesWith('durableSubscriptions', 'needs a client with a name', async ({ broker }) => {
      const alice = connect(broker, { userName: 'alice' })
      expect(await codeOf(() => alice.subscribe('1', '/topic/a', durable))).toEqual('STOMP_ERR_HEADER_MISSING')
    })

    triesWith('durableSubscriptions', 'is for topics only', async ({ broker }) => {
      const alice = connect(broker, alices)
      expect(await codeOf(() => alice.subscribe('1', '/queue/a', durable))).toEqual('STOMP_ERR_UNSUPPORTED')
    })

    triesWith('durableSubscriptions', 'has one live holder', async ({ broker, quiet }) => {
      const [alice, other, bob] = [connect(broker, alices), connect(broker, alices), connect(broker)]
      await alice.subscribe('1', '/topic/a', durable)
      const exists = 'STOMP_ERR_SUBSCRIPTION_EXISTS'
      expect(await codeOf(() => other.subscribe('1', '/topic/a', durable))).toEqual(exists)
      expect(await codeOf(() => other.unsubscribe('1', durable))).toEqual(exists)
      await bob.send('/topic/a', 'hi')
      await quiet()
      expect([alice.bodies(), other.bodies()]).toEqual([['hi'], []])
      alice.channel.detach()
      expect(await codeOf(() => other.subscribe('1', '/topic/a', durable))).toEqual(undefined)
    })

    triesWith('durableSubscriptions', 'keeps its destination and selector', async ({ broker, quiet }) => {
      let alice = connect(broker, alices)
      await alice.subscribe('1', '/topic/a', durable)
      alice.channel.detach()
      await connect(broker).send('/topic/a', 'kept')
      alice = connect(broker, alices)
      const exists = 'STOMP_ERR_SUBSCRIPTION_EXISTS'
      expect(await codeOf(() => alice.subscribe('1', '/topic/b', durable))).toEqual(exists)
      expect(await codeOf(() => alice.subscribe('1', '/topic/a', { ...durable, selector: 'x = 1' }))).toEqual(exists)
      await alice.subscribe('1', '/topic/a', durable)
      await quiet()
      expect(alice.bodies()).toEqual(['kept'])
    })

    for (const isLive of [true, false]) {
      triesWith(
        'durableSubscriptions',
        `ends with UNSUBSCRIBE ${isLive ? 'while it is live' : 'while it is not'}`,
        async (under) => {
          const { broker, quiet } = under
          const bob = connect(broker)
          let alice = connect(broker, alices)
          await alice.subscribe('1', '/topic/a', { ...durable, ack: 'client', 'prefetch-count': '2' })
          for (const body of counted(4)) await bob.send('/topic/a', body)
          await quiet()
          if (!isLive) {
            alice.channel.detach()
            alice = connect(broker, alices)
          }
          await alice.unsubscribe('1', durable)
          await bob.send('/topic/a', 'nobody collects')
          await quiet()
          expect(broker.admin?.destinations() ?? []).toEqual([])
          expect(broker.admin?.keptBytes ?? 0).toEqual(0)
          const again = connect(broker, alices)
          expect(await codeOf(() => again.unsubscribe('1', durable))).toEqual('STOMP_ERR_SUBSCRIPTION_UNKNOWN')
          await again.subscribe('1', '/topic/b', durable)
          await quiet()
          expect(again.bodies()).toEqual([])
        },
      )
    }

    triesWith(
      'durableSubscriptions',
      'without room forgets its oldest, says so, and holds up nobody',
      async (under) => {
        const { broker, quiet } = under
        const max = limits.maxQueueMessages
        if (max === undefined) return
        const bob = connect(broker)
        let alice = connect(broker, alices)
        await alice.subscribe('1', '/topic/a', durable)
        alice.channel.detach()
        for (const body of counted(max + 2)) await bob.send('/topic/a', body)
        alice = connect(broker, alices)
        await alice.subscribe('1', '/topic/a', durable)
        await quiet()
        expect(alice.bodies()).toEqual(counted(max, 2))
        expect(alice.deliveries.map(({ isAfterGap }) => isAfterGap === true)).toEqual(
          counted(max).map((n) => n === '0'),
        )
      },
    )

    triesWith(
      'durableSubscriptions',
      'says what it has forgotten until the message that says so is acknowledged',
      async (under) => {
        const { broker, quiet } = under
        const max = limits.maxQueueMessages
        if (max === undefined) return
        const bob = connect(broker)
        let alice = connect(broker, alices)
        const one = { ...durable, ack: 'client-individual', 'prefetch-count': '1' }
        await alice.subscribe('1', '/topic/a', one)
        alice.channel.detach()
        for (const body of counted(max + 1)) await bob.send('/topic/a', body)
        alice = connect(broker, alices)
        await alice.subscribe('1', '/topic/a', one)
        await quiet()
        alice.channel.detach()
        const again = connect(broker, alices)
        await again.subscribe('1', '/topic/a', one)
        await quiet()
        await again.ack('1')
        await quiet()
        expect([alice.bodies(), again.bodies()]).toEqual([['1'], ['1', '2']])
        const told = [...alice.deliveries, ...again.deliveries].map(({ isAfterGap }) => isAfterGap === true)
        expect(told).toEqual([true, true, false])
      },
    )

    triesWith('transactions', 'forgets nothing for a transaction that does not happen', async ({ broker, quiet }) => {
      const max = limits.maxQueueMessages
      if (max === undefined || !broker.capabilities.durableSubscriptions) return
      const bob = connect(broker)
      let alice = connect(broker, alices)
      await alice.subscribe('1', '/topic/a', durable)
      alice.channel.detach()
      for (const body of counted(max)) await bob.send('/topic/a', body)
      const unknown = { command: 'ACK', reference: { ack: 'none' } } as const
      const code = await codeOf(() => bob.commit(sendOf('/topic/a', 'not sent'), unknown))
      expect(code).toEqual('STOMP_ERR_ACK_UNKNOWN')
      alice = connect(broker, alices)
      await alice.subscribe('1', '/topic/a', durable)
      await quiet()
      expect(alice.bodies()).toEqual(counted(max))
      expect(alice.deliveries.some(({ isAfterGap }) => isAfterGap)).toEqual(false)
    })
  })
}
