import { answerOf, codeOf, connect, counted, sendOf } from './contract-client.js'
import type { ContractParts } from './contract-parts.js'

/** `commit`: all or nothing. */
export function transactionContract({ describe, expect, triesWith, contract, limits }: ContractParts): void {
  const individual = { ack: 'client-individual' }

  describe('a transaction, where the broker has them,', () => {
    triesWith('transactions', 'sends to all its destinations, in order', async ({ broker, quiet }) => {
      const [alice, bob] = [connect(broker), connect(broker)]
      await bob.subscribe('1', '/topic/a')
      await alice.commit(
        ...counted(3).map((body) => sendOf('/topic/a', body)),
        sendOf('/queue/a', 'a'),
        sendOf('/queue/b', 'b'),
      )
      await quiet()
      await bob.subscribe('2', '/queue/a')
      await quiet()
      await bob.subscribe('3', '/queue/b')
      await quiet()
      expect(bob.bodies()).toEqual(['0', '1', '2', 'a', 'b'])
    })

    triesWith('transactions', 'may be empty', async ({ broker }) => {
      expect(await codeOf(() => connect(broker).commit())).toEqual(undefined)
    })

    triesWith('transactions', 'acknowledges, returns and sends together', async ({ broker, quiet }) => {
      const [alice, bob] = [connect(broker), connect(broker)]
      await alice.subscribe('1', '/queue/a', { ...individual, 'prefetch-count': '3' })
      for (const body of counted(4)) await bob.send('/queue/a', body)
      await quiet()
      await alice.commit(answerOf(alice, '0'), answerOf(alice, '1', 'NACK'), sendOf('/queue/b', 'done'))
      await quiet()
      expect(alice.bodies()).toEqual(['0', '1', '2', '1', '3'])
      await bob.subscribe('1', '/queue/b')
      await quiet()
      expect(bob.bodies()).toEqual(['done'])
      alice.channel.detach()
      await bob.subscribe('2', '/queue/a')
      await quiet()
      expect(bob.bodies()).toEqual(['done', '1', '2', '3'])
    })

    const bad: [string, (unknown: string) => readonly ReturnType<typeof sendOf>[]][] = [
      ['an unknown destination', (unknown) => [sendOf(unknown, 'bad')]],
      ['an unknown ACK', () => [{ command: 'ACK', reference: { ack: 'none' } }]],
      ['an expiry that cannot be read', () => [sendOf('/queue/a', 'bad', { expires: 'soon' })]],
    ]
    for (const [what, requests] of bad) {
      triesWith('transactions', `with ${what} has not happened at all`, async ({ broker, quiet }) => {
        const [alice, bob] = [connect(broker), connect(broker)]
        await alice.subscribe('1', '/queue/a', individual)
        await alice.subscribe('2', '/topic/a')
        await bob.send('/queue/a', 'held')
        await bob.send('/queue/a', 'too')
        await quiet()
        const good = [
          ...[answerOf(alice, 'held'), answerOf(alice, 'too', 'NACK')],
          ...[sendOf('/queue/b', 'b'), sendOf('/topic/a', 't')],
        ]
        const code = await codeOf(() => alice.commit(...good, ...requests(contract.unknownDestination)))
        expect(typeof code).toEqual('string')
        await quiet()
        expect(alice.bodies()).toEqual(['held', 'too'])
        await bob.subscribe('1', '/queue/b')
        await quiet()
        expect(bob.bodies()).toEqual([])
        // What it named is still there to be named.
        expect(await codeOf(() => alice.commit(...good))).toEqual(undefined)
        await quiet()
        // Between a queue and a topic there is no order.
        expect([...alice.bodies().slice(0, 2), ...alice.bodies().slice(2).sort()]).toEqual(['held', 'too', 't', 'too'])
        expect(bob.bodies()).toEqual(['b'])
      })
    }

    triesWith('transactions', 'answers each message once', async ({ broker, quiet }) => {
      const [alice, bob] = [connect(broker), connect(broker)]
      await alice.subscribe('1', '/queue/a', { ack: 'client' })
      for (const body of counted(4)) await bob.send('/queue/a', body)
      await quiet()
      const twice = () => alice.commit(answerOf(alice, '2'), answerOf(alice, '1'))
      expect(await codeOf(twice)).toEqual('STOMP_ERR_ACK_UNKNOWN')
      expect(await codeOf(() => alice.commit(answerOf(alice, '1'), answerOf(alice, '2', 'NACK')))).toEqual(undefined)
      await quiet()
      expect(alice.bodies()).toEqual(['0', '1', '2', '3', '2'])
    })

    triesWith(
      'transactions',
      'with more than a queue takes sends nothing, and holds no room',
      async ({ broker, quiet }) => {
        const max = limits.maxQueueMessages
        if (max === undefined) return
        const [alice, bob] = [connect(broker), connect(broker)]
        const tooMany = [sendOf('/queue/b', 'b'), ...counted(max + 1).map((body) => sendOf('/queue/a', body))]
        for (let i = 0; i < 3; i++) {
          expect(await codeOf(() => alice.commit(...tooMany))).toEqual('STOMP_ERR_QUEUE_FULL')
        }
        expect(broker.admin?.destinations() ?? []).toEqual([])
        expect(await codeOf(() => alice.commit(...tooMany.slice(0, -1)))).toEqual(undefined)
        await bob.subscribe('1', '/queue/a')
        await quiet()
        expect(bob.bodies()).toEqual(counted(max))
      },
    )
  })
}
