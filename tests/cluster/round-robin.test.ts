import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { requireComponent } from '../components.js'
import { until } from '../networks/until.js'
import type { Carrier, ClusterClient } from './client.js'
import { type Cluster, startCluster } from './cluster.js'
import { Consumed, Reading, textOf, upTo } from './ledger.js'
import { Lane, paced } from './pace.js'
import { type OpenRabbitMq, startOpenRabbitMq } from './rabbitmq-names.js'

const nginx = requireComponent('nginx')
const haproxy = requireComponent('haproxy')
const rabbitmq = requireComponent('RabbitMQ')
const isPossible = nginx.available && haproxy.available && rabbitmq.available
const title = (text: string): string => nginx.title(haproxy.title(rabbitmq.title(text)))

/** How many messages are published in each set-up, and over how long. A full run: 10000 over 120 s. */
const COUNT = Number(process.env.HOOFBEAT_CLUSTER_MESSAGES ?? 1_000)
const SECONDS = Number(process.env.HOOFBEAT_CLUSTER_SECONDS ?? 12)
/** What is still on its way at the end has so long. */
const CATCH_UP_MS = 30_000
const CARRIERS: readonly Carrier[] = ['websocket', 'stream', 'poll', 'xhr-streaming', 'xhr-polling']

describe.skipIf(!isPossible)(
  title('nodes behind a balancer without stickiness'),
  { timeout: 1_000 * SECONDS + 180_000 },
  () => {
    let broker: OpenRabbitMq

    beforeAll(async () => {
      broker = await startOpenRabbitMq(rabbitmq)
    }, 150_000)
    afterAll(() => broker?.stop(), 60_000)

    describe.each([
      { before: 'nginx', size: 2, hasUrl: true, how: 'two behind nginx that reach each other by HTTP' },
      { before: 'nginx', size: 3, hasUrl: true, how: 'three behind nginx that reach each other by HTTP' },
      { before: 'nginx', size: 2, hasUrl: false, how: 'two behind nginx that reach each other by the broker only' },
      { before: 'haproxy', size: 3, hasUrl: true, how: 'three behind haproxy that reach each other by HTTP' },
    ])('$how', ({ before, size, hasUrl }) => {
      let cluster: Cluster
      let strangers: readonly string[]
      let clients: readonly { readonly carrier: Carrier; readonly client: ClusterClient }[]

      beforeAll(async () => {
        strangers = await broker.names()
        cluster = await startCluster({
          ...(before === 'nginx' ? { nginx: nginx.path } : { haproxy: haproxy.path }),
          broker: broker.port,
          size,
          node: { hasUrl, heartBeatMs: 10_000 },
        })
        clients = await Promise.all(
          CARRIERS.map(async (carrier) => ({ carrier, client: await cluster.client(carrier, { login: carrier }) })),
        )
      }, 60_000)
      afterAll(() => cluster?.close(), 60_000)

      it(`lose, repeat and reorder none of ${COUNT} messages, whatever carries the clients`, async () => {
        const topics = clients.map(({ carrier }) => new Reading(`topic at ${carrier}`))
        const users = clients.map(({ carrier }) => new Reading(`user ${carrier}`))
        const queue = new Consumed()
        await Promise.all(
          clients.flatMap(({ client }, index) => [
            client.subscribe('/topic/numbers/*', ({ body }) => topics[index]?.take(body)),
            client.subscribe('/user/queue/notices', ({ body }) => users[index]?.take(body)),
            client.subscribe(
              '/queue/work',
              (got) => {
                queue.take(got.body, got)
                got.ack()
              },
              { ack: 'client-individual' },
            ),
          ]),
        )

        const sent = new Map<string, number>()
        const next = (publisher: string): string => {
          const number = (sent.get(publisher) ?? 0) + 1
          sent.set(publisher, number)
          return textOf(publisher, number)
        }
        // In turn: to the topic by every client, to the queue, to each user by a client and by each node, to the topic by each node.
        const pushes = cluster.nodes.map(() => new Lane())
        const push = (turn: number, to: object, text: string): void => {
          const node = cluster.nodes[turn % size]
          pushes[turn % size]?.add(async () => node?.post('/push', { ...to, text }))
        }
        await paced(COUNT, 1_000 * SECONDS, (number) => {
          const turn = Math.floor(number / 8)
          const { carrier, client } = clients[turn % clients.length] ?? {}
          if (client === undefined) return
          const whom = CARRIERS[Math.floor(turn / CARRIERS.length) % CARRIERS.length]
          switch (number % 8) {
            case 0:
              return push(turn, { destination: '/topic/numbers/pushed' }, next(`topic by node ${turn % size}`))
            case 1:
              return push(turn, { user: whom, destination: '/queue/notices' }, next(`${whom} by node ${turn % size}`))
            case 2:
              return client.send(`/user/${whom}/queue/notices`, next(`${whom} by ${carrier}`))
            case 3:
            case 4:
              return client.send('/queue/work', next(`queue by ${carrier}`))
            default:
              return client.send('/topic/numbers/sent', next(`topic by ${carrier}`))
          }
        })
        await Promise.all(pushes.map((lane) => lane.done()))

        const expected = (kind: string): readonly (readonly [string, number])[] =>
          [...sent].filter(([publisher]) => publisher.startsWith(`${kind} by`))
        const lost = (): readonly string[] => [
          ...topics.flatMap((topic) => expected('topic').flatMap(([by, count]) => topic.missing(by, upTo(count)))),
          ...users.flatMap((user, index) =>
            expected(CARRIERS[index] ?? '').flatMap(([by, count]) => user.missing(by, upTo(count))),
          ),
          ...expected('queue').flatMap(([by, count]) => queue.missing(by, upTo(count))),
        ]
        await until(() => lost().length === 0, CATCH_UP_MS)
        expect(lost().slice(0, 20)).toEqual([])
        expect([...topics, ...users, queue].flatMap(({ faults }) => faults)).toEqual([])
        expect(queue.repeated).toBe(0)
        expect(clients.flatMap(({ client }) => [...client.losses, ...client.errors])).toEqual([])
        // Each user had something from every node and by every carrier, else nothing is shown.
        expect([...sent.keys()].length).toBe(2 * CARRIERS.length + size + CARRIERS.length * (CARRIERS.length + size))
      })

      it('answer for the whole cluster who is connected, and end the sessions of a user, from any of them', async () => {
        for (const [index, { post }] of cluster.nodes.entries()) {
          const login = `leaver-${index}`
          const leavers = await Promise.all([
            ...cluster.nodes.map(({ url }) => cluster.client('websocket', { login, url })),
            cluster.client('poll', { login }),
            cluster.client('xhr-polling', { login }),
          ])
          const isKnown = async (): Promise<boolean> => {
            const counts = await Promise.all(cluster.nodes.map(({ get }) => get(`/sessions/${login}`)))
            return counts.every((answer) => JSON.stringify(answer) === JSON.stringify({ sessions: leavers.length }))
          }
          expect(await until(isKnown, 15_000)).toBe(true)
          expect(await post('/disconnect', { user: login })).toEqual({ ended: leavers.length })
          expect(await until(() => leavers.every(({ losses }) => losses.length === 1), 10_000)).toBe(true)
          expect(leavers.map(({ errors }) => errors[0])).toEqual(
            leavers.map(() => expect.stringContaining('STOMP_ERR_DISCONNECTED')),
          )
        }
        expect(clients.flatMap(({ client }) => client.losses)).toEqual([])
      })

      it('show no user the messages of another one, whatever they subscribe to', async () => {
        const heard: string[] = []
        const spies: ClusterClient[] = []
        const spy = async (url: string, destination: string): Promise<boolean> => {
          const client = await cluster.client('websocket', { url, login: 'spy' })
          spies.push(client)
          // A refusal is as good as silence.
          return client
            .subscribe(destination, ({ body }) => void heard.push(`${destination}: ${body}`))
            .then(
              () => true,
              () => false,
            )
        }
        // What a spy could know at best: every name that the broker has because of this cluster. Those of the queues
        // behind subscriptions hold 128 bits of chance, and are refused even to who knows them.
        const known = new Set(strangers)
        const names = (await broker.names()).filter((name) => !known.has(name))
        const queues = names.filter((name) => /^(stomp-subscription|hoofbeat)-/.test(name))
        expect(queues.length).toBeGreaterThan(0)
        expect(names.length).toBeGreaterThan(queues.length)
        const guesses = new Set([
          ...['/topic/**', '/topic/#', '/topic/*', '/topic/*/*', '/topic/*/*/*', '/**', '/exchange/**'],
          ...['/exchange/amq.topic/#', '/exchange/amq.topic/*', '/exchange/amq.topic/*.*', '/exchange/amq.direct/bob'],
          ...[
            '/user/bob/queue/secret',
            '/user/**',
            '/user/*/queue/secret',
            '/queue/**',
            '/topic/user/bob/queue/secret',
          ],
          ...names.flatMap((name) => [
            `/topic/${name}`,
            `/topic/${name.replaceAll('.', '/')}`,
            `/exchange/amq.topic/${name}`,
            `/queue/${name}`,
            `/amq/queue/${name}`,
            `/reply-queue/${name}`,
          ]),
        ])
        const [first, ...others] = cluster.nodes
        if (first === undefined) throw new Error('there are no nodes')
        const took = await Promise.all(
          cluster.nodes.map(async ({ url }) => {
            const taken: string[] = []
            for (const destination of guesses) if (await spy(url, destination)) taken.push(destination)
            return taken
          }),
        )
        expect(took.map((taken) => taken.length > 0)).toEqual(cluster.nodes.map(() => true))
        const behind = new Set(queues.map((name) => `/queue/${name}`))
        expect(took.flat().filter((destination) => behind.has(destination))).toEqual([])

        const [bob, ann] = await Promise.all([
          cluster.client('websocket', { login: 'bob', url: first.url }),
          cluster.client('websocket', { login: 'ann', url: others[0]?.url ?? first.url }),
        ])
        const got: string[] = []
        await bob.subscribe('/user/queue/secret', ({ body }) => void got.push(body))
        for (const { post } of cluster.nodes)
          await post('/push', { user: 'bob', destination: '/queue/secret', text: 'secret' })
        await ann.sendReceipted('/user/bob/queue/secret', 'secret')
        // Behind all of that: who hears everything hears this.
        for (const end of ['end', 'very end']) {
          await ann.sendReceipted('/topic/end', end)
          expect(await until(() => heard.some((text) => text.endsWith(`: ${end}`)), 20_000)).toBe(true)
        }
        await until(() => got.length === size + 1, 20_000)
        expect(got).toEqual(Array.from({ length: size + 1 }, () => 'secret'))
        expect(heard.filter((text) => !text.endsWith(' end'))).toEqual([])
        await Promise.all(spies.map((client) => client.close()))
      })
    })
  },
)
