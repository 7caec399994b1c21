import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createWheel } from '../clock/wheel.js'
import { createFakeClock } from '../testing/fake-clock.js'
import { type HeartBeat, startHeartBeat } from './heart-beat.js'

const interval = fc.integer({ min: 400, max: 20_000 })
/** What happens, and after which part of the interval. */
const traffic = fc.array(
  fc.tuple(fc.constantFrom('sent', 'heard', 'paused', 'resumed'), fc.double({ min: 0, max: 2.6, noNaN: true })),
  { maxLength: 40 },
)

it('under any traffic the peer hears us in every interval, and silence is judged between twice and three times of it', () => {
  fc.assert(
    fc.property(interval, interval, fc.nat(99), traffic, (sendEveryMs, expectEveryMs, startMs, events) => {
      const clock = createFakeClock()
      const wheel = createWheel(clock)
      // Another timer keeps the ticks where they are: the watches begin between two of them.
      wheel.after(10_000_000, () => {})
      clock.advance(startMs)
      let sentMs = clock.now()
      let heardMs = clock.now()
      let judgedMs: number | undefined
      let isPaused = false
      const heartBeat: HeartBeat = startHeartBeat(
        { sendEveryMs, expectEveryMs },
        {
          get lastWriteMs() {
            return sentMs
          },
          beat: () => send(),
          silent: () => judge(),
        },
        { clock, wheel },
      )
      const send = (): void => {
        expect(clock.now() - sentMs).toBeLessThanOrEqual(sendEveryMs)
        sentMs = clock.now()
      }
      const judge = (): void => {
        judgedMs = clock.now()
        expect(isPaused).toBe(false)
        expect(judgedMs - heardMs).toBeGreaterThanOrEqual(2 * expectEveryMs)
      }
      for (const [event, part] of events) {
        clock.advance(Math.round(part * expectEveryMs))
        if (judgedMs !== undefined) break
        expect(clock.now() - sentMs).toBeLessThanOrEqual(sendEveryMs)
        if (!isPaused) expect(clock.now() - heardMs).toBeLessThanOrEqual(3 * expectEveryMs)
        if (event === 'sent') send()
        else if (event === 'heard') {
          heardMs = clock.now()
          heartBeat.heard()
        } else {
          isPaused = event === 'paused'
          if (!isPaused) heardMs = clock.now()
          heartBeat.setPaused(isPaused)
        }
      }
      if (judgedMs === undefined && isPaused) {
        isPaused = false
        heardMs = clock.now()
        heartBeat.setPaused(false)
      }
      clock.advance(3 * expectEveryMs)
      expect(judgedMs).toBeDefined()
      expect((judgedMs ?? 0) - heardMs).toBeLessThanOrEqual(3 * expectEveryMs)
      heartBeat.stop()
      wheel.stop()
    }),
    { numRuns: 300 },
  )
})
