import * as CLOSE from '../wire/close.js'
import type { CloseReason } from '../wire/requests.js'
import type { Attach } from './attach.js'
import { createAttaching } from './attaching.js'
import { createCredentials } from './credentials.js'
import { createDownlink, type DownData } from './downlink.js'
import { NO_CREDENTIALS, UNREACHABLE } from './endings.js'
import { createLadder } from './ladder.js'
import type { LinkParts } from './link-parts.js'
import { createOpening } from './opening.js'
import { type Endpoint, type HttpLinkOptions, type RungName, usableRungs } from './options.js'
import { closeReasonOf, refusalCode } from './reading.js'
import { createRequests } from './requests.js'
import { createRoundTrip } from './round-trip.js'
import type { Sign, Surroundings } from './surroundings.js'
import { sizeOf } from './text.js'
import { createTimer, pauseMs } from './timer.js'
import { LINK_TIMES } from './times.js'
import { createUpLoop } from './up-loop.js'
import { createUplink } from './uplink.js'
import { createWords } from './words.js'

/** Who a link belongs to. */
export interface ConversationOwner {
  opened(): void
  message(data: DownData): void
  rungChanged(rung: RungName | undefined, previous: RungName | undefined): void
  /** The last call. */
  closed(code: number, reason: string, wasClean: boolean): void
}

/** One link from its opening to its end: joins what goes up, what comes down and what carries both. */
export interface Conversation
  extends Readonly<
    Pick<LinkParts, 'state' | 'link' | 'rung' | 'roundTrip' | 'uplink' | 'accepted' | 'resumed' | 'surroundings'>
  > {
  /** Numbers a message and sends it as soon as something carries. */
  send(data: string | Uint8Array): void
  /** Ends the link behind all that was sent. */
  close(code: number, reason: string): void
  /** Ends it at once; the server is told, if that is possible without waiting. */
  leave(code: number, reason: string, hasData?: boolean): void
}

