import {
  type Frame,
  type Headers,
  type HeartBeat,
  headersFromFlat,
  negotiateHeartBeat,
  negotiateVersion,
  readHeartBeat,
  type Version,
} from '@hoofbeat/codec'
import type { FastifyRequest } from 'fastify'
import type { Clock } from '../clock/clock.js'
import type { Peer } from '../connection/connection.js'
import { StompError } from '../errors.js'
import type { CsrfGuard } from '../hooks/csrf.js'
import type { AuthenticateHook } from '../hooks/hooks.js'
import type { User, UserLike } from '../hooks/user.js'
import { authenticate, newestOf } from './authentication.js'
import type { RateRule } from './rate-limit.js'
import type { RateLimits } from './rate-limits.js'

/** What a session is after CONNECT was accepted. */
export interface Handshake {
  readonly version: Version
  readonly user: User | undefined
  /** `client-id` of CONNECT: with the user, the name of durable subscriptions. */
  readonly clientId: string | undefined
  /** As CONNECT gave them, for a broker that judges them itself. */
  readonly credentials: { readonly login: string | undefined; readonly passcode: string | undefined }
  /** What holds the session to its limits; empty: it has none. */
  readonly rateRules: readonly RateRule[]
  readonly sendEveryMs: number
  readonly expectEveryMs: number
  /** The headers of CONNECTED, in their order. */
  readonly headers: readonly (readonly [string, string])[]
}

/** What the handshake is given by the application. */
export interface HandshakeParts {
  readonly authenticate: AuthenticateHook | undefined
  /** What the server offers, in ms. @default { sendMs: 10000, receiveMs: 10000 } */
  readonly heartBeat: HeartBeat
  /** Value of the `server` header of CONNECTED. */
  readonly serverName: string
  /** Asked before `authenticate`. @default no token is asked for */
  readonly csrf?: CsrfGuard | undefined
  /** @default there are none */
  readonly rateLimits?: RateLimits | undefined
  readonly framing: { readonly clock: Pick<Clock, 'epochMs'> }
}

/**
 * Answers CONNECT or STOMP: version, user, heart-beats (STOMP 1.2, "Connecting"). `host`, `login` and `passcode` may be
 * absent, as real clients leave them out. Rejects with a StompError, or with the codec's ProtocolError for a heart-beat
 * header that cannot be read.
 */
export async function shakeHands(
  frame: Frame,
  peer: Peer,
  sessionId: string,
  parts: HandshakeParts,
): Promise<Handshake> {
  const { headers } = frame
  const version = negotiateVersion(headers.get('accept-version'))
  if (version === undefined) throw new StompError('STOMP_ERR_VERSION_UNSUPPORTED')
  // Liveness belongs to the transport where it says so, and STOMP 1.0 knows no heart-beats.
  const offered = peer.ownsLiveness || version === '1.0' ? { sendMs: 0, receiveMs: 0 } : parts.heartBeat
  const intervals = negotiateHeartBeat(offered, readHeartBeat(headers.get('heart-beat')))
  const said = saidHeaders(headers, version)
  // The door filled both from its HTTP request; rooms between know them only as unknown.
  const identity = peer.identity as UserLike
  const request = peer.request as FastifyRequest | undefined
  // Without an HTTP request there was no browser that could have been misled.
  if (parts.csrf !== undefined && request !== undefined) await parts.csrf.checkConnect(said, request)
  const applicant = { headers: said, version, identity, request, sessionId, renews: undefined }
  const user = newestOf(await authenticate(applicant, parts.authenticate, parts.framing.clock), identity, peer.identity)
  const answer: [string, string][] = [['version', version]]
  if (version !== '1.0') answer.push(['heart-beat', `${offered.sendMs},${offered.receiveMs}`])
  if (user !== undefined) answer.push(['user-name', user.name])
  answer.push(['server', parts.serverName], ['session', sessionId])
  const rateRules = parts.rateLimits?.rulesOf(user) ?? []
  const credentials = { login: said.get('login'), passcode: said.get('passcode') }
  return { version, user, clientId: said.get('client-id'), credentials, rateRules, ...intervals, headers: answer }
}

/** The headers of a frame that brings credentials. A client of STOMP 1.0 may pad them: `login: alice`. */
export function saidHeaders(headers: Headers, version: Version): Headers {
  if (version !== '1.0') return headers
  return headersFromFlat(headers.flat.map((text) => text.replace(/^[ \t]+|[ \t]+$/g, '')))
}
