import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startRabbitmq } from '../brokers/rabbitmq-broker.js'
import type { RealBroker } from '../brokers/real-broker.js'
import { requireComponent } from '../components.js'
import { until } from '../networks/until.js'
import type { Carrier, ClusterClient } from './client.js'
import { type Cluster, startCluster } from './cluster.js'
import { Consumed } from './ledger.js'
import type { ClusterNodeProcess, SessionClose } from './nodes.js'
import { type ResendingPublisher, startResending } from './resending.js'
import { Sittings } from './sittings.js'

const nginx = requireComponent('nginx')
const rabbitmq = requireComponent('RabbitMQ')
const isPossible = nginx.available && rabbitmq.available
const title = (text: string): string => nginx.title(rabbitmq.title(text))

const SIZE = 3
/** Over how long a node closes its sessions. */
const DRAIN_MS = 3_000
/**
 * What a client is told when its node ends. A link that is not there in the last moment is told at its next request that its
 * node has gone; SockJS has another word for a restart, and sees no more than a failure where a request meets the very moment
 * in which the port closes.
 */
const TOLD = {
  websocket: ['1012'],
  stream: ['1012', '4404'],
  poll: ['1012', '4404'],
  'xhr-streaming': ['1001', '1006'],
} as const satisfies Partial<Record<Carrier, readonly string[]>>
type RollingCarrier = keyof typeof TOLD
const CARRIERS: readonly RollingCarrier[] = ['websocket', 'stream', 'poll', 'xhr-streaming']
/** How many clients each carrier has. */
const CLIENTS = 3
/** Between two messages of one publisher. */
const EVERY_MS = 100
/** How long a client waits until it comes again. */
const RECONNECT_MS = 200
/** How long it may take until all is as before. */
const RECOVERY_MS = 60_000

const TOPIC = '/topic/rolling'
const QUEUE = '/queue/rolling'

/** One client, and what it is given. */
interface Member {
  readonly carrier: RollingCarrier
  readonly login: string
  readonly client: ClusterClient
  readonly topic: Sittings
  readonly user: Sittings
}

/** Some clients of each carrier, all of which read the topic, their own messages and the queue; one of each publishes to all of these. */
interface Load {
  readonly members: readonly Member[]
  readonly publishers: readonly ResendingPublisher[]
  readonly queue: Consumed
}

/** What a client was told at a loss. */
interface Loss {
  readonly member: Member
  readonly code: string
  readonly loss: string
}

const toldTo = ({ carrier }: Member): readonly string[] => TOLD[carrier]

/** Not SockJS. */
const isSteady = ({ member }: Pick<Loss, 'member'>): boolean => member.carrier !== 'xhr-streaming'

async function openLoad(cluster: Cluster): Promise<Load> {
  const publishers: ResendingPublisher[] = []
  const queue = new Consumed()
  const logins = CARRIERS.flatMap((carrier) =>
    Array.from({ length: CLIENTS }, (_, index) => ({ carrier, login: `${carrier}-${index}` })),
  )
  const members = await Promise.all(
    logins.map(async ({ carrier, login }): Promise<Member> => {
      const client = await cluster.client(carrier, { login, reconnectMs: RECONNECT_MS })
      const to = (destination: string): ResendingPublisher[] =>
        publishers.filter((one) => one.destination === destination)
      const topic = new Sittings(`topic at ${login}`, () => to(TOPIC))
      const user = new Sittings(`user ${login}`, () => to(`/user/${login}/queue/notices`))
      await client.subscribe(
        TOPIC,
        ({ body }) => topic.take(client.connects, body),
        {},
        () => topic.active(client.connects),
      )
      await client.subscribe(
        '/user/queue/notices',
        ({ body }) => user.take(client.connects, body),
        {},
        () => user.active(client.connects),
      )
      await client.subscribe(
        QUEUE,
        (got) => {
          queue.take(got.body, got)
          got.ack()
        },
        { ack: 'client-individual', 'prefetch-count': '10' },
      )
      return { carrier, login, client, topic, user }
    }),
  )
  const firsts = members.filter(({ login }) => login.endsWith('-0'))
  for (const [index, { carrier, client }] of firsts.entries()) {
    const next = firsts[(index + 1) % firsts.length]
    publishers.push(startResending(`topic by ${carrier}`, client, TOPIC, EVERY_MS))
    publishers.push(startResending(`queue by ${carrier}`, client, QUEUE, EVERY_MS))
    publishers.push(startResending(`user by ${carrier}`, client, `/user/${next?.login}/queue/notices`, EVERY_MS))
  }
  return { members, publishers, queue }
}

const isSubscribed = ({ client }: Member): boolean => client.subscribed === 3

/** Waits until everybody is there, and every publisher had a RECEIPT for what it has sent since; resolves with who is not. */
async function unsettled({ members, publishers }: Load): Promise<readonly string[]> {
  const absent = (): string[] => members.filter((member) => !isSubscribed(member)).map(({ login }) => login)
  if (!(await until(() => absent().length === 0, RECOVERY_MS))) return absent()
  const before = publishers.map(({ sent }) => sent)
  const silent = (): string[] =>
    publishers
      .filter(({ receipted }, index) => ![...receipted].some((number) => number > (before[index] ?? 0)))
      .map(({ name }) => name)
  await until(() => silent().length === 0, RECOVERY_MS)
  return silent()
}

function at(nodes: readonly ClusterNodeProcess[], index: number): ClusterNodeProcess {
  const node = nodes[index]
  if (node === undefined) throw new Error(`there is no node ${index}`)
  return node
}

