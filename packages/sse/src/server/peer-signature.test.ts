import { describe, expect, it } from 'vitest'
import type { PeerClaim } from './peer-signature.js'
import { createPeerSeal } from './peer-signature.js'

const SECRET = 'a secret that all nodes of the cluster share'
const OTHER = 'another secret, of as many characters as needed'
const CLAIM: PeerClaim = {
  door: 'up',
  link: 'owner~1',
  origin: 'https://page.example',
  remoteAddress: '192.0.2.7',
  standing: { subject: 'Zoë', expiresMs: 60_000 },
}

/** A seal whose time of day the test sets. */
function sealAt(time: { nowMs: number }, ...secrets: string[]) {
  return createPeerSeal(secrets.length === 0 ? [SECRET] : secrets, () => time.nowMs)
}

describe('a claim between nodes', () => {
  it.each<Partial<PeerClaim>>([
    {},
    { origin: undefined, remoteAddress: undefined, standing: undefined },
    { standing: { subject: undefined, expiresMs: undefined } },
    { door: 'down' },
  ])('is read as it was signed: %j', (more) => {
    const claim = { ...CLAIM, ...more }
    const seal = sealAt({ nowMs: 0 })
    expect(seal.read(seal.sign(claim), claim.door, claim.link)).toEqual(claim)
  })

  it('is good for its door and its link only; at an upgrade the link is not known yet', () => {
    const seal = sealAt({ nowMs: 0 })
    const header = seal.sign(CLAIM)
    expect(seal.read(header, 'down', CLAIM.link)).toBeUndefined()
    expect(seal.read(header, 'socket', undefined)).toBeUndefined()
    expect(seal.read(header, 'up', 'owner~2')).toBeUndefined()
    const socket = { ...CLAIM, door: 'socket' } as const
    expect(seal.read(seal.sign(socket), 'socket', undefined)).toEqual(socket)
  })

  it('is good for 30 s, whichever clock is ahead', () => {
    const time = { nowMs: 1_000_000 }
    const seal = sealAt(time)
    const header = seal.sign(CLAIM)
    for (const nowMs of [970_000, 1_000_000, 1_030_000]) {
      time.nowMs = nowMs
      expect(seal.read(header, 'up', CLAIM.link)).toEqual(CLAIM)
    }
    for (const nowMs of [0, 969_999, 1_030_001, 9_000_000, Number.NaN]) {
      time.nowMs = nowMs
      expect(seal.read(header, 'up', CLAIM.link)).toBeUndefined()
    }
  })

  it('is nothing without the secret', () => {
    const time = { nowMs: 0 }
    expect(sealAt(time).read(sealAt(time, OTHER).sign(CLAIM), 'up', CLAIM.link)).toBeUndefined()
  })

  it('may be signed by any of several secrets, of which the first one signs', () => {
    const time = { nowMs: 0 }
    const renewing = sealAt(time, OTHER, SECRET)
    expect(renewing.read(sealAt(time, SECRET).sign(CLAIM), 'up', CLAIM.link)).toEqual(CLAIM)
    expect(sealAt(time, OTHER).read(renewing.sign(CLAIM), 'up', CLAIM.link)).toEqual(CLAIM)
    expect(sealAt(time, SECRET).read(renewing.sign(CLAIM), 'up', CLAIM.link)).toBeUndefined()
  })

  it('is refused when a single character of it is another', () => {
    const seal = sealAt({ nowMs: 0 })
    const header = seal.sign(CLAIM)
    // The last character of a signature carries two bits that mean nothing.
    for (let at = 0; at < header.length - 1; at++) {
      const altered = `${header.slice(0, at)}${header[at] === 'A' ? 'B' : 'A'}${header.slice(at + 1)}`
      expect(seal.read(altered, 'up', CLAIM.link)).toBeUndefined()
    }
  })

  it.each(['', '.', 'x', 'x.', '.x', 'x.y.z', `${'x'.repeat(10_000)}.y`])('is refused when malformed: %#', (header) => {
    expect(sealAt({ nowMs: 0 }).read(header, 'up', CLAIM.link)).toBeUndefined()
  })

  it.each<object>([
    { ...CLAIM, link: 1 },
    { ...CLAIM, origin: {} },
    { ...CLAIM, remoteAddress: [] },
    { ...CLAIM, standing: 'Zoë' },
    { ...CLAIM, standing: { subject: 1 } },
    { ...CLAIM, standing: { expiresMs: 'soon' } },
    { ...CLAIM, door: 'open' },
  ])('is refused when it does not have the shape, though it is signed: %j', (claim) => {
    const seal = sealAt({ nowMs: 0 })
    expect(seal.read(seal.sign(claim as PeerClaim), 'up', CLAIM.link)).toBeUndefined()
  })

  it('needs a secret that cannot be guessed', () => {
    expect(() => createPeerSeal([], Date.now)).toThrow(RangeError)
    expect(() => createPeerSeal(['short'], Date.now)).toThrow(RangeError)
    expect(() => createPeerSeal([SECRET, 'short'], Date.now)).toThrow(RangeError)
  })
})
