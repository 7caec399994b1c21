import { codeOf, connect, counted } from './contract-client.js'
import type { ContractParts } from './contract-parts.js'

/** `since` and `replay`, and credit on topics. */
export function historyContract(parts: ContractParts): void {
  const { historyCount } = parts.limits
  // A suite without a test is a failure under some runners.
  if (historyCount !== undefined) replayContract(parts, historyCount)
  creditContract(parts)
}

function replayContract({ describe, expect, triesWith }: ContractParts, count: number): void {
  const topic = '/topic/history/a'

  describe('a history, where the broker has them,', () => {
    const isGap = ({ deliveries }: ReturnType<typeof connect>): boolean[] =>
      deliveries.map(({ isAfterGap }) => isAfterGap === true)

    triesWith('history', 'is replayed as asked for, then what is new', async ({ broker, quiet }) => {
      const [alice, bob, carol] = [connect(broker), connect(broker), connect(broker)]
      for (const body of counted(count)) await bob.send(topic, body)
      await alice.subscribe('1', topic, { replay: '2' })
      await carol.subscribe('1', topic, { replay: `${count + 10}` })
      await bob.send(topic, 'new')
      await quiet()
      expect(alice.delivered).toEqual(
        [...counted(2, count - 2), 'new'].map((body) => ({ destination: topic, body, subscription: '1' })),
      )
      expect(carol.bodies()).toEqual([...counted(count), 'new'])
      expect(isGap(alice)).toEqual([false, false, false])
    })

    triesWith('history', 'gives what came since a message, without gap or repeat', async ({ broker, quiet }) => {
      const [alice, bob, carol] = [connect(broker), connect(broker), connect(broker)]
      await alice.subscribe('1', topic)
      for (const body of counted(count)) await bob.send(topic, body)
      await quiet()
      const since = alice.messages[1]?.id ?? ''
      await carol.subscribe('1', topic, { since })
      await bob.send(topic, 'new')
      await quiet()
      expect(carol.bodies()).toEqual([...counted(count - 2, 2), 'new'])
      expect(carol.messages.map(({ id }) => id)).toEqual(alice.messages.slice(2).map(({ id }) => id))
      expect(isGap(carol).includes(true)).toEqual(false)
    })

    triesWith('history', 'since the very last message is empty', async ({ broker, quiet }) => {
      const [alice, bob] = [connect(broker), connect(broker)]
      await alice.subscribe('1', topic)
      await bob.send(topic, 'last')
      await quiet()
      await bob.subscribe('1', topic, { since: alice.messages[0]?.id ?? '' })
      await bob.send(topic, 'new')
      await quiet()
      expect(bob.bodies()).toEqual(['new'])
      expect(isGap(bob)).toEqual([false])
    })

    triesWith('history', 'gives what came since a position, also where nothing had been published', async (under) => {
      const { broker, quiet } = under
      const atFirst = broker.position
      if (atFirst === undefined) return
      const [alice, bob, carol, dave] = [connect(broker), connect(broker), connect(broker), connect(broker)]
      await bob.send(topic, 'one')
      await quiet()
      const between = broker.position ?? ''
      await bob.send(topic, 'two')
      await alice.subscribe('1', topic, { since: atFirst })
      await bob.subscribe('1', topic, { since: between })
      await carol.subscribe('1', topic, { since: broker.position ?? '' })
      await dave.subscribe('1', topic, { since: `${between}x` })
      await bob.send(topic, 'three')
      await quiet()
      expect(alice.bodies()).toEqual(['one', 'two', 'three'])
      expect(bob.bodies()).toEqual(['two', 'three'])
      expect(carol.bodies()).toEqual(['three'])
      expect(dave.bodies()).toEqual(['one', 'two', 'three'])
      expect([alice, bob, carol].map((each) => isGap(each).includes(true))).toEqual([false, false, false])
      expect(isGap(dave)).toEqual([true, false, false])
    })

    triesWith('history', 'that does not reach back tells the gap', async ({ broker, quiet }) => {
      const [alice, bob, carol] = [connect(broker), connect(broker), connect(broker)]
      await alice.subscribe('1', topic)
      await bob.send(topic, 'known')
      for (const body of counted(count + 1)) await bob.send(topic, body)
      await quiet()
      await carol.subscribe('1', topic, { since: alice.messages[0]?.id ?? '' })
      await quiet()
      expect(carol.bodies()).toEqual(counted(count, 1))
      expect(isGap(carol)).toEqual(counted(count).map((n) => n === '0'))
    })

    triesWith(
      'history',
      'that knows nothing of the message tells the gap with the next one',
      async ({ broker, quiet }) => {
        const [alice, bob] = [connect(broker), connect(broker)]
        await alice.subscribe('1', topic, { since: 'unknown' })
        await bob.send(topic, 'one')
        await bob.send(topic, 'two')
        await quiet()
        expect(alice.bodies()).toEqual(['one', 'two'])
        expect(isGap(alice)).toEqual([true, false])
      },
    )

    triesWith(
      'history',
      'is replayed over wildcards in the order in which it was published',
      async ({ broker, quiet }) => {
        if (!broker.capabilities.wildcards) return
        const [alice, bob] = [connect(broker), connect(broker)]
        for (const body of counted(6)) await bob.send(`/topic/history/${Number(body) % 2 ? 'a' : 'b'}`, body)
        await alice.subscribe('1', '/topic/history/*', { replay: '5' })
        await bob.subscribe('1', '/topic/history/**', { since: alice.messages[1]?.id ?? '' })
        await quiet()
        expect(alice.bodies()).toEqual(counted(5, 1))
        expect(bob.bodies()).toEqual(counted(3, 3))
      },
    )

    triesWith('history', 'is not kept elsewhere: asking for it is refused', async ({ broker }) => {
      const alice = connect(broker)
      for (const destination of ['/topic/a', '/queue/a']) {
        for (const headers of [{ replay: '1' }, { since: 'm' }] as const) {
          expect(await codeOf(() => alice.subscribe('1', destination, headers))).toEqual('STOMP_ERR_UNSUPPORTED')
        }
      }
    })

    triesWith('history', 'forgets messages whose time is over', async (under) => {
      const { broker, quiet } = under
      const [alice, bob] = [connect(broker), connect(broker)]
      await bob.send(topic, 'short', { expiration: '1000' })
      await bob.send(topic, 'long')
      await under.pass(2_000)
      await alice.subscribe('1', topic, { replay: '5' })
      await quiet()
      expect(alice.bodies()).toEqual(['long'])
    })

    triesWith('history', 'is read as fast as it is acknowledged, before what is new', async ({ broker, quiet }) => {
      const [alice, bob] = [connect(broker), connect(broker)]
      for (const body of counted(4)) await bob.send(topic, body)
      await alice.subscribe('1', topic, { replay: '4', ack: 'client-individual', 'prefetch-count': '1' })
      await bob.send(topic, '4')
      for (const body of counted(5)) {
        await quiet()
        expect(alice.bodies()).toEqual(counted(Number(body) + 1))
        await alice.ack(body)
      }
    })

    triesWith('history', 'waits for a full subscriber, and what is new waits behind it', async ({ broker, quiet }) => {
      const [alice, bob] = [connect(broker), connect(broker)]
      for (const body of counted(3)) await bob.send(topic, body)
      alice.onDelivery = () => 'full'
      await alice.subscribe('1', topic, { replay: '3' })
      await bob.send(topic, '3')
      for (let i = 1; i < 5; i++) {
        await quiet()
        expect(alice.bodies()).toEqual(counted(i))
        alice.channel.ready()
      }
      await bob.send(topic, '4')
      await bob.send(topic, '5')
      await quiet()
      expect(alice.bodies()).toEqual(counted(6))
    })

    triesWith('history', 'that is left behind in a delivery harms nobody', async ({ broker, quiet }) => {
      const [alice, bob] = [connect(broker), connect(broker)]
      for (const body of counted(3)) await bob.send(topic, body)
      alice.onDelivery = () => {
        alice.channel.detach()
        return 'taken'
      }
      await alice.subscribe('1', topic, { replay: '3' })
      await bob.send(topic, 'new')
      await quiet()
      expect(alice.bodies()).toEqual(['0'])
    })
  })
}

