import { CLOSE } from '../wire/protocol.js'
import type { CloseReason, Opened } from '../wire/requests.js'
import type { LinkParts } from './link-parts.js'
import { countOf } from './reading.js'
import type { Answer, Request } from './requests.js'
import { utf8Bytes } from './text.js'

const MAX_ITEMS = 256
/** What a body holds besides the items, generously. */
const ENVELOPE_BYTES = 1_024
/** Greatest body that goes on when the page is gone: below the browsers' 64 KiB. */
const LEAVING_BYTES = 60 * 1_024
/** Pages of something between that refuse one message for its size must come at least for so long. */
const LARGE_MS = 5_000
/** A server that asks for a pause is not obeyed for longer. */
const LONGEST_PAUSE_MS = 30_000

/** Sends by POST, one request at a time: what comes meanwhile goes into the next (PROTOCOL.md, section 5). */
export interface UpLoop {
  /** Sends if there is something to send and nothing under way. */
  kick(): void
  /** Acknowledges, with messages or without. */
  acknowledge(): void
  /** Shows new credentials. */
  renew(): void
  /** Asks for any answer within so long; told the server's present attach, or undefined if none came. */
  check(withinMs: number, told: (attach: number | undefined) => void): void
  /** The network may be back: what waits for its next try is tried now. */
  hurry(): void
  /**
   * One last request, for whose answer nobody waits: an acknowledgement, or a close behind what can go along; with
   * `isWhole` only if all can.
   */
  leave(close?: CloseReason, hasData?: boolean, isWhole?: boolean): void
  stop(): void
}

