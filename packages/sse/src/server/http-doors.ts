import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema, RouteOptions } from 'fastify'
import { PROTOCOL_VERSION } from '../wire/protocol.js'
import type { Refusal, RefusalWord } from '../wire/requests.js'
import { REFUSALS } from '../wire/requests.js'
import type { LinkClock } from './clock.js'
import type { Admitted, DoorName } from './exchange.js'
import { httpExchange } from './http-exchange.js'
import type { HttpPeers } from './http-peers.js'
import type { Links } from './links.js'
import type { PeerClaim } from './peer-signature.js'

/** What the HTTP doors of one path need. */
export interface HttpDoors<Admission> {
  /** The path of the endpoint, below the prefix of the Fastify instance; for example `/stomp`. */
  readonly path: string
  readonly links: Links<Admission>
  readonly clock: LinkClock
  /** How long a request body may take, in ms. @default 15000 */
  readonly bodyTimeoutMs?: number
  /** The other nodes, which pass on what is for links of this one. @default there are none */
  readonly peers?: Pick<HttpPeers, 'verify'> | undefined
  /** The Origin rule: may this page talk to the path at all? A rejection refuses. */
  checkOrigin(request: FastifyRequest): Promise<void>
  /**
   * Who this is. Rejects with an error that has a `statusCode`. Asked when a link is opened, and later when a request
   * carries credentials.
   */
  admit(request: FastifyRequest): Promise<Admitted<Admission>>
  /** Whether a request carries credentials of the application. @default an Authorization header is there */
  hasCredentials?(request: FastifyRequest): boolean
}

interface LinkParams {
  readonly link?: string
}

/**
 * Opens the three POST doors of the link protocol at one path, in a context of their own: the application's hooks and
 * the headers that they set apply, its body parsers do not.
 */
export async function openHttpDoors<Admission>(fastify: FastifyInstance, doors: HttpDoors<Admission>): Promise<void> {
  const { path, links, clock, bodyTimeoutMs = 15_000, hasCredentials = hasAuthorization } = doors
  const parts = {
    clock,
    bodyTimeoutMs,
    hasCredentials,
    admit: (request: FastifyRequest) => doors.admit(request),
  }
  await fastify.register(async (scope) => {
    if (!scope.hasRequestDecorator('linkPeerClaim')) scope.decorateRequest('linkPeerClaim', null)
    scope.removeAllContentTypeParsers()
    // The body is read behind the checks that need none, by who knows its bound.
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null))

    const route = (door: DoorName, url: string): void => {
      const shared: Omit<RouteOptions, 'method' | 'handler'> & { readonly compress: false } = {
        url,
        schema: hidden,
        // For @fastify/compress: nothing that holds a key shares a window with what others may choose.
        compress: false,
        // Browsers are told of refusals too, or the page could not tell them from a broken network.
        onRequest: async (request, reply) => {
          setHead(reply)
          try {
            const claim = claimOf(doors, door, request)
            // Its Origin was checked where it came in, and its answer is read by a node.
            if (claim !== undefined) {
              request.setDecorator('linkPeerClaim', claim)
              return
            }
          } catch {
            return refusePeer(reply)
          }
          try {
            await doors.checkOrigin(request)
          } catch {
            return refuse(reply, 'forbidden')
          }
          allowReading(request, reply)
        },
      }
      scope.route({
        ...shared,
        method: 'POST',
        async handler(request, reply) {
          const { link } = request.params as LinkParams
          const claim = request.getDecorator<PeerClaim | null>('linkPeerClaim') ?? undefined
          await links.serve(httpExchange(door, link, request, reply, parts, claim))
          return reply
        },
      })
      scope.route({
        ...shared,
        method: 'OPTIONS',
        async handler(request, reply) {
          const wanted = request.headers['access-control-request-headers']
          if (wanted !== undefined) reply.header('access-control-allow-headers', wanted)
          return reply
            .header('access-control-allow-methods', 'POST')
            .header('access-control-max-age', '86400')
            .code(204)
            .send()
        },
      })
    }
    route('open', `${path}/open`)
    route('up', `${path}/:link/up`)
    route('down', `${path}/:link/down`)
  })
}

/** Not part of an HTTP API description. */
const hidden: FastifySchema & { readonly hide: boolean } = { hide: true }

function hasAuthorization(request: FastifyRequest): boolean {
  return request.headers.authorization !== undefined
}

function setHead(reply: FastifyReply): void {
  reply.header('cache-control', 'no-store, no-transform').header('x-content-type-options', 'nosniff')
  const vary = reply.getHeader('vary')
  if (vary === undefined) reply.header('vary', 'Origin')
  else if (!/\borigin\b|\*/i.test(String(vary))) reply.header('vary', `${String(vary)}, Origin`)
}

/** Sets the head by which the page that asks may read the answer, cookies sent or not; its Origin was allowed. */
export function allowReading(request: FastifyRequest, reply: FastifyReply): void {
  const { origin } = request.headers
  if (origin === undefined) return
  reply
    .header('access-control-allow-origin', origin)
    .header('access-control-allow-credentials', 'true')
    .header('timing-allow-origin', origin)
}

/** What another node claims of a request; undefined: it is a client's own. Throws if the claim is not proved. */
function claimOf<Admission>(
  { peers }: HttpDoors<Admission>,
  door: DoorName,
  request: FastifyRequest,
): PeerClaim | undefined {
  if (peers === undefined || request.method !== 'POST') return undefined
  const { link } = request.params as LinkParams
  // No link is opened in another's name: a claim there is of another door, and refused.
  return peers.verify(request.headers, door === 'open' ? 'up' : door, link ?? '')
}

/**
 * A claim that is not proved is refused, not overlooked: taken for a client's, a request that another node passed on
 * would be judged by that node's address and by no Origin. The answer has no `v`: it is none of the protocol, and where
 * secrets or clocks differ it ends no link. The other node makes "come again" of it.
 */
function refusePeer(reply: FastifyReply): FastifyReply {
  return reply.code(403).header('connection', 'close').type('text/plain; charset=utf-8').send('not proved\n')
}

function refuse(reply: FastifyReply, error: RefusalWord): FastifyReply {
  const refusal: Refusal = { v: PROTOCOL_VERSION, error }
  return reply.code(REFUSALS[error]).header('connection', 'close').send(refusal)
}
