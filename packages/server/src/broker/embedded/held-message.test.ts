import { expect, it } from 'vitest'
import { compact } from './held-message.js'

it('copies a body that would keep a much larger piece of memory, and no other', () => {
  const chunk = new Uint8Array(65_536).fill(7)
  const small = chunk.subarray(100, 110)
  const copied = compact(small)
  expect(copied).toEqual(new Uint8Array(10).fill(7))
  expect(copied.buffer.byteLength).toBe(10)
  expect(compact(chunk)).toBe(chunk)
  const most = chunk.subarray(0, 60_000)
  expect(compact(most)).toBe(most)
})
