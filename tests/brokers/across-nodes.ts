import { createHeaders } from '@hoofbeat/codec'
import { describe, expect, it } from 'vitest'
import type { BrokerUnderTest } from '../../packages/server/src/broker/broker.contract.js'
import { NODES } from '../../packages/server/src/broker/broker.js'
import { connect, counted } from '../../packages/server/src/broker/contract/contract-client.js'
import type { ProfileMaker } from '../../packages/server/src/broker/relay/profile.js'
import type { RealBroker } from './real-broker.js'
import { nextScope, openRelayUnderTest } from './relay-under-test.js'

const TEST_MS = 30_000

/** What two nodes of an application see of each other through a broker. */
export function acrossNodes(real: () => RealBroker, profile: ProfileMaker): void {
  const tries = (title: string, body: (here: BrokerUnderTest, there: BrokerUnderTest) => Promise<void>): void => {
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
      TEST_MS,
    )
  }
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
      for (const name of names) {
        await alice.subscribe(`t ${name}`, `/topic/${name}`)
        await alice.subscribe(`q ${name}`, `/queue/${name}`)
      }
      for (const name of names) {
        await bob.send(`/topic/${name}`, 'topic')
        await bob.send(`/queue/${name}`, 'queue')
      }
      await quiet(here, there)
      const seen = alice.delivered.map(
        ({ subscription, destination, body }) => `${subscription} ${destination} ${body}`,
      )
      const expected = names.flatMap((name) => [`q ${name} /queue/${name} queue`, `t ${name} /topic/${name} topic`])
      expect(seen.sort()).toEqual(expected.sort())
    })

    tries('share a queue: each message has one consumer, and none is lost when a session ends', async (here, there) => {
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
    })

    tries('hear each other where no client does', async (here, there) => {
      const spies = [connect(here.broker), connect(there.broker)]
      for (const spy of spies) await spy.subscribe('1', '/topic/**')
      const heard: string[] = []
      const nodes = [here, there].map(({ broker }, i) =>
        broker.backbone?.listen('users', {
          take: (_headers, body) => heard.push(`${i} ${new TextDecoder().decode(body)}`),
          missed: () => heard.push(`${i} missed`),
        }),
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
