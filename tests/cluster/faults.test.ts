import { setTimeout as after } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startRabbitmq } from '../brokers/rabbitmq-broker.js'
import type { RealBroker } from '../brokers/real-broker.js'
import { requireComponent } from '../components.js'
import { until } from '../networks/until.js'
import type { ClusterClient } from './client.js'
import { type Cluster, startCluster } from './cluster.js'
import { Consumed, Reading, upTo } from './ledger.js'
import { type Publisher, startPublisher } from './load.js'

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

/** Two topic readers, two consumers of a queue, and a publisher of each kind, on each of two nodes. */
interface Load {
  readonly clients: readonly ClusterClient[]
  readonly publishers: readonly Publisher[]
  readonly topics: readonly Reading[]
  readonly queue: Consumed
}

async function openLoad(cluster: Cluster, run: string): Promise<Load> {
  const topic = `/topic/numbers/${run}`
  const work = `/queue/work-${run}`
  const queue = new Consumed()
  const topics: Reading[] = []
  const clients: ClusterClient[] = []
  const publishers: Publisher[] = []
  const writers: ClusterClient[] = []
  for (const [index, { url }] of cluster.nodes.entries()) {
    const reader = await cluster.client('websocket', { url })
    const writer = await cluster.client('websocket', { url })
    clients.push(reader, writer)
    writers.push(writer)
    const reading = new Reading(`topic at node ${index}`)
    topics.push(reading)
    await reader.subscribe(topic, ({ body }) => reading.take(body))
    await reader.subscribe(
      work,
      (got) => {
        queue.take(got.body, got)
        got.ack()
      },
      { ack: 'client-individual', 'prefetch-count': '20' },
    )
  }
  // All are subscribed: nobody misses anything.
  for (const [index, writer] of writers.entries()) {
    publishers.push(startPublisher(`topic by ${index}`, writer, topic, EVERY_MS))
    publishers.push(startPublisher(`queue by ${index}`, writer, work, EVERY_MS))
  }
  return { clients, publishers, topics, queue }
}

/** Ends the publishers, and finds out what of that which was receipted did not come. */
async function missed({ publishers, topics, queue }: Load): Promise<readonly string[]> {
  await Promise.all(publishers.map((publisher) => publisher.end()))
  const lost = (): readonly string[] =>
    publishers.flatMap(({ name, receipted }) =>
      name.startsWith('queue')
        ? queue.missing(name, receipted)
        : topics.flatMap((topic) => topic.missing(name, receipted)),
    )
  await until(() => lost().length === 0, RECOVERY_MS)
  return lost().slice(0, 20)
}

/** Resolves when every node has handed on a message that was published after this was called; tells how long that took. */
async function flowsAgain({ clients, topics, publishers, queue }: Load): Promise<number> {
  const beganMs = performance.now()
  const due = publishers.map(({ sent }) => sent)
  const before = queue.size
  const isFlowing = (): boolean =>
    queue.size > before &&
    publishers.every(
      ({ name, receipted }, index) =>
        name.startsWith('queue') ||
        [...receipted].some(
          (number) => number > (due[index] ?? 0) && topics.every((topic) => topic.missing(name, [number]).length === 0),
        ),
    )
  const flows = await until(isFlowing, RECOVERY_MS)
  expect(clients.flatMap(({ losses, errors }) => [...losses, ...errors])).toEqual([])
  expect(flows).toBe(true)
  return performance.now() - beganMs
}

const middle = (figures: readonly number[]): string => {
  const sorted = [...figures].sort((one, other) => one - other)
  const at = (part: number): string =>
    (sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)] ?? 0).toFixed(0)
  return `median ${at(0.5)} ms, longest ${at(1)} ms of ${sorted.length}`
}

const say = (text: string): void => void process.stdout.write(`${text}\n`)

describe.skipIf(!isPossible)(title('two nodes and their broker'), { timeout: 120_000 + KILLS * 60_000 }, () => {
  let broker: RealBroker
  let cluster: Cluster
  let run = 0
  const nextRun = (): string => `run${++run}`

  beforeAll(async () => {
    broker = await startRabbitmq(rabbitmq)
    cluster = await startCluster({ nginx: nginx.path, broker: broker.port, size: 2 })
  }, 180_000)
  afterAll(async () => {
    await cluster?.close()
    await broker?.stop()
  }, 60_000)

  /** Nothing of what was promised is broken. */
  const expectAllKept = async (load: Load): Promise<void> => {
    expect(await missed(load)).toEqual([])
    expect([...load.topics, load.queue].flatMap(({ faults }) => faults)).toEqual([])
  }
  /** Nobody was thrown out, and nothing refused. */
  const expectAllConnected = ({ clients, publishers }: Load): void => {
    expect(clients.flatMap(({ losses, errors }) => [...losses, ...errors])).toEqual([])
    expect(publishers.flatMap(({ unanswered }) => [...unanswered])).toEqual([])
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
    const asker = await cluster.client('websocket', { url: node?.url ?? '', login: 'asker' })
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
      expect(node?.availability.at(-1)?.isAvailable).toBe(false)
    } finally {
      way?.mend()
    }
    const noticedMs = (node?.availability.at(-1)?.atMs ?? 0) - splitMs
    const recoveredMs = await flowsAgain(load)
    await expectAllKept(load)
    expectAllConnected(load)
    expect(asker.losses).toEqual([])
    say(
      `split: noticed after ${noticedMs} ms (heart-beats of 1 s); messages flow ${recoveredMs.toFixed(0)} ms after its end`,
    )
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
      const [, other] = load.topics
      const survivors: Load = { ...load, topics: other === undefined ? [] : [other] }
      expect(await missed(survivors)).toEqual([])
      expect([...survivors.topics, load.queue].flatMap(({ faults }) => faults)).toEqual([])
      const [, , ...stayed] = load.clients
      expect(stayed.flatMap(({ losses, errors }) => [...losses, ...errors])).toEqual([])
      expect(load.publishers.slice(2).flatMap(({ unanswered }) => [...unanswered])).toEqual([])

      await cluster.restart(0)
      await cluster.nodes[0]?.post('/push', { destination: '/topic/after', text: 'from the new one' })
      expect(await until(() => heard.every((texts) => texts.has('from the new one')), 10_000)).toBe(true)
    })
  })
})
