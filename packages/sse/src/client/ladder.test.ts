import { describe, expect, it } from 'vitest'
import { createLadder } from './ladder.js'
import type { RungName } from './options.js'

const all = ['websocket', 'stream', 'poll'] as const
const minute = 60_000

describe('a ladder', () => {
  let nowMs = 0
  const ladderOf = (rungs: readonly RungName[] = all, remembered?: string) => {
    nowMs = 0
    return createLadder(rungs, remembered, () => nowMs)
  }

  it('begins at the best rung, or at the one that worked last', () => {
    expect(ladderOf().rung()).toBe('websocket')
    expect(ladderOf(all, 'nonsense').rung()).toBe('websocket')
    const remembered = ladderOf(all, 'poll')
    expect(remembered.rung()).toBe('poll')
    expect(remembered.betterAt()).toBe(minute)
  })

  it('goes down when a rung fails, and tries it again after 60 s, doubling to 10 minutes', () => {
    const ladder = ladderOf()
    for (const expected of [1, 2, 4, 8, 10, 10]) {
      ladder.failed('websocket')
      ladder.worked('stream')
      expect(ladder.better()).toBeUndefined()
      expect(ladder.betterAt()).toBe(nowMs + expected * minute)
      nowMs += expected * minute
      expect(ladder.better()).toBe('websocket')
    }
  })

  it('begins the doubling anew when a rung has lived for more than a minute', () => {
    const ladder = ladderOf()
    ladder.failed('websocket')
    ladder.failed('websocket')
    ladder.worked('websocket')
    ladder.failed('websocket', minute + 1)
    ladder.worked('stream')
    expect(ladder.betterAt()).toBe(minute)
  })

  it('does not leave the present rung when a better one fails', () => {
    const ladder = ladderOf(all, 'poll')
    ladder.worked('poll')
    nowMs = minute
    ladder.failed('websocket')
    expect(ladder.rung()).toBe('poll')
    expect(ladder.better()).toBe('stream')
  })

  it('resumes a lost WebSocket by WebSocket, and bans it for 10 minutes when lost twice within 30 s', () => {
    const ladder = ladderOf()
    ladder.worked('websocket')
    ladder.lost('websocket', 29_999)
    expect(ladder.rung()).toBe('websocket')
    ladder.lost('websocket', 30_000)
    ladder.lost('websocket', 29_999)
    expect(ladder.rung()).toBe('websocket')
    ladder.lost('websocket', 29_999)
    expect(ladder.rung()).toBe('stream')
    expect(ladder.betterAt()).toBe(10 * minute)
  })

  it('leaves a stream that ended twice within 5 s', () => {
    const ladder = ladderOf(['stream', 'poll'])
    ladder.lost('stream', 4_999)
    expect(ladder.rung()).toBe('stream')
    ladder.lost('stream', 4_999)
    expect(ladder.rung()).toBe('poll')
  })

  it('starts from the top when even the last rung fails twice, since the network is down', () => {
    const ladder = ladderOf()
    nowMs = 10
    for (const rung of ['websocket', 'stream', 'poll'] as const) ladder.failed(rung)
    expect(ladder.rung()).toBe('poll')
    nowMs = 20
    ladder.failed('poll')
    expect(ladder.rung()).toBe('websocket')
  })

  it('holds nothing that failed in an outage against it when the outage is over', () => {
    const ladder = ladderOf()
    ladder.worked('websocket')
    nowMs = 10
    for (const rung of ['websocket', 'stream', 'poll'] as const) ladder.failed(rung)
    nowMs = 20
    ladder.worked('poll')
    expect(ladder.rung()).toBe('poll')
    expect(ladder.better()).toBe('websocket')
    nowMs = 30
    ladder.failed('websocket')
    nowMs = 40
    ladder.worked('poll')
    expect(ladder.better()).toBe('stream')
    nowMs = 50
    ladder.worked('stream')
    expect(ladder.betterAt()).toBe(30 + minute)
  })

  it('does not try in an outage what was found bad before it', () => {
    const ladder = ladderOf()
    nowMs = 10
    ladder.failed('websocket')
    nowMs = 11
    ladder.worked('stream')
    for (const laterMs of [20, 30]) {
      nowMs = laterMs
      ladder.failed('stream')
      ladder.failed('poll')
      ladder.failed('poll')
      expect(ladder.rung()).toBe('stream')
    }
  })

  it('holds nothing against any rung when the network has changed', () => {
    const ladder = ladderOf()
    ladder.failed('websocket')
    ladder.failed('stream')
    ladder.worked('poll')
    nowMs = 5
    ladder.changed()
    expect(ladder.better()).toBe('websocket')
  })

  it('uses the given order, and stays where there is nothing else', () => {
    expect(ladderOf(['poll', 'websocket']).below('poll')).toBe('websocket')
    const only = ladderOf(['websocket'])
    only.failed('websocket')
    only.lost('websocket', 1)
    only.lost('websocket', 1)
    expect(only.rung()).toBe('websocket')
    expect(only.below('websocket')).toBeUndefined()
  })
})
