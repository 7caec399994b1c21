import { type Frame, type HeartBeat, negotiateHeartBeat, readHeartBeat } from '@hoofbeat/codec'
import type { Clock } from '../clock/clock.js'

/**
 * Beats as the client and the server have agreed by CONNECT and CONNECTED, until the returned function is called. What
 * the server owes is not judged: a test counts it.
 */
export function startBeating(mine: HeartBeat, connected: Frame, clock: Clock, beat: () => void): () => void {
  const theirs = readHeartBeat(connected.headers.get('heart-beat'))
  const { sendEveryMs } = negotiateHeartBeat(mine, theirs)
  return sendEveryMs === 0 ? () => {} : clock.every(sendEveryMs, beat)
}
