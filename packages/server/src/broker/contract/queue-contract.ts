import { createHeaders } from '@hoofbeat/codec'
import { INNER } from '../broker.js'
import { codeOf, connect, counted } from './contract-client.js'
import type { ContractParts } from './contract-parts.js'

/** Queues: who is given what, and what they hold. */
export function queueContract({ describe, expect, triesWith, limits }: ContractParts): void {
  const individual = { ack: 'client-individual' }

  describe('a queue, where the broker has them,', () => {
    triesWith('queues', 'gives each message to one consumer, in order', async ({ broker, quiet }) => {
      const [alice, bob, carol] = [connect(broker), connect(broker), connect(broker)]
      await alice.subscribe('1', '/queue/a')
      await bob.subscribe('1', '/queue/a')
      for (const body of counted(100)) await carol.send('/queue/a', body)
      await quiet()
      expect([...alice.bodies(), ...bob.bodies()].sort((a, b) => Number(a) - Number(b))).toEqual(counted(100))
      for (const { bodies } of [alice, bob]) {
        expect(bodies()).toEqual(bodies().sort((a, b) => Number(a) - Number(b)))
      }
      expect(broker.isQueue('/queue/a')).toEqual(true)
      expect(broker.isQueue('/topic/a')).toEqual(false)
    })

    triesWith('queues', 'keeps messages while nobody listens, for whoever comes', async ({ broker, quiet }) => {
      const [alice, bob] = [connect(broker), connect(broker)]
      for (const body of counted(4)) await alice.send('/queue/a', body)
      alice.channel.detach()
      await quiet()
      await bob.subscribe('1', '/queue/a')
      await quiet()
      expect(bob.delivered).toEqual(counted(4).map((body) => ({ destination: '/queue/a', body, subscription: '1' })))
      const carol = connect(broker)
      await carol.subscribe('1', '/queue/a')
      await quiet()
      expect(carol.bodies()).toEqual([])
    })

    triesWith('queues', 'takes what the application publishes', async ({ broker, quiet }) => {
      const alice = connect(broker)
      const body = new TextEncoder().encode('hi')
      await broker.publish({ destination: '/queue/a', headers: createHeaders({ x: '1' }), body })
      await alice.subscribe('1', '/queue/a')
      await quiet()
      expect(alice.bodies()).toEqual(['hi'])
      expect(alice.messages[0]?.headers.get('x')).toEqual('1')
    })

    triesWith('queues', 'does not mix with another, nor with a topic', async ({ broker, quiet }) => {
      const [alice, bob] = [connect(broker), connect(broker)]
      await alice.subscribe('1', '/queue/a')
      await alice.subscribe('2', '/topic/a')
      await bob.send('/queue/b', 'b')
      await bob.send('/topic/a', 'topic')
      await bob.send('/queue/a', 'a')
      await quiet()
      expect(alice.delivered.map(({ body, subscription }) => `${subscription} ${body}`).sort()).toEqual([
        '1 a',
        '2 topic',
      ])
    })

    triesWith(
      'queues',
      'is served in turn: each message to the one who has waited longest',
      async ({ broker, quiet }) => {
        const clients = [connect(broker), connect(broker), connect(broker)]
        const [alice, bob, carol] = clients
        for (const client of clients) await client.subscribe('1', '/queue/a', { ...individual, 'prefetch-count': '2' })
        for (const body of counted(8)) await carol?.send('/queue/a', body)
        await quiet()
        expect(clients.map(({ bodies }) => bodies())).toEqual([
          ['0', '3'],
          ['1', '4'],
          ['2', '5'],
        ])
        await bob?.ack('1')
        await alice?.ack('0')
        await quiet()
        expect(bob?.bodies()).toEqual(['1', '4', '6'])
        expect(alice?.bodies()).toEqual(['0', '3', '7'])
      },
    )

    triesWith(
      'queues',
      'gives no more than prefetch-count until something is acknowledged',
      async ({ broker, quiet }) => {
        const [alice, bob] = [connect(broker), connect(broker)]
        await alice.subscribe('1', '/queue/a', { ...individual, 'prefetch-count': '3' })
        for (const body of counted(4)) await bob.send('/queue/a', body)
        await quiet()
        expect(alice.bodies()).toEqual(counted(3))
        await alice.ack('1')
        await quiet()
        expect(alice.bodies()).toEqual(counted(4))
      },
    )

    triesWith('queues', 'refuses wildcards', async ({ broker }) => {
      const alice = connect(broker)
      expect(await codeOf(() => alice.subscribe('1', '/queue/*'))).toEqual('STOMP_ERR_DESTINATION_INVALID')
    })

    triesWith(
      'queues',
      'is listed with what it holds, and vanishes when it is empty and idle',
      async ({ broker, quiet }) => {
        const { admin } = broker
        if (admin === undefined) return
        const of = () =>
          admin
            .destinations()
            .filter(({ destination }) => destination === '/queue/a')
            .map(({ kind, depth, consumers, inFlight }) => ({ kind, depth, consumers, inFlight }))
        const alice = connect(broker)
        expect(of()).toEqual([])
        await alice.send('/queue/a', 'one')
        await alice.send('/queue/a', 'two')
        await quiet()
        expect(of()).toEqual([{ kind: 'queue', depth: 2, consumers: 0, inFlight: 0 }])
        await alice.subscribe('1', '/queue/a', { ...individual, 'prefetch-count': '1' })
        await quiet()
        expect(of()).toEqual([{ kind: 'queue', depth: 1, consumers: 1, inFlight: 1 }])
        await alice.ack('one')
        await quiet()
        await alice.ack('two')
        await quiet()
        expect(of()).toEqual([{ kind: 'queue', depth: 0, consumers: 1, inFlight: 0 }])
        await alice.unsubscribe('1')
        await quiet()
        expect(of()).toEqual([])
        expect(admin.keptBytes).toEqual(0)
      },
    )

    triesWith('queues', 'that is full refuses, and has lost nothing', async ({ broker, quiet }) => {
      const max = limits.maxQueueMessages
      if (max === undefined) return
      const [alice, bob] = [connect(broker), connect(broker)]
      for (const body of counted(max)) await alice.send('/queue/a', body)
      expect(await codeOf(() => alice.send('/queue/a', 'too many'))).toEqual('STOMP_ERR_QUEUE_FULL')
      expect(await codeOf(() => alice.send('/queue/b', 'elsewhere'))).toEqual(undefined)
      await bob.subscribe('1', '/queue/a', individual)
      await quiet()
      expect(bob.bodies()).toEqual(counted(max))
      expect(await codeOf(() => alice.send('/queue/a', 'still too many'))).toEqual('STOMP_ERR_QUEUE_FULL')
      await bob.ack('0')
      expect(await codeOf(() => alice.send('/queue/a', 'fits'))).toEqual(undefined)
      await quiet()
      expect(bob.bodies()).toEqual([...counted(max), 'fits'])
    })
  })

  describe('a temporary queue', () => {
    const tempQueue = (sessionId: string, name = 'x'): string => `${INNER}temp/${sessionId}/${name}`

    triesWith(
      'queues',
      'takes replies for its session, shown under the name that this uses',
      async ({ broker, quiet }) => {
        const [alice, bob] = [connect(broker), connect(broker)]
        const destination = tempQueue(alice.sessionId)
        await bob.send(destination, 'early')
        const shown = { shownId: '1', shownDestination: '/temp-queue/x' }
        const headers = createHeaders(individual)
        await alice.channel.handle({ command: 'SUBSCRIBE', id: '1', ...shown, destination, headers })
        await bob.send(destination, 'late')
        await quiet()
        expect(alice.delivered).toEqual([
          { destination: '/temp-queue/x', body: 'early', subscription: '1' },
          { destination: '/temp-queue/x', body: 'late', subscription: '1' },
        ])
        await alice.ack('early')
        expect(await codeOf(() => alice.ack('early'))).toEqual('STOMP_ERR_ACK_UNKNOWN')
      },
    )

    triesWith('queues', 'ends with its session, with all that is in it', async ({ broker, quiet }) => {
      const [alice, bob] = [connect(broker), connect(broker)]
      const destination = tempQueue(alice.sessionId)
      await alice.subscribe('1', destination, { ...individual, 'prefetch-count': '1' })
      await bob.subscribe('1', destination, individual)
      for (const body of counted(4)) await bob.send(destination, body)
      await bob.send(tempQueue(alice.sessionId, 'y'), 'unread')
      await quiet()
      alice.channel.detach()
      expect(await codeOf(() => bob.send(destination, 'too late'))).toEqual('STOMP_ERR_DESTINATION_UNKNOWN')
      expect(await codeOf(() => alice.send(destination, 'too late'))).toEqual('STOMP_ERR_DESTINATION_UNKNOWN')
      bob.channel.detach()
      await quiet()
      expect(broker.admin?.destinations() ?? []).toEqual([])
      expect(broker.admin?.keptBytes ?? 0).toEqual(0)
    })
  })
}