const middle = (figures: readonly number[]): string => {
  const sorted = [...figures].sort((one, other) => one - other)
  const atPart = (part: number): string =>
    (sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)] ?? 0).toFixed(0)
  return `median ${atPart(0.5)} ms, longest ${atPart(1)} ms of ${sorted.length}`
}

const say = (text: string): void => void process.stdout.write(`${text}\n`)

describe.skipIf(!isPossible)(title('three nodes that are restarted one after the other'), { timeout: 400_000 }, () => {
  let broker: RealBroker
  let cluster: Cluster
  let load: Load

  beforeAll(async () => {
    broker = await startRabbitmq(rabbitmq)
    cluster = await startCluster({
      nginx: nginx.path,
      broker: broker.port,
      size: SIZE,
      // A machine that is busy must not be taken for a broker that is away.
      node: { drainMs: DRAIN_MS, heartBeatMs: 10_000 },
    })
    load = await openLoad(cluster)
  }, 180_000)
  afterAll(async () => {
    await cluster?.close()
    await broker?.stop()
  }, 60_000)

  /** Has the node end while somebody comes; resolves when all are back, with what was lost. */
  const roll = async (leaving: ClusterNodeProcess): Promise<{ losses: Loss[]; newcomers: ClusterClient[] }> => {
    const before = load.members.map(({ client }) => client.losses.length)
    const stopped = leaving.stop()
    expect(await until(() => leaving.closingAtMs !== undefined, 5_000)).toBe(true)
    const coming = Promise.allSettled(
      CARRIERS.flatMap((carrier) =>
        Array.from({ length: SIZE }, () => {
          // The balancer itself finds another node for a WebSocket: there is no second try.
          const reconnectMs = carrier === 'websocket' ? 0 : RECONNECT_MS
          return cluster.client(carrier, { login: `newcomer by ${carrier}`, reconnectMs })
        }),
      ),
    )
    expect(await stopped, leaving.said).toBe(0)
    const newcomers = (await coming).map((came) => {
      if (came.status === 'fulfilled') return came.value
      throw came.reason
    })
    expect(await unsettled(load)).toEqual([])
    const losses = load.members.flatMap((member, at) =>
      member.client.losses.slice(before[at]).map((loss) => ({ member, code: loss.split(' ')[0] ?? '', loss })),
    )
    return { losses, newcomers }
  }

  it.each([0, 1, 2])('hand the sessions of node %i over, each told, one after the other', async (index) => {
    expect(await unsettled(load)).toEqual([])
    const leaving = at(cluster.nodes, index)
    const staying = cluster.nodes.filter((node) => node !== leaving)
    const closedBefore = staying.map(({ closes }) => closes.length)
    try {
      const { losses, newcomers } = await roll(leaving)
      const { closes, closingAtMs = 0 } = leaving
      const had = load.members.filter(({ login }) => closes.some(({ user }) => user === login))
      say(
        `node ${index} closed ${closes.length} sessions after ${closes.map(({ atMs }) => atMs - closingAtMs).join(', ')} ms; ` +
          `lost: ${losses.map(({ member, loss }) => `${member.login} (${loss})`).join(', ')}`,
      )
      // All that it had were told, and nobody else was disturbed.
      expect(had.length).toBeGreaterThan(2)
      const steady = losses.filter(isSteady)
      expect(steady.map(({ member }) => member)).toEqual(had.filter((member) => isSteady({ member })))
      const logins = load.members.filter((member) => isSteady({ member })).map(({ login }) => login)
      const isTheirs = ({ user = '' }: SessionClose): boolean => logins.includes(user)
      expect(closes.filter(isTheirs).map(({ code }) => code)).toEqual(steady.map(() => 1012))
      const elsewhere = staying.flatMap((node, each) => node.closes.slice(closedBefore[each]))
      expect(elsewhere.filter(isTheirs)).toEqual([])
      expect(losses.filter(({ member, code }) => !toldTo(member).includes(code))).toEqual([])
      // No timer is early: the last one was not closed before its turn.
      expect(Math.max(...closes.map(({ atMs }) => atMs)) - closingAtMs).toBeGreaterThan(DRAIN_MS / 3)
      expect(newcomers.flatMap((client) => client.errors)).toEqual([])
      await Promise.all(newcomers.map((client) => client.close()))
    } finally {
      await cluster.restart(index)
    }
  })

  it('lose nothing that was receipted, and repeat nothing unmarked', async () => {
    expect(await unsettled(load)).toEqual([])
    const { members, publishers, queue } = load
    await Promise.all(publishers.map((publisher) => publisher.end()))
    const lost = (): readonly string[] => [
      // SockJS promises no more than order: a response that is cut takes along what was on its way.
      ...members
        .filter((member) => isSteady({ member }))
        .flatMap(({ topic, user }) => [...topic.missing(), ...user.missing()]),
      ...publishers
        .filter(({ destination }) => destination === QUEUE)
        .flatMap(({ name, receipted }) => queue.missing(name, receipted)),
    ]
    await until(() => lost().length === 0, RECOVERY_MS)
    expect(lost().slice(0, 20)).toEqual([])
    expect([...members.flatMap(({ topic, user }) => [...topic.faults, ...user.faults]), ...queue.faults]).toEqual([])
    expect(members.flatMap(({ client }) => client.errors)).toEqual([])
    const again = publishers.reduce((sum, { unanswered }) => sum + unanswered.size, 0)
    const sent = publishers.reduce((sum, { receipted }) => sum + receipted.size, 0)
    say(
      `${sent} messages receipted, ${again} tries without, ${queue.repeated} of ${queue.size} of the queue came twice; connected again after ${middle(members.flatMap(({ client }) => client.returnsMs))}`,
    )
  })
})
