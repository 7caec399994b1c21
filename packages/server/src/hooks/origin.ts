import type { FastifyRequest } from 'fastify'

/**
 * Which pages may connect: listed origins (`https://chat.example.org`: as browsers write them, without a path) beside
 * those of the page's own host; `'*'` for any; or a function that alone decides, about pages of the same host too. One
 * that throws refuses.
 */
export type AllowedOrigins =
  | '*'
  | readonly string[]
  | ((origin: string, request: FastifyRequest) => boolean | Promise<boolean>)

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' }

/**
 * The Origin rule of all doors: a request without `Origin` comes from no page and passes; where a function is given, it
 * decides; else a page of the same host and port passes, and others if they are listed. The scheme is not compared:
 * behind a proxy that ends TLS the server sees plain HTTP. `Origin: null` (sandboxed and local pages) passes only if
 * `'null'` is listed.
 *
 * The host is `request.host`, so behind a proxy that rewrites Host set Fastify's `trustProxy`, or list the origin.
 */
export async function isOriginAllowed(request: FastifyRequest, allowed: AllowedOrigins): Promise<boolean> {
  const { origin } = request.headers
  if (origin === undefined || allowed === '*') return true
  if (typeof allowed === 'function') return await allowed(origin, request)
  if (allowed.includes(origin)) return true
  return isSameHost(origin, request.host)
}

function isSameHost(origin: string, host: string): boolean {
  const page = parse(origin)
  if (page === undefined) return false
  const port = DEFAULT_PORTS[page.protocol]
  const own = parse(`${page.protocol}//${host}`)
  return (
    port !== undefined &&
    own !== undefined &&
    own.hostname === page.hostname &&
    (own.port || port) === (page.port || port)
  )
}

function parse(text: string): URL | undefined {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}
