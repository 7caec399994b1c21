import createError, { type FastifyErrorConstructor } from '@fastify/error'
import type { FastifyRequest } from 'fastify'
import { isForPeer, STOMP_ERRORS, type StompErrorCode } from '../errors.js'
import type { IdentifyHook } from './hooks.js'
import { type AllowedOrigins, isOriginAllowed } from './origin.js'
import { hasExpired, type UserLike } from './user.js'

/** What every door asks before there is a connection. */
export interface AdmissionOptions {
  /** Pages of other origins that may connect. @default [] (same origin only) */
  readonly allowedOrigins?: AllowedOrigins
  /** Sees the HTTP request before any STOMP. One whose credentials have ended is refused. @default nobody is identified */
  readonly identify?: IdentifyHook
}

/**
 * Origin, then `identify`: one function handed to every door. Resolves with the identity; rejects with an error that has
 * a `statusCode` (403 for the Origin, 401 or its own 4xx for `identify`, 503 while the server is closing).
 */
export type Admit = (request: FastifyRequest) => Promise<UserLike>

/** The one admission of an application, whole and in its two parts, for doors that are asked often and open seldom. */
export interface Admission {
  readonly admit: Admit
  /** The Origin alone: may this page talk to us? */
  readonly checkOrigin: (request: FastifyRequest) => Promise<void>
  /** `identify` alone, for a request whose Origin was allowed. Rejects as `admit` does. */
  readonly identify: Admit
  /**
   * As `identify`, for what is open already: the end of the server refuses nothing, nor do credentials that have ended:
   * who fetches what is left of a session of its own is told there.
   */
  readonly recognise: Admit
  /**
   * Asks what the application has at a path of its own, behind the others. Resolves if it lets the request in; rejects as
   * `admit` does, with 403 where it resolves with false or has thrown what is not for the peer.
   */
  readonly allow: (request: FastifyRequest, ask: () => Promise<unknown>) => Promise<void>
}

const httpError = (code: StompErrorCode, statusCode: number): FastifyErrorConstructor => {
  const { message, cure } = STOMP_ERRORS[code]
  return createError(code, `${message}. ${cure}`, statusCode)
}

const OriginRefused = httpError('STOMP_ERR_ORIGIN_REFUSED', 403)
const NotAuthenticated = httpError('STOMP_ERR_NOT_AUTHENTICATED', 401)
const CredentialsExpired = httpError('STOMP_ERR_CREDENTIALS_EXPIRED', 401)
/** For what an application refuses at a path of its own. */
const HandshakeRefused = createError(
  'STOMP_ERR_FORBIDDEN' satisfies StompErrorCode,
  'The connection was refused. Ask the operator of the service for the right to connect.',
  403,
)
const Closing = httpError('STOMP_ERR_CLOSING', 503)
/** For a plain GET on a path that only speaks WebSocket. */
export const UpgradeRequired: FastifyErrorConstructor = httpError('STOMP_ERR_UPGRADE_REQUIRED', 426)

/** Makes the one admission of an application. `epochMs` tells the time of day. */
export function createAdmission(options: AdmissionOptions, isClosing: () => boolean, epochMs: () => number): Admission {
  const { allowedOrigins = [], identify: hook } = options
  const checkOrigin = async (request: FastifyRequest): Promise<void> => {
    const isAllowed = await isOriginAllowed(request, allowedOrigins).catch(refuseAs(OriginRefused, request))
    if (!isAllowed) throw new OriginRefused()
  }
  const recognise: Admit = async (request) => hook && ask(hook, request).catch(refuseAs(NotAuthenticated, request))
  const identify: Admit = async (request) => {
    if (isClosing()) throw new Closing()
    const identity = await recognise(request)
    if (hasExpired(identity, epochMs())) throw new CredentialsExpired()
    // The end may have begun while a hook was asked.
    if (isClosing()) throw new Closing()
    return identity
  }
  return {
    async admit(request) {
      if (isClosing()) throw new Closing()
      await checkOrigin(request)
      return identify(request)
    },
    checkOrigin,
    identify,
    recognise,
    async allow(request, ask) {
      const verdict = await ask().catch(refuseAs(HandshakeRefused, request))
      if (verdict === false) throw new HandshakeRefused()
      if (isClosing()) throw new Closing()
    },
  }
}

/** A hook that throws at once is told like one that rejects. */
const ask = async (identify: IdentifyHook, request: FastifyRequest): Promise<UserLike> => identify(request)

/** What the application's own function threw refuses the connection; its text is shown only if it is for the peer. */
function refuseAs(Refusal: new () => Error, request: FastifyRequest): (error: unknown) => never {
  return (error) => {
    if (isForPeer(error)) throw error
    request.log.warn({ err: error }, 'a hook refused a connection')
    throw new Refusal()
  }
}
