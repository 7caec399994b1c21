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
  /** The newest attach that was accepted and has not ended. */
  current(): Attach | undefined
  /** The last one begun, if none has to be begun. */
  latest(): Attach | undefined
  /** How often an attach was accepted, and how often so after the one before was lost. */
  readonly counts: { accepted: number; resumed: number }
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
  written(number: number, sent: number): void
  stop(): void
}

export function createAttaching(parts: LinkParts): Attaching {
  const { now, host, ladder } = parts
  const attaches = new Set<Attach>()
  const counts = { accepted: 0, resumed: 0 }
  /** The last one begun; undefined while the next one waits. */
  let latest: Attach | undefined
  let current: Attach | undefined
  let conflicts = 0
  let wasLost = false

  const beginnings = createBeginnings(parts, {
    hasLatest: () => Boolean(latest),
    begun(attach, proofMs) {
      attaches.add(attach)
      latest = attach
      if (proofMs !== undefined) attach.silence.set(proofMs, () => silent(attach))
      return createAttachReader(parts, attach, { opened, proved, ended })
    },
  })
  const { attempts, begin, next, isCarried } = beginnings

  const opened = (attach: Attach) => {
    counts.accepted++
    if (wasLost) counts.resumed++
    wasLost = false
    conflicts = 0
    attempts.failures = 0
    for (const other of attaches) if (other.number < attach.number) remove(other)
    // One that is left is newer.
    current ??= attach
    const { carrier } = attach
    if (attach.rung === 'websocket') {
      beginnings.leaveSeat()
      attach.up = createSocketUplink(parts, carrier as SocketCarrier, () => mute(attach))
      proved(attach)
    }
    host.changed()
  }

  const proved = (attach: Attach) => {
    const { rung } = attach
    attach.isProved = true
    if (attach.isAbandoned) return
    if (rung !== 'poll') silence.stall(attach, 2 * (host.link()?.hb ?? 0) + 2_000)
    // Polling because all seats are taken says nothing against the stream.
    if (rung !== 'poll' || attach.holdMs > 0) ladder.worked(rung)
    beginnings.climb()
    host.proved(rung)
  }

  const failed = ({ startedAt }: Attach) => {
    attempts.failures++
    host.failed(startedAt)
  }

  const losing = (attach: Attach) => {
    wasLost = true
    if (!current || current === attach) host.proved(undefined)
  }

  /** It does not carry, or carries late: the next rung takes over, and this one is read until then. */
  const mute = (attach: Attach) => {
    const { isOpen, openAt, isProved, rung } = attach
    losing(attach)
    ladder.failed(rung, isProved ? now() - openAt : 0)
    if (!isOpen) failed(attach)
    abandon(attach, isOpen ? 0 : undefined)
  }

  const lose = (attach: Attach) => {
    losing(attach)
    if (attach.isOpen) ladder.lost(attach.rung, now() - attach.openAt)
    abandon(attach)
  }

  const abandon = (attach: Attach, afterMs?: number) => {
    attach.isAbandoned = true
    quietAttach(attach)
    forget(attach)
    if (!isCarried()) next(afterMs)
    host.changed()
  }

  const forget = (attach: Attach) => {
    if (latest === attach) latest = undefined
    if (current === attach) current = undefined
  }

  const remove = (attach: Attach) => {
    dropAttach(attach)
    attaches.delete(attach)
    forget(attach)
  }

  const silent = (attach: Attach) => {
    if (attach.rung === 'websocket' && attach.isProved) lose(attach)
    else mute(attach)
  }

  const silence = createSilence(parts, silent, (attach) => {
    if (attach.up) attach.up.beat(true)
    else renew()
  })

  const ended = (attach: Attach, refused?: Refused) => {
    const wasLatest = latest === attach
    const { rung, isOpen, openAt, startedAt } = attach
    remove(attach)
    if (refused) {
      refuse(attach, refused, wasLatest)
      return
    }
    if (wasLatest && rung === 'poll' && isOpen) {
      beginnings.poll(startedAt)
      return
    }
    if (wasLatest) {
      losing(attach)
      if (isOpen) ladder.lost(rung, now() - openAt)
      else {
        if (rung === 'poll') beginnings.cut(now() - startedAt)
        ladder.failed(rung)
        failed(attach)
      }
      if (!isCarried()) next()
    }
    host.changed()
  }

  const refuse = (attach: Attach, refused: Refused, wasLatest: boolean) => {
    const { status, body } = refused
    const highest = countOf(body.attach)
    if (status === 409 && highest !== undefined) {
      if (!wasLatest) return
      attempts.count = Math.max(attempts.count, highest)
      if (++conflicts % 3 !== 0) {
        begin(attach.rung)
        return
      }
      // Something repeats requests and passes on the second answer: another kind of carrier may be spared.
      ladder.failed(attach.rung)
      attempts.failures++
      next()
    } else if (isBusy(status)) {
      failed(attach)
      if (!isCarried()) next(askedPauseOf(body))
    } else host.refused(refused)
  }

  const renew = () => {
    // A stream that is not open yet has its own short time; a held poll has a long one.
    const isStarting = latest?.rung === 'stream' && !latest.isOpen
    if (latest && !isStarting && latest.rung !== 'websocket') begin(latest.rung)
  }

  return {
    ...beginnings,
    current: () => current,
    latest: () => latest,
    counts,
    renew,
    retry() {
      attempts.failures++
      if (!isCarried()) next()
    },
    giveUp(attach) {
      if (attaches.has(attach) && !attach.isAbandoned) lose(attach)
    },
    written(number, sent) {
      if (current?.number === number && current.rung === 'stream') silence.owed(current, sent)
    },
    stop() {
      beginnings.stop()
      for (const attach of attaches) dropAttach(attach)
      attaches.clear()
      current = latest = undefined
    },
  }
}
