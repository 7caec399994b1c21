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
import type { Peer } from '../connection/connection.js'
import { StompError, toStompError } from '../errors.js'
import type { AuthenticateHook } from '../hooks/hooks.js'
import type { User, UserLike } from '../hooks/user.js'

/** What a session is after CONNECT was accepted. */
export interface Handshake {
  readonly version: Version
  readonly user: User | undefined
  /** `client-id` of CONNECT: with the user, the name of durable subscriptions. */
  readonly clientId: string | undefined
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
  const user = await authenticate(frame, peer, version, sessionId, parts.authenticate)
  const answer: [string, string][] = [['version', version]]
  if (version !== '1.0') answer.push(['heart-beat', `${offered.sendMs},${offered.receiveMs}`])
  if (user !== undefined) answer.push(['user-name', user.name])
  answer.push(['server', parts.serverName], ['session', sessionId])
  const clientId = (version === '1.0' ? trimmed(headers) : headers).get('client-id')
  return { version, user, clientId, ...intervals, headers: answer }
}

async function authenticate(
  frame: Frame,
  peer: Peer,
  version: Version,
  sessionId: string,
  hook: AuthenticateHook | undefined,
): Promise<User | undefined> {
  // The door filled both from its HTTP request; rooms between know them only as unknown.
  const identity = peer.identity as UserLike
  const request = peer.request as FastifyRequest | undefined
  if (hook === undefined) return toUser(identity, version)
  // The decoder could not know yet that this client is one of STOMP 1.0, which pads: `login: alice`.
  const headers = version === '1.0' ? trimmed(frame.headers) : frame.headers
  try {
    const login = headers.get('login')
    const passcode = headers.get('passcode')
    return toUser(await hook({ headers, login, passcode, version, identity, request, sessionId }), version)
  } catch (error) {
    throw toStompError(error, 'STOMP_ERR_NOT_AUTHENTICATED')
  }
}

function trimmed(headers: Headers): Headers {
  return headersFromFlat(headers.flat.map((text) => text.replace(/^[ \t]+|[ \t]+$/g, '')))
}

/**
 * CONNECTED is not escaped (STOMP 1.2, "Value Encoding"): a line break in a name would forge headers. Spaces around it
 * would be lost on the way to a STOMP 1.0 client.
 */
export function toUser(user: UserLike, version: Version): User | undefined {
  if (user === undefined || user === null) return undefined
  const named = typeof user === 'string' ? { name: user } : user
  const isWritable = typeof named.name === 'string' && /^[^\u0000-\u001f\u007f]+$/.test(named.name)
  if (isWritable && (version !== '1.0' || named.name.trim() === named.name)) return named
  throw new StompError('STOMP_ERR_USER_NAME_INVALID')
}
