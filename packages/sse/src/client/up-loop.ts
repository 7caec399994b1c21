import * as CLOSE from '../wire/close.js'
import type { Item } from '../wire/items.js'
import type { CloseReason, Opened } from '../wire/requests.js'
import { GAP, TOO_LARGE, UNREACHABLE } from './endings.js'
import type { LinkParts } from './link-parts.js'
import { askedPauseOf, countOf, isBusy } from './reading.js'
import type { Answer, Request } from './requests.js'

const MAX_ITEMS = 256
/** What a body holds besides the items, generously. */
const ENVELOPE_BYTES = 1_024
/** Greatest body that goes on when the page is gone: below the browsers' 64 KiB. */
const LEAVING_BYTES = 60 * 1_024
/** Pages of something between that refuse one message for its size must come at least for so long. */
const LARGE_MS = 5_000

/** Sends by POST, one request at a time: what comes meanwhile goes into the next (PROTOCOL.md, section 5). */
export interface UpLoop {
  /** Sends if there is something to send and nothing under way. */
  kick(): void
  /** Acknowledges, with messages or without. */
  acknowledge(): void
  /** Shows new credentials. */
  renew(): void
  /** Asks for any answer, soon; told the server's present attach, or undefined if none came. */
  check(told: (attach: number | undefined) => void): void
  /** The network may be back: what waits for its next try is tried now. */
  hurry(): void
  /**
   * One last request, for whose answer nobody waits: an acknowledgement, or a close behind what can go along; with
   * `isWhole` only if all can.
   */
  leave(close?: CloseReason, hasData?: boolean, isWhole?: boolean): void
  stop(): void
}

export function createUpLoop(parts: LinkParts): UpLoop {
  const retry = parts.timer()
  let request: Request | undefined
  let isUnderWay = false
  let isAckWanted = false
  let isRenewalWanted = false
  const checks: ((attach: number | undefined) => void)[] = []
  let maxItems = MAX_ITEMS
  let failures = 0
  let refusedLarge = 0
  let largeSince = 0
  let stuckSince = 0

  const bodyOf = ({ key }: Opened, items: readonly Item[], close: CloseReason | undefined) => ({
    v: 1,
    key,
    seq: parts.uplink.first(),
    ack: parts.acknowledgement(),
    items,
    close,
  })

  /** The same messages go again under the same numbers: first at once, then after a random and growing time. */
  const failed = (startedAt: number, afterMs?: number) => {
    if (failures++ === 0) stuckSince = startedAt
    if (failures >= 3 && parts.now() - stuckSince >= (parts.link?.grace ?? 0)) {
      parts.end(CLOSE.timePassed, UNREACHABLE)
      return
    }
    retry.set(afterMs ?? parts.pauseMs(failures - 1), kick)
  }

  const taken = ({ body, tookMs }: Answer, ack: number, isClosed: boolean) => {
    failures = refusedLarge = 0
    maxItems = Math.min(MAX_ITEMS, maxItems * 2)
    parts.roundTrip.took(tookMs)
    if (!parts.acknowledged(ack)) return
    if (isClosed) parts.closed()
    else {
      parts.expires(body?.expires)
      parts.written(countOf(body?.attach), countOf(body?.sent))
    }
  }

  const notTaken = ({ status, body, isLate }: Answer, count: number, first: number, startedAt: number) => {
    const isTooLarge = status === 413
    if (isTooLarge || isLate) maxItems = Math.max(1, Math.floor(count / 2))
    if (isTooLarge && count < 2) {
      if (refusedLarge++ === 0) largeSince = parts.now()
      // A page of something between may pass; the server's own word stands.
      if (body || (refusedLarge >= 3 && parts.now() - largeSince >= LARGE_MS)) {
        parts.end(CLOSE.tooLarge, TOO_LARGE)
        return
      }
    }
    // Whoever says something else has let a message of this size through.
    if (!isTooLarge && status !== 0) refusedLarge = 0
    if (status === 409 && body && (countOf(body.expect) ?? 0) < first) parts.broken(GAP)
    else if (!body || isTooLarge || status === 200 || status === 409) failed(startedAt)
    else if (isBusy(status)) failed(startedAt, askedPauseOf(body))
    else parts.refused({ status, body })
  }

  const isWanted = () =>
    isAckWanted ||
    isRenewalWanted ||
    checks.length > 0 ||
    (parts.isWay() && (parts.uplink.last() >= parts.uplink.first() || parts.closing()))

  const send = async (link: Opened) => {
    const isRenewal = isRenewalWanted
    const headers = await parts.headers(isRenewal)
    if (parts.state > 2) return
    if (!isWanted()) {
      // Meanwhile a WebSocket has taken over.
      isUnderWay = false
      return
    }
    const first = parts.uplink.first()
    const isWay = parts.isWay()
    const { items } = parts.uplink.batch(isWay ? maxItems : 0, link.limits.batch - ENVELOPE_BYTES)
    const end = first + items.length - 1
    const close = isWay && end >= parts.uplink.last() ? parts.closing() : undefined
    const isAck = isAckWanted
    const startedAt = parts.now()
    isAckWanted = false
    const timeoutMs = checks.length > 0 ? parts.times.checkMs : parts.roundTrip.patience(parts.times.upMs)
    request = parts.requests.post(`${link.link}/up`, bodyOf(link, items, close), timeoutMs, headers)
    const answer = await request.answer
    const { status, body } = answer
    request = undefined
    isUnderWay = false
    if (parts.state > 2) return
    const ack = status === 200 ? countOf(body?.ack) : undefined
    // Who takes a request takes all its messages; another answer must not be asked for again without a pause.
    const isTaken = ack !== undefined && ack >= end
    const asked = checks.splice(0)
    if (body && status !== 503) parts.heard()
    if (isTaken) {
      if (isRenewal) isRenewalWanted = false
      taken(answer, ack, Boolean(close))
    } else {
      if (isAck) isAckWanted = true
      notTaken(answer, items.length, first, startedAt)
    }
    for (const told of asked) told(isTaken ? countOf(body?.attach) : undefined)
    kick()
  }

  const kick = () => {
    const link = parts.link
    if (parts.state > 2 || isUnderWay || retry.isSet() || !link || !isWanted()) return
    isUnderWay = true
    void send(link)
  }

  const hurry = () => {
    retry.stop()
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
    check(told) {
      checks.push(told)
      request?.hurry(parts.times.checkMs)
      hurry()
    },
    hurry,
    leave(close, hasData, isWhole) {
      const link = parts.link
      if (!link) return
      const { items, size } = parts.uplink.batch(hasData ? MAX_ITEMS : 0, LEAVING_BYTES - ENVELOPE_BYTES)
      // A single message may be above what is allowed.
      const fitting = size > LEAVING_BYTES - ENVELOPE_BYTES ? [] : items
      if (isWhole && parts.uplink.first() + fitting.length <= parts.uplink.last()) return
      parts.requests.post(`${link.link}/up`, bodyOf(link, fitting, close), parts.times.upMs, undefined, true)
    },
    stop() {
      retry.stop()
      request?.abort()
    },
  }
}
