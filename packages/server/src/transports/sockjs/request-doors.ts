import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema, HTTPMethods, RouteOptions } from 'fastify'
import type { AllowedOrigins } from '../../hooks/origin.js'
import { allowMethods, setHead } from './answer-head.js'
import { greet, type IframePage, tellInfo } from './pages.js'
import type { PassedAnswers } from './passed-answers.js'
import { claimOf, passRequest, showClient } from './passed-request.js'
import { PASSED_HEADER, type ProvedClaim, type SockJsPeer } from './peers.js'
import { METHODS, SESSION_ACTIONS, type SessionAction, type SockJsTarget } from './request-path.js'
import { answerSession, type SessionDoorParts } from './session-door.js'

/** What the requests of one path are answered with. */
export interface RequestDoorParts extends SessionDoorParts {
  readonly path: string
  /** What a request asks for; undefined: nothing that is here. */
  readonly targetOf: (request: FastifyRequest) => SockJsTarget | undefined
  readonly hasWebSocket: boolean
  readonly needsCookie: boolean
  readonly hasJsonp: boolean
  /** Undefined: there is no such page. */
  readonly iframe: IframePage | undefined
  /** How long a poll may wait, in ms. */
  readonly heartBeatMs: number
  readonly allowedOrigins: AllowedOrigins
  /** The answers that other nodes are giving. */
  readonly passed: PassedAnswers
  readonly checkOrigin: (request: FastifyRequest) => Promise<void>
}

const NOT_GET: readonly HTTPMethods[] = ['POST', 'OPTIONS', 'PUT', 'PATCH', 'DELETE']
/** Of most there is only said that they are not allowed. */
const EVERY_METHOD: readonly HTTPMethods[] = ['GET', ...NOT_GET]
const TEXT = 'text/plain; charset=UTF-8'
/** How long other nodes may take to say whether they have a session, in ms: before what was sent to it is refused. */
const LOCATE_MS = 1_000
/** The same before it is opened: sockjs-client gives up a transport that has not opened within 600 ms or so. */
const LOCATE_TO_OPEN_MS = 300
/** Those that receive say nothing, and what they said would be kept with the session. */
const RECEIVING_BODY_BYTES = 4_096

/** Opens all of one path that is no WebSocket, in a context of its own: the application's body parsers do not apply. */
export async function openRequestDoors(fastify: FastifyInstance, parts: RequestDoorParts): Promise<void> {
  const { path, hasWebSocket, hasJsonp, iframe, maxBodyBytes } = parts
  await fastify.register(async (scope) => {
    if (!scope.hasRequestDecorator('sockJsIsForm')) scope.decorateRequest('sockJsIsForm', false)
    if (!scope.hasRequestDecorator('sockJsClaim')) scope.decorateRequest('sockJsClaim', null)
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    const { handlerTimeout = 0, ignoreTrailingSlash = false } = configOf(scope)
    const shared: Omit<RouteOptions, 'method' | 'url'> & { readonly compress: false } = {
      schema: hidden,
      // For @fastify/compress: what holds a key shares no window with what others may choose.
      compress: false,
      // A deadline that the application has for its routes would end every session whose poll waits for longer.
      ...(handlerTimeout > 0 ? { handlerTimeout: parts.heartBeatMs + 60_000 } : {}),
      onRequest: (request, reply) => prepare(request, reply, parts),
      handler: (request, reply) => answer(request, reply, parts),
    }
    const route = (below: string, methods: readonly HTTPMethods[], bodyLimit = RECEIVING_BODY_BYTES): void => {
      scope.route({
        ...shared,
        bodyLimit,
        method: [...methods],
        url: `${path}/${below}`,
        exposeHeadRoute: false,
        // Without the slash it is the endpoint itself.
        prefixTrailingSlash: 'slash',
      })
    }
    if (!ignoreTrailingSlash) route('', EVERY_METHOD)
    route('info', EVERY_METHOD)
    if (iframe !== undefined) route(':sockJsPage(^iframe[-.\\w]*\\.html$)', EVERY_METHOD)
    for (const action of SESSION_ACTIONS) {
      if (action === 'websocket' || (action.startsWith('jsonp') && !hasJsonp)) continue
      const bodyLimit = action.endsWith('_send') ? maxBodyBytes : undefined
      route(`:sockJsServer/:sockJsSession/${action}`, EVERY_METHOD, bodyLimit)
    }
    if (!hasWebSocket) return
    // A GET of these has a door of its own.
    for (const below of ['websocket', ':sockJsServer/:sockJsSession/websocket']) route(below, NOT_GET)
  })
}

/** Not part of an HTTP API description. */
const hidden: FastifySchema & { readonly hide: boolean } = { hide: true }

/** What of the application's own settings matters here; some are not in the published types. */
function configOf(scope: FastifyInstance): { handlerTimeout?: number; ignoreTrailingSlash?: boolean } {
  return { ...scope.initialConfig, ...scope.initialConfig.routerOptions }
}

