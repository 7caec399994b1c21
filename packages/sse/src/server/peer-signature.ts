import { createHmac, timingSafeEqual } from 'node:crypto'
import { readObject } from '../wire/control.js'
import type { Standing } from './exchange.js'

/** The one header field that a request between nodes has more than a client's: `<claim>.<signature>`, both base64url. */
export const PEER_HEADER = 'hoofbeat-peer'

/** How far the time of a claim may be from ours, either way, in ms. */
const VALID_MS = 30_000
/** Longest header that is looked at. */
const MAX_LENGTH = 8192
/** Least length of a secret: what 256 bits take in base64 without padding would be 43, in hexadecimal 64. */
const MIN_SECRET_LENGTH = 32
/** Says what is signed, so that no signature made for something else with the same secret fits. */
const PURPOSE = 'hoofbeat-peer-1\n'

/** The doors through which nodes pass things on. */
export type PeerDoorName = 'up' | 'down' | 'socket'

/** What the node that got a request has found out, and the owner of its link must know. */
export interface PeerClaim {
  readonly door: PeerDoorName
  /** The whole id: a claim is good for this link only. */
  readonly link: string
  /** Of the client's request; it was allowed. */
  readonly origin: string | undefined
  /** Of the client. */
  readonly remoteAddress: string | undefined
  /** What the application said of the credentials; undefined: there were none. */
  readonly standing: Standing | undefined
}

/** Signs claims and checks them, with a secret that all nodes share. */
export interface PeerSeal {
  /** The value of {@link PEER_HEADER}. */
  sign(claim: PeerClaim): string
  /** The claim of a header. Undefined: it is forged, altered, too old, from the future, or of another door or link. */
  read(header: string, door: PeerDoorName, link: string | undefined): PeerClaim | undefined
}

/**
 * `secrets`: the first one signs, all of them are accepted, so that one can be replaced without a pause. `epochMs`: the
 * time of day, which the nodes must agree on within 30 s. Throws a RangeError if a secret is shorter than 32 characters.
 */
export function createPeerSeal(secrets: readonly string[], epochMs: () => number): PeerSeal {
  const [own] = secrets
  if (own === undefined || secrets.some((secret) => secret.length < MIN_SECRET_LENGTH))
    throw new RangeError(`the secret of a cluster has at least ${MIN_SECRET_LENGTH} characters`)
  return {
    sign(claim) {
      const text = Buffer.from(JSON.stringify({ ...claim, atMs: epochMs() })).toString('base64url')
      return `${text}.${signatureOf(text, own).toString('base64url')}`
    },
    read(header, door, link) {
      if (header.length > MAX_LENGTH) return undefined
      const [text = '', signature = ''] = header.split('.', 2)
      const given = Buffer.from(signature, 'base64url')
      // All of them are tried, so that the time tells nothing.
      const isSigned = secrets.filter((secret) => isEqual(signatureOf(text, secret), given)).length > 0
      const fields = isSigned ? readObject(Buffer.from(text, 'base64url').toString('utf8')) : undefined
      const claim = fields && claimOf(fields)
      if (claim === undefined || !(Math.abs(epochMs() - Number(fields?.atMs)) <= VALID_MS)) return undefined
      return claim.door === door && (link === undefined || claim.link === link) ? claim : undefined
    },
  }
}

function signatureOf(text: string, secret: string): Buffer {
  return createHmac('sha256', secret).update(PURPOSE).update(text).digest()
}

function isEqual(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}

function claimOf(fields: Readonly<Record<string, unknown>>): PeerClaim | undefined {
  const { door, link, origin, remoteAddress, standing } = fields
  if (door !== 'up' && door !== 'down' && door !== 'socket') return undefined
  if (typeof link !== 'string' || !isTextOrNothing(origin) || !isTextOrNothing(remoteAddress)) return undefined
  if (standing === undefined) return { door, link, origin, remoteAddress, standing }
  if (typeof standing !== 'object' || standing === null) return undefined
  const subject = 'subject' in standing ? standing.subject : undefined
  // JSON has no Infinity: that is null here.
  const expiresMs = 'expiresMs' in standing ? (standing.expiresMs ?? undefined) : undefined
  if (!isTextOrNothing(subject) || (expiresMs !== undefined && typeof expiresMs !== 'number')) return undefined
  return { door, link, origin, remoteAddress, standing: { subject, expiresMs } }
}

function isTextOrNothing(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string'
}
