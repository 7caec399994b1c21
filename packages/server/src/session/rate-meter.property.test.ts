import { type Command, headersFromFlat } from '@hoofbeat/codec'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createDestinationSyntax } from '../destination/destination.js'
import { compileRateLimits, type RateLimit } from './rate-limit.js'
import { RateMeter } from './rate-meter.js'

const syntax = createDestinationSyntax()

const limit = fc.record({
  of: fc.constantFrom('frames' as const, 'bytes' as const, 'SEND' as const, 'SUBSCRIBE' as const),
  count: fc.integer({ min: 1, max: 5 }),
  /** How long a unit takes to come back: whole, so that the model is exact. */
  unitMs: fc.integer({ min: 1, max: 20 }),
  burst: fc.integer({ min: 1, max: 8 }),
  over: fc.constantFrom('slow' as const, 'refuse' as const),
  isNarrow: fc.boolean(),
})
type DrawnLimit = typeof limit extends fc.Arbitrary<infer L> ? L : never

const frame = fc.record({
  command: fc.constantFrom<Command[]>('SEND', 'SUBSCRIBE', 'ACK'),
  isInside: fc.boolean(),
  bodyBytes: fc.integer({ min: 0, max: 4 }),
  afterMs: fc.integer({ min: 0, max: 60 }),
})

const toLimit = ({ of, count, unitMs, burst, over, isNarrow }: DrawnLimit) => {
  const made: RateLimit = { of, count, perMs: count * unitMs, burst, over }
  return isNarrow ? { ...made, destinations: ['/in/*'] } : made
}

/** The bucket as one would tell it to a child: what is in it, in ms; each unit weighs `unitMs`. */
class Bucket {
  readonly isRefusing: boolean
  readonly #of: DrawnLimit
  #inside: number
  #lastMs = 0

  constructor(of: DrawnLimit) {
    this.#of = of
    this.isRefusing = of.over === 'refuse'
    this.#inside = of.burst * of.unitMs
  }

  fill(nowMs: number): void {
    this.#inside = Math.min(this.#of.burst * this.#of.unitMs, this.#inside + nowMs - this.#lastMs)
    this.#lastMs = nowMs
  }

  cost(command: Command, isInside: boolean, bytes: number): number {
    if (this.#of.isNarrow && !(isInside && command !== 'ACK')) return 0
    if (this.#of.of === 'frames') return 1
    return this.#of.of === 'bytes' ? bytes : Number(command === this.#of.of)
  }

  /** How long until a unit is in it. */
  get emptyMs(): number {
    return Math.max(0, this.#of.unitMs - this.#inside)
  }

  take(units: number): void {
    this.#inside -= units * this.#of.unitMs
  }
}

it('takes and refuses, and lets rest, as buckets of tokens would', () => {
  fc.assert(
    fc.property(
      fc.array(limit, { minLength: 1, maxLength: 3 }),
      fc.array(frame, { maxLength: 60 }),
      (limits, frames) => {
        const meter = new RateMeter(compileRateLimits(limits.map(toLimit), syntax)(undefined))
        const buckets = limits.map((each) => new Bucket(each))
        let nowMs = 1_000
        for (const { command, isInside, bodyBytes, afterMs } of frames) {
          nowMs += afterMs
          const destination = isInside ? '/in/a' : '/out/a'
          const flat = command === 'ACK' ? ['id', '1'] : ['destination', destination]
          const bytes = bodyBytes + flat.join('').length
          const body = new Uint8Array(bodyBytes)
          const taken = meter.take({ command, headers: headersFromFlat(flat), body, text: '' }, nowMs)

          for (const bucket of buckets) bucket.fill(nowMs)
          const costs = buckets.map((bucket) => bucket.cost(command, isInside, bytes))
          const waits = buckets.map((bucket, i) => (bucket.isRefusing && costs[i] ? bucket.emptyMs : 0))
          const waitMs = command === 'ACK' ? 0 : Math.max(...waits)
          for (const [i, bucket] of buckets.entries())
            if (waitMs === 0 || !bucket.isRefusing) bucket.take(costs[i] ?? 0)

          expect(taken?.retryAfterMs).toBe(waitMs === 0 ? undefined : waitMs)
          const restMs = Math.max(0, ...buckets.map((bucket) => (bucket.isRefusing ? 0 : bucket.emptyMs)))
          expect(meter.restMs(nowMs)).toBeCloseTo(restMs, 4)
          // Who reads on only when there is room never has to be told to.
          if (restMs > 0) nowMs += restMs
        }
      },
    ),
    { numRuns: 500 },
  )
})
