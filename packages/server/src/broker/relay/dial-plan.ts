import type { BrokerAddress } from './dialer.js'

/** When a lost connection is tried again. */
export interface BackOff {
  /** The first pause is up to this long, in ms; each further one up to twice the one before. @default 100 */
  readonly firstMs: number
  /** No pause is longer, in ms. @default 10000 */
  readonly longestMs: number
  /** A connection that has lived so long was a good one: the pauses begin anew, in ms. @default 10000 */
  readonly goodAfterMs: number
}

/** The pauses of a leg, unless it is told otherwise. */
export const DEFAULT_BACK_OFF: BackOff = { firstMs: 100, longestMs: 10_000, goodAfterMs: 10_000 }

/** After an ERROR the broker is there, whatever it has refused: nobody waits longer than this for it, in ms. */
const LONGEST_AFTER_ERROR_MS = 1_000

/** Whom to dial next. */
export interface DialStep {
  readonly address: BrokerAddress
  /** 0: at once. */
  readonly delayMs: number
}

/**
 * Which address is dialled when: all of them in a round, the one that worked last first, and a pause between rounds. The
 * pause is random from nothing up to a bound that doubles, so that those who have lost the same broker do not come back
 * together.
 */
export interface DialPlan {
  /** The next attempt; to be asked once for each. */
  next(): DialStep
  /** The present attempt has led to a connection. */
  connected(nowMs: number): void
  /** That connection has ended. `hasError`: by an ERROR of the broker. */
  lost(nowMs: number, hasError: boolean): void
}

/** @param random numbers from 0 to below 1 */
export function createDialPlan(
  addresses: readonly BrokerAddress[],
  random: () => number,
  backOff: BackOff = DEFAULT_BACK_OFF,
): DialPlan {
  const [first] = addresses
  if (first === undefined) throw new RangeError('a broker needs at least one address')
  /** Which one worked last. */
  let preferred = 0
  /** How many of this round were tried. */
  let tried = 0
  let failures = 0
  let connectedMs = 0
  let pauseMs = 0
  const pause = (longestMs: number): number => random() * Math.min(longestMs, backOff.firstMs * 2 ** (failures - 1))
  return {
    next() {
      if (tried === addresses.length) {
        tried = 0
        failures++
        pauseMs = pause(backOff.longestMs)
      }
      const address = addresses[(preferred + tried) % addresses.length] ?? first
      const delayMs = tried === 0 ? pauseMs : 0
      tried++
      return { address, delayMs }
    },
    connected(nowMs) {
      preferred = (preferred + tried - 1) % addresses.length
      connectedMs = nowMs
    },
    lost(nowMs, hasError) {
      if (nowMs - connectedMs >= backOff.goodAfterMs) failures = 0
      tried = 0
      failures++
      if (!hasError) pauseMs = pause(backOff.longestMs)
      else pauseMs = failures === 1 ? 0 : pause(Math.min(backOff.longestMs, LONGEST_AFTER_ERROR_MS))
    },
  }
}
