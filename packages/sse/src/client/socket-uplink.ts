import type { SocketUplink } from './attach.js'
import type { LinkParts } from './link-parts.js'
import type { SocketCarrier } from './socket-carrier.js'
import { sizeOf } from './text.js'

const PATIENCE_MS = 2_000

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
export function createSocketUplink(parts: LinkParts, socket: SocketCarrier, mute: () => void): SocketUplink {
  const first = parts.uplink.first()
  let next = first
  /** When something was last acknowledged. */
  let progressAt = parts.now()
  let ping: Ping | undefined
  const checking = parts.timer()
  const watching = parts.timer()
  let isOver = false

  const beat = (isPing = false) => {
    const data = { ack: parts.acknowledgement(), sent: next - 1 }
    socket.sendControl('k', isPing ? { ...data, ping: 1 } : data)
    if (!isPing) return
    ping = { atMs: parts.now(), covers: next - 1, queued: socket.bufferedAmount(), behind: 0 }
    watch()
  }

  /** A slow way out is not a mute one: until a ping has left, it only counts that bytes do. */
  const getOn = (waiting: Ping) => {
    const queued = socket.bufferedAmount() - waiting.behind
    if (queued > 0 && queued < waiting.queued) waiting.atMs = parts.now()
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
    const patience = parts.roundTrip.patience(PATIENCE_MS)
    const dueAt = parts.now() + patience / 2
    watching.set(patience / 2, () => {
      if (ping) getOn(ping)
      // A clock that stood still says nothing about the socket.
      if (parts.now() > dueAt + patience) {
        progressAt = parts.now()
        if (ping) ping.atMs = parts.now()
      }
      if (ping && parts.now() - ping.atMs >= patience) fail()
      else if (ping) watch()
      else if (parts.uplink.first() < next) {
        if (parts.now() - progressAt >= patience) beat(true)
        else watch()
      }
    })
  }

  const push = () => {
    const isFirst = next === first
    if (next > parts.uplink.last()) return
    if (next === parts.uplink.first()) progressAt = parts.now()
    for (let data = parts.uplink.at(next); data !== undefined; data = parts.uplink.at(next)) {
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
    check() {
      beat(true)
      checking.set(parts.times.checkMs, fail)
    },
    answered(hasProgress) {
      if (hasProgress) progressAt = parts.now()
      // Any other `k` is one that the server would have sent to a mute socket too.
      if (!ping || parts.uplink.first() <= ping.covers) return
      parts.roundTrip.took(parts.now() - ping.atMs)
      ping = undefined
      checking.stop()
    },
    close: (reason) => socket.sendControl('c', reason),
    stop,
  }
}
