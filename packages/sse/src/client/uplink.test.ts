import { describe, expect, it } from 'vitest'
import { createUplink } from './uplink.js'

describe('an uplink', () => {
  it('numbers from 1 and forgets only what is acknowledged', () => {
    const uplink = createUplink()
    for (const text of ['a', 'b', 'c']) uplink.add(text, 1)
    expect([uplink.first(), uplink.last(), uplink.bytes()]).toEqual([1, 3, 3])
    expect(uplink.batch(2, 100)).toEqual({ items: ['a', 'b'], size: 8 })
    expect(uplink.acknowledge(1)).toBe(true)
    expect(uplink.acknowledge(0)).toBe(true)
    expect([uplink.first(), uplink.last(), uplink.bytes()]).toEqual([2, 3, 2])
    expect(uplink.batch(10, 100).items).toEqual(['b', 'c'])
  })

  it('takes no acknowledgement of what was never sent', () => {
    const uplink = createUplink()
    uplink.add('a', 1)
    uplink.add('b', 1)
    expect(uplink.acknowledge(1)).toBe(false)
    expect(uplink.at(1)).toBe('a')
    expect(uplink.acknowledge(1)).toBe(true)
    expect(uplink.acknowledge(2)).toBe(false)
  })

  it('fills a batch by the bytes of its JSON, with at least one message', () => {
    const uplink = createUplink()
    for (const text of ['\u0000\u0000', 'b', 'c']) uplink.add(text, text.length)
    expect(uplink.batch(10, 5).items.length).toBe(1)
    expect(uplink.batch(10, 15 + 4).items.length).toBe(2)
    expect(uplink.batch(10, 15 + 8).items.length).toBe(3)
    expect(uplink.batch(0, 100)).toEqual({ items: [], size: 0 })
  })

  it('writes binary messages as base64 of any length', () => {
    const uplink = createUplink()
    const bytes = new Uint8Array(70_000).map((_, at) => at)
    uplink.add(bytes, bytes.length)
    expect(uplink.batch(1, 1).items).toEqual([{ b: Buffer.from(bytes).toString('base64') }])
  })
})
