import type { Headers } from '@hoofbeat/codec'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { isForPeer, StompError } from '../errors.js'
import { type AllowedOrigins, isOriginAllowed } from './origin.js'

/**
 * Tokens against forged requests, for applications that know their users by cookies: a foreign page can make a browser
 * send the cookies, but cannot read the token. Asked of whatever came by HTTP, never of TCP.
 */
export interface CsrfOptions {
  /** The header of CONNECT, and of `POST {path}/send`, in which the token comes. @default 'x-csrf-token' */
  readonly header?: string
  /**
   * Whether this is a token that was given to whoever made `request`: the upgrade of a WebSocket, the request that opened
   * a link or a SockJS session, the POST itself. Only `true` accepts; an error that it throws refuses. A request without
   * a token is refused unasked. @default what @fastify/csrf-protection says, which must be registered before this plugin
   */
  readonly verify?: (token: string, request: FastifyRequest) => boolean | Promise<boolean>
}

/** Asks for tokens. Each resolves if there is a good one, and rejects with STOMP_ERR_CSRF otherwise. */
export interface CsrfGuard {
  /** `request` opened the connection on which CONNECT came. */
  checkConnect(headers: Headers, request: FastifyRequest): Promise<void>
  /** A request that does something. */
  checkRequest(request: FastifyRequest): Promise<void>
  /**
   * A request for events; its Origin was allowed. EventSource cannot set headers, so what the browser says of the request
   * counts too: it was made by a script (no link, no image), of a page of this origin or of one that is listed: `'*'` lists nobody.
   */
  checkReading(request: FastifyRequest): Promise<void>
}

type Verify = NonNullable<CsrfOptions['verify']>

const DEFAULT_HEADER = 'x-csrf-token'

/** Makes the guard; `allowedOrigins` as the doors have them. Throws a TypeError where nothing can verify tokens. */
export function createCsrfGuard(
  options: CsrfOptions | true,
  instance: FastifyInstance,
  allowedOrigins: AllowedOrigins = [],
): CsrfGuard {
  const { header = DEFAULT_HEADER, verify } = options === true ? {} : options
  const verifyToken = verify ?? findVerify(header, instance)
  const check = async (token: string | readonly string[] | undefined, request: FastifyRequest): Promise<void> => {
    if (typeof token !== 'string' || token === '') {
      throw new StompError('STOMP_ERR_CSRF', { message: `The CSRF token is missing: it belongs into '${header}'` })
    }
    let isGood: boolean
    try {
      isGood = await verifyToken(token, request)
    } catch (cause) {
      const shown = cause instanceof Error && isForPeer(cause) ? { message: cause.message } : {}
      throw new StompError('STOMP_ERR_CSRF', { ...shown, cause })
    }
    if (isGood !== true) throw new StompError('STOMP_ERR_CSRF')
  }
  const checkRequest = (request: FastifyRequest): Promise<void> => check(request.headers[header.toLowerCase()], request)
  return {
    checkConnect: (headers, request) => check(headers.get(header), request),
    checkRequest,
    checkReading: async (request) =>
      (await isByKnownScript(request, allowedOrigins)) ? undefined : checkRequest(request),
  }
}

/**
 * Fetch Metadata (a page can set none of these headers): `empty` is what fetch and EventSource ask for, links and images
 * ask for something else. Of another origin a GET tells its Origin only if it asks for the right to read.
 */
async function isByKnownScript(request: FastifyRequest, allowed: AllowedOrigins): Promise<boolean> {
  const { headers } = request
  if (headers['sec-fetch-dest'] !== undefined && headers['sec-fetch-dest'] !== 'empty') return false
  if (headers['sec-fetch-site'] === 'same-origin') return true
  if (headers.origin === undefined) return false
  // It was allowed. But where every page is, that says nothing of this one.
  return allowed !== '*' || isOriginAllowed(request, [])
}

/** As much as @fastify/csrf-protection takes: it looks for the token and its secret, then says no or goes on. */
type CsrfProtection = (
  request: FastifyRequest,
  reply: { send(error: unknown): unknown; unsignCookie: unknown },
  next: () => void,
) => unknown

/** Its hook answers a request; at CONNECT there is none to be answered, and the token came later than the headers. */
function findVerify(header: string, instance: FastifyInstance): Verify {
  if (!instance.hasDecorator('csrfProtection')) {
    throw new TypeError('csrf: register @fastify/csrf-protection before this plugin, or give csrf.verify')
  }
  const protect = instance.getDecorator<CsrfProtection>('csrfProtection')
  return (token, request) => {
    const asked: FastifyRequest = Object.create(request, {
      headers: { value: { ...request.headers, [header.toLowerCase()]: token } },
      body: { value: { _csrf: token } },
    })
    const unsignCookie = 'unsignCookie' in request ? request.unsignCookie : undefined
    let isGood = false
    protect.call(instance, asked, { send: () => {}, unsignCookie }, () => {
      isGood = true
    })
    return isGood
  }
}