export function createConversation(
  endpoint: Endpoint,
  options: HttpLinkOptions,
  surroundings: Surroundings,
  owner: ConversationOwner,
): Conversation {
  const { now, after, random, soon = (run) => void after(0, run) } = surroundings
  const { protocols = ['v12.stomp', 'v11.stomp', 'v10.stomp'], maxBufferedBytes = 16_777_216 } = options
  const timer = () => createTimer(after)
  const times = { ...LINK_TIMES, ...options.times }
  const rungs = usableRungs(options, surroundings)
  const hasPosts = rungs.some((name) => name !== 'websocket')
  // Where there is no choice, nothing is learnt for links that have one.
  const memory = rungs.length > 1 ? surroundings.memory : undefined
  const ladder = createLadder(rungs, memory?.get(endpoint.http), now)
  const credentials = createCredentials(options)
  const uplink = createUplink()
  const downlink = createDownlink(soon, owner.message)
  /** Ends what takes too long: the opening or the closing. */
  const deadline = timer()
  let isFarewell = false
  let closing: CloseReason | undefined
  /** The socket that was told of the close. One that goes or is succeeded may have taken it along unread. */
  let closedBy: Attach['up']

  const up = () => parts.current?.up
  const isCloseSent = () => closedBy && closedBy === up()
  const isIdle = () => uplink.last() < uplink.first()
  /** Brings what waits on its way: by the WebSocket if one carries, else by requests. */
  const flush = () => {
    const socket = up()
    if (parts.state > 2) return
    socket?.push()
    if (socket && closing && !isCloseSent() && isIdle()) {
      closedBy = socket
      socket.close(closing)
    }
    upLoop.kick()
  }

  const end = (code: number, reason: string, wasClean = false) => {
    if (parts.state > 2) return
    parts.state = 3
    attaching.stop()
    upLoop.stop()
    opening.stop()
    downlink.drop()
    deadline.stop()
    stopWatch?.()
    owner.closed(code, reason, wasClean)
  }

  const leave = (code: number, reason: string, hasData = false) => {
    // 1006 is for what nobody was told.
    const close = closing ?? { code: code === 1006 ? CLOSE.goingAway : code, reason }
    const socket = up()
    if (parts.state > 2) return
    if (!socket) upLoop.leave(close, hasData)
    else {
      if (!isCloseSent()) socket.close(close)
      // What a page that goes has just written may go with it: if all of it can, it comes by a request too.
      if (hasData && hasPosts && !isIdle()) upLoop.leave(close, true, true)
    }
    end(code, reason)
  }

  /** The server has said how the link ends: behind what came before that word. */
  const bye = ({ code, reason }: CloseReason, last?: () => void) =>
    downlink.whenDrained(() => {
      if (parts.state > 2) return
      last?.()
      end(code, reason, true)
    })

  const parts: LinkParts & Conversation = {
    state: 0,
    link: undefined,
    rung: undefined,
    current: undefined,
    latest: undefined,
    attempt: 0,
    failures: 0,
    accepted: 0,
    resumed: 0,
    heardAt: now(),
    wordAt: now(),
    hasBeat: false,
    ...{ surroundings, now, timer, times, uplink, downlink, ladder, protocols, endpoint, hasPosts, end, leave },
    pauseMs: (failures) => pauseMs(random(), failures),
    requests: createRequests(surroundings, timer, endpoint.http, options.credentials),
    roundTrip: createRoundTrip(),
    headers: credentials.forRequest,
    acknowledgement() {
      parts.wordAt = now()
      return downlink.tell()
    },
    heard: () => heard(),
    acknowledged(number) {
      const isRight = uplink.acknowledge(number)
      if (!isRight) parts.broken('wrong acknowledgement')
      else if (closing) flush()
      return isRight
    },
    expires(ms) {
      if (ms !== undefined && credentials.mayRenew(now())) upLoop.renew()
    },
    refused({ status, body }) {
      if (status === 401 && parts.link && credentials.mayAskAgain(now())) {
        upLoop.renew()
        attaching.retry()
      } else if (closing && (status === 404 || status === 410)) parts.closed()
      else if (status === 410) bye(closeReasonOf(body))
      else end(refusalCode(status), `refused: ${status} ${body.error}`)
    },
    broken: (what) => leave(CLOSE.protocol, what),
    openByHttp() {
      if (hasPosts) opening.begin()
      else end(CLOSE.credentials, NO_CREDENTIALS)
    },
    opened(link) {
      parts.link = link
      opening.stop()
      deadline.stop()
      parts.state = 1
      owner.opened()
      if (link.expires !== null && link.expires <= 60_000) parts.expires(link.expires)
    },
    changed: flush,
    proved(rung) {
      const previous = parts.rung
      if (rung) memory?.set(endpoint.http, ladder.rung())
      parts.rung = rung
      if (rung !== previous) owner.rungChanged(rung, previous)
    },
    farewell(data) {
      isFarewell = true
      bye(closeReasonOf(data), () => {
        // Best effort, so that the server need not keep the link for the time of grace.
        const socket = up()
        if (socket) socket.beat()
        else upLoop.leave()
      })
    },
    failed(startedAt) {
      // The clock alone ends nothing: only an attempt that was begun after the time of grace, and failed.
      if (parts.link && startedAt - parts.heardAt >= parts.link.grace) end(CLOSE.timePassed, UNREACHABLE)
    },
    isWay: () => hasPosts && !up() && !attaching.isAwaitingSocket() && !isFarewell,
    closing: () => (isCloseSent() ? undefined : closing),
    closed() {
      if (closing) end(closing.code, closing.reason, true)
    },
    acknowledge() {
      // A poll acknowledges by the next one.
      if (hasPosts && parts.rung !== 'poll') upLoop.acknowledge()
    },
    written: (attach, sent) => attaching.written(attach, sent),
    send(data) {
      if (parts.state !== 1 || !parts.link) return
      const { message } = parts.link.limits
      const size = sizeOf(data)
      if (size > message) {
        parts.close(CLOSE.tooLarge, `message of ${size} bytes, limit ${message}`)
        return
      }
      uplink.add(data, size)
      if (uplink.bytes() > maxBufferedBytes) leave(CLOSE.limit, 'too much unacknowledged')
      else flush()
    },
    close(code, reason) {
      const { state } = parts
      if (state > 1) return
      parts.state = 2
      if (state < 1) {
        attaching.stop()
        opening.stop()
        deadline.set(0, () => end(1006, 'closed before open'))
        return
      }
      closing = { code, reason }
      deadline.set(times.closeMs, () => leave(code, reason, true))
      // What is on its way by a socket is acknowledged sooner if the server is asked.
      if (!isIdle()) up()?.beat(true)
      flush()
    },
  }

  const sign = (what: Sign) => {
    if (what === 'left') leave(CLOSE.goingAway, 'page left', true)
    if (parts.state > 2 || !parts.link || what === 'offline') return
    if (what === 'online') attaching.networkChanged()
    const { latest } = parts
    const socket = up()
    if (socket) socket.check()
    else if (latest && latest.rung !== 'websocket') {
      upLoop.check((attach) => {
        if (attach === undefined) attaching.giveUp(latest)
        // Requests find new connections; whether one that is held still stands only a new one tells for sure.
        else if (what !== 'visible' || attach !== latest.number) attaching.renew()
      })
    } else {
      attaching.hurry()
      upLoop.hurry()
    }
  }

  const heard = createWords(parts)
  const upLoop = createUpLoop(parts)
  const attaching = createAttaching(parts)
  const opening = createOpening(parts, credentials, (link) => {
    parts.opened(link)
    attaching.start()
    flush()
  })
  const stopWatch = surroundings.watch?.(sign)
  deadline.set(times.openMs, opening.timedOut)
  if (rungs.length > 0) attaching.start()
  else deadline.set(0, () => end(CLOSE.failed, 'no WebSocket, no fetch'))

  return parts
}
