import type { Opened } from '../wire/requests.js'
import { type Attach, createAttach } from './attach.js'
import type { CarrierListener } from './carrier.js'
import { createHold } from './hold.js'
import { openHttpCarrier } from './http-carrier.js'
import type { Ladder, RungName } from './ladder.js'
import type { LinkParts } from './link-parts.js'
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
  /** An attempt failed: the next one comes later. */
  failed(): void
  /** One was accepted. */
  worked(): void
  /** The next number is above this one. */
  raise(number: number): void
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
  /** One is under way, and has not failed. */
  hasLatest(): boolean
  /** One has begun, and must be proved within so long; undefined: it is. Returns who reads it. */
  begun(attach: Attach, proofMs: number | undefined): CarrierListener
}

export function createBeginnings(
  parts: LinkParts,
  ladder: Ladder,
  socketUrl: string,
  protocols: readonly string[],
  owner: BeginningsOwner,
): Beginnings {
  const { surroundings, requests, roundTrip, downlink, times, host } = parts
  const { now, after, random } = surroundings
  const seat = createSeat(surroundings, requests.base)
  const hold = createHold()
  let count = 0
  let failures = 0
  /** Raised when what is being prepared is not wanted any more. */
  let turn = 0
  let waiting: (() => void) | undefined
  let climbing: (() => void) | undefined
  let isOver = false

  const isCarried = () => owner.hasLatest() || waiting !== undefined

  const stopWaiting = () => {
    turn++
    waiting?.()
    waiting = undefined
  }

  const begin = (rung: RungName) => {
    const link = host.link()
    if (isOver) return
    stopWaiting()
    if (rung === 'websocket') {
      // One that has been connecting for a while is not waited for.
      if (!tries.begin(!isCarried())) beside()
    } else if (!link) host.openByHttp()
    else void beginHttp(rung, link)
  }

  const wait = (delayMs: number, rung?: RungName) => {
    stopWaiting()
    waiting = after(delayMs, () => begin(rung ?? ladder.rung()))
  }

  const next = (afterMs?: number) => {
    if (isOver) return
    const delayMs = afterMs ?? random() * (failures && Math.min(5_000, 125 * 2 ** failures))
    if (delayMs > 0) wait(delayMs)
    else begin(ladder.rung())
  }

  const beside = () => {
    const rung = ladder.below('websocket')
    if (rung && !isCarried()) begin(rung)
  }

  const tries = createSocketTry(parts, ladder, socketUrl, protocols, {
    greeted(data) {
      // Any node may greet: while a link is resumed that says nothing of its owner.
      if (!host.link()) host.heard()
      if (host.link()) {
        attachSocket()
        return
      }
      const opened = openedOf(data)
      const attached = attachedOf(data)
      if (opened && attached) {
        count = attached.attach
        hold.allow(opened.hold)
        host.opened(opened)
        attachSocket(data)
      }
      // The server knows nobody here: the link is opened with credentials, and may then be attached by this socket.
      else host.openByHttp()
    },
    failed(startedAt) {
      climb()
      if (!isCarried()) {
        // The rung below is tried at once.
        if (ladder.rung() === 'websocket') failures++
        host.failed(startedAt)
        next()
      }
      host.changed()
    },
    waited() {
      beside()
      host.changed()
    },
  })

  /** With the greeting of a new link the socket is attached already. False: there is no socket to attach by. */
  const attachSocket = (greeting?: Members) => {
    const link = host.link()
    const socket = link && tries.take()
    if (!socket || isOver) return false
    const attach = createAttach(greeting ? count : ++count, 'websocket', now())
    attach.carrier = socket
    stopWaiting()
    const listener = owner.begun(attach, greeting ? undefined : roundTrip.proofMs())
    socket.carry(listener)
    if (greeting) listener.event('o', greeting)
    else socket.sendControl('a', { v: 1, link: link.link, key: link.key, attach: count, ack: host.acknowledgement() })
    return true
  }

  const beginHttp = async (wanted: RungName, link: Opened) => {
    const mine = turn
    await seat.take(() => mine === turn)
    if (mine !== turn) return
    const headers = await host.headers(false)
    if (mine !== turn) return
    const rung = seat.isTaken() ? wanted : 'poll'
    const isPoll = rung === 'poll'
    // After several failures in a row a poll is to tell at once that polls get through.
    const holdMs = seat.isTaken() && failures < 3 ? hold.ms() : 0
    const attach = createAttach(++count, rung, now(), holdMs)
    const body = { v: 1, key: link.key, attach: count, ack: host.acknowledgement() }
    const proofMs = isPoll ? holdMs + roundTrip.patience(times.pollMarginMs) : roundTrip.proofMs() + 250
    const listener = owner.begun(attach, proofMs)
    const whole = isPoll ? { ...body, hold: holdMs } : body
    attach.carrier = openHttpCarrier(requests, `${link.link}/down`, whole, headers, 8 * link.limits.retain, listener)
  }

  const climb = () => {
    const at = ladder.betterAt()
    climbing?.()
    climbing = undefined
    if (isOver || at === undefined || !host.link()) return
    climbing = after(Math.max(0, at - now()), () => {
      const rung = ladder.better(now())
      if (rung && isCarried() && !tries.isUnderWay() && (seat.isTaken() || rung === 'websocket')) begin(rung)
    })
  }

  /** Nothing is known of how long a poll may be held, but by the server. */
  const allowHold = () => {
    const link = host.link()
    if (link) hold.allow(link.hold)
  }

  return {
    begin,
    next,
    poll(startedAt) {
      if (!seat.isTaken()) wait(Math.max(0, startedAt + times.unseatedMs - now()), 'poll')
      else {
        // The next one acknowledges what the last one brought: so that is handed over first.
        downlink.whenDrained(() => {
          if (!isCarried()) begin('poll')
        })
      }
    },
    start() {
      allowHold()
      if (attachSocket()) return
      if (tries.isUnderWay()) beside()
      else begin(ladder.rung())
    },
    isCarried,
    isAwaitingSocket: tries.isAhead,
    failed() {
      failures++
    },
    worked() {
      failures = 0
    },
    raise(number) {
      count = Math.max(count, number)
    },
    hurry() {
      failures = 0
      if (waiting && host.link()) next()
    },
    cut: hold.cut,
    climb,
    networkChanged() {
      allowHold()
      ladder.changed(now())
      climb()
    },
    leaveSeat: seat.leave,
    stop() {
      isOver = true
      stopWaiting()
      climbing?.()
      tries.stop()
      seat.leave()
    },
  }
}