export function createUpLoop({ surroundings, times, requests, roundTrip, uplink, host }: LinkParts): UpLoop {
  const { now, after, random } = surroundings
  let request: Request | undefined
  let isBusy = false
  let isAckWanted = false
  let isRenewalWanted = false
  let checks: ((attach: number | undefined) => void)[] = []
  let checkMs = 0
  let retry: (() => void) | undefined
  let maxItems = MAX_ITEMS
  let failures = 0
  let refusedLarge = 0
  let largeSince = 0
  let stuckSince = 0
  let isOver = false

  const bodyOf = (link: Opened, items: string, close: CloseReason | undefined) => {
    const head = `{"v":1,"key":${JSON.stringify(link.key)},"seq":${uplink.first()},"ack":${host.acknowledgement()}`
    return `${head},"items":${items}${close ? `,"close":${JSON.stringify(close)}` : ''}}`
  }

  /** The same messages go again under the same numbers: first at once, then after a random and growing time. */
  const failed = (startedAt: number, afterMs?: number) => {
    if (failures++ === 0) stuckSince = startedAt
    if (failures >= 3 && now() - stuckSince >= (host.link()?.grace ?? 0)) {
      host.end(CLOSE.timePassed, 'no message got through for too long')
      return
    }
    const most = failures === 1 ? 0 : Math.min(5_000, 250 * 2 ** (failures - 2))
    retry = after(afterMs ?? random() * most, () => {
      retry = undefined
      kick()
    })
  }

  const taken = (answer: Extract<Answer, { isOurs: true }>, ack: number, isClosed: boolean) => {
    const { body, tookMs } = answer
    failures = refusedLarge = 0
    maxItems = Math.min(MAX_ITEMS, maxItems * 2)
    roundTrip.took(tookMs)
    if (!host.acknowledged(ack)) return
    if (isClosed) {
      host.closed()
      return
    }
    host.expires(body.expires)
    host.written(countOf(body.attach), countOf(body.sent))
  }

  const notTaken = (answer: Answer, count: number, first: number, startedAt: number) => {
    const { status } = answer
    if (status === 413 || (!answer.isOurs && answer.isLate)) {
      maxItems = Math.max(1, Math.floor(count / 2))
      if (status === 413 && count < 2 && refusedLarge++ === 0) largeSince = now()
      // A page of something between may pass; the server's own word stands.
      const isLasting = refusedLarge >= 3 && now() - largeSince >= LARGE_MS
      if (status === 413 && count < 2 && (answer.isOurs || isLasting)) {
        host.end(CLOSE.tooLarge, 'a message is too large for the server or what is before it')
        return
      }
    }
    // Whoever says something else has let a message of this size through.
    if (status !== 413 && status !== 0) refusedLarge = 0
    if (!answer.isOurs || status === 413 || status === 200) failed(startedAt)
    else if (status === 409) {
      if ((countOf(answer.body.expect) ?? 0) < first) host.broken('the server lost messages')
      else failed(startedAt)
    } else if (status === 429 || status === 503) {
      failed(startedAt, Math.min(countOf(answer.body.after) ?? 1_000, LONGEST_PAUSE_MS))
    } else host.refused(answer)
  }

  const isWanted = () =>
    isAckWanted ||
    isRenewalWanted ||
    checks.length > 0 ||
    (host.isWay() && (uplink.last() >= uplink.first() || host.closing() !== undefined))

  const send = async (link: Opened) => {
    const isRenewal = isRenewalWanted
    const headers = await host.headers(isRenewal)
    if (isOver) return
    if (!isWanted()) {
      // Meanwhile a WebSocket has taken over.
      isBusy = false
      return
    }
    const first = uplink.first()
    const isWay = host.isWay()
    const { json, count } = uplink.batch(isWay ? maxItems : 0, link.limits.batch - ENVELOPE_BYTES)
    const end = first + count - 1
    const close = isWay && end >= uplink.last() ? host.closing() : undefined
    const isAck = isAckWanted
    const startedAt = now()
    isAckWanted = false
    const timeoutMs = checks.length > 0 ? checkMs : roundTrip.patience(times.upMs)
    request = requests.post(`${link.link}/up`, bodyOf(link, json, close), timeoutMs, headers)
    const answer = await request.answer
    request = undefined
    isBusy = false
    if (isOver) return
    const ack = answer.isOurs && answer.status === 200 ? countOf(answer.body.ack) : undefined
    const asked = checks.splice(0)
    if (answer.isOurs && answer.status !== 503) host.heard()
    // Who takes a request takes all its messages; another answer must not be asked for again without a pause.
    if (answer.isOurs && ack !== undefined && ack >= end) {
      if (isRenewal) isRenewalWanted = false
      taken(answer, ack, close !== undefined)
      for (const told of asked) told(countOf(answer.body.attach))
    } else {
      if (isAck) isAckWanted = true
      notTaken(answer, count, first, startedAt)
      for (const told of asked) told(undefined)
    }
    kick()
  }

  const kick = () => {
    const link = host.link()
    if (isOver || isBusy || retry || !link) return
    if (!isWanted()) return
    isBusy = true
    void send(link)
  }

  const hurry = () => {
    retry?.()
    retry = undefined
    kick()
  }

  return {
    kick,
    acknowledge() {
      isAckWanted = true
      kick()
    },
    renew() {
      isRenewalWanted = true
      kick()
    },
    check(withinMs, told) {
      checks.push(told)
      checkMs = withinMs
      request?.hurry(withinMs)
      hurry()
    },
    hurry,
    leave(close, hasData, isWhole) {
      const link = host.link()
      if (!link || !surroundings.fetch) return
      const { json, count } = uplink.batch(hasData ? MAX_ITEMS : 0, LEAVING_BYTES - ENVELOPE_BYTES)
      // A single message may be above what is allowed.
      const isTooLarge = utf8Bytes(json) > LEAVING_BYTES - ENVELOPE_BYTES
      if (isWhole && (isTooLarge || uplink.first() + count <= uplink.last())) return
      const items = isTooLarge ? '[]' : json
      requests.post(`${link.link}/up`, bodyOf(link, items, close), times.upMs, undefined, true)
    },
    stop() {
      isOver = true
      retry?.()
      request?.abort()
      checks = []
    },
  }
}
