import { ProtocolError } from './errors.js'

/** One side's `heart-beat` header (STOMP 1.2, "Heart-beating"). */
export interface HeartBeat {
  /** Milliseconds between the heart-beats it can send at the fastest; 0: it cannot send any. */
  readonly sendMs: number
  /** Milliseconds between the heart-beats it wishes to get; 0: it wants none. */
  readonly receiveMs: number
}

// The greatest delay that timers take, here and in other languages.
const GREATEST_MS = 2 ** 31 - 1

/**
 * Reads `<sendMs>,<receiveMs>`. Spaces around the numbers are ignored: clients of STOMP 1.0 pad values, and CONNECT is
 * read before the version is known.
 *
 * @param value the header's value; absent is `0,0`
 * @throws ProtocolError `STOMP_ERR_INVALID_HEART_BEAT` when it is anything else, or a number is over 2147483647
 */
export function readHeartBeat(value: string | undefined): HeartBeat {
  if (value === undefined) return { sendMs: 0, receiveMs: 0 }
  const match = /^[ \t]*(\d+)[ \t]*,[ \t]*(\d+)[ \t]*$/.exec(value)
  const sendMs = Number(match?.[1])
  const receiveMs = Number(match?.[2])
  if (sendMs <= GREATEST_MS && receiveMs <= GREATEST_MS) return { sendMs, receiveMs }
  throw new ProtocolError(
    'STOMP_ERR_INVALID_HEART_BEAT',
    `heart-beat must be two whole numbers of milliseconds up to ${GREATEST_MS}, as in 0,0`,
  )
}

/**
 * What two sides owe each other, in milliseconds; 0 where there are no heart-beats. The other side's result is the
 * mirror of this one.
 */
export function negotiateHeartBeat(mine: HeartBeat, theirs: HeartBeat): { sendEveryMs: number; expectEveryMs: number } {
  return {
    sendEveryMs: interval(mine.sendMs, theirs.receiveMs),
    expectEveryMs: interval(theirs.sendMs, mine.receiveMs),
  }
}

const interval = (can: number, wanted: number): number => (can === 0 || wanted === 0 ? 0 : Math.max(can, wanted))
