import { headersFromFlat } from '@hoofbeat/codec'
import { describe, expect, it } from 'vitest'
import { createWheel } from '../clock/wheel.js'
import type { Peer } from '../connection/connection.js'
import { createTurns } from '../framing/turns.js'
import type { AuthenticateHook } from '../hooks/hooks.js'
import type { User } from '../hooks/user.js'
import { resolveLimits } from '../options.js'
import { createFakeClock } from '../testing/fake-clock.js'
import { Credentials } from './credentials.js'
import { shakeHands } from './handshake.js'
import type { SessionParts } from './session-parts.js'

/** A link whose HTTP request renews its identity while `authenticate` is asked. */
function setUp(answer: (identity: User) => User = (identity) => identity) {
  const clock = createFakeClock()
  const limits = resolveLimits()
  const old: User = { name: 'ann', expiresAtMs: clock.epochMs() + 5_000 }
  const renewed: User = { name: 'ann', expiresAtMs: clock.epochMs() + 500_000 }
  const peer: Peer = {
    transport: 'link',
    ownsLiveness: true,
    protocol: undefined,
    identity: old,
    request: undefined,
    remoteAddress: undefined,
  }
  const authenticate: AuthenticateHook = async ({ identity }) => {
    peer.identity = renewed
    return answer(identity as User)
  }
  const parts: SessionParts = {
    authenticate,
    heartBeat: { sendMs: 0, receiveMs: 0 },
    serverName: 'hoofbeat',
    framing: { clock, wheel: createWheel(clock), turns: createTurns(clock), limits },
    limits,
    observe: () => {},
    openDispatcher: () => {
      throw new Error('not asked for')
    },
  }
  return { clock, old, renewed, peer, parts }
}

const frame = (command: 'CONNECT' | 'SEND', flat: string[]) =>
  ({ command, headers: headersFromFlat(flat), body: new Uint8Array(), text: '' }) as const

describe('a link that renews its identity while authenticate is asked', () => {
  const connect = frame('CONNECT', ['accept-version', '1.2'])

  it('begins its session with the newer one, where authenticate returns identity', async () => {
    const { peer, parts, renewed } = setUp()
    expect((await shakeHands(connect, peer, 's', parts)).user).toBe(renewed)
  })

  it('begins its session with what authenticate says otherwise', async () => {
    const own = { name: 'ann' }
    const { peer, parts } = setUp(() => own)
    expect((await shakeHands(connect, peer, 's', parts)).user).toBe(own)
  })

  it('goes on with the newer one after a renewal of its session, where authenticate returns identity', async () => {
    const { peer, parts, old, renewed, clock } = setUp()
    const told: string[] = []
    const credentials = new Credentials(
      {
        id: 's',
        carrier: { peer, version: '1.2' },
        dispatcher: { user: old, renewed: () => {} },
        credentialsEnded: () => void told.push('ended'),
      },
      parts,
    )
    credentials.endAt(old.expiresAtMs)
    const user = await credentials.ask(frame('SEND', ['destination', '/session/renew']), old)
    expect(user).toBe(renewed)
    credentials.end(user)
    clock.advance(400_000)
    expect(told).toEqual([])
    clock.advance(200_000)
    expect(told).toEqual(['ended'])
  })
})
