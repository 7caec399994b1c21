import type { Opened } from '../wire/requests.js'
import { type Attach, createAttach } from './attach.js'
import type { CarrierListener } from './carrier.js'
import { createHold } from './hold.js'
import { openHttpCarrier } from './http-carrier.js'
import type { LinkParts } from './link-parts.js'
import type { RungName } from './options.js'
import { attachedOf, type Members, openedOf } from './reading.js'
import { createSeat } from './seat.js'
import { createSocketTry } from './socket-try.js'

/** Begins attaches: by which rung, when, and with which number. */
export interface Beginnings {
  /** Begins by a rung, now. */
  begin(rung: RungName): void
  /** Begins by the rung of the ladder: after a time that grows with failures, or after the given one. */
  next(afterMs?: number): void
  /** Begins by a poll again. */
  poll(startedAt: number): void
  /** Begins at the first, and again when the link was opened by HTTP. */
  start(): void
  /** Something carries, or waits for its time. */
  isCarried(): boolean
  isAwaitingSocket(): boolean
  /** What waits for its time is tried now. */
  hurry(): void
  /** A held poll was cut after so long. */
  cut(afterMs: number): void
  /** Tries a better rung when its time comes. */
  climb(): void
  networkChanged(): void
  /** No request is held any more. */
  leaveSeat(): void
  stop(): void
}

/** Who is told of {@link Beginnings}. */
export interface BeginningsOwner {
  /** One has begun, and must be proved within so long; undefined: it is. Returns who reads it. */
  begun(attach: Attach, proofMs: number | undefined): CarrierListener
}

export function createBeginnings(parts: LinkParts, owner: BeginningsOwner): Beginnings {
  const seat = createSeat(parts.surroundings, parts.requests.base)
  const hold = createHold()
  /** Raised when what is being prepared is not wanted any more. */
  let turn = 0
  const waiting = parts.timer()
  const climbing = parts.timer()

  const isCarried = () => Boolean(parts.latest) || waiting.isSet()

  const stopWaiting = () => {
    turn++
    waiting.stop()
  }

  const begin = (rung: RungName) => {
    const link = parts.link
    if (parts.state > 2) return
    stopWaiting()
    if (rung === 'websocket') {
      // One that has been connecting for a while is not waited for.
      if (!tries.begin(!isCarried())) beside()
    } else if (!link) parts.openByHttp()
    else void beginHttp(rung, link)
  }

  const wait = (delayMs: number, rung?: RungName) => {
    stopWaiting()
    waiting.set(delayMs, () => begin(rung ?? parts.ladder.rung()))
  }

  const next = (afterMs?: number) => {
    if (parts.state > 2) return
    const delayMs = afterMs ?? parts.pauseMs(parts.failures)
    if (delayMs > 0) wait(delayMs)
    else begin(parts.ladder.rung())
  }

  const beside = () => {
    const rung = parts.ladder.below('websocket')
    if (rung && !isCarried()) begin(rung)
  }

  const tries = createSocketTry(parts, {
    greeted(data) {
      // Any node may greet: while a link is resumed that says nothing of its owner.
      if (parts.link) {
        attachSocket()
        return
      }
      parts.heard()
      const opened = openedOf(data)
      const attached = attachedOf(data)
      if (opened && attached) {
        parts.attempt = attached.attach
        hold.allow(opened.hold)
        parts.opened(opened)
        attachSocket(data)
      }
      // The server knows nobody here: the link is opened with credentials, and may then be attached by this socket.
      else parts.openByHttp()
    },
    failed(startedAt) {
      climb()
      if (!isCarried()) {
        // The rung below is tried at once.
        if (parts.ladder.rung() === 'websocket') parts.failures++
        parts.failed(startedAt)
        next()
      }
      parts.changed()
    },
    waited() {
      beside()
      parts.changed()
    },
  })

  /** What every attach by a request of the client brings. */
  const proofOf = ({ key }: Opened) => ({ v: 1, key, attach: parts.attempt, ack: parts.acknowledgement() })

  /** With the greeting of a new link the socket is attached already. False: there is no socket to attach by. */
  const attachSocket = (greeting?: Members) => {
    const link = parts.link
    const socket = link && tries.take()
    if (!socket || parts.state > 2) return false
    if (!greeting) parts.attempt++
    const attach = createAttach(parts, parts.attempt, 'websocket')
    attach.carrier = socket
    stopWaiting()
    const listener = owner.begun(attach, greeting ? undefined : parts.roundTrip.proofMs())
    socket.carry(listener)
    if (greeting) listener.event('o', greeting)
    else socket.sendControl('a', { link: link.link, ...proofOf(link) })
    return true
  }

  const beginHttp = async (wanted: RungName, link: Opened) => {
    const mine = turn
    await seat.take(() => mine === turn)
    if (mine !== turn) return
    const headers = await parts.headers(false)
    if (mine !== turn) return
    const rung = seat.isTaken() ? wanted : 'poll'
    const isPoll = rung === 'poll'
    // After several failures in a row a poll is to tell at once that polls get through.
    const holdMs = seat.isTaken() && parts.failures < 3 ? hold.ms() : 0
    parts.attempt++
    const attach = createAttach(parts, parts.attempt, rung, holdMs)
    const body = { ...proofOf(link), hold: isPoll ? holdMs : undefined }
    const proofMs = isPoll
      ? holdMs + parts.roundTrip.patience(parts.times.pollMarginMs)
      : parts.roundTrip.proofMs() + 250
    const listener = owner.begun(attach, proofMs)
    attach.carrier = openHttpCarrier(
      parts.requests,
      `${link.link}/down`,
      body,
      headers,
      8 * link.limits.retain,
      listener,
    )
  }

  const climb = () => {
    const at = parts.ladder.betterAt()
    climbing.stop()
    if (parts.state > 2 || at === undefined || !parts.link) return
    climbing.set(at - parts.now(), () => {
      const rung = parts.ladder.better()
      if (rung && isCarried() && !tries.isUnderWay() && (seat.isTaken() || rung === 'websocket')) begin(rung)
    })
  }

  /** Nothing is known of how long a poll may be held, but by the server. */
  const allowHold = () => hold.allow(parts.link?.hold ?? 0)

  return {
    begin,
    next,
    poll(startedAt) {
      if (!seat.isTaken()) wait(startedAt + parts.times.unseatedMs - parts.now(), 'poll')
      else {
        // The next one acknowledges what the last one brought: so that is handed over first.
        parts.downlink.whenDrained(() => {
          if (!isCarried()) begin('poll')
        })
      }
    },
    start() {
      allowHold()
      if (attachSocket()) return
      if (tries.isUnderWay()) beside()
      else begin(parts.ladder.rung())
    },
    isCarried,
    isAwaitingSocket: tries.isAhead,
    hurry() {
      parts.failures = 0
      if (waiting.isSet() && parts.link) next()
    },
    cut: hold.cut,
    climb,
    networkChanged() {
      allowHold()
      parts.ladder.changed()
      climb()
    },
    leaveSeat: seat.leave,
    stop() {
      stopWaiting()
      climbing.stop()
      tries.stop()
      seat.leave()
    },
  }
}
