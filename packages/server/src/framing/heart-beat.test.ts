import { describe, expect, it } from 'vitest'
import { createWheel } from '../clock/wheel.js'
import { createFakeClock } from '../testing/fake-clock.js'
import { type BeatIntervals, type HeartBeat, startHeartBeat } from './heart-beat.js'

function setUp(intervals: BeatIntervals) {
  const clock = createFakeClock()
  const beats: number[] = []
  const silences: number[] = []
  const owner = {
    lastWriteMs: 0,
    beat: () => {
      beats.push(clock.now())
      owner.lastWriteMs = clock.now()
    },
    silent: () => silences.push(clock.now()),
  }
  const heartBeat: HeartBeat = startHeartBeat(intervals, owner, { clock, wheel: createWheel(clock) })
  return { clock, beats, silences, heartBeat, owner }
}

const INTERVALS = [400, 500, 1_000, 4_000, 10_000, 60_000]

describe('the sending watch', () => {
  it.each(INTERVALS)('is never silent for longer than %i ms', (sendEveryMs) => {
    const { clock, beats } = setUp({ sendEveryMs, expectEveryMs: 0 })
    clock.advance(sendEveryMs * 20)
    const gaps = [...beats, clock.now()].map((beat, i) => beat - (beats[i - 1] ?? 0))
    expect(beats.length).toBeGreaterThanOrEqual(20)
    expect(Math.max(...gaps)).toBeLessThanOrEqual(sendEveryMs)
  })

  it('does not beat much more often than it must', () => {
    const { clock, beats } = setUp({ sendEveryMs: 10_000, expectEveryMs: 0 })
    clock.advance(100_000)
    expect(beats.length).toBeLessThanOrEqual(12)
  })

  it('says nothing while frames are sent often enough', () => {
    const { clock, beats, owner } = setUp({ sendEveryMs: 1_000, expectEveryMs: 0 })
    for (let i = 0; i < 50; i++) {
      clock.advance(500)
      owner.lastWriteMs = clock.now()
    }
    expect(beats).toEqual([])
    clock.advance(1_000)
    expect(beats).toHaveLength(1)
  })

  it('goes on while reading is paused', () => {
    const { clock, beats, heartBeat } = setUp({ sendEveryMs: 1_000, expectEveryMs: 0 })
    heartBeat.setPaused(true)
    clock.advance(10_000)
    expect(beats.length).toBeGreaterThanOrEqual(10)
  })
})

describe('the listening watch', () => {
  it.each(INTERVALS)('judges silence once, after two to three times %i ms', (expectEveryMs) => {
    const { clock, silences } = setUp({ sendEveryMs: 0, expectEveryMs })
    clock.advance(expectEveryMs * 10)
    expect(silences).toHaveLength(1)
    expect(silences[0]).toBeGreaterThanOrEqual(2 * expectEveryMs)
    expect(silences[0]).toBeLessThanOrEqual(3 * expectEveryMs)
  })

  it('stops the heart-beats of our own once it has judged', () => {
    const { clock, beats, silences } = setUp({ sendEveryMs: 1_000, expectEveryMs: 1_000 })
    clock.advance(5_000)
    expect(silences).toHaveLength(1)
    const before = beats.length
    clock.advance(20_000)
    expect(beats).toHaveLength(before)
  })

  it('waits for a peer that is late but within twice the interval', () => {
    const { clock, silences, heartBeat } = setUp({ sendEveryMs: 0, expectEveryMs: 1_000 })
    for (let i = 0; i < 30; i++) {
      clock.advance(1_950)
      heartBeat.heard()
    }
    expect(silences).toEqual([])
  })

  it('is content with a byte that comes between its two looks', () => {
    const { clock, silences, heartBeat } = setUp({ sendEveryMs: 0, expectEveryMs: 10_000 })
    clock.advance(21_000)
    heartBeat.heard()
    clock.advance(19_000)
    expect(silences).toEqual([])
    clock.advance(11_100)
    expect(silences).toHaveLength(1)
  })

  it('does not judge while reading is paused, and judges anew from the resumption', () => {
    const { clock, silences, heartBeat } = setUp({ sendEveryMs: 0, expectEveryMs: 1_000 })
    clock.advance(1_900)
    heartBeat.setPaused(true)
    clock.advance(60_000)
    heartBeat.setPaused(false)
    clock.advance(1_999)
    expect(silences).toEqual([])
    clock.advance(1_001)
    expect(silences).toHaveLength(1)
  })

  it('does not judge when reading is paused between its two looks', () => {
    const { clock, silences, heartBeat } = setUp({ sendEveryMs: 0, expectEveryMs: 1_000 })
    clock.advance(2_200)
    heartBeat.setPaused(true)
    clock.advance(60_000)
    expect(silences).toEqual([])
  })

  it('lets bytes that waited through a held-up event loop be read before it judges', () => {
    const { clock, silences, heartBeat } = setUp({ sendEveryMs: 0, expectEveryMs: 1_000 })
    // Timers run first when the loop goes on, then what waits in the kernel is read.
    clock.stall(30_000)
    heartBeat.heard()
    clock.advance(1_900)
    expect(silences).toEqual([])
  })

  it('does not judge at a second look that comes late itself', () => {
    const { clock, silences, heartBeat } = setUp({ sendEveryMs: 0, expectEveryMs: 1_000 })
    clock.advance(2_100)
    clock.stall(30_000)
    expect(silences).toEqual([])
    heartBeat.heard()
    clock.advance(1_900)
    expect(silences).toEqual([])
  })

  it('still judges a peer that stays silent after a held-up event loop', () => {
    const { clock, silences } = setUp({ sendEveryMs: 0, expectEveryMs: 1_000 })
    clock.advance(2_100)
    clock.stall(30_000)
    clock.advance(1_000)
    expect(silences).toHaveLength(1)
  })
})

it('does nothing where no heart-beats are agreed, and nothing after it was stopped', () => {
  const none = setUp({ sendEveryMs: 0, expectEveryMs: 0 })
  none.clock.advance(1_000_000)
  expect([none.beats, none.silences]).toEqual([[], []])
  const stopped = setUp({ sendEveryMs: 1_000, expectEveryMs: 1_000 })
  stopped.clock.advance(2_200)
  const before = stopped.beats.length
  stopped.heartBeat.stop()
  stopped.clock.advance(10_000)
  expect([stopped.beats.length, stopped.silences]).toEqual([before, []])
})
