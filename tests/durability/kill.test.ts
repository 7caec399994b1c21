import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { audit } from './audit.js'
import { openLoad } from './load.js'
import { type NodeProcess, startNode } from './node-process.js'
import { createRandom, type Random } from './random.js'
import { createWitness, type Witness } from './witness.js'

/** How often the server is killed, and what decides when: `HOOFBEAT_KILLS` and `HOOFBEAT_SEED`. */
const kills = Number(process.env.HOOFBEAT_KILLS ?? 5)
const seed = Number(process.env.HOOFBEAT_SEED ?? Date.now() % 2 ** 31)

/** A few turns of the event loop, so that a kill meets every step of a commit and not only the first. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

/** Loads the server and kills it once so many receipts were seen. */
async function loadUntilKilled(node: NodeProcess, port: number, witness: Witness, random: Random): Promise<void> {
  const target = 20 + random.below(random.chance(0.3) ? 100 : 1200)
  const load = await openLoad(port, random)
  let receipts = 0
  const reached = new Promise<void>((resolve) => {
    for (const link of load.links) {
      link.closed.then((error) => {
        if (error !== undefined) witness.breach(`ERROR ${error.headers.get('message')}: ${error.text}`)
        if (receipts < target) witness.breach(`a session ended after ${receipts} of ${target} receipts`)
        resolve()
      })
    }
    const receipt = () => {
      receipts += 1
      witness.totals.receipts += 1
      if (receipts === target) resolve()
    }
    load.begin({ witness, random, receipt })
  })
  await reached
  await turns(random.below(40))
  await node.kill()
  // What had arrived was seen, even if it is read only now.
  await Promise.all(load.links.map(({ closed }) => closed))
  witness.killed()
}

/** Starts the server; now and then it is killed while it opens its store, and started again. */
async function start(directory: string, random: Random, { totals }: Witness): Promise<NodeProcess> {
  totals.starts += 1
  while (random.chance(0.2)) {
    totals.starts += 1
    const node = startNode(directory)
    await node.opening
    await turns(random.below(2000))
    await node.kill()
  }
  return startNode(directory)
}

describe('a server that is killed', () => {
  it(`keeps what it has receipted through ${kills} kills under load, seed ${seed}`, {
    timeout: 30_000 + kills * 20_000,
  }, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'hoofbeat-kill-'))
    const random = createRandom(seed)
    const witness = createWitness()
    let node: NodeProcess | undefined
    try {
      for (let round = 0; round <= kills; round += 1) {
        node = await start(directory, random, witness)
        const { port } = await node.listening
        // From time to time all is taken out, else what is held would only grow.
        await audit(port, witness, round % 5 === 4 || round === kills)
        expect(witness.breaches, `seed ${seed}, after ${round} kills`).toEqual([])
        if (round < kills) await loadUntilKilled(node, port, witness, random)
      }
      await node?.kill()
      witness.killed()
      node = startNode(directory)
      await audit((await node.listening).port, witness, false)
      expect(witness.breaches, `seed ${seed}, after all was acknowledged`).toEqual([])
      expect(witness.totals.found, `seed ${seed}`).toBeGreaterThan(kills)
      process.stdout.write(`${kills + 1} kills, seed ${seed}: ${JSON.stringify(witness.totals)}\n`)
    } finally {
      await node?.kill()
      await rm(directory, { recursive: true, force: true })
    }
  })
})
