import { describe, expect, it } from 'vitest'
import type { Clock } from '../clock/clock.js'
import { createWheel } from '../clock/wheel.js'
import type { Turn } from '../message/turn.js'
import { readyWireFrame, type WireFrame } from '../message/wire-frame.js'
import { createFakeClock } from '../testing/fake-clock.js'
import { createOutbox, type Outbox, type OutboxLimits } from './outbox.js'
import { createTurns } from './turns.js'

const LIMITS: OutboxLimits = { maxOutboxBytes: 100, sendTimeoutMs: 10_000 }

const frameOf = (text: string): WireFrame => readyWireFrame(Buffer.from(text), true)

/** A peer that notes each write, and takes no more after it when it is told so. */
function setUp(limits: OutboxLimits = LIMITS) {
  const clock = createFakeClock()
  const turnEnds: (() => void)[] = []
  // The end of a turn is in the test's hands: what is asked for soon runs when the test says so.
  const handClock: Clock = { ...clock, soon: (run) => turnEnds.push(run) }
  const turns = createTurns(handClock)
  const writes: string[] = []
  let isFull = false
  const peer = {
    isSuspended: false,
    write(turn: Turn) {
      writes.push(Buffer.from(turn.bytes('stream')).toString())
      return !isFull
    },
  }
  const open = (): { readonly outbox: Outbox; readonly overflows: number[]; readonly readies: number[] } => {
    const overflows: number[] = []
    const readies: number[] = []
    const owner = { ready: () => readies.push(clock.now()), overflowed: () => overflows.push(clock.now()) }
    const outbox = createOutbox(peer, owner, { clock, turns, wheel: createWheel(clock), limits })
    return { outbox, overflows, readies }
  }
  return {
    ...open(),
    open,
    peer,
    clock,
    turns,
    writes,
    endTurn: () => {
      for (const run of turnEnds.splice(0)) run()
    },
    setFull: (full: boolean) => {
      isFull = full
    },
  }
}

