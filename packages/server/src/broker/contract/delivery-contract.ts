import { createHeaders } from '@hoofbeat/codec'
import { connect, textOf } from './contract-client.js'
import type { ContractParts } from './contract-parts.js'

/** Topics: who is given what, and in what order. */
export function deliveryContract({ describe, expect, tries, triesWith }: ContractParts): void {
  describe('delivery', () => {
    tries('gives a message to each subscriber of its destination, and to no other', async ({ broker, quiet }) => {
      const [alice, bob, carol] = [connect(broker), connect(broker), connect(broker)]
      await alice.subscribe('1', '/topic/a')
      await bob.subscribe('2', '/topic/a')
      await carol.subscribe('3', '/topic/b')
      await alice.send('/topic/a', 'hi')
      await quiet()
      expect(alice.delivered).toEqual([{ destination: '/topic/a', body: 'hi', subscription: '1' }])
      expect(bob.delivered).toEqual([{ destination: '/topic/a', body: 'hi', subscription: '2' }])
      expect(carol.delivered).toEqual([])
    })

    tries('takes a message that nobody is subscribed to', async ({ broker, quiet }) => {
      const alice = connect(broker)
      await alice.send('/topic/a', 'to nobody')
      await quiet()
      await alice.subscribe('1', '/topic/a')
      await quiet()
      expect(alice.bodies()).toEqual([])
    })

    tries('gives a message once for each subscription of one channel', async ({ broker, quiet }) => {
      const alice = connect(broker)
      await alice.subscribe('1', '/topic/a')
      await alice.subscribe('2', '/topic/a')
      await alice.send('/topic/a', 'hi')
      await quiet()
      expect(alice.delivered.map(({ subscription }) => subscription).sort()).toEqual(['1', '2'])
    })

    tries('names no subscription where the client gave no id', async ({ broker, quiet }) => {
      const alice = connect(broker)
      const headers = createHeaders()
      const id = 'unnamed'
      const unnamed = { shownId: undefined, shownDestination: undefined }
      await alice.channel.handle({ command: 'SUBSCRIBE', id, ...unnamed, destination: '/topic/a', headers })
      await alice.send('/topic/a', 'hi')
      await quiet()
      expect(alice.delivered).toEqual([{ destination: '/topic/a', body: 'hi', subscription: undefined }])
    })

    tries(
      'gives all subscribers the same message, with its headers in order and an id of its own',
      async ({ broker, quiet }) => {
        const [alice, bob] = [connect(broker), connect(broker)]
        await alice.subscribe('1', '/topic/a')
        await bob.subscribe('1', '/topic/a')
        const pairs: [string, string][] = [
          ['x', '1'],
          ['content-type', 'text/plain'],
          ['x', '2'],
        ]
        await alice.send('/topic/a', 'one', [...pairs, ['receipt', 'r']])
        await alice.send('/topic/a', 'two')
        await quiet()
        const [one, two] = alice.messages
        expect(one === undefined ? undefined : [...one.headers]).toEqual(pairs)
        expect(bob.messages.map(({ id }) => id)).toEqual([one?.id, two?.id])
        expect(one?.id === two?.id).toEqual(false)
      },
    )

    tries('keeps bodies as they are, byte by byte', async ({ broker, quiet }) => {
      const alice = connect(broker)
      await alice.subscribe('1', '/topic/a')
      const body = Uint8Array.from({ length: 256 }, (_, i) => i)
      await alice.channel.handle({ command: 'SEND', destination: '/topic/a', headers: createHeaders(), body })
      await quiet()
      expect(alice.messages.map((message) => [...message.body])).toEqual([[...body]])
    })

    tries('delivers what the application publishes as what a client sends', async ({ broker, quiet }) => {
      const alice = connect(broker)
      await alice.subscribe('1', '/topic/a')
      const headers = createHeaders({ x: '1' })
      await broker.publish({ destination: '/topic/a', headers, body: new TextEncoder().encode('hi') })
      await alice.send('/topic/a', 'hi', { x: '1' })
      await quiet()
      const [published, sent] = alice.messages.map((message) => ({
        headers: [...message.headers],
        text: textOf(message),
      }))
      expect(published).toEqual({ headers: [['x', '1']], text: 'hi' })
      expect(sent).toEqual(published)
      expect(alice.delivered).toEqual([
        { destination: '/topic/a', body: 'hi', subscription: '1' },
        { destination: '/topic/a', body: 'hi', subscription: '1' },
      ])
    })
  })

  describe('wildcards, where the broker has them,', () => {
    triesWith(
      'wildcards',
      'reach one segment with * and the rest, which may be empty, with **',
      async ({ broker, quiet }) => {
        const alice = connect(broker)
        const patterns = ['/topic/a/*', '/topic/a/**', '/topic/*/c', '/topic/b/*']
        for (const pattern of patterns) await alice.subscribe(pattern, pattern)
        const reached = async (destination: string): Promise<(string | undefined)[]> => {
          alice.delivered.length = 0
          await alice.send(destination, 'hi')
          await quiet()
          return alice.delivered.map(({ subscription }) => subscription).sort()
        }
        expect(await reached('/topic/a/b')).toEqual(['/topic/a/*', '/topic/a/**'])
        expect(await reached('/topic/a/c')).toEqual(['/topic/*/c', '/topic/a/*', '/topic/a/**'])
        expect(await reached('/topic/a')).toEqual(['/topic/a/**'])
        expect(await reached('/topic/a/b/c')).toEqual(['/topic/a/**'])
        expect(await reached('/topic/x/y')).toEqual([])
      },
    )

    triesWith('wildcards', 'show the destination that was published to', async ({ broker, quiet }) => {
      const alice = connect(broker)
      await alice.subscribe('1', '/topic/**')
      await alice.send('/topic/a/b', 'hi')
      await quiet()
      expect(alice.delivered).toEqual([{ destination: '/topic/a/b', body: 'hi', subscription: '1' }])
    })
  })

  describe('order', () => {
    tries('of one publisher to one destination is kept at each subscriber', async ({ broker, quiet }) => {
      const [alice, bob, carol] = [connect(broker), connect(broker), connect(broker)]
      await alice.subscribe('1', '/topic/a')
      await bob.subscribe('1', '/topic/a')
      const settled: Promise<void>[] = []
      for (let i = 0; i < 100; i++) settled.push(carol.send('/topic/a', `${i}`))
      await Promise.all(settled)
      await quiet()
      const expected = Array.from({ length: 100 }, (_, i) => `${i}`)
      expect(alice.bodies()).toEqual(expected)
      expect(bob.bodies()).toEqual(expected)
    })

    tries(
      'of the requests of one channel is the order of the calls, without waiting for them',
      async ({ broker, quiet }) => {
        const alice = connect(broker)
        const settled = [
          alice.send('/topic/a', 'before'),
          alice.subscribe('1', '/topic/a'),
          alice.send('/topic/a', 'during'),
          alice.unsubscribe('1'),
          alice.send('/topic/a', 'after'),
        ]
        await Promise.all(settled)
        await quiet()
        expect(alice.bodies()).toEqual(['during'])
      },
    )
  })
}
