import { codeOf, connect, counted } from './contract-client.js'
import type { ContractParts } from './contract-parts.js'

/** `selector` on SUBSCRIBE. */
export function selectorContract({ describe, expect, triesWith }: ContractParts): void {
  describe('a selector, where the broker has them,', () => {
    triesWith('selectors', 'lets through what it matches of a topic', async ({ broker, quiet }) => {
      const [alice, bob] = [connect(broker), connect(broker)]
      await alice.subscribe('1', '/topic/a', { selector: "colour = 'red' AND weight > 2" })
      await bob.send('/topic/a', 'yes', { colour: 'red', weight: '3' })
      await bob.send('/topic/a', 'light', { colour: 'red', weight: '2' })
      await bob.send('/topic/a', 'blue', { colour: 'blue', weight: '3' })
      await bob.send('/topic/a', 'none')
      await quiet()
      expect(alice.bodies()).toEqual(['yes'])
    })

    triesWith('selectors', "knows the server's own headers of a message", async ({ broker, quiet }) => {
      const alice = connect(broker)
      await alice.subscribe('1', '/topic/*', { selector: "JMSDestination = '/topic/b'" })
      await alice.send('/topic/a', 'a')
      await alice.send('/topic/b', 'b')
      await quiet()
      await alice.subscribe('2', '/queue/a', { selector: 'JMSMessageID IS NOT NULL' })
      await alice.send('/queue/a', 'q')
      await quiet()
      expect(alice.bodies()).toEqual(['b', 'q'])
    })

    triesWith('selectors', 'that is not well-formed is refused, and the subscription is not made', async (under) => {
      const { broker, quiet } = under
      const alice = connect(broker)
      for (const destination of ['/topic/a', '/queue/a']) {
        const subscribe = () => alice.subscribe('1', destination, { selector: 'a =' })
        expect(await codeOf(subscribe)).toEqual('STOMP_ERR_SELECTOR_INVALID')
        await alice.send(destination, 'hi')
      }
      await quiet()
      expect(alice.bodies()).toEqual([])
    })

    triesWith(
      'selectors',
      'on a queue holds nobody up, and leaves what it does not match',
      async ({ broker, quiet }) => {
        const [alice, bob, carol] = [connect(broker), connect(broker), connect(broker)]
        await alice.subscribe('1', '/queue/a', { selector: "colour = 'red'" })
        await carol.send('/queue/a', 'blue 1', { colour: 'blue' })
        await carol.send('/queue/a', 'red 1', { colour: 'red' })
        await carol.send('/queue/a', 'blue 2', { colour: 'blue' })
        await carol.send('/queue/a', 'red 2', { colour: 'red' })
        await quiet()
        expect(alice.bodies()).toEqual(['red 1', 'red 2'])
        await bob.subscribe('1', '/queue/a')
        await quiet()
        expect(bob.bodies()).toEqual(['blue 1', 'blue 2'])
      },
    )

    triesWith(
      'selectors',
      'shares a queue with others: each message to one, and in order',
      async ({ broker, quiet }) => {
        const [alice, bob, carol] = [connect(broker), connect(broker), connect(broker)]
        for (const body of counted(20))
          await carol.send('/queue/a', body, { n: body, even: `${Number(body) % 2 === 0}` })
        await alice.subscribe('1', '/queue/a', { selector: 'even', ack: 'client', 'prefetch-count': '3' })
        await bob.subscribe('1', '/queue/a', { selector: 'n >= 6', ack: 'client', 'prefetch-count': '3' })
        for (let i = 0; i < 20; i++) {
          for (const client of [alice, bob]) {
            await quiet()
            const last = client.bodies().at(-1)
            if (last !== undefined) await codeOf(() => client.ack(last))
          }
        }
        await quiet()
        const numbers = [alice, bob].map(({ bodies }) => bodies().map(Number))
        for (const each of numbers) expect(each).toEqual([...each].sort((a, b) => a - b))
        expect(numbers.flat().sort((a, b) => a - b)).toEqual([0, 2, 4, ...counted(14, 6).map(Number)])
        await carol.subscribe('1', '/queue/a')
        await quiet()
        expect(carol.bodies()).toEqual(['1', '3', '5'])
      },
    )

    triesWith('selectors', 'finds what comes back', async ({ broker, quiet }) => {
      const [alice, bob, carol] = [connect(broker), connect(broker), connect(broker)]
      await alice.subscribe('1', '/queue/a', { ack: 'client-individual' })
      await carol.send('/queue/a', 'red', { colour: 'red' })
      await carol.send('/queue/a', 'blue', { colour: 'blue' })
      await quiet()
      await bob.subscribe('1', '/queue/a', { selector: "colour = 'blue'" })
      alice.channel.detach()
      await quiet()
      expect(bob.bodies()).toEqual(['blue'])
    })
  })
}