async function prepare(request: FastifyRequest, reply: FastifyReply, parts: RequestDoorParts): Promise<unknown> {
  const target = parts.targetOf(request)
  // Behind this, @fastify/websocket takes the place of the handler.
  if (request.ws) {
    const isElsewhere = request.method === 'GET' || target === undefined || !isSocket(target)
    return isElsewhere ? reply.callNotFound() : notAllowed(reply, 'GET')
  }
  const { headers } = request.raw
  const contentType = headers['content-type'] ?? 'text/plain'
  request.setDecorator('sockJsIsForm', /^application\/x-www-form-urlencoded\b/i.test(contentType))
  // A body of any type is taken, and of what is no type at all, which Fastify would refuse.
  if (!MEDIA_TYPE.test(contentType)) headers['content-type'] = 'text/plain'
  if (target === undefined || target.kind === 'greeting' || target.kind === 'iframe') return
  const origin = originOf(request, target, parts)
  if (origin === 'refused') return reply.code(403).header(PASSED_HEADER, 'refused').type(TEXT).send('not proved\n')
  if (origin === 'node') return setHead(request, reply)
  if (isForeign(request, target, parts.allowedOrigins)) return reply.code(403).send()
  await parts.checkOrigin(request)
  setHead(request, reply)
}

/** What Fastify takes for a content type, as far as we care. */
const MEDIA_TYPE = /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+\s*(;|$)/

async function answer(request: FastifyRequest, reply: FastifyReply, parts: RequestDoorParts): Promise<FastifyReply> {
  const target = parts.targetOf(request)
  if (target === undefined) {
    reply.callNotFound()
    return reply
  }
  const method = METHODS[target.kind === 'session' ? target.action : target.kind]
  if (request.method === 'OPTIONS') return allowMethods(request, reply, method)
  if (request.method !== method || target.kind === 'websocket') return notAllowed(reply, method)
  switch (target.kind) {
    case 'greeting':
      return greet(reply)
    case 'info':
      return tellInfo(reply, parts.hasWebSocket, parts.needsCookie)
    case 'iframe':
      return parts.iframe?.show(request, reply) ?? reply
    case 'session':
      if (isNotOurs(target, request, parts)) return reply.code(404).header(PASSED_HEADER, 'unknown').type(TEXT).send()
      return (await isAnsweredElsewhere(target, request, reply, parts))
        ? reply
        : answerSession(target, request, reply, parts)
  }
}

type SessionTarget = Extract<SockJsTarget, { readonly kind: 'session' }>

/** Where a request comes from: what another node has passed on had its page and Origin looked at where it came in. */
function originOf(
  request: FastifyRequest,
  target: SockJsTarget,
  { table }: RequestDoorParts,
): 'client' | 'node' | 'refused' {
  if (target.kind !== 'session' || table.nodes === undefined) return 'client'
  const { method, headers } = request
  const asked = { session: target.session, method, url: request.raw.url ?? '', origin: headers.origin }
  const claim = table.nodes.verify(headers, asked)
  if (claim === undefined || claim === 'refused') return claim ?? 'client'
  request.setDecorator<ProvedClaim>('sockJsClaim', claim)
  showClient(request, claim)
  return 'node'
}

/** Asks the node that has the session. What was passed on to us is ours, as are sessions that nobody else can be asked for. */
async function isAnsweredElsewhere(
  { session, action }: SessionTarget,
  request: FastifyRequest,
  reply: FastifyReply,
  { table, passed }: RequestDoorParts,
): Promise<boolean> {
  if (table.nodes === undefined || action === 'websocket' || table.has(session)) return false
  if (request.getDecorator<ProvedClaim | null>('sockJsClaim') !== null) return false
  const { nodes } = table
  const isPassed = async (peers: readonly SockJsPeer[], mayOpen: boolean): Promise<boolean> => {
    for (const peer of peers)
      if (await passRequest(peer, claimOf(session, request, mayOpen), request, reply)) return passed.add(reply.raw)
    return false
  }
  const peers = await nodes.find(session)
  const isOpening = !isSending(action)
  if (isOpening && nodes.isSettled) return isPassed(peers, true)
  // It may be where nobody would look for it: nodes that came at the same time do not see each other at once.
  if (await isPassed(peers, false)) return true
  const holder = await nodes.locate(session, isOpening ? LOCATE_TO_OPEN_MS : LOCATE_MS, !isOpening)
  if (holder !== undefined && (await isPassed([holder], false))) return true
  return isOpening && !table.has(session) && isPassed(peers, true)
}

/** Another node has passed on what only the node is to answer that has the session. */
function isNotOurs({ session, action }: SessionTarget, request: FastifyRequest, { table }: RequestDoorParts): boolean {
  const claim = request.getDecorator<ProvedClaim | null>('sockJsClaim')
  return claim !== null && !table.has(session) && (!claim.mayOpen || isSending(action))
}

function isSending(action: SessionAction): boolean {
  return action === 'xhr_send' || action === 'jsonp_send'
}

function notAllowed(reply: FastifyReply, method: string): FastifyReply {
  return reply.code(405).header('allow', `OPTIONS, ${method}`).send()
}

function isSocket(target: SockJsTarget): boolean {
  return target.kind === 'websocket' || (target.kind === 'session' && target.action === 'websocket')
}

/**
 * Scripts, images, frames and what is asked for without leave to read it come without an Origin, but with the cookies of
 * the visitor: browsers of today tell in another way that a page of another origin asks. sockjs-client takes `htmlfile`
 * from its own origin only, and sends an Origin with an EventSource to another.
 */
function isForeign(request: FastifyRequest, target: SockJsTarget, allowed: AllowedOrigins): boolean {
  if (target.kind !== 'session' || METHODS[target.action] !== 'GET' || allowed === '*') return false
  if (request.headers.origin !== undefined) return false
  const site = request.headers['sec-fetch-site']
  return site === 'cross-site' || site === 'same-site'
}
