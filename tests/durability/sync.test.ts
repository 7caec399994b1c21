import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { durableStore } from '@hoofbeat/server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { requireComponent } from '../components.js'
import { type Act, actOn, faultsIn } from './acts.js'
import { type Disk, type Image, nothing, readDisk, someOf, writeImage } from './disk.js'
import { startNode } from './node-process.js'
import { createRandom } from './random.js'
import { readTrace, straceArguments, targetOf, textsOf } from './trace.js'

const strace = requireComponent('strace')

/** How many torn images are tried, and what decides which: `HOOFBEAT_IMAGES` and `HOOFBEAT_SEED`. */
const tornImages = Number(process.env.HOOFBEAT_IMAGES ?? 60)
const seed = Number(process.env.HOOFBEAT_SEED ?? Date.now() % 2 ** 31)

describe.skipIf(!strace.available)(strace.title('what a loss of power leaves'), { timeout: 600_000 }, () => {
  let folder: string
  let directory: string
  let acts: readonly Act[]
  let disk: Disk
  /** The line of the trace in which each RECEIPT began to leave. */
  let left: ReadonlyMap<string, number>

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hoofbeat-sync-'))
    directory = join(folder, 'store')
    const file = join(folder, 'trace')
    const node = startNode(directory, [strace.path, ...straceArguments(file)])
    try {
      acts = await actOn((await node.listening).port)
    } finally {
      await node.kill()
    }
    const calls = readTrace(await readFile(file, 'latin1'))
    disk = readDisk(calls, directory)
    const lines = new Map<string, number>()
    for (const call of calls) {
      if (!targetOf(call).startsWith('TCP:')) continue
      const text = Buffer.concat(textsOf(call)).toString('latin1')
      for (const [, id = ''] of text.matchAll(/RECEIPT\nreceipt-id:(.*)\n/g)) lines.set(id, call.begin)
    }
    left = lines
  }, 120_000)

  afterAll(() => rm(folder, { recursive: true, force: true }))

  let images = 0

  /** Opens an image as the next start would, and tells what is wrong with it. */
  const faultsOf = async (image: Image, line: number): Promise<readonly string[]> => {
    images += 1
    const target = join(folder, `image-${images}`)
    await writeImage(image, directory, target)
    const store = durableStore({ directory: target })
    try {
      const contents = await store.open()
      return faultsIn(contents, acts, ({ receipt }) => (left.get(receipt) ?? Number.POSITIVE_INFINITY) <= line)
    } catch (error) {
      return [`the store does not open: ${error}`]
    } finally {
      await store.close()
      await rm(target, { recursive: true, force: true })
    }
  }

  it('was traced with every receipt, and more than one sync', () => {
    expect(acts.length).toBeGreaterThan(70)
    expect(acts.filter(({ receipt }) => !left.has(receipt))).toEqual([])
    expect(disk.syncs.length).toBeGreaterThan(50)
  })

  it('syncs a record, and the end of its commit, before the RECEIPT leaves', () => {
    const file = join(directory, 'messages.db')
    const journal = `${file}-journal`
    for (const { receipt, adds } of acts) {
      const line = left.get(receipt) ?? 0
      for (const { key } of adds) {
        const record = disk.writes.find(({ path, data }) => path === file && data.includes(key))
        const recordSynced = disk.syncedAfter(file, record?.end ?? Number.POSITIVE_INFINITY)
        // A commit has happened when the head of the journal is wiped.
        const wiped = disk.writes.find(
          ({ path, offset, data, begin }) =>
            path === journal && offset === 0 && begin > recordSynced && data.every((byte) => byte === 0),
        )
        const wipeSynced = disk.syncedAfter(journal, wiped?.end ?? Number.POSITIVE_INFINITY)
        expect(wipeSynced, `${key}, receipted in line ${line}`).toBeLessThan(line)
      }
    }
  })

  it('has everything that was receipted if nothing is there that was not synced', async () => {
    for (const line of new Set(left.values())) {
      expect(await faultsOf(disk.imageAt(line, nothing), line), `line ${line}`).toEqual([])
    }
  })

  it(`has everything that was receipted if some sectors are there that were not synced, seed ${seed}`, async () => {
    const random = createRandom(seed)
    const [first = 0] = disk.syncs
    const last = Math.max(...left.values())
    for (let count = 0; count < tornImages; count += 1) {
      // Just before a sync ends most is in the balance; but any moment may be the last.
      const sync = disk.syncs[random.below(disk.syncs.length)] ?? 0
      const line = random.chance(0.5) ? sync - 1 : first + random.below(last - first)
      const faults = await faultsOf(disk.imageAt(line, someOf(random)), line)
      expect(faults, `seed ${seed}, image ${count}, line ${line}`).toEqual([])
    }
    process.stdout.write(`${images} images of ${acts.length} acts, ${disk.syncs.length} syncs, seed ${seed}\n`)
  })
})
