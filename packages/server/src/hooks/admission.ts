import createError, { type FastifyErrorConstructor } from '@fastify/error'
import type { FastifyRequest } from 'fastify'
import { isForPeer, STOMP_ERRORS, type StompErrorCode } from '../errors.js'
import type { IdentifyHook } from './hooks.js'
import { type AllowedOrigins, isOriginAllowed } from './origin.js'
import type { UserLike } from './user.js'

/** What every door asks before there is a connection. */
export interface AdmissionOptions {
  /** Pages of other origins that may connect. @default [] (same origin only) */
  readonly allowedOrigins?: AllowedOrigins
  /** Sees the HTTP request before any STOMP. @default nobody is identified */
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
}

const httpError = (code: StompErrorCode, statusCode: number): FastifyErrorConstructor => {
  const { message, cure } = STOMP_ERRORS[code]
  return createError(code, `${message}. ${cure}`, statusCode)
}

const OriginRefused = httpError('STOMP_ERR_ORIGIN_REFUSED', 403)
const NotAuthenticated = httpError('STOMP_ERR_NOT_AUTHENTICATED', 401)
const Closing = httpError('STOMP_ERR_CLOSING', 503)
/** For a plain GET on a path that only speaks WebSocket. */
export const UpgradeRequired: FastifyErrorConstructor = httpError('STOMP_ERR_UPGRADE_REQUIRED', 426)

/** Makes the one admission of an application. */
export function createAdmission(options: AdmissionOptions, isClosing: () => boolean): Admission {
  const { allowedOrigins = [], identify: hook } = options
  const checkOrigin = async (request: FastifyRequest): Promise<void> => {
    const isAllowed = await isOriginAllowed(request, allowedOrigins).catch(refuseAs(OriginRefused, request))
    if (!isAllowed) throw new OriginRefused()
  }
  const identify: Admit = async (request) => {
    if (isClosing()) throw new Closing()
    const identity = hook && (await ask(hook, request).catch(refuseAs(NotAuthenticated, request)))
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