describe('an outbox', () => {
  it('writes once for each turn, in the order of the pushes', () => {
    const { outbox, writes, endTurn } = setUp()
    for (const text of ['a', 'b', 'c']) expect(outbox.push(frameOf(text))).toBe('taken')
    expect(writes).toEqual([])
    endTurn()
    expect(writes).toEqual(['abc'])
    endTurn()
    expect(writes).toEqual(['abc'])
    outbox.push(frameOf('d'))
    endTurn()
    expect(writes).toEqual(['abc', 'd'])
  })

  it('writes nothing more to a full connection, and all that waits once there is room', () => {
    const { outbox, writes, endTurn, setFull } = setUp()
    setFull(true)
    outbox.push(frameOf('a'))
    endTurn()
    expect(outbox.push(frameOf('b'))).toBe('full')
    endTurn()
    outbox.flush(0)
    expect(outbox.push(frameOf('c'))).toBe('full')
    expect(writes).toEqual(['a'])
    setFull(false)
    outbox.drained()
    expect(writes).toEqual(['a', 'bc'])
    expect(outbox.push(frameOf('d'))).toBe('taken')
    endTurn()
    expect(writes).toEqual(['a', 'bc', 'd'])
  })

  it('stays full where the write after a drain fills the connection again', () => {
    const { outbox, writes, endTurn, setFull } = setUp()
    setFull(true)
    for (const text of ['a', 'b', 'c']) {
      outbox.push(frameOf(text))
      endTurn()
      outbox.push(frameOf('.'))
      outbox.drained()
    }
    expect(writes).toEqual(['a', '.', 'b.', 'c.'])
  })

  it('keeps to one write a turn when room is told that was not missed', () => {
    const { outbox, writes, endTurn } = setUp()
    outbox.push(frameOf('a'))
    outbox.drained()
    expect(writes).toEqual([])
    outbox.push(frameOf('b'))
    endTurn()
    expect(writes).toEqual(['ab'])
  })

  it('overflows when more waits than it may hold for a peer that does not read, and takes nothing after', () => {
    const { outbox, overflows, writes, endTurn, setFull } = setUp()
    setFull(true)
    outbox.push(frameOf('a'))
    endTurn()
    expect(outbox.push(frameOf('b'.repeat(60)))).toBe('full')
    expect(outbox.push(frameOf('c'.repeat(40)))).toBe('full')
    expect(overflows).toEqual([])
    expect(outbox.push(frameOf('d'))).toBe('dropped')
    expect(overflows).toEqual([0])
    expect(outbox.push(frameOf('e'))).toBe('dropped')
    outbox.drained()
    outbox.finish()
    endTurn()
    expect(overflows).toEqual([0])
    expect(writes).toEqual(['a'])
  })

  it('does not hold a burst within one turn against a peer that reads', () => {
    const { outbox, overflows, writes, endTurn } = setUp()
    for (let i = 0; i < 50; i++) expect(outbox.push(frameOf(`${i % 10}`.repeat(30)))).toBe('taken')
    endTurn()
    expect(overflows).toEqual([])
    expect(writes.join('')).toBe(Array.from({ length: 50 }, (_, i) => `${i % 10}`.repeat(30)).join(''))
    expect(Math.max(...writes.map((text) => text.length))).toBeLessThanOrEqual(100)
  })

  it('overflows where a burst fills the connection and goes on', () => {
    const { outbox, overflows, writes, setFull } = setUp()
    setFull(true)
    const taken = Array.from({ length: 8 }, () => outbox.push(frameOf('x'.repeat(30))))
    expect(taken).toEqual(['taken', 'taken', 'taken', 'full', 'full', 'full', 'dropped', 'dropped'])
    expect(overflows).toHaveLength(1)
    expect(writes).toEqual(['x'.repeat(90)])
  })

  it('takes a single frame of any size when nothing waits, also while the connection is full', () => {
    const { outbox, overflows, writes, endTurn, setFull } = setUp()
    setFull(true)
    expect(outbox.push(frameOf('x'.repeat(5_000)))).toBe('taken')
    endTurn()
    expect(outbox.push(frameOf('y'.repeat(5_000)))).toBe('full')
    expect(overflows).toEqual([])
    expect(outbox.push(frameOf('z'))).toBe('dropped')
    expect(overflows).toHaveLength(1)
    expect(writes).toHaveLength(1)
  })

  it('overflows when the connection has had no room for the time allowed', () => {
    const { outbox, overflows, clock, endTurn, setFull } = setUp()
    setFull(true)
    outbox.push(frameOf('a'))
    endTurn()
    clock.advance(9_999)
    expect(overflows).toEqual([])
    clock.advance(101)
    expect(overflows).toEqual([10_000])
    clock.advance(60_000)
    expect(overflows).toHaveLength(1)
    expect(outbox.push(frameOf('b'))).toBe('dropped')
  })

  it('does not hold it against a peer that nothing was carried to meanwhile', () => {
    const { outbox, overflows, peer, clock, endTurn, setFull } = setUp()
    setFull(true)
    peer.isSuspended = true
    outbox.push(frameOf('a'))
    endTurn()
    clock.advance(60_000)
    expect(overflows).toEqual([])
    peer.isSuspended = false
    clock.advance(10_100)
    expect(overflows).toHaveLength(1)
  })

  it('counts the time allowed anew after each drain', () => {
    const { outbox, overflows, clock, endTurn, setFull } = setUp()
    setFull(true)
    outbox.push(frameOf('a'))
    endTurn()
    clock.advance(9_000)
    outbox.push(frameOf('b'))
    outbox.drained()
    clock.advance(9_000)
    setFull(false)
    outbox.drained()
    clock.advance(60_000)
    expect(overflows).toEqual([])
  })

  it('writes its last words even to a full connection, and takes nothing after', () => {
    const { outbox, overflows, writes, clock, endTurn, setFull } = setUp()
    setFull(true)
    outbox.push(frameOf('a'))
    endTurn()
    outbox.push(frameOf('ERROR'))
    outbox.finish()
    expect(writes).toEqual(['a', 'ERROR'])
    expect(outbox.push(frameOf('late'))).toBe('dropped')
    outbox.finish()
    outbox.drained()
    endTurn()
    clock.advance(60_000)
    expect(writes).toEqual(['a', 'ERROR'])
    expect(overflows).toEqual([])
  })

  it('writes last words at once, not at the end of the turn', () => {
    const { outbox, writes, endTurn } = setUp()
    outbox.push(frameOf('ERROR'))
    outbox.finish()
    endTurn()
    expect(writes).toEqual(['ERROR'])
  })

  it('forgets everything when the connection is gone', () => {
    const { outbox, overflows, writes, clock, endTurn, setFull } = setUp()
    setFull(true)
    outbox.push(frameOf('a'))
    endTurn()
    outbox.push(frameOf('b'))
    outbox.discard()
    outbox.drained()
    clock.advance(60_000)
    endTurn()
    expect(writes).toEqual(['a'])
    expect(overflows).toEqual([])
  })
})

describe('the outboxes of one application', () => {
  it('are flushed in the order in which they had something to say', () => {
    const { open, writes, endTurn } = setUp()
    const [first, second] = [open().outbox, open().outbox]
    second.push(frameOf('2'))
    first.push(frameOf('1'))
    second.push(frameOf('2'))
    endTurn()
    expect(writes).toEqual(['22', '1'])
  })

  it('put what is said during the flush into the next turn', () => {
    const { open, turns, writes, endTurn } = setUp()
    const { outbox } = open()
    turns.flushSoon({ flush: () => outbox.push(frameOf('next')) })
    endTurn()
    expect(writes).toEqual([])
    endTurn()
    expect(writes).toEqual(['next'])
  })

  it('begin each turn with a new empty root', () => {
    const { open, turns, endTurn } = setUp()
    const before = turns.root
    open().outbox.push(frameOf('a'))
    expect(turns.root).toBe(before)
    endTurn()
    expect(turns.root).not.toBe(before)
    expect(turns.root.count).toBe(0)
  })

  it('are flushed although one of them throws', () => {
    const { open, turns, writes, endTurn } = setUp()
    open().outbox.push(frameOf('before'))
    turns.flushSoon({
      flush: () => {
        throw new Error('a broken carrier')
      },
    })
    open().outbox.push(frameOf('after'))
    expect(endTurn).toThrow('a broken carrier')
    endTurn()
    expect(writes).toEqual(['before', 'after'])
  })
})
