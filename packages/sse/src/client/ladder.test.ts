import { describe, expect, it } from 'vitest'
import { createLadder } from './ladder.js'

const all = ['websocket', 'stream', 'poll'] as const
const minute = 60_000

describe('a ladder', () => {
  it('begins at the best rung, or at the one that worked last', () => {
    expect(createLadder(all, undefined, 0).rung()).toBe('websocket')
    expect(createLadder(all, 'nonsense', 0).rung()).toBe('websocket')
    const remembered = createLadder(all, 'poll', 0)
    expect(remembered.rung()).toBe('poll')
    expect(remembered.betterAt()).toBe(minute)
  })

  it('goes down when a rung fails, and tries it again after 60 s, doubling to 10 minutes', () => {
    const ladder = createLadder(all, undefined, 0)
    let now = 0
    for (const expected of [1, 2, 4, 8, 10, 10]) {
      ladder.failed('websocket', now)
      ladder.worked('stream', now)
      expect(ladder.better(now)).toBeUndefined()
      expect(ladder.betterAt()).toBe(now + expected * minute)
      now += expected * minute
      expect(ladder.better(now)).toBe('websocket')
    }
  })

  it('begins the doubling anew when a rung has lived for more than a minute', () => {
    const ladder = createLadder(all, undefined, 0)
    ladder.failed('websocket', 0)
    ladder.failed('websocket', 0)
    ladder.worked('websocket', 0)
    ladder.failed('websocket', 0, minute + 1)
    ladder.worked('stream', 0)
    expect(ladder.betterAt()).toBe(minute)
  })

  it('does not leave the present rung when a better one fails', () => {
    const ladder = createLadder(all, 'poll', 0)
    ladder.worked('poll', 0)
    ladder.failed('websocket', minute)
    expect(ladder.rung()).toBe('poll')
    expect(ladder.better(minute)).toBe('stream')
  })

  it('resumes a lost WebSocket by WebSocket, and bans it for 10 minutes when lost twice within 30 s', () => {
    const ladder = createLadder(all, undefined, 0)
    ladder.worked('websocket', 0)
    ladder.lost('websocket', 0, 29_999)
    expect(ladder.rung()).toBe('websocket')
    ladder.lost('websocket', 0, 30_000)
    ladder.lost('websocket', 0, 29_999)
    expect(ladder.rung()).toBe('websocket')
    ladder.lost('websocket', 0, 29_999)
    expect(ladder.rung()).toBe('stream')
    expect(ladder.betterAt()).toBe(10 * minute)
  })

  it('leaves a stream that ended twice within 5 s', () => {
    const ladder = createLadder(['stream', 'poll'], undefined, 0)
    ladder.lost('stream', 0, 4_999)
    expect(ladder.rung()).toBe('stream')
    ladder.lost('stream', 0, 4_999)
    expect(ladder.rung()).toBe('poll')
  })

  it('starts from the top when even the last rung fails twice, since the network is down', () => {
    const ladder = createLadder(all, undefined, 0)
    for (const rung of ['websocket', 'stream', 'poll'] as const) ladder.failed(rung, 10)
    expect(ladder.rung()).toBe('poll')
    ladder.failed('poll', 20)
    expect(ladder.rung()).toBe('websocket')
  })

  it('holds nothing that failed in an outage against it when the outage is over', () => {
    const ladder = createLadder(all, undefined, 0)
    ladder.worked('websocket', 0)
    for (const rung of ['websocket', 'stream', 'poll'] as const) ladder.failed(rung, 10)
    ladder.worked('poll', 20)
    expect(ladder.rung()).toBe('poll')
    expect(ladder.better(20)).toBe('websocket')
    ladder.failed('websocket', 30)
    ladder.worked('poll', 40)
    expect(ladder.better(40)).toBe('stream')
    ladder.worked('stream', 50)
    expect(ladder.betterAt()).toBe(30 + minute)
  })

  it('does not try in an outage what was found bad before it', () => {
    const ladder = createLadder(all, undefined, 0)
    ladder.failed('websocket', 10)
    ladder.worked('stream', 11)
    for (const now of [20, 30]) {
      ladder.failed('stream', now)
      ladder.failed('poll', now)
      ladder.failed('poll', now)
      expect(ladder.rung()).toBe('stream')
    }
  })

  it('holds nothing against any rung when the network has changed', () => {
    const ladder = createLadder(all, undefined, 0)
    ladder.failed('websocket', 0)
    ladder.failed('stream', 0)
    ladder.worked('poll', 0)
    ladder.changed(5)
    expect(ladder.better(5)).toBe('websocket')
  })

  it('uses the given order, and stays where there is nothing else', () => {
    expect(createLadder(['poll', 'websocket'], undefined, 0).below('poll')).toBe('websocket')
    const only = createLadder(['websocket'], undefined, 0)
    only.failed('websocket', 0)
    only.lost('websocket', 0, 1)
    only.lost('websocket', 0, 1)
    expect(only.rung()).toBe('websocket')
    expect(only.below('websocket')).toBeUndefined()
  })
})
