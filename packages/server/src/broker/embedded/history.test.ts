import { createHeaders } from '@hoofbeat/codec'
import { describe, expect, it } from 'vitest'
import { createMessage } from '../../message/message.js'
import { createBudget } from './budget.js'
import { holdMessage } from './held-message.js'
import { createHistory, type Missed } from './history.js'

function open({ count = 5, maxAgeMs, maxBytes = 1e9 }: { count?: number; maxAgeMs?: number; maxBytes?: number } = {}) {
  let nowMs = 0
  let order = 0
  const budget = createBudget(maxBytes)
  const history = createHistory({ count, maxAgeMs }, budget, () => nowMs)
  const add = (id: string, size = 0) => {
    const body = new Uint8Array(size)
    const message = createMessage({ id, destination: '/topic/a', headers: createHeaders(), body })
    order++
    return history.add({ position: 100 + order, order, held: holdMessage(message, nowMs) })
  }
  return { history, budget, add, pass: (ms: number) => (nowMs += ms) }
}

const idsOf = ({ entries }: Missed): string[] => entries.map(({ held }) => held.message.id)

describe('a history', () => {
  it('remembers so many, and tells which it forgets', () => {
    const { history, add } = open({ count: 2 })
    expect([add('a'), add('b')]).toEqual([[], []])
    expect(add('c').map(({ position }) => position)).toEqual([101])
    expect(idsOf(history.last(9))).toEqual(['b', 'c'])
    expect(idsOf(history.last(1))).toEqual(['c'])
    expect(history.size).toBe(2)
  })

  it('that begins where an earlier one was forgotten tells the gap to whoever has seen less', () => {
    const history = createHistory({ count: 5, maxAgeMs: undefined }, createBudget(1e9), () => 0, 7)
    expect(history.after(6).isAfterGap).toBe(true)
    expect(history.after(7).isAfterGap).toBe(false)
  })

  it('gives what came after a message, and tells if some of that is forgotten', () => {
    const { history, add } = open({ count: 3 })
    for (const id of ['a', 'b', 'c']) add(id)
    const b = history.find('b') ?? -1
    expect(idsOf(history.after(b))).toEqual(['c'])
    expect(history.after(b).isAfterGap).toBe(false)
    add('d')
    expect(history.find('a')).toBeUndefined()
    expect(history.after(b).isAfterGap).toBe(false)
    add('e')
    expect(history.after(b)).toMatchObject({ isAfterGap: false, isBeforeGap: false })
    add('f')
    expect(history.after(b).isAfterGap).toBe(true)
    expect(idsOf(history.after(b))).toEqual(['d', 'e', 'f'])
  })

  it('forgets what is too old', () => {
    const { history, budget, add, pass } = open({ maxAgeMs: 1_000 })
    add('a')
    pass(600)
    add('b')
    pass(600)
    expect(history.forgetOld().map(({ position }) => position)).toEqual([101])
    expect(idsOf(history.last(9))).toEqual(['b'])
    pass(600)
    expect(add('c').map(({ position }) => position)).toEqual([102])
    pass(2_000)
    history.forgetOld()
    expect([history.size, history.bytes, budget.used]).toEqual([0, 0, 0])
  })

  it('never keeps more than the budget allows, not even one message', () => {
    const { history, budget, add } = open({ maxBytes: 2_000 })
    add('a', 100)
    add('b', 100)
    expect(add('c', 1_000).map(({ position }) => position)).toEqual([101, 102])
    expect(idsOf(history.last(9))).toEqual(['c'])
    budget.take(1_000)
    expect(add('d').map(({ position }) => position)).toEqual([103])
    budget.take(1_000)
    expect(add('e').map(({ position }) => position)).toEqual([104, 105])
    expect(history.size).toBe(0)
    expect(budget.used).toBe(2_000)
    expect(history.after(0)).toMatchObject({ entries: [], isAfterGap: true })
  })

  it('may be marked as full of holes at both ends', () => {
    const { history, add } = open()
    for (const id of ['a', 'b']) add(id)
    const a = history.find('a') ?? -1
    history.markGaps([Number.MAX_SAFE_INTEGER])
    expect(history.after(a)).toMatchObject({ isAfterGap: false, isBeforeGap: true })
    expect(history.after(a - 1).isAfterGap).toBe(false)
    expect(history.after(a - 2).isAfterGap).toBe(true)
    add('c')
    const missed = history.after(a)
    expect(missed.isBeforeGap).toBe(false)
    expect(missed.entries.map(({ isAfterGap }) => isAfterGap)).toEqual([false, true])
  })

  it('may be marked as full of holes in the middle', () => {
    const { history, add } = open()
    for (const id of ['a', 'b', 'c']) add(id)
    const [, second] = history.last(3).entries
    history.markGaps([second?.position ?? -1])
    expect(history.last(3).entries.map(({ isAfterGap }) => isAfterGap)).toEqual([false, false, true])
    expect(history.last(3).isBeforeGap).toBe(false)
  })

  it('stays as quick when it has forgotten many', () => {
    const { history, add } = open({ count: 1_000 })
    for (let i = 0; i < 100_000; i++) add(`${i}`)
    expect(history.size).toBe(1_000)
    expect(idsOf(history.last(1))).toEqual(['99999'])
  })
})
