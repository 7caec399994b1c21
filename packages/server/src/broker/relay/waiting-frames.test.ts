import type { FrameInit } from '@hoofbeat/codec'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createWheel } from '../../clock/wheel.js'
import { createFakeClock } from '../../testing/fake-clock.js'
import { BoundRequest, SendingRequest } from './leg-request.js'
import { createWaitingFrames, type WaitingLimits } from './waiting-frames.js'

const owner = { wentOut() {}, cameBack() {}, lost() {} }
const LIMITS: WaitingLimits = { maxWaitingBytes: 1_000, maxWaitingFrames: 10, maxWaitMs: 30_000 }

function setUp(limits: Partial<WaitingLimits> = {}) {
  const clock = createFakeClock()
  const line = createWaitingFrames({ clock, wheel: createWheel(clock), limits: { ...LIMITS, ...limits } })
  const refused: string[] = []
  const make = (name: string, bytes = 0, frameCount = 1): SendingRequest => {
    const frame: FrameInit = { command: 'SEND', body: 'x'.repeat(bytes) }
    const request = new SendingRequest(Array(frameCount).fill(frame), true, [], clock.now(), owner)
    request.settled.catch(() => refused.push(name))
    return request
  }
  const bound = (): BoundRequest =>
    new BoundRequest([{ command: 'ACK' }], false, { answered() {}, refused() {}, lost() {} })
  /** Takes all out. */
  const drain = (): unknown[] => {
    const all: unknown[] = []
    for (let first = line.first; first !== undefined; first = line.first) {
      all.push(first)
      line.shift()
    }
    return all
  }
  return { clock, line, make, bound, drain, refused }
}

describe('what waits for the broker', () => {
  it('comes out in the order in which it came, what was lost before it', () => {
    const { line, make, bound, drain } = setUp()
    const [a, b, c, again, ack] = [make('a'), make('b'), make('c'), make('again'), bound()]
    for (const request of [a, ack, b, c]) expect(line.push(request)).toBe(true)
    line.putBack([again])
    expect(line.hasRepeated).toBe(true)
    expect(line.first).toBe(again)
    line.shift()
    expect(line.hasRepeated).toBe(false)
    expect(drain()).toEqual([a, ack, b, c])
    expect([line.isEmpty, line.frameCount, line.byteLength]).toEqual([true, 0, 0])
    line.shift()
    expect(line.frameCount).toBe(0)
  })

  it('is bounded by bytes and by frames, but for one that is alone', () => {
    const { line, make } = setUp()
    expect(line.push(make('a', 600))).toBe(true)
    expect(line.push(make('b', 600))).toBe(false)
    expect(line.push(make('c', 0, 9))).toBe(true)
    expect(line.push(make('d', 0))).toBe(false)
    const alone = setUp()
    expect(alone.line.push(alone.make('large', 5_000))).toBe(true)
    expect(alone.line.push(alone.make('small'))).toBe(false)
  })

  it('takes what belongs to a connection in any case, and gives it back with that', () => {
    const { line, make, bound, drain } = setUp({ maxWaitingFrames: 1 })
    const [a, ack] = [make('a'), bound()]
    expect([line.push(a), line.push(ack), line.push(make('b'))]).toEqual([true, true, false])
    expect(line.frameCount).toBe(1)
    expect(line.takeBound()).toEqual([ack])
    expect(drain()).toEqual([a])
  })

  it('is refused when it has waited too long, wherever it stands', async () => {
    const { clock, line, make, bound, refused, drain } = setUp()
    line.push(make('old'))
    await clock.pass(20_000)
    const again = make('young, but first')
    line.putBack([again])
    const ack = bound()
    line.push(ack)
    await clock.pass(11_200)
    expect(refused).toEqual(['old'])
    expect(line.hasRepeated).toBe(true)
    await clock.pass(20_000)
    expect(refused).toEqual(['old', 'young, but first'])
    expect(line.hasRepeated).toBe(false)
    expect(drain()).toEqual([ack])
    expect([line.frameCount, line.byteLength]).toEqual([0, 0])
  })

  it('is refused as a whole at the end', async () => {
    const { line, make, refused } = setUp()
    for (const name of ['a', 'b']) line.push(make(name))
    line.refuseAll()
    await Promise.resolve()
    expect(refused).toEqual(['a', 'b'])
    expect(line.isEmpty).toBe(true)
  })

  it('costs the same however much waits', () => {
    const { line, make, drain } = setUp({ maxWaitingFrames: 100_000, maxWaitingBytes: 1_000_000 })
    const requests = Array.from({ length: 20_000 }, () => make('one'))
    // As a browser of bounded length: always two in, one out.
    const out: unknown[] = []
    for (let i = 0; i < requests.length; i += 2) {
      for (const request of requests.slice(i, i + 2)) line.push(request)
      out.push(line.first)
      line.shift()
    }
    expect([...out, ...drain()]).toEqual(requests)
  })

  it('keeps its account whatever is done', () => {
    const step = fc.oneof(
      fc.record({ type: fc.constant('push' as const), bytes: fc.nat(400), frames: fc.integer({ min: 1, max: 4 }) }),
      fc.record({ type: fc.constantFrom('shift' as const, 'bound' as const, 'take' as const, 'back' as const) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { line, make, bound, drain } = setUp()
        let model: (SendingRequest | BoundRequest)[] = []
        for (const next of steps) {
          if (next.type === 'push') {
            const request = make('any', next.bytes, next.frames)
            if (line.push(request)) model.push(request)
          } else if (next.type === 'shift') {
            line.shift()
            model.shift()
          } else if (next.type === 'bound') {
            const request = bound()
            line.push(request)
            model.push(request)
          } else if (next.type === 'take') {
            expect(line.takeBound()).toEqual(model.filter(({ waiting }) => waiting === undefined))
            model = model.filter(({ waiting }) => waiting !== undefined)
          } else {
            const request = make('any', 10)
            line.putBack([request])
            model.unshift(request)
          }
          expect(line.frameCount).toBe(model.reduce((sum, { waiting }) => sum + (waiting?.frameCount ?? 0), 0))
          expect(line.byteLength).toBe(model.reduce((sum, { waiting }) => sum + (waiting?.byteLength ?? 0), 0))
        }
        expect(drain()).toEqual(model)
      }),
      { numRuns: 200 },
    )
  })
})
