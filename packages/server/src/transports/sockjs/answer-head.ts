import type { FastifyReply, FastifyRequest } from 'fastify'

/** Nothing that depends on who asks may be kept by anyone on the way: some browsers keep even the answers of POST. */
const NOT_CACHED = 'no-store, no-cache, no-transform, must-revalidate, max-age=0'
const YEAR_S = 31_536_000

/** The head of every answer that belongs to a session or tells of the server. */
export function setHead(request: FastifyRequest, reply: FastifyReply): void {
  reply.header('cache-control', NOT_CACHED).header('x-content-type-options', 'nosniff')
  const { origin } = request.headers
  // Old clients ask without Origin from pages of other origins, and none of those may send cookies.
  reply.header('access-control-allow-origin', origin ?? '*')
  if (origin !== undefined) reply.header('access-control-allow-credentials', 'true')
  const vary = reply.getHeader('vary')
  if (vary === undefined) reply.header('vary', 'Origin')
  else if (!/\borigin\b|\*/i.test(String(vary))) reply.header('vary', `${String(vary)}, Origin`)
}

/** Answers a preflight request; the Origin was allowed. */
export function allowMethods(request: FastifyRequest, reply: FastifyReply, method: string): FastifyReply {
  const wanted = request.headers['access-control-request-headers']
  if (wanted !== undefined && wanted !== '') reply.header('access-control-allow-headers', wanted)
  return keepForAYear(reply)
    .header('access-control-allow-methods', `OPTIONS, ${method}`)
    .header('access-control-max-age', String(YEAR_S))
    .code(204)
    .send()
}

/** For what never changes while the server runs. */
export function keepForAYear(reply: FastifyReply): FastifyReply {
  return reply
    .header('cache-control', `public, max-age=${YEAR_S}`)
    .header('expires', new Date(Date.now() + YEAR_S * 1_000).toUTCString())
}

/** The value of a cookie of the request; undefined: it has none. */
export function cookieOf(request: FastifyRequest, name: string): string | undefined {
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const split = pair.indexOf('=')
    if (split > 0 && pair.slice(0, split).trim() === name) return pair.slice(split + 1).trim()
  }
  return undefined
}

/** Sets a cookie beside those that others have set. */
export function addCookie(reply: FastifyReply, cookie: string): void {
  reply.header('set-cookie', cookie)
}

/**
 * The cookie by which many balancers keep a client with its node: said again as it came, or for the first time, when the
 * balancer puts the node's name in.
 */
export function setJsessionid(request: FastifyRequest, reply: FastifyReply): void {
  const known = cookieOf(request, 'JSESSIONID')
  addCookie(reply, `JSESSIONID=${known !== undefined && /^[-.\w!~+]{1,256}$/.test(known) ? known : 'dummy'}; Path=/`)
}
