import { answerOf, codeOf, connect, counted, sendOf } from './contract-client.js'
import type { ContractParts } from './contract-parts.js'

/** ACK: what it reaches. */
export function ackContract({ describe, expect, triesWith }: ContractParts): void {
  const individual = { ack: 'client-individual' }
  const cumulative = { ack: 'client' }
  const unknown = 'STOMP_ERR_ACK_UNKNOWN'

  describe('acknowledgement', () => {
    triesWith('queues', 'is not needed with auto, and harmless there', async ({ broker, quiet }) => {
      const alice = connect(broker)
      await alice.subscribe('1', '/queue/a', { ack: 'auto' })
      await alice.send('/queue/a', 'hi')
      await quiet()
      expect(alice.deliveries.map(({ subscription, ack }) => [subscription, ack])).toEqual([['1', undefined]])
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
}
