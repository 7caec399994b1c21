import * as CLOSE from '../wire/close.js'
import type { CloseReason, Opened } from '../wire/requests.js'
import type { Attach } from './attach.js'
import { createAttaching } from './attaching.js'
import type { Refused } from './carrier.js'
import { createCredentials } from './credentials.js'
import { createDownlink, type DownData } from './downlink.js'
import { NO_CREDENTIALS } from './endings.js'
import { createLadder } from './ladder.js'
import type { LinkHost, LinkParts } from './link-parts.js'
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
export interface Conversation {
  /** As a WebSocket's. */
  state(): State
  rung(): RungName | undefined
  rtt(): number | undefined
  /** The sub-protocol that the server chose. */
  protocol(): string
  readonly counts: { readonly accepted: number; readonly resumed: number }
  bufferedBytes(): number
  /** Numbers a message and sends it as soon as something carries. */
  send(data: string | Uint8Array): void
  /** Ends the link behind all that was sent. */
  close(code: number, reason: string): void
  /** Ends it at once; the server is told, if that is possible without waiting. */
  leave(code: number, reason: string, hasData?: boolean): void
}

export type State = 0 | 1 | 2 | 3

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
  const roundTrip = createRoundTrip()
  const uplink = createUplink()
  const downlink = createDownlink(soon, owner.message)
  /** Ends what takes too long: the opening or the closing. */
  const deadline = timer()
  let state: State = 0
  let link: Opened | undefined
  let rung: RungName | undefined
  let isFarewell = false
  let closing: CloseReason | undefined
  /** The socket that was told of the close. One that goes or is succeeded may have taken it along unread. */
  let closedBy: Attach['up']

  const up = () => attaching.current()?.up
  const isCloseSent = () => closedBy && closedBy === up()
  const isIdle = () => uplink.last() < uplink.first()
  /** Brings what waits on its way: by the WebSocket if one carries, else by requests. */
  const flush = () => {
    const socket = up()
    if (state === 3) return
    socket?.push()
    if (socket && closing && !isCloseSent() && isIdle()) {
      closedBy = socket
      socket.close(closing)
    }
    upLoop.kick()
  }

  const end = (code: number, reason: string, wasClean = false) => {
    if (state === 3) return
    state = 3
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
    if (state === 3) return
    if (!socket) upLoop.leave(close, hasData)
    else {
      if (!isCloseSent()) socket.close(close)
      // What a page that goes has just written may go with it: if all of it can, it comes by a request too.
      if (hasData && hasPosts && !isIdle()) upLoop.leave(close, true, true)
    }
    end(code, reason)
  }

  const opened = (known: Opened) => {
    link = known
    opening.stop()
    deadline.stop()
    state = 1
    owner.opened()
    if (known.expires !== null && known.expires <= 60_000) host.expires(known.expires)
  }

  /** The server has said how the link ends: behind what came before that word. */
  const bye = ({ code, reason }: CloseReason, last?: () => void) =>
    downlink.whenDrained(() => {
      if (state === 3) return
      last?.()
      end(code, reason, true)
    })

  const refused = (refusal: Refused) => {
    const { status, body } = refusal
    if (status === 401 && link && credentials.mayAskAgain(now())) {
      upLoop.renew()
      attaching.retry()
    } else if (closing && (status === 404 || status === 410)) host.closed()
    else if (status === 410) bye(closeReasonOf(body))
    else end(refusalCode(status), `the server refused a request with ${status} ${body.error}`)
  }

  const words = createWords({
    ...{ now, times, downlink, up },
    retainBytes: () => (state === 3 ? undefined : link?.limits.retain),
    // A poll acknowledges by the next one.
    acknowledge: () => (hasPosts && rung !== 'poll' ? upLoop.acknowledge : undefined),
  })

  const host: LinkHost = {
    link: () => link,
    headers: credentials.forRequest,
    acknowledgement() {
      words.said()
      return downlink.tell()
    },
    heard: words.heard,
    acknowledged(number) {
      const isRight = uplink.acknowledge(number)
      if (!isRight) host.broken('the server acknowledged what was never sent')
      else if (closing) flush()
      return isRight
    },
    expires(ms) {
      if (ms !== undefined && credentials.mayRenew(now())) upLoop.renew()
    },
    refused,
    broken: (what) => leave(CLOSE.protocol, what),
    end,
    openByHttp() {
      if (hasPosts) opening.begin()
      else end(CLOSE.credentials, NO_CREDENTIALS)
    },
    opened,
    changed: flush,
    proved(name) {
      const previous = rung
      if (name) memory?.set(endpoint.http, ladder.rung())
      rung = name
      if (name !== previous) owner.rungChanged(name, previous)
    },
    beat: words.beat,
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
      if (link && startedAt - words.heardAt() >= link.grace)
        end(CLOSE.timePassed, 'the server was not reachable for too long')
    },
    isWay: () => hasPosts && !up() && !attaching.isAwaitingSocket() && !isFarewell,
    closing: () => (isCloseSent() ? undefined : closing),
    closed() {
      if (closing) end(closing.code, closing.reason, true)
    },
    written: (attach = 0, sent = 0) => attaching.written(attach, sent),
  }

  const sign = (what: Sign) => {
    if (what === 'left') leave(CLOSE.goingAway, 'the page was left', true)
    if (state === 3 || !link || what === 'offline') return
    if (what === 'online') attaching.networkChanged()
    const latest = attaching.latest()
    const socket = up()
    if (socket) socket.check(times.checkMs)
    else if (latest && latest.rung !== 'websocket') {
      upLoop.check(times.checkMs, (attach) => {
        if (attach === undefined) attaching.giveUp(latest)
        // Requests find new connections; whether one that is held still stands only a new one tells for sure.
        else if (what !== 'visible' || attach !== latest.number) attaching.renew()
      })
    } else {
      attaching.hurry()
      upLoop.hurry()
    }
  }

  const requests = createRequests(surroundings, timer, endpoint.http, options.credentials)
  const parts: LinkParts = {
    ...{ surroundings, now, timer, times, requests, roundTrip, uplink, downlink, host, ladder, protocols, endpoint },
    pauseMs: (failures) => pauseMs(random(), failures),
  }
  const upLoop = createUpLoop(parts)
  const attaching = createAttaching(parts)
  const opening = createOpening(parts, credentials, (known) => {
    opened(known)
    attaching.start()
    flush()
  })
  const stopWatch = surroundings.watch?.(sign)
  deadline.set(times.openMs, opening.timedOut)
  if (rungs.length > 0) attaching.start()
  else deadline.set(0, () => end(CLOSE.failed, 'neither WebSocket nor fetch is available here'))

  return {
    state: () => state,
    rung: () => rung,
    rtt: roundTrip.ms,
    protocol: () => link?.protocol ?? '',
    counts: attaching.counts,
    bufferedBytes: uplink.bytes,
    send(data) {
      if (state !== 1 || !link) return
      const { message } = link.limits
      const size = sizeOf(data)
      if (size > message) {
        this.close(CLOSE.tooLarge, `a message of ${size} bytes is above the limit of ${message}`)
        return
      }
      uplink.add(data, size)
      if (uplink.bytes() > maxBufferedBytes) leave(CLOSE.limit, 'too much was sent that is not acknowledged')
      else flush()
    },
    close(code, reason) {
      if (state > 1) return
      const wasOpen = state === 1
      state = 2
      if (!wasOpen) {
        attaching.stop()
        opening.stop()
        deadline.set(0, () => end(1006, 'closed before it was open'))
        return
      }
      closing = { code, reason }
      deadline.set(times.closeMs, () => leave(code, reason, true))
      // What is on its way by a socket is acknowledged sooner if the server is asked.
      if (!isIdle()) up()?.beat(true)
      flush()
    },
    leave,
  }
}
