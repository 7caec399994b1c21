import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { addCookie, cookieOf } from './answer-head.js'

/** Whose a session is: ids are chosen by clients, and whoever gets to know one must not get at its messages. */
export interface Owner {
  /** The name of its user; undefined: it belongs to nobody in particular. */
  readonly name: string | undefined
  /** The address that opened it. */
  readonly address: string
  /** What our cookie says in the browser that opened it; undefined where none was set. */
  readonly cookie: string | undefined
}

const COOKIE = 'HOOFBEAT_SOCKJS'

/** Notes who opens a session; where it is nobody in particular, a cookie is set that tells the browser again. */
export function claim(
  name: string | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
  hasCookie: boolean,
): Owner {
  const known = ownCookie(request)
  if (name !== undefined || !hasCookie) return { name, address: request.ip, cookie: undefined }
  if (known !== undefined) return { name, address: request.ip, cookie: known }
  const cookie = randomBytes(16).toString('base64url')
  // Pages of other sites keep it only with SameSite=None, which browsers take over TLS alone.
  const sites = request.protocol === 'https' ? 'SameSite=None; Secure; Partitioned' : 'SameSite=Lax'
  addCookie(reply, `${COOKIE}=${cookie}; Path=/; HttpOnly; ${sites}`)
  return { name, address: request.ip, cookie }
}

/**
 * True for a request of the owner: for a user's session the name decides; else the cookie or the address, either of which
 * may have changed: a phone takes another address, and two tabs that open at once overwrite each other's cookie.
 *
 * @param subject the name of who asks; called only where a name decides
 */
export async function isOwner(
  owner: Owner,
  request: FastifyRequest,
  subject: () => Promise<string | undefined>,
): Promise<boolean> {
  if (owner.name !== undefined) return (await subject().catch(() => undefined)) === owner.name
  const known = ownCookie(request)
  return owner.address === request.ip || (known !== undefined && isSame(known, owner.cookie))
}

/** Undefined for what we have never written. */
function ownCookie(request: FastifyRequest): string | undefined {
  const value = cookieOf(request, COOKIE)
  return value !== undefined && /^[-\w]{22}$/.test(value) ? value : undefined
}

function isSame(given: string, kept: string | undefined): boolean {
  return kept !== undefined && given.length === kept.length && timingSafeEqual(Buffer.from(given), Buffer.from(kept))
}
