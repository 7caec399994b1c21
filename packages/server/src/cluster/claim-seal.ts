import { createHmac, timingSafeEqual } from 'node:crypto'
import type { ProvedClaim, SockJsClaim } from '../transports/sockjs/peers.js'
import { ReplayWindow } from './replay-window.js'

/** How far the time of a claim may be from ours, either way, in ms. */
const VALID_MS = 30_000
/** Longest header field that is looked at: a URL takes most of it. */
const MAX_LENGTH = 16_384
/** Says what is signed, so that no signature made for something else with the same key fits. */
const PURPOSE = 'hoofbeat-sockjs-1\n'
/** Nodes whose claims are counted; the one that was heard first is forgotten. */
const MAX_SENDERS = 1_000

/** Seals what one node tells another of a request that it passes on, and proves it there. */
export interface ClaimSeal {
  /** The value of the header field: good for that node, once, for 30 s. */
  seal(to: string, claim: SockJsClaim): string
  /** Undefined: it is forged, altered, meant for another node, too old or too new by 30 s, or was read before. */
  open(field: string): ProvedClaim | undefined
}

/**
 * `key`: shared by all nodes. `epochMs`: the time of day, on which they must agree within 30 s. `untimely` is told of a
 * node whose claim was not taken for that, and by how much its clock seems to be ahead.
 */
export function createClaimSeal(
  key: Uint8Array,
  self: string,
  epochMs: () => number,
  untimely: (node: string, skewMs: number) => void = () => {},
): ClaimSeal {
  const senders = new Map<string, ReplayWindow>()
  let count = 0
  const signatureOf = (text: string): Buffer => createHmac('sha256', key).update(PURPOSE).update(text).digest()
  const isFirst = (from: string, number: number): boolean => {
    const window = senders.get(from) ?? new ReplayWindow()
    senders.set(from, window)
    if (senders.size > MAX_SENDERS)
      for (const oldest of senders.keys()) return senders.delete(oldest) && window.take(number)
    return window.take(number)
  }
  return {
    seal(to, claim) {
      const whole = { ...claim, from: self, to, number: ++count, atMs: epochMs() }
      const text = Buffer.from(JSON.stringify(whole)).toString('base64url')
      return `${text}.${signatureOf(text).toString('base64url')}`
    },
    open(field) {
      if (field.length > MAX_LENGTH) return undefined
      const [text = '', signature = ''] = field.split('.', 2)
      const given = Buffer.from(signature, 'base64url')
      const due = signatureOf(text)
      if (given.length !== due.length || !timingSafeEqual(given, due)) return undefined
      const fields = fieldsOf(Buffer.from(text, 'base64url').toString('utf8'))
      const { from, to, number, atMs } = fields
      if (to !== self || typeof from !== 'string' || typeof number !== 'number') return undefined
      const skewMs = typeof atMs === 'number' ? atMs - epochMs() : Number.NaN
      if (Math.abs(skewMs) > VALID_MS) untimely(from, skewMs)
      if (!(Math.abs(skewMs) <= VALID_MS)) return undefined
      const claim = isFirst(from, number) ? claimOf(fields) : undefined
      return claim && { ...claim, from }
    },
  }
}

type Fields = Readonly<Record<string, unknown>>

function fieldsOf(json: string): Fields {
  const value: unknown = JSON.parse(json)
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function claimOf(fields: Fields): SockJsClaim | undefined {
  const { session, method, url, origin, remoteAddress, protocol, host, mayOpen } = fields
  if (origin !== undefined && typeof origin !== 'string') return undefined
  if (typeof session !== 'string' || typeof method !== 'string' || typeof url !== 'string') return undefined
  if (typeof remoteAddress !== 'string' || typeof protocol !== 'string' || typeof host !== 'string') return undefined
  return { session, method, url, origin, remoteAddress, protocol, host, mayOpen: mayOpen === true }
}
