import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createFakeClock } from '../testing/fake-clock.js'
import { createWheel, type Timer } from './wheel.js'

type Step =
  | { readonly type: 'arm'; readonly delayMs: number; readonly againMs: number | undefined }
  | { readonly type: 'cancel'; readonly which: number }
  | { readonly type: 'advance'; readonly ms: number }
  | { readonly type: 'stall'; readonly ms: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('arm' as const),
      delayMs: fc.nat(1_500),
      againMs: fc.option(fc.nat(400), { nil: undefined }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('cancel' as const), which: fc.nat(30) }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('advance' as const), ms: fc.nat(700) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('stall' as const), ms: fc.nat(700) }) },
)

interface Expected {
  readonly dueMs: number
  readonly timer: Timer
  isCancelled: boolean
  firedMs: number | undefined
}

it('fires each timer once, never early, and by the first tick after it is due, whatever is armed, cancelled or held up', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 130 }),
      fc.integer({ min: 1, max: 12 }),
      fc.array(step, { maxLength: 60 }),
      check,
    ),
    { numRuns: 300 },
  )
})

function check(tickMs: number, slotCount: number, steps: readonly Step[]): void {
  const clock = createFakeClock()
  const wheel = createWheel(clock, tickMs, slotCount)
  const model: Expected[] = []
  const arm = (delayMs: number, againMs: number | undefined): void => {
    const expected: Expected = {
      dueMs: clock.now() + delayMs,
      isCancelled: false,
      firedMs: undefined,
      timer: wheel.after(delayMs, () => {
        expect(expected.isCancelled).toBe(false)
        expect(expected.firedMs).toBeUndefined()
        expected.firedMs = clock.now()
        if (againMs !== undefined) arm(againMs, undefined)
      }),
    }
    model.push(expected)
  }
  // While the process stands still nothing can fire: what falls due meanwhile fires at the end of that.
  const stalls: { readonly fromMs: number; readonly toMs: number }[] = []
  const latestMs = (dueMs: number): number => {
    let latest = dueMs + tickMs
    for (const { fromMs, toMs } of stalls) if (fromMs < latest && dueMs <= toMs) latest = Math.max(latest, toMs)
    return latest
  }
  for (const next of steps) {
    if (next.type === 'arm') arm(next.delayMs, next.againMs)
    else if (next.type === 'advance') clock.advance(next.ms)
    else if (next.type === 'stall') {
      const fromMs = clock.now()
      clock.stall(next.ms)
      stalls.push({ fromMs, toMs: clock.now() })
    } else {
      const expected = model[next.which]
      if (expected === undefined) continue
      expected.timer.cancel()
      if (expected.firedMs === undefined) expected.isCancelled = true
    }
  }
  clock.advance(3_000)
  for (const { dueMs, firedMs, isCancelled } of model) {
    if (isCancelled) continue
    expect(firedMs).toBeGreaterThanOrEqual(dueMs)
    expect(firedMs).toBeLessThanOrEqual(latestMs(dueMs))
  }
}
