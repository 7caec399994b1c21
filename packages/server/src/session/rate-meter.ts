import type { Frame } from '@hoofbeat/codec'
import { RENEWAL_DESTINATION } from '../dispatch/renewals.js'
import { StompError } from '../errors.js'
import type { RateRule } from './rate-limit.js'

/**
 * What one sender has used of its limits. Nothing is made for a frame that is taken: each limit is one number, the time at
 * which its bucket is full again.
 */
export class RateMeter {
  readonly #rules: readonly RateRule[]
  readonly #fullAtMs: number[]

  constructor(rules: readonly RateRule[]) {
    this.#rules = rules
    this.#fullAtMs = rules.map(() => 0)
  }

  /**
   * Counts a frame that came now, under all limits. Returns the refusal if it is beyond one that refuses: those have not
   * counted it then. `refusesAll`: the others refuse too.
   */
  take(frame: Frame, nowMs: number, refusesAll = false): StompError | undefined {
    const refusal = this.#refusalOf(frame, nowMs, refusesAll)
    for (let i = 0; i < this.#rules.length; i++) {
      const rule = this.#rules[i]
      if (rule === undefined || (refusal !== undefined && (rule.isRefusing || refusesAll))) continue
      const units = rule.cost(frame)
      if (units > 0) this.#fullAtMs[i] = Math.max(this.#fullAtMs[i] ?? 0, nowMs) + units * rule.unitMs
    }
    return refusal
  }

  /** How long to wait until every limit that slows down has room again, in ms; 0: there is room. */
  restMs(nowMs: number): number {
    let restMs = 0
    for (let i = 0; i < this.#rules.length; i++) {
      const rule = this.#rules[i]
      if (rule !== undefined && !rule.isRefusing) restMs = Math.max(restMs, this.#waitMs(i, rule, nowMs))
    }
    return restMs
  }

  /** True if it might as well be a new one. */
  isFull(nowMs: number): boolean {
    return this.#fullAtMs.every((fullAtMs) => fullAtMs <= nowMs)
  }

  #refusalOf(frame: Frame, nowMs: number, refusesAll: boolean): StompError | undefined {
    if (!isRefusable(frame)) return undefined
    let longest: RateRule | undefined
    let longestMs = 0
    for (let i = 0; i < this.#rules.length; i++) {
      const rule = this.#rules[i]
      if (rule === undefined || !(rule.isRefusing || refusesAll)) continue
      const waitMs = this.#waitMs(i, rule, nowMs)
      if (waitMs <= longestMs || rule.cost(frame) === 0) continue
      longest = rule
      longestMs = waitMs
    }
    return longest && refuse(longest, longestMs)
  }

  #waitMs(index: number, rule: RateRule, nowMs: number): number {
    return Math.max(0, (this.#fullAtMs[index] ?? 0) - nowMs - rule.spareMs)
  }
}

/** Who could not renew its credentials would be put out for having sent too much. */
function isRefusable({ command, headers }: Frame): boolean {
  if (command === 'SEND') return headers.get('destination') !== RENEWAL_DESTINATION
  return command === 'SUBSCRIBE'
}

function refuse({ limit }: RateRule, waitMs: number): StompError {
  const { of, count, perMs, destinations } = limit
  const what = of === 'frames' || of === 'bytes' ? of : `${of} frames`
  const where = destinations === undefined ? '' : ` to ${destinations.join(', ')}`
  const seconds = Math.ceil(waitMs / 1_000)
  return new StompError('STOMP_ERR_RATE_LIMIT', {
    message: `At most ${count} ${what}${where} are taken every ${perMs} ms`,
    cure: `Send it again in ${seconds === 1 ? 'a second' : `${seconds} seconds`}: nothing was done for it.`,
    retryAfterMs: Math.ceil(waitMs),
  })
}
