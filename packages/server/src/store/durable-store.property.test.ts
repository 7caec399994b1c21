import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createHeaders } from '@hoofbeat/codec'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { durableStore } from './durable-store.js'
import { memoryStore } from './memory-store.js'
import type { StoreChange, StoreContents, StoredMessage } from './message-store.js'

const shelf = fc.constantFrom('a', 'b', 'a\u0000ä')
const position = fc.integer({ min: 0, max: 6 })
const deliveries = fc.integer({ min: 0, max: 9 })

/** A few messages only, so that one is often on several shelves. */
const messages: StoredMessage[] = Array.from({ length: 4 }, (_, index) => ({
  id: `m${index}`,
  destination: '/queue/a',
  headers: createHeaders([['n', `${index}`]]),
  body: new Uint8Array(index * 1500).fill(index),
  publishedAtMs: index,
  expiresAtMs: index % 2 === 0 ? undefined : index,
}))

const change: fc.Arbitrary<StoreChange> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('add' as const),
      shelf,
      position,
      message: fc.constantFrom(...messages),
      deliveries,
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('remove' as const), shelf, position }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delivered' as const), shelf, position, deliveries }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear' as const), shelf }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('note' as const),
      name: fc.constantFrom('x', 'y'),
      text: fc.option(fc.string({ unit: 'binary', maxLength: 5 }), { nil: undefined }),
    }),
  },
)

/** What is called, one after the other; `pause`: only when everything before has resolved. */
const step = fc.record({
  act: fc.constantFrom('commit', 'commit', 'commit', 'later', 'later', 'pause', 'reopen'),
  changes: fc.array(change, { maxLength: 6 }),
})

it('gives back after any changes and any number of openings what a store in memory would', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const directory = await mkdtemp(join(tmpdir(), 'hoofbeat-store-'))
      const [durable, model] = [durableStore({ directory }), memoryStore()]
      const commits: Promise<void>[] = []
      const reopen = async () => {
        await Promise.all(commits.splice(0))
        await Promise.all([durable.close(), model.close()])
        const [found, expected] = await Promise.all([durable.open(), model.open()])
        expect(plain(found)).toEqual(plain(expected))
        expect(found.wasClosed).toBe(true)
      }
      try {
        await Promise.all([durable.open(), model.open()])
        for (const { act, changes } of steps) {
          if (act === 'commit') commits.push(durable.commit(changes), model.commit(changes))
          else if (act === 'pause') await Promise.all(commits.splice(0))
          else if (act === 'reopen') await reopen()
          else for (const store of [durable, model]) store.later(changes)
        }
        await reopen()
      } finally {
        await durable.close()
        await rm(directory, { recursive: true, force: true })
      }
    }),
    { numRuns: 25 },
  )
}, 120_000)

function plain({ entries, notes }: StoreContents): unknown {
  const lines = entries.map((entry) => {
    const { headers, body, ...message } = entry.message
    return JSON.stringify([{ ...entry, message }, headers.flat, Buffer.from(body).toString('hex')])
  })
  return { lines: lines.sort(), notes: new Map([...notes].sort()) }
}
