import { afterEach, describe, expect, it } from 'vitest'
import type { ClusterOptions } from './cluster.js'
import { Cluster } from './cluster.js'
import { Roaming, type RoamingOptions } from './roaming.js'

const clusters: Cluster[] = []
const clients: Roaming[] = []

afterEach(async () => {
  for (const client of clients.splice(0)) client.link.terminate()
  await Promise.all(clusters.splice(0).map((cluster) => cluster.stop()))
})

async function start(options: ClusterOptions): Promise<Cluster> {
  const cluster = await Cluster.start(options)
  clusters.push(cluster)
  return cluster
}

async function roam(options: RoamingOptions): Promise<Roaming> {
  const client = new Roaming(options)
  clients.push(client)
  await client.opened
  return client
}

/** Sends this and waits until it has arrived, each way. */
async function exchange(cluster: Cluster, client: Roaming, text: string): Promise<void> {
  client.link.send(text)
  await expect.poll(() => cluster.side.got.at(-1), { timeout: 10_000 }).toBe(text)
  cluster.side.send(text)
  await expect.poll(() => client.got.at(-1), { timeout: 10_000 }).toBe(text)
}

const COUNT = 200

describe.each(['websocket', 'stream', 'poll'] as const)('a client by %s whose requests go to any node', (rung) => {
  it.each([2, 3])(
    'has 200 messages each way exactly once and in order over %i nodes that lose connections',
    async (nodes) => {
      const cluster = await start({ nodes })
      const client = await roam({ rungs: [rung], nodes: () => cluster.nodes, seed: nodes })
      await exchange(cluster, client, 'first')
      const { side } = cluster
      for (let number = 0; number < COUNT; number++) {
        client.link.send(`up ${number}`)
        side.send(`down ${number}`)
        if (number % 10 === 9) await expect.poll(() => client.got.at(-1), { timeout: 10_000 }).toBe(`down ${number}`)
        if (number % 50 === 29) for (const node of cluster.nodes) node.cut()
      }
      await expect.poll(() => side.got.length, { timeout: 20_000 }).toBe(COUNT + 1)
      await expect.poll(() => client.got.length, { timeout: 20_000 }).toBe(COUNT + 1)
      expect(side.got).toEqual(['first', ...Array.from({ length: COUNT }, (_, number) => `up ${number}`)])
      expect(client.got).toEqual(['first', ...Array.from({ length: COUNT }, (_, number) => `down ${number}`)])
      expect(client.visits.size).toBeGreaterThan(1)
      client.link.close(1000, 'done')
      expect((await client.closed).code).toBe(1000)
      await expect.poll(() => side.closedBy).toEqual({ code: 1000, reason: 'done' })
    },
    60_000,
  )

  it('goes on when nodes that are not the owner end, by force or in good order', async () => {
    const cluster = await start({ nodes: 3 })
    let alive = [...cluster.nodes]
    const client = await roam({ rungs: [rung], nodes: () => alive, seed: 5 })
    await exchange(cluster, client, 'first')
    const { side } = cluster
    const [killed, drained] = cluster.nodes.filter((node) => node !== side.node)
    // The present carrier goes by a node that ends, if it can.
    alive = alive.filter((node) => node === killed)
    side.node.cut()
    await exchange(cluster, client, 'by the one that is killed')
    alive = cluster.nodes.filter((node) => node === drained)
    await killed?.kill()
    await exchange(cluster, client, 'by the one that is drained')
    alive = [side.node]
    await drained?.drain()
    await exchange(cluster, client, 'by the owner')
    expect(client.closedBy).toBeUndefined()
    expect(side.got).toEqual(['first', 'by the one that is killed', 'by the one that is drained', 'by the owner'])
    expect(client.got).toEqual(side.got)
  }, 30_000)

  it('ends with 4404 when its owner is known to have gone', async () => {
    const cluster = await start({ nodes: 3 })
    let alive = [...cluster.nodes]
    const client = await roam({ rungs: [rung], nodes: () => alive })
    await exchange(cluster, client, 'first')
    const { node } = cluster.side
    alive = alive.filter((other) => other !== node)
    cluster.directory.set(node.alias, 'gone')
    await node.kill()
    expect((await client.closed).code).toBe(4404)
  }, 20_000)

  it('comes again while it is not known what has become of its owner, and ends with 4404 when it is', async () => {
    const cluster = await start({ nodes: 3 })
    let alive = [...cluster.nodes]
    const client = await roam({ rungs: [rung], nodes: () => alive, speed: 5 })
    await exchange(cluster, client, 'first')
    const { node } = cluster.side
    alive = alive.filter((other) => other !== node)
    // The directory has the address still for a while, then nothing.
    await node.kill()
    const visitsBefore = total(client)
    await expect.poll(() => total(client), { timeout: 10_000 }).toBeGreaterThan(visitsBefore + 3)
    cluster.directory.delete(node.alias)
    await expect.poll(() => total(client), { timeout: 10_000 }).toBeGreaterThan(visitsBefore + 6)
    expect(client.closedBy).toBeUndefined()
    cluster.directory.set(node.alias, 'gone')
    expect((await client.closed).code).toBe(4404)
  }, 30_000)

  it('ends with 4408 when nobody says for the time of grace what became of its owner', async () => {
    const cluster = await start({ nodes: 3, times: { graceMs: 5_000 } })
    let alive = [...cluster.nodes]
    const client = await roam({ rungs: [rung], nodes: () => alive, speed: 5 })
    await exchange(cluster, client, 'first')
    const { node } = cluster.side
    alive = alive.filter((other) => other !== node)
    cluster.directory.delete(node.alias)
    await node.kill()
    client.link.send('lost')
    expect((await client.closed).code).toBe(4408)
  }, 30_000)
})

function total({ visits }: Roaming): number {
  return [...visits.values()].reduce((sum, count) => sum + count, 0)
}
