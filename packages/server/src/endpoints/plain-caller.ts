import { headersFromFlat } from '@hoofbeat/codec'
import type { FastifyRequest } from 'fastify'
import type { Clock } from '../clock/clock.js'
import type { AuthenticateHook } from '../hooks/hooks.js'
import type { User, UserLike } from '../hooks/user.js'
import { authenticate } from '../session/authentication.js'

/**
 * Who asks without STOMP. There is no CONNECT frame, so `authenticate` sees what the request offers in its place: the
 * Authorization header as the header `authorization`, and HTTP Basic credentials as `login` and `passcode` too. Rejects
 * with a StompError.
 */
export async function callerOf(
  request: FastifyRequest,
  identity: UserLike,
  sessionId: string,
  hook: AuthenticateHook | undefined,
  clock: Pick<Clock, 'epochMs'>,
): Promise<User | undefined> {
  const { authorization } = request.headers
  const { login, passcode } = basicCredentials(authorization)
  const flat = authorization === undefined ? [] : ['authorization', authorization]
  if (login !== undefined) flat.push('login', login)
  if (passcode !== undefined) flat.push('passcode', passcode)
  const headers = headersFromFlat(flat)
  return await authenticate({ headers, version: '1.2', identity, request, sessionId, renews: undefined }, hook, clock)
}

/** RFC 7617: the user-id ends at the first colon. */
function basicCredentials(authorization = ''): { login: string | undefined; passcode: string | undefined } {
  const [, encoded] = /^Basic +([A-Za-z0-9+/=]+) *$/i.exec(authorization) ?? []
  if (encoded === undefined) return { login: undefined, passcode: undefined }
  const [login, ...rest] = Buffer.from(encoded, 'base64').toString('utf8').split(':')
  return { login, passcode: rest.length === 0 ? undefined : rest.join(':') }
}