function creditContract({ describe, expect, triesWith, limits }: ContractParts): void {
  describe('credit on a topic', () => {
    triesWith('queues', 'is given by acknowledgement, and nothing comes twice', async ({ broker, quiet }) => {
      const [alice, bob] = [connect(broker), connect(broker)]
      await alice.subscribe('1', '/topic/a', { ack: 'client', 'prefetch-count': '2' })
      await bob.subscribe('1', '/topic/a')
      for (const body of counted(4)) await bob.send('/topic/a', body)
      await quiet()
      expect(alice.bodies()).toEqual(['0', '1'])
      await alice.nack('0')
      await quiet()
      expect(alice.bodies()).toEqual(['0', '1', '2'])
      await alice.ack('2')
      await quiet()
      expect(alice.bodies()).toEqual(counted(4))
      expect(alice.deliveries.some(({ redelivered }) => redelivered)).toEqual(false)
      expect(bob.bodies()).toEqual(counted(4))
      expect(await codeOf(() => alice.ack('1'))).toEqual('STOMP_ERR_ACK_UNKNOWN')
    })

    triesWith('queues', 'that is not given ends the session, when too much waits', async ({ broker, quiet }) => {
      const max = limits.maxBacklogMessages
      if (max === undefined) return
      const [alice, bob] = [connect(broker), connect(broker)]
      await alice.subscribe('1', '/topic/a', { ack: 'client-individual', 'prefetch-count': '1' })
      for (const body of counted(max + 1)) await bob.send('/topic/a', body)
      await quiet()
      expect(alice.refusals).toEqual([])
      await bob.send('/topic/a', 'too many')
      await bob.send('/topic/a', 'more')
      await quiet()
      expect(alice.refusals).toEqual(['STOMP_ERR_SLOW_READER'])
      expect(alice.bodies()).toEqual(['0'])
      alice.channel.detach()
    })

    triesWith('transactions', 'is given by a transaction too', async ({ broker, quiet }) => {
      const [alice, bob] = [connect(broker), connect(broker)]
      await alice.subscribe('1', '/topic/a', { ack: 'client', 'prefetch-count': '1' })
      for (const body of counted(2)) await bob.send('/topic/a', body)
      await quiet()
      await alice.commit({ command: 'ACK', reference: { ack: alice.deliveries[0]?.ack ?? '' } })
      await quiet()
      expect(alice.bodies()).toEqual(counted(2))
    })
  })
}
