import { createHeaders } from '@hoofbeat/codec'
import { describe, expect, it } from 'vitest'
import { memoryStore } from './memory-store.js'
import type { StoreChange } from './message-store.js'
import { storeContract } from './store.contract.js'

storeContract(
  { describe, it, expect },
  {
    place: async () => {
      const store = memoryStore()
      return { store: () => store, remove: async () => {} }
    },
  },
)

const add = (position: number): StoreChange => {
  const headers = createHeaders()
  const body = new Uint8Array()
  const message = { id: 'a', destination: '/queue/a', headers, body, publishedAtMs: 0, expiresAtMs: undefined }
  return { kind: 'add', shelf: 'a', position, message, deliveries: 0 }
}

describe('abandon', () => {
  it.each([
    { kept: 0, positions: [1, 2, 3] },
    { kept: 1, positions: [1, 2, 3, 4] },
    { kept: 9, positions: [1, 2, 3, 4, 5] },
  ])('keeps what was committed, and of what came later $kept', async ({ kept, positions }) => {
    const store = memoryStore()
    await store.open()
    await store.commit([add(1)])
    store.later([add(2)])
    await store.commit([add(3)])
    store.later([add(4)])
    store.later([add(5)])
    store.abandon(kept)
    const { entries, wasClosed } = await store.open()
    expect(entries.map(({ position }) => position)).toEqual(positions)
    expect(wasClosed).toBe(false)
  })

  it('is followed by a close that is told to the next owner', async () => {
    const store = memoryStore()
    await store.open()
    store.abandon()
    expect((await store.open()).wasClosed).toBe(false)
    await store.close()
    expect((await store.open()).wasClosed).toBe(true)
  })
})
