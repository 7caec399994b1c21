import type { CloseReason } from '../wire/requests.js'
import type { LinkParts } from './link-parts.js'
import type { SocketCarrier } from './socket-carrier.js'
import { sizeOf } from './text.js'

const PATIENCE_MS = 2_000

/**
 * The way up on one WebSocket. Messages leave as they are sent; that they arrive is proved by pings: with the first data,
 * and whenever data are unacknowledged without progress. A ping without its `k` says that the socket is mute upwards.
 */
export interface SocketUplink {
  /** Sends what is new. */
  push(): void
  /** Acknowledges; with a ping the server answers at once. */
  beat(isPing?: boolean): void
  /** It is mute unless a `k` comes within so long. */
  check(withinMs: number): void
  /** A `k` came. */
  answered(hasProgress: boolean): void
  /** Closes the link behind all that was sent. */
  close(reason: CloseReason): void
  stop(): void
}

/** A ping that was not answered. */
interface Ping {
  /** When it was sent, or last seen to get on. */
  atMs: number
  /** The last data before it: its `k` acknowledges all up to there. */
  readonly covers: number
  /** Bytes up to its own last that had not left when it was sent, or last looked at. */
  queued: number
  /** Bytes that were sent behind it. */
  behind: number
}

/** `mute`: nothing that is sent arrives, though messages may still come down. */
export function createSocketUplink(
  { now, timer, uplink, roundTrip, host }: LinkParts,
  socket: SocketCarrier,
  mute: () => void,
): SocketUplink {
  const first = uplink.first()
  let next = first
  /** When something was last acknowledged. */
  let progressAt = now()
  let ping: Ping | undefined
  const checking = timer()
  const watching = timer()
  let isOver = false

  const beat = (isPing = false) => {
    const data = { ack: host.acknowledgement(), sent: next - 1 }
    socket.sendControl('k', isPing ? { ...data, ping: 1 } : data)
    if (!isPing) return
    ping = { atMs: now(), covers: next - 1, queued: socket.bufferedAmount(), behind: 0 }
    watch()
  }

  /** A slow way out is not a mute one: until a ping has left, it only counts that bytes do. */
  const getOn = (waiting: Ping) => {
    const queued = socket.bufferedAmount() - waiting.behind
    if (queued > 0 && queued < waiting.queued) waiting.atMs = now()
    waiting.queued = queued
  }

  const stop = () => {
    isOver = true
    watching.stop()
    checking.stop()
  }

  const fail = () => {
    stop()
    mute()
  }

  const watch = () => {
    if (isOver || watching.isSet()) return
    const patience = roundTrip.patience(PATIENCE_MS)
    const dueAt = now() + patience / 2
    watching.set(patience / 2, () => {
      if (ping) getOn(ping)
      // A clock that stood still says nothing about the socket.
      if (now() > dueAt + patience) {
        progressAt = now()
        if (ping) ping.atMs = now()
      }
      if (ping && now() - ping.atMs >= patience) fail()
      else if (ping) watch()
      else if (uplink.first() < next) {
        if (now() - progressAt >= patience) beat(true)
        else watch()
      }
    })
  }

  const push = () => {
    const isFirst = next === first
    if (next > uplink.last()) return
    if (next === uplink.first()) progressAt = now()
    for (let data = uplink.at(next); data !== undefined; data = uplink.at(next)) {
      socket.sendData(data)
      if (ping) ping.behind += sizeOf(data)
      next++
    }
    if (isFirst) beat(true)
    watch()
  }

  // The client's own number: the server may have accepted some of these by an `up` meanwhile.
  socket.sendControl('s', { seq: first })
  push()

  return {
    push,
    beat,
    check(withinMs) {
      beat(true)
      checking.set(withinMs, fail)
    },
    answered(hasProgress) {
      if (hasProgress) progressAt = now()
      // Any other `k` is one that the server would have sent to a mute socket too.
      if (!ping || uplink.first() <= ping.covers) return
      roundTrip.took(now() - ping.atMs)
      ping = undefined
      checking.stop()
    },
    close: (reason) => socket.sendControl('c', reason),
    stop,
  }
}
