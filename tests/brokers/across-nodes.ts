import { createHeaders } from '@hoofbeat/codec'
import { describe, expect, it, vi } from 'vitest'
import type { BrokerUnderTest } from '../../packages/server/src/broker/broker.contract.js'
import { type BrokerCapabilities, NODES } from '../../packages/server/src/broker/broker.js'
import { codeOf, connect, counted } from '../../packages/server/src/broker/contract/contract-client.js'
import type { ProfileMaker } from '../../packages/server/src/broker/relay/profile.js'
import { createDestinationSyntax } from '../../packages/server/src/destination/destination.js'
import type { RealBroker } from './real-broker.js'
import { nextScope, openRelayUnderTest } from './relay-under-test.js'

const TEST_MS = 30_000
const RESTART_MS = 150_000
const PATIENCE_MS = 20_000

/** What two nodes of an application see of each other through a broker. */
export function acrossNodes(real: () => RealBroker, profile: ProfileMaker): void {
  const tries = (
    title: string,
    body: (here: BrokerUnderTest, there: BrokerUnderTest) => Promise<void>,
    timeoutMs: number = TEST_MS,
  ): void => {
    it(
      title,
      async () => {
        const scope = nextScope()
        const [here, there] = [
          await openRelayUnderTest(real(), profile, scope),
          await openRelayUnderTest(real(), profile, scope),
        ]
        try {
          await body(here, there)
        } finally {
          await here.close()
          await there.close()
        }
      },
      timeoutMs,
    )
  }
  const { capabilities } = profile(createDestinationSyntax())
  /** For what a broker may lack: then nothing is told. */
  const triesWith = (capability: keyof BrokerCapabilities): typeof tries =>
    capabilities[capability] ? tries : () => undefined
  const triesQueues = triesWith('queues')
  const triesDurables = triesWith('durableSubscriptions')
  const quiet = async (...nodes: readonly BrokerUnderTest[]): Promise<void> => {
    for (const node of nodes) await node.quiet()
  }

  describe('two nodes', () => {
    tries('give each message of a topic to the clients of both, with the same id and headers', async (here, there) => {
      const [alice, bob, carol] = [connect(here.broker), connect(there.broker), connect(there.broker)]
      await alice.subscribe('1', '/topic/a/b')
      await bob.subscribe('1', '/topic/*/b')
      const pairs: [string, string][] = [
        ['x', '1'],
        ['content-type', 'text/plain'],
        ['user-id', 'somebody'],
        ['priority', 'high'],
        ['timestamp', 'now'],
        ['reply-to', '/temp-queue/x'],
        ['expires', '4102444800000'],
        ['JMSXGroupID', 'g'],
        ['AMQ_SCHEDULED_DELAY', '100000'],
        ['transformation', 'jms-xml'],
        ['a b', ' with spaces '],
        ['größe', 'über 100 % = & ü 🐎'],
        ['long', 'y'.repeat(7_000)],
        ['empty', ''],
        ['lines', 'one\ntwo:three\\'],
        ['x', '2'],
      ]
      await carol.send('/topic/a/b', 'hi', pairs)
      await quiet(here, there)
      for (const client of [alice, bob]) {
        expect(client.delivered.map(({ destination, body }) => [destination, body])).toEqual([['/topic/a/b', 'hi']])
        expect([...(client.messages[0]?.headers ?? [])]).toEqual(pairs)
      }
      expect(alice.messages[0]?.id).toEqual(bob.messages[0]?.id)
    })

    tries('tell names apart that mean something to the broker', async (here, there) => {
      const names = [
        'a.b',
        'a/b',
        'a,b',
        'a?b=c',
        'a:b',
        'a::b',
        'a>',
        '#',
        '>',
        'a~b',
        'a~2Eb',
        'a%2Eb',
        ' a',
        '$a',
        'ä/🐎',
      ]
      const [alice, bob] = [connect(here.broker), connect(there.broker)]
      const kinds = capabilities.queues ? ['topic', 'queue'] : ['topic']
      for (const name of names) {
        for (const kind of kinds) await alice.subscribe(`${kind} ${name}`, `/${kind}/${name}`)
      }
      for (const name of names) {
        for (const kind of kinds) await bob.send(`/${kind}/${name}`, kind)
      }
      await quiet(here, there)
      const seen = alice.delivered.map(
        ({ subscription, destination, body }) => `${subscription} ${destination} ${body}`,
      )
      const expected = names.flatMap((name) => kinds.map((kind) => `${kind} ${name} /${kind}/${name} ${kind}`))
      expect(seen.sort()).toEqual(expected.sort())
    })

    triesQueues(
      'share a queue: each message has one consumer, and none is lost when a session ends',
      async (here, there) => {
        const [alice, bob, carol] = [connect(here.broker), connect(there.broker), connect(here.broker)]
        const individual = { ack: 'client-individual', 'prefetch-count': '20' }
        await alice.subscribe('1', '/queue/a', individual)
        await bob.subscribe('1', '/queue/a', individual)
        for (const body of counted(12)) await carol.send('/queue/a', body)
        await quiet(here, there)
        expect([...alice.bodies(), ...bob.bodies()].sort()).toEqual(counted(12).sort())
        const held = alice.bodies()
        const [first = ''] = held
        await alice.ack(first)
        alice.channel.detach()
        await quiet(here, there)
        // What alice has not acknowledged is bob's now, or anybody's who comes.
        await carol.subscribe('1', '/queue/a', individual)
        await quiet(here, there)
        const others = [...bob.bodies(), ...carol.bodies()]
        expect(new Set([first, ...others])).toEqual(new Set(counted(12)))
        expect(others.includes(first)).toEqual(false)
      },
    )

    const durable = { durable: 'true' }
    const alices = { userName: 'alice / ~%2F', clientId: 'phone' }

    triesDurables('keep a durable subscription for its client, at whichever it comes back', async (here, there) => {
      const bob = connect(here.broker)
      let alice = connect(here.broker, alices)
      await alice.subscribe('1', '/topic/*', { ...durable, ack: 'client-individual' })
      for (const body of ['answered', 'given']) await bob.send('/topic/a', body)
      await quiet(here)
      expect(alice.bodies()).toEqual(['answered', 'given'])
      await alice.ack('answered')
      alice.channel.detach()
      await quiet(here)
      await bob.send('/topic/a', 'kept')
      await bob.send('/topic/a/b', 'not matched')
      await quiet(here)
      alice = connect(there.broker, alices)
      await alice.subscribe('1', '/topic/*', { ...durable, ack: 'client-individual' })
      await bob.send('/topic/a', 'live')
      // Some brokers take their time with what was kept.
      await vi.waitFor(() => expect(alice.bodies()).toEqual(['given', 'kept', 'live']), PATIENCE_MS)
    })

    triesDurables('give a durable subscription to one of them at a time', async (here, there) => {
      const [alice, other, bob] = [connect(here.broker, alices), connect(there.broker, alices), connect(here.broker)]
      await alice.subscribe('1', '/topic/a', durable)
      const exists = 'STOMP_ERR_SUBSCRIPTION_EXISTS'
      expect(await codeOf(() => other.subscribe('1', '/topic/a', durable))).toBe(exists)
      expect(await codeOf(() => other.unsubscribe('1', durable))).toBe(exists)
      for (const body of counted(4)) await bob.send('/topic/a', body)
      await quiet(here, there)
      expect([alice.bodies(), other.bodies(), alice.refusals]).toEqual([counted(4), [], []])
      const asked = other.subscribe('1', '/topic/a', durable)
      // It is asked again until the first one lets go.
      alice.channel.detach()
      await asked
      await bob.send('/topic/a', 'moved')
      await vi.waitFor(() => expect(other.bodies()).toEqual(['moved']), PATIENCE_MS)
      expect(alice.bodies()).toEqual(counted(4))
    })

    triesDurables('end a durable subscription of a client that is away, and one that is not', async (here, there) => {
      const bob = connect(here.broker)
      let alice = connect(here.broker, alices)
      await alice.subscribe('1', '/topic/a', durable)
      alice.channel.detach()
      await quiet(here)
      await bob.send('/topic/a', 'kept')
      await quiet(here)
      alice = connect(there.broker, alices)
      await alice.unsubscribe('1', durable)
      await alice.subscribe('1', '/topic/a', durable)
      await bob.send('/topic/a', 'of a new one')
      await quiet(here, there)
      expect(alice.bodies()).toEqual(['of a new one'])
      await alice.unsubscribe('1', durable)
      await bob.send('/topic/a', 'nobody collects')
      await quiet(here, there)
      alice = connect(here.broker, alices)
      await alice.subscribe('1', '/topic/b', durable)
      await bob.send('/topic/b', 'elsewhere')
      await quiet(here, there)
      expect(alice.bodies()).toEqual(['elsewhere'])
    })

    triesDurables(
      'find a durable subscription again after a restart of the broker, with what is persistent, live or not',
      async (here, there) => {
        const bob = connect(here.broker)
        const [alice, carol] = [connect(here.broker, alices), connect(there.broker, { ...alices, userName: 'carol' })]
        await alice.subscribe('1', '/topic/a', durable)
        alice.channel.detach()
        await carol.subscribe('1', '/topic/a', { ...durable, ack: 'client-individual' })
        await bob.send('/topic/a', 'hi', { persistent: 'true', receipt: 'r' })
        await quiet(here, there)
        expect(carol.bodies()).toEqual(['hi'])
        await real().restart()
        const back = connect(there.broker, alices)
        await back.subscribe('1', '/topic/a', durable)
        await vi.waitFor(() => expect([back.bodies(), carol.bodies()]).toEqual([['hi'], ['hi', 'hi']]), PATIENCE_MS)
        expect(carol.deliveries.map(({ redelivered }) => redelivered === true)).toEqual([false, true])
      },
      RESTART_MS,
    )

    tries('hear each other where no client does', async (here, there) => {
      const spies = [connect(here.broker), connect(there.broker)]
      for (const spy of spies) await spy.subscribe('1', '/topic/**')
      const heard: string[] = []
      const nodes = [here, there].map(({ broker }, i) =>
        broker.backbone?.listen(
          'users',
          {
            take: (_headers, body) => heard.push(`${i} ${new TextDecoder().decode(body)}`),
            missed: () => heard.push(`${i} missed`),
          },
          true,
        ),
      )
      for (const node of nodes) await node?.settled
      const body = new TextEncoder().encode('secret')
      await here.broker.publish({ destination: `${NODES}users`, headers: createHeaders(), body })
      await there.broker.publish({ destination: `${NODES}others`, headers: createHeaders(), body })
      await quiet(here, there)
      expect(heard.sort()).toEqual(['0 secret', '1 secret'])
      expect(spies.map(({ bodies }) => bodies())).toEqual([[], []])
    })
  })
}
