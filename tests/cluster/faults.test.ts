import { setTimeout as after } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { requireComponent } from '../components.js'
import { until } from '../networks/until.js'
import type { ClusterClient } from './client.js'
import { type Cluster, startCluster } from './cluster.js'
import { Consumed, Reading, textOf, upTo } from './ledger.js'
import { type Publisher, startPublisher } from './load.js'
import type { ClusterNodeProcess } from './nodes.js'
import { type OpenRabbitMq, startOpenRabbitMq } from './rabbitmq-names.js'

const nginx = requireComponent('nginx')
const rabbitmq = requireComponent('RabbitMQ')
const isPossible = nginx.available && rabbitmq.available
const title = (text: string): string => nginx.title(rabbitmq.title(text))

/** How often the broker is killed, and connections are cut. A full run: 20. */
const KILLS = Number(process.env.HOOFBEAT_BROKER_KILLS ?? 2)
/** Between two messages of one publisher. */
const EVERY_MS = 100
/** How long it may take until all is as before. */
const RECOVERY_MS = 60_000

/** One publisher, and all who are to have what it publishes: each of them all of it, but the consumers of a queue together. */
interface Flow {
  readonly publisher: Publisher
  readonly readers: readonly (Reading | Consumed)[]
}

/**
 * On each of two nodes: a reader of a topic, a consumer of a queue, and a user; a publisher to the topic, one to the queue,
 * and two to the user of the other node: by SEND, and by HTTP as a back-end does.
 */
interface Load {
  readonly clients: readonly ClusterClient[]
  readonly flows: readonly Flow[]
  /** Who reads at each node, besides the queue. */
  readonly readers: readonly (readonly (Reading | Consumed)[])[]
  readonly queue: Consumed
  readonly users: readonly string[]
}

/** What a RECEIPT promises of these outlives the broker. */
const LASTING = { persistent: 'true' }

async function openLoad(cluster: Cluster, run: string): Promise<Load> {
  const topic = `/topic/numbers/${run}`
  const work = `/queue/work-${run}`
  const notices = '/queue/notices'
  const pushes = '/queue/pushes'
  const queue = new Consumed()
  const parts = await Promise.all(
    cluster.nodes.map(async (node, index) => {
      const { url } = node
      const user = `user-${index}-${run}`
      const reader = await cluster.client('websocket', { url, login: user })
      const writer = await cluster.client('websocket', { url })
      const heard = new Reading(`topic at node ${index}`)
      const told = new Reading(`user at node ${index}`)
      // Requests of HTTP may overtake each other.
      const pushed = new Consumed()
      await reader.subscribe(topic, ({ body }) => heard.take(body))
      await reader.subscribe(`/user${notices}`, ({ body }) => told.take(body))
      await reader.subscribe(`/user${pushes}`, (got) => pushed.take(got.body, got))
      await reader.subscribe(
        work,
        (got) => {
          queue.take(got.body, got)
          got.ack()
        },
        { ack: 'client-individual', 'prefetch-count': '20' },
      )
      return { node, user, reader, writer, heard, told, pushed }
    }),
  )
  // All are subscribed: nobody misses anything.
  const flows = parts.flatMap(({ node, writer }, index): Flow[] => {
    const other = parts[(index + 1) % parts.length]
    if (other === undefined) return []
    const start = (name: string, publish: (text: string) => Promise<unknown>): Publisher =>
      startPublisher(`${name} by ${index}`, publish, EVERY_MS)
    const send = (name: string, destination: string): Publisher =>
      start(name, (text) => writer.sendReceipted(destination, text, LASTING))
    const push = (text: string): Promise<unknown> =>
      node.post('/push', { user: other.user, destination: pushes, text, headers: LASTING })
    return [
      { publisher: send('topic', topic), readers: parts.map(({ heard }) => heard) },
      { publisher: send('queue', work), readers: [queue] },
      { publisher: send('user', `/user/${other.user}${notices}`), readers: [other.told] },
      { publisher: start('push', push), readers: [other.pushed] },
    ]
  })
  return {
    ...{ flows, queue },
    clients: parts.flatMap(({ reader, writer }) => [reader, writer]),
    readers: parts.map(({ heard, told, pushed }) => [heard, told, pushed]),
    users: parts.map(({ user }) => user),
  }
}

