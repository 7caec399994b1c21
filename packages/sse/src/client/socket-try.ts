import type { LinkParts } from './link-parts.js'
import type { Members } from './reading.js'
import { openSocketCarrier, type SocketCarrier } from './socket-carrier.js'

/** At most one WebSocket on its way to the server's first word; it has no attach yet. */
export interface SocketTry {
  /** Begins one, unless one is under way. `isAlone`: nothing carries the link. False: one is under way. */
  begin(isAlone: boolean): boolean
  isUnderWay(): boolean
  /** True while nothing else is tried beside it. */
  isAhead(): boolean
  /** The WebSocket if it is proved: from now on it is the caller's. */
  take(): SocketCarrier | undefined
  stop(): void
}

/** Who is told of a {@link SocketTry}. */
export interface SocketTryOwner {
  greeted(data: Members): void
  /** It ended before it was proved. */
  failed(startedAt: number): void
  /** It takes its time: something else begins beside it. */
  waited(): void
}

export function createSocketTry(parts: LinkParts, owner: SocketTryOwner): SocketTry {
  const deadline = parts.timer()
  const headStart = parts.timer()
  let socket: SocketCarrier | undefined
  let isGreeted = false

  const release = () => {
    const released = socket
    deadline.stop()
    headStart.stop()
    isGreeted = false
    socket = undefined
    return released
  }

  return {
    begin(isAlone) {
      if (socket) return false
      const startedAt = parts.now()
      const failed = () => {
        release()?.drop()
        parts.ladder.failed('websocket')
        owner.failed(startedAt)
      }
      const greeted = (data: Members) => {
        isGreeted = true
        owner.greeted(data)
      }
      try {
        socket = openSocketCarrier(parts.surroundings, parts.endpoint.socket, parts.protocols, greeted, failed)
      } catch {
        failed()
        return true
      }
      deadline.set(parts.times.openMs, failed)
      const waited = () => {
        if (!isGreeted) owner.waited()
      }
      if (isAlone)
        headStart.set(
          parts.roundTrip.ms() === undefined ? parts.times.headStartMs : parts.roundTrip.patience(1_000),
          waited,
        )
      return true
    },
    isUnderWay: () => Boolean(socket),
    isAhead: headStart.isSet,
    take: () => (isGreeted ? release() : undefined),
    stop: () => release()?.drop(),
  }
}
