import { type Attach, dropAttach, quietAttach } from './attach.js'
import { createAttachReader } from './attach-reader.js'
import { createBeginnings } from './beginnings.js'
import type { Refused } from './carrier.js'
import type { LinkParts } from './link-parts.js'
import { askedPauseOf, countOf, isBusy } from './reading.js'
import { createSilence } from './silence.js'
import type { SocketCarrier } from './socket-carrier.js'
import { createSocketUplink } from './socket-uplink.js'

/** Keeps one attach under way all the time, on the best rung that works; new ones come before old ones go. */
export interface Attaching {
  /** True while a WebSocket has the right of way. */
  isAwaitingSocket(): boolean
  /** Begins; again when the link was opened by HTTP. */
  start(): void
  /** The network may be back: what waits is tried at once. */
  hurry(): void
  /** The network may be another one: better rungs get their chance. */
  networkChanged(): void
  /** Attaches anew by a request of the same rung, beside the present attach. */
  renew(): void
  /** The last attempt was refused, and will not be if it is made again after a while. */
  retry(): void
  /** An attach is known to be no more. */
  giveUp(attach: Attach): void
  /** An `up` reply told what was written to an attach. */
  written(number: number | undefined, sent: number | undefined): void
  stop(): void
}

export function createAttaching(parts: LinkParts): Attaching {
  const attaches = new Set<Attach>()
  let conflicts = 0
  let wasLost = false

  const beginnings = createBeginnings(parts, {
    begun(attach, proofMs) {
      attaches.add(attach)
      parts.latest = attach
      if (proofMs !== undefined) attach.silence.set(proofMs, () => silent(attach))
      return createAttachReader(parts, attach, { opened, proved, ended })
    },
  })
  const { begin, next, isCarried } = beginnings

  const opened = (attach: Attach) => {
    parts.accepted++
    if (wasLost) parts.resumed++
    wasLost = false
    conflicts = 0
    parts.failures = 0
    for (const other of attaches) if (other.number < attach.number) remove(other)
    // One that is left is newer.
    parts.current ??= attach
    const { carrier } = attach
    if (attach.rung === 'websocket') {
      beginnings.leaveSeat()
      attach.up = createSocketUplink(parts, carrier as SocketCarrier, () => mute(attach))
      proved(attach)
    }
    parts.changed()
  }

  const proved = (attach: Attach) => {
    const { rung } = attach
    attach.isProved = true
    if (attach.isAbandoned) return
    if (rung !== 'poll') silence.stall(attach, 2 * (parts.link?.hb ?? 0) + 2_000)
    // Polling because all seats are taken says nothing against the stream.
    if (rung !== 'poll' || attach.holdMs > 0) parts.ladder.worked(rung)
    beginnings.climb()
    parts.proved(rung)
  }

  const failed = ({ startedAt }: Attach) => {
    parts.failures++
    parts.failed(startedAt)
  }

  const losing = (attach: Attach) => {
    wasLost = true
    if (!parts.current || parts.current === attach) parts.proved(undefined)
  }

  /** It does not carry, or carries late: the next rung takes over, and this one is read until then. */
  const mute = (attach: Attach) => {
    losing(attach)
    parts.ladder.failed(attach.rung, attach.isProved ? parts.now() - attach.openAt : 0)
    if (!attach.isOpen) failed(attach)
    abandon(attach, attach.isOpen ? 0 : undefined)
  }

  const lose = (attach: Attach) => {
    losing(attach)
    if (attach.isOpen) parts.ladder.lost(attach.rung, parts.now() - attach.openAt)
  }

  const giveUp = (attach: Attach) => {
    lose(attach)
    abandon(attach)
  }

  const abandon = (attach: Attach, afterMs?: number) => {
    attach.isAbandoned = true
    quietAttach(attach)
    forget(attach)
    if (!isCarried()) next(afterMs)
    parts.changed()
  }

  const forget = (attach: Attach) => {
    if (parts.latest === attach) parts.latest = undefined
    if (parts.current === attach) parts.current = undefined
  }

  const remove = (attach: Attach) => {
    dropAttach(attach)
    attaches.delete(attach)
    forget(attach)
  }

  const silent = (attach: Attach) => {
    if (attach.rung === 'websocket' && attach.isProved) giveUp(attach)
    else mute(attach)
  }

  const silence = createSilence(parts, silent, (attach) => {
    if (attach.up) attach.up.beat(true)
    else renew()
  })

  const ended = (attach: Attach, refused?: Refused) => {
    const wasLatest = parts.latest === attach
    const isPoll = attach.rung === 'poll'
    remove(attach)
    if (refused) refuse(attach, refused, wasLatest)
    else if (wasLatest && isPoll && attach.isOpen) beginnings.poll(attach.startedAt)
    else {
      if (wasLatest) {
        lose(attach)
        if (!attach.isOpen) {
          if (isPoll) beginnings.cut(parts.now() - attach.startedAt)
          parts.ladder.failed(attach.rung)
          failed(attach)
        }
        if (!isCarried()) next()
      }
      parts.changed()
    }
  }

  const refuse = (attach: Attach, refused: Refused, wasLatest: boolean) => {
    const { status, body } = refused
    const highest = countOf(body.attach)
    if (status === 409 && highest !== undefined) {
      if (!wasLatest) return
      parts.attempt = Math.max(parts.attempt, highest)
      if (++conflicts % 3 !== 0) {
        begin(attach.rung)
        return
      }
      // Something repeats requests and passes on the second answer: another kind of carrier may be spared.
      parts.ladder.failed(attach.rung)
      parts.failures++
      next()
    } else if (isBusy(status)) {
      failed(attach)
      if (!isCarried()) next(askedPauseOf(body))
    } else parts.refused(refused)
  }

  const renew = () => {
    const { latest } = parts
    // A stream that is not open yet has its own short time; a held poll has a long one.
    if (latest && (latest.rung === 'poll' || (latest.rung === 'stream' && latest.isOpen))) begin(latest.rung)
  }

  return {
    ...beginnings,
    renew,
    retry() {
      parts.failures++
      if (!isCarried()) next()
    },
    giveUp(attach) {
      if (attaches.has(attach) && !attach.isAbandoned) giveUp(attach)
    },
    written(number, sent) {
      const { current } = parts
      if (current && current.number === number && current.rung === 'stream') silence.owed(current, sent ?? 0)
    },
    stop() {
      beginnings.stop()
      for (const attach of attaches) remove(attach)
    },
  }
}
