import { describe, expect, it } from 'vitest'
import { createLatency } from './latency.js'

function setUp() {
  let nowMs = 0
  const soon: (() => void)[] = []
  const seconds: number[] = []
  const latency = createLatency({ now: () => nowMs, soon: (run) => void soon.push(run) }, (each) => seconds.push(each))
  return {
    latency,
    seconds,
    advance(ms: number) {
      nowMs += ms
    },
    /** How much waited for the end of the turn. */
    endTurn() {
      const runs = soon.splice(0)
      for (const run of runs) run()
      return runs.length
    },
  }
}

describe('the latency of messages', () => {
  it('follows the first of a turn alone, to each reader until it is written', () => {
    const { latency, seconds, advance, endTurn } = setUp()
    const [first, second, a, b] = [{}, {}, {}, {}]
    latency.published(first, false)
    latency.owed(first, a)
    latency.owed(first, b)
    latency.published(second, false)
    latency.owed(second, a)
    endTurn()
    advance(5)
    latency.written(a)
    latency.written(a)
    advance(5)
    latency.written(b)
    expect(seconds).toEqual([0.005, 0.01])
  })

  it('looks at a few of many readers, the last ones too', () => {
    const { latency, seconds, advance } = setUp()
    const message = {}
    latency.published(message, false)
    const readers = Array.from({ length: 100 }, () => ({}))
    for (const reader of readers) latency.owed(message, reader)
    for (const reader of readers) {
      advance(1)
      latency.written(reader)
    }
    expect(seconds.map((each) => each * 1_000)).toEqual([1, 2, 3, 4, 17, 33, 49, 65, 81, 97])
  })

  it('forgets a reader that is gone, and what is given out after the turn', () => {
    const { latency, seconds, endTurn } = setUp()
    const [message, reader] = [{}, {}]
    latency.published(message, false)
    latency.owed(message, reader)
    latency.gone(reader)
    latency.written(reader)
    endTurn()
    latency.owed(message, reader)
    latency.written(reader)
    expect(seconds).toEqual([])
  })

  it('waits once for the end of a turn, however many readers are given a stored one', () => {
    const { latency, advance, endTurn } = setUp()
    const stored = {}
    latency.published(stored, true)
    for (let i = 0; i < 100; i++) latency.owed(stored, {})
    expect(endTurn()).toBe(1)
    const old = {}
    latency.published(old, true)
    advance(10_001)
    for (let i = 0; i < 100; i++) latency.owed(old, {})
    expect(endTurn()).toBe(0)
  })

  it('follows a stored one over turns until it is given out, but not for ever', () => {
    const { latency, seconds, advance, endTurn } = setUp()
    const [stored, kept, reader] = [{}, {}, {}]
    latency.published(stored, true)
    endTurn()
    advance(20)
    latency.owed(stored, reader)
    endTurn()
    latency.written(reader)
    // Given back and given out again: no longer a matter of how fast it was.
    latency.owed(stored, reader)
    latency.written(reader)
    latency.published(kept, true)
    advance(10_001)
    latency.owed(kept, reader)
    latency.written(reader)
    expect(seconds).toEqual([0.02])
  })
})