/** What of these numbers did not come to all readers. */
const missing = ({ publisher, readers }: Flow, numbers: Iterable<number>): readonly string[] =>
  readers.flatMap((reader) => reader.missing(publisher.name, numbers))

/** Ends the publishers, and finds out what of that which was receipted did not come. */
async function missed({ flows }: Load): Promise<readonly string[]> {
  await Promise.all(flows.map(({ publisher }) => publisher.end()))
  const lost = (): readonly string[] => flows.flatMap((flow) => missing(flow, flow.publisher.receipted))
  await until(() => lost().length === 0, RECOVERY_MS)
  return lost().slice(0, 20)
}

/** Resolves when something of each publisher came to all that was published after this was called; tells how long that took. */
async function flowsAgain({ clients, flows }: Load): Promise<number> {
  const beganMs = performance.now()
  const due = flows.map(({ publisher }) => publisher.sent)
  const isFlowing = (): boolean =>
    flows.every((flow, index) =>
      [...flow.publisher.receipted].some(
        (number) => number > (due[index] ?? 0) && missing(flow, [number]).length === 0,
      ),
    )
  const flowing = await until(isFlowing, RECOVERY_MS)
  expect(clients.flatMap(({ losses, errors }) => [...losses, ...errors])).toEqual([])
  expect(flowing).toBe(true)
  return performance.now() - beganMs
}

/** What is wrong with that which came, wherever it came. */
const faultsOf = (readers: readonly (Reading | Consumed)[]): readonly string[] =>
  readers.flatMap(({ faults }) => faults)

const middle = (figures: readonly number[]): string => {
  const sorted = [...figures].sort((one, other) => one - other)
  const at = (part: number): string =>
    (sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)] ?? 0).toFixed(0)
  return `median ${at(0.5)} ms, longest ${at(1)} ms of ${sorted.length}`
}

/** How many sessions of a user a node knows of; undefined: there is no such node. */
async function sessionsOf(node: ClusterNodeProcess | undefined, user: string): Promise<number | undefined> {
  const answer = (await node?.get(`/sessions/${user}`)) as { readonly sessions: number } | undefined
  return answer?.sessions
}

const say = (text: string): void => void process.stdout.write(`${text}\n`)

