import { describe, expect, it } from 'vitest'
import { createUnacked, readAck, writeAck } from './unacked.js'

const NONE: ReadonlySet<unknown> = new Set()
const itemsOf = <T>(found: readonly { readonly item: T }[] | undefined): readonly T[] | undefined =>
  found?.map(({ item }) => item)

describe('what is unacknowledged', () => {
  it('is meant by its message and, where it is named, the very delivery', () => {
    const unacked = createUnacked<string>(false)
    const first = unacked.add('m', 'first')
    unacked.remove(first)
    const second = unacked.add('m', 'second')
    expect(unacked.find('m', first.delivery, NONE)).toBeUndefined()
    expect(itemsOf(unacked.find('m', second.delivery, NONE))).toEqual(['second'])
    expect(itemsOf(unacked.find('m', undefined, NONE))).toEqual(['second'])
    expect(unacked.find('n', second.delivery, NONE)).toBeUndefined()
    expect(unacked.find('n', undefined, NONE)).toBeUndefined()
  })

  it('may hold one message several times: by its id the first that is left is meant', () => {
    const unacked = createUnacked<number>(false)
    const all = [1, 2, 3].map((item) => unacked.add('m', item))
    expect(itemsOf(unacked.find('m', undefined, NONE))).toEqual([1])
    expect(itemsOf(unacked.find('m', undefined, new Set([all[0]])))).toEqual([2])
    for (const each of all.slice(0, 2)) unacked.remove(each)
    expect(itemsOf(unacked.find('m', undefined, NONE))).toEqual([3])
    expect(unacked.size).toBe(1)
    expect(unacked.clear()).toEqual([3])
    expect(unacked.find('m', undefined, NONE)).toBeUndefined()
  })

  it('is meant cumulatively up to a delivery, but for what is taken already', () => {
    const unacked = createUnacked<number>(true)
    const all = [0, 1, 2, 3].map((item) => unacked.add(`${item}`, item))
    expect(itemsOf(unacked.find('2', undefined, NONE))).toEqual([0, 1, 2])
    expect(itemsOf(unacked.find('2', undefined, new Set(all.slice(0, 2))))).toEqual([2])
    for (const each of all.slice(0, 2)) unacked.remove(each)
    expect(itemsOf(unacked.find('3', all[3]?.delivery, NONE))).toEqual([2, 3])
  })

  it('has no hole where a delivery was taken back', () => {
    const unacked = createUnacked<number>(true)
    unacked.add('0', 0)
    const dropped = unacked.add('1', 1)
    expect(unacked.takeBack(dropped)).toBe(true)
    expect(unacked.takeBack(dropped)).toBe(false)
    unacked.add('2', 2)
    expect(itemsOf(unacked.find('2', undefined, NONE))).toEqual([0, 2])
  })

  it('is answered at the same cost by many cumulative answers as by one', () => {
    const unacked = createUnacked<number>(true)
    const count = 200_000
    for (let i = 0; i < count; i++) unacked.add(`${i}`, i)
    const taken = new Set<unknown>()
    let found = 0
    for (let i = 0; i < count; i++) {
      for (const each of unacked.find(`${i}`, undefined, taken) ?? []) {
        taken.add(each)
        found++
      }
    }
    expect(found).toBe(count)
  })

  it('writes an ack that it can read, and reads nothing else', () => {
    expect(readAck(writeAck(3, 14, 'a-1-b'))).toEqual({ subscription: 3, delivery: 14, messageId: 'a-1-b' })
    for (const ack of ['', '1', '1-2', '1-2-', 'a-2-m', '-1-2-m', `${'9'.repeat(16)}-1-m`]) {
      expect(readAck(ack)).toBeUndefined()
    }
  })
})