describe.skipIf(!isPossible)(title('two nodes and their broker'), { timeout: 120_000 + KILLS * 60_000 }, () => {
  let broker: OpenRabbitMq
  let cluster: Cluster
  let run = 0
  const nextRun = (): string => `run${++run}`

  beforeAll(async () => {
    broker = await startOpenRabbitMq(rabbitmq)
    cluster = await startCluster({ nginx: nginx.path, broker: broker.port, size: 2 })
  }, 180_000)
  afterAll(async () => {
    await cluster?.close()
    await broker?.stop()
  }, 60_000)

  /** Nothing of what was promised is broken. */
  const expectAllKept = async (load: Load): Promise<void> => {
    expect(await missed(load)).toEqual([])
    expect(faultsOf([...load.readers.flat(), load.queue])).toEqual([])
    // Every node knows the sessions of all.
    for (const node of cluster.nodes) {
      for (const user of load.users) {
        expect(await until(async () => (await sessionsOf(node, user)) === 1, 10_000)).toBe(true)
      }
    }
  }
  /** Nobody was thrown out, and nothing refused. */
  const expectAllConnected = ({ clients, flows }: Load): void => {
    expect(clients.flatMap(({ losses, errors }) => [...losses, ...errors])).toEqual([])
    expect(flows.flatMap(({ publisher }) => [...publisher.unanswered])).toEqual([])
  }

  it(`lose nothing that was receipted, and no client, when the broker is killed ${KILLS} times under load`, async () => {
    const load = await openLoad(cluster, nextRun())
    const recoveries: number[] = []
    for (let kill = 0; kill < KILLS; kill += 1) {
      await flowsAgain(load)
      await broker.kill()
      expect(
        await until(
          () => cluster.nodes.every(({ availability }) => availability.at(-1)?.isAvailable === false),
          10_000,
        ),
      ).toBe(true)
      await broker.restart()
      recoveries.push(await flowsAgain(load))
    }
    await expectAllKept(load)
    expectAllConnected(load)
    say(
      `broker killed: messages flow on every node after it listens again: ${middle(recoveries)}; ${load.queue.repeated} of ${load.queue.size} came again`,
    )
  })

  it('lose nothing and nobody when their connections to the broker are cut', async () => {
    const load = await openLoad(cluster, nextRun())
    const recoveries: number[] = []
    for (let cut = 0; cut < 2 * KILLS; cut += 1) {
      await flowsAgain(load)
      const way = cluster.ways[cut % 2]?.reset
      way?.cut()
      await after(200)
      way?.mend()
      recoveries.push(await flowsAgain(load))
    }
    await expectAllKept(load)
    expectAllConnected(load)
    say(`connections cut for 0.2 s: messages flow on every node again: ${middle(recoveries)}`)
  })

  it('go on with what needs no broker while one is split from it, tell so, and lose nothing', async () => {
    const load = await openLoad(cluster, nextRun())
    await flowsAgain(load)
    const [node] = cluster.nodes
    const way = cluster.ways[0]?.silent
    const other = cluster.nodes[1]
    const asker = await cluster.client('websocket', { url: node?.url ?? '', login: 'asker' })
    const leaver = await cluster.client('websocket', { url: other?.url ?? '', login: 'leaver' })
    expect(await until(async () => (await sessionsOf(node, 'leaver')) === 1, 10_000)).toBe(true)
    const splitMs = Date.now()
    way?.cut()
    try {
      expect(await until(() => node?.availability.at(-1)?.isAvailable === false, 20_000)).toBe(true)
      for (const number of upTo(3)) {
        const answers: string[] = []
        await asker.subscribe('/app/now', ({ body }) => void answers.push(body))
        await asker.sendReceipted('/app/note', `${number}`, { 'content-type': 'text/plain' })
        expect(await until(() => answers.length === 1, 5_000)).toBe(true)
      }
      await leaver.close()
      await cluster.client('websocket', { url: other?.url ?? '', login: 'newcomer' })
      expect(node?.availability.at(-1)?.isAvailable).toBe(false)
    } finally {
      way?.mend()
    }
    const noticedMs = (node?.availability.at(-1)?.atMs ?? 0) - splitMs
    const recoveredMs = await flowsAgain(load)
    await expectAllKept(load)
    expectAllConnected(load)
    expect(asker.losses).toEqual([])
    for (const [user, count] of [
      ['leaver', 0],
      ['newcomer', 1],
    ] as const) {
      expect(await until(async () => (await sessionsOf(node, user)) === count, 10_000)).toBe(true)
    }
    say(
      `split: noticed after ${noticedMs} ms (heart-beats of 1 s); messages flow ${recoveredMs.toFixed(0)} ms after its end`,
    )
  })

  it('bring to a user what was receipted while its node was split from the broker, which was killed then', async () => {
    const [node, other] = cluster.nodes
    const way = cluster.ways[0]?.reset
    const reader = await cluster.client('websocket', { url: node?.url ?? '', login: 'lonely' })
    const writer = await cluster.client('websocket', { url: other?.url ?? '' })
    const heard = new Reading('lonely')
    await reader.subscribe('/user/queue/x', ({ body }) => heard.take(body))
    way?.cut()
    try {
      expect(await until(() => node?.availability.at(-1)?.isAvailable === false, 10_000)).toBe(true)
      for (const number of upTo(50)) await writer.sendReceipted('/user/lonely/queue/x', textOf('w', number), LASTING)
      await broker.kill()
      await broker.restart()
    } finally {
      way?.mend()
    }
    expect(await until(() => heard.missing('w', upTo(50)).length === 0, RECOVERY_MS)).toBe(true)
    expect([heard.faults, heard.size, reader.losses, writer.losses]).toEqual([[], 50, [], []])
  })

  it("end a user's sessions at a node that was split from the broker when that was asked for, and none begun since", async () => {
    const [node, other] = cluster.nodes
    const way = cluster.ways[0]?.reset
    const url = node?.url ?? ''
    const banned = await cluster.client('websocket', { url, login: 'banned' })
    const away = await cluster.client('websocket', { url, login: 'banned' })
    way?.cut()
    let since: ClusterClient | undefined
    try {
      expect(await until(() => node?.availability.at(-1)?.isAvailable === false, 10_000)).toBe(true)
      // Nobody answers; it waits for that no longer than until the node has fallen silent.
      expect(await other?.post('/disconnect', { user: 'banned' })).toEqual({ ended: 0 })
      since = await cluster.client('websocket', { url, login: 'banned' })
      expect([banned, away].flatMap(({ losses }) => losses)).toEqual([])
    } finally {
      way?.mend()
    }
    const mendedMs = performance.now()
    expect(await until(() => [banned, away].every(({ losses }) => losses.length === 1), RECOVERY_MS)).toBe(true)
    say(`user disconnected while its node was split: ended ${(performance.now() - mendedMs).toFixed(0)} ms after that`)
    expect(since?.losses).toEqual([])
    expect(await until(async () => (await sessionsOf(other, 'banned')) === 1, 10_000)).toBe(true)
  })

  describe('of which one is killed', () => {
    it('keep what was receipted; clients of the other stay, and its own come back elsewhere', async () => {
      const load = await openLoad(cluster, nextRun())
      const guests = await Promise.all(
        upTo(4).map((number) => cluster.client('websocket', { login: `guest-${number}`, reconnectMs: 100 })),
      )
      const heard = guests.map(() => new Set<string>())
      await Promise.all(
        guests.map((guest, index) => guest.subscribe('/topic/after', ({ body }) => void heard[index]?.add(body))),
      )
      await flowsAgain(load)
      const killedMs = performance.now()
      await cluster.nodes[0]?.kill()

      const isBack = (): boolean =>
        guests.some(({ losses }) => losses.length > 0) && guests.every(({ subscribed }) => subscribed === 1)
      expect(await until(isBack, 20_000)).toBe(true)
      say(`node killed: its clients are connected to another one after ${(performance.now() - killedMs).toFixed(0)} ms`)
      await cluster.nodes[1]?.post('/push', { destination: '/topic/after', text: 'after' })
      expect(await until(() => heard.every((texts) => texts.has('after')), 10_000)).toBe(true)
      const moved = guests.filter(({ losses }) => losses.length > 0)
      expect(moved.length).toBeLessThan(guests.length)

      // What the killed node's consumer held and had not acknowledged comes to the other one's.
      // The session of its user is gone, and what comes for it is for nobody.
      const gone = new Set(load.readers[0])
      const survivors: Load = {
        ...load,
        flows: load.flows.map((flow) => ({ ...flow, readers: flow.readers.filter((reader) => !gone.has(reader)) })),
      }
      expect(await missed(survivors)).toEqual([])
      expect(faultsOf([...(load.readers[1] ?? []), load.queue])).toEqual([])
      const [, , ...stayed] = load.clients
      expect(stayed.flatMap(({ losses, errors }) => [...losses, ...errors])).toEqual([])
      const ofOther = load.flows.slice(load.flows.length / 2)
      expect(ofOther.flatMap(({ publisher }) => [...publisher.unanswered])).toEqual([])

      await cluster.restart(0)
      await cluster.nodes[0]?.post('/push', { destination: '/topic/after', text: 'from the new one' })
      expect(await until(() => heard.every((texts) => texts.has('from the new one')), 10_000)).toBe(true)
    })
  })

  it('leave no queue at the broker when they end', async () => {
    const queues = async (): Promise<readonly string[]> =>
      (await broker.names()).filter((name) => /^(hoofbeat|stomp-subscription)-/.test(name))
    // Of one that was killed they expire: they are not of interest here.
    const before = new Set(await queues())
    const own = await startCluster({ nginx: nginx.path, broker: broker.port, size: 2 })
    try {
      const reader = await own.client('websocket')
      await reader.subscribe('/topic/last', () => {})
      const isNew = (name: string): boolean => !before.has(name)
      const added = async (): Promise<number> => (await queues()).filter(isNew).length
      // Four of each node for what nodes say, and that of the topic.
      expect(await until(async () => (await added()) === 9, 10_000)).toBe(true)
      await Promise.all(own.nodes.map((node) => node.stop()))
      expect(await until(async () => (await added()) === 0, 10_000)).toBe(true)
    } finally {
      await own.close()
    }
  })
})
