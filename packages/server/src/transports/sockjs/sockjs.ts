import createError, { type FastifyErrorConstructor } from '@fastify/error'
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema, HTTPMethods, RouteOptions } from 'fastify'
import type { Wheel } from '../../clock/wheel.js'
import type { Connection } from '../../connection/connection.js'
import type { AllowedOrigins } from '../../hooks/origin.js'
import { webSocketConnection } from '../websocket.js'
import { openWebSocketDoor, type WebSocketDoor } from '../websocket-door.js'
import { allowMethods, setHead } from './answer-head.js'
import { createIframePage, greet, tellInfo } from './pages.js'
import { METHODS, parsePath, SESSION_ACTIONS, type SockJsTarget } from './request-path.js'
import { answerSession } from './session-door.js'
import { sockJsSocket } from './socket.js'
import { checkSockJsOptions, type SockJsOptions } from './sockjs-options.js'
import { createTable } from './table.js'

/** What the SockJS doors of one path need. */
export interface SockJsDoor {
  /** Below the prefix of the Fastify instance; for example `/gs-guide-websocket`. It may have parameters. */
  readonly path: string
  readonly options: SockJsOptions
  /** Told in `/info`: whether clients may try WebSockets. */
  readonly hasWebSocket: boolean
  readonly wheel: Wheel
  /** Which pages may show the iframe page, and whether JSONP answers pages of other origins. */
  readonly allowedOrigins: AllowedOrigins
  /** How much a request has to take at least, in bytes. */
  readonly leastBodyBytes: number
  /** The Origin rule: may this page talk to us? Rejects with an error that has a `statusCode`. */
  readonly checkOrigin: (request: FastifyRequest) => Promise<void>
  /** Whose a new session is, and whether it may begin; rejects with an error that has a `statusCode`. */
  readonly admit: (request: FastifyRequest) => Promise<unknown>
  /** The name of who asks something of a session that is there; rejects as `admit` does. */
  readonly subject: (request: FastifyRequest) => Promise<string | undefined>
  /** The name in what `admit` resolved with. */
  readonly nameOf: (identity: unknown) => string | undefined
  /** Takes a session, in the tick in which it begins. */
  readonly accept: (connection: Connection) => void
}

/** The SockJS sessions of one path. */
export interface SockJs {
  /** What a plain GET of the path is told. */
  greet(reply: FastifyReply): FastifyReply
  /** Opens `/websocket` and `/{server}/{session}/websocket`. */
  openWebSocketDoors(door: Pick<WebSocketDoor, 'admit' | 'selectProtocol' | 'taken'>): void
  /** No more sessions are opened: 503. Those that are there go on. */
  refuse(): void
  /** Ends every request that still waits. */
  close(): void
}

const NotThere: FastifyErrorConstructor = createError('NOT_FOUND', 'There is nothing at this path.', 404)
const NoMore: FastifyErrorConstructor = createError('STOMP_ERR_CLOSING', 'No more sessions are opened now.', 503)

/** Opens the SockJS doors at one path. */
export async function openSockJs(fastify: FastifyInstance, door: SockJsDoor): Promise<SockJs> {
  const { path, hasWebSocket, wheel } = door
  checkSockJsOptions(door.options)
  if (path.endsWith('/')) throw new TypeError(`the path of a SockJS endpoint ends with no slash: '${path}'`)
  const {
    heartBeatMs = 25_000,
    disconnectDelayMs = 5_000,
    maxStreamBytes = 131_072,
    maxSessions = 50_000,
  } = door.options
  const { maxBodyBytes = Math.max(4_194_304, door.leastBodyBytes) } = door.options
  const { bindingCookie = true, jsessionid = false, jsonp = false, clientUrl } = door.options
  const needsCookie = bindingCookie || jsessionid
  const depth = `${fastify.prefix}${path}`.split('/').length
  const iframe = clientUrl === undefined ? undefined : createIframePage(clientUrl, door.allowedOrigins)
  const table = createTable({
    ...{ wheel, heartBeatMs, disconnectDelayMs, maxSessions },
    hasCookie: bindingCookie,
    admit: door.admit,
    subject: door.subject,
    nameOf: door.nameOf,
    accept: door.accept,
    refused: () => new NoMore(),
  })

  const targetOf = (request: FastifyRequest): SockJsTarget | undefined => parsePath(request.raw.url ?? '', depth)
  const notAllowed = (reply: FastifyReply, method: string): FastifyReply =>
    reply.code(405).header('allow', `OPTIONS, ${method}`).send()

  const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const target = targetOf(request)
    if (target === undefined) {
      reply.callNotFound()
      return reply
    }
    const method = METHODS[target.kind === 'session' ? target.action : target.kind]
    if (request.method === 'OPTIONS') return allowMethods(request, reply, method)
    // A GET of a WebSocket has a door of its own.
    if (request.method !== method || target.kind === 'websocket') return notAllowed(reply, method)
    switch (target.kind) {
      case 'greeting':
        return greet(reply)
      case 'info':
        return tellInfo(reply, hasWebSocket, needsCookie)
      case 'iframe':
        return iframe?.show(request, reply) ?? reply
      case 'session':
        return answerSession(target, request, reply, { table, maxStreamBytes, maxBodyBytes, jsessionid })
    }
  }

  await fastify.register(async (scope) => {
    if (!scope.hasRequestDecorator('sockJsIsForm')) scope.decorateRequest('sockJsIsForm', false)
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    const route = (below: string, methods: readonly HTTPMethods[], bodyLimit = 4_096): FastifyInstance =>
      scope.route({
        ...shared,
        // Those that receive say nothing, and what they said would be kept with the session.
        bodyLimit,
        method: [...methods],
        url: `${path}/${below}`,
        exposeHeadRoute: false,
        // Without the slash it is the endpoint itself.
        prefixTrailingSlash: 'slash',
      })
    const shared: Omit<RouteOptions, 'method' | 'url'> & { readonly compress: false } = {
      schema: hidden,
      // For @fastify/compress: what holds a key shares no window with what others may choose.
      compress: false,
      // A poll waits for up to a heart-beat; a deadline that the application has for its routes would end the session.
      ...(Number(Reflect.get(scope.initialConfig, 'handlerTimeout')) > 0
        ? { handlerTimeout: heartBeatMs + 60_000 }
        : {}),
      async onRequest(request, reply) {
        const target = targetOf(request)
        // Who asks for a WebSocket by GET has a door of its own; behind this, @fastify/websocket takes the handler's place.
        if (request.ws) {
          const isElsewhere = request.method === 'GET' || target === undefined || !isSocket(target)
          return isElsewhere ? reply.callNotFound() : notAllowed(reply, 'GET')
        }
        const { headers } = request.raw
        request.setDecorator(
          'sockJsIsForm',
          /^application\/x-www-form-urlencoded\b/i.test(headers['content-type'] ?? ''),
        )
        // A body of any type is taken, and of what is no type at all, which Fastify would refuse.
        if (!MEDIA_TYPE.test(headers['content-type'] ?? 'text/plain')) headers['content-type'] = 'text/plain'
        if (target === undefined || target.kind === 'greeting' || target.kind === 'iframe') return
        if (isForeign(request, target, door.allowedOrigins)) return reply.code(403).send()
        await door.checkOrigin(request)
        setHead(request, reply)
      },
      handler: answer,
    }
    const { ignoreTrailingSlash = false } = { ...scope.initialConfig, ...scope.initialConfig.routerOptions }
    if (!ignoreTrailingSlash) route('', EVERY_METHOD)
    route('info', EVERY_METHOD)
    if (iframe !== undefined) route(':sockJsPage(^iframe[-.\\w]*\\.html$)', EVERY_METHOD)
    for (const action of SESSION_ACTIONS) {
      if (action.startsWith('jsonp') && !jsonp) continue
      const bodyLimit = action.endsWith('_send') ? maxBodyBytes : undefined
      if (action !== 'websocket') route(`:sockJsServer/:sockJsSession/${action}`, EVERY_METHOD, bodyLimit)
      else if (hasWebSocket) {
        for (const below of ['websocket', ':sockJsServer/:sockJsSession/websocket']) route(below, NOT_GET)
      }
    }
  })

  return {
    greet,
    openWebSocketDoors({ admit, ...rest }) {
      const shared = {
        ...rest,
        link: undefined,
        answer: (_request: FastifyRequest, reply: FastifyReply) =>
          reply.code(400).type('text/plain; charset=UTF-8').send('Not a valid websocket request\n'),
      }
      const admitAt =
        (kind: SockJsTarget['kind']) =>
        async (request: FastifyRequest): Promise<unknown> => {
          if (targetOf(request)?.kind !== kind) throw new NotThere()
          return admit(request)
        }
      openWebSocketDoor(fastify, {
        ...shared,
        path: `${path}/websocket`,
        admit: admitAt('websocket'),
        accept: (socket, request, identity) => door.accept(webSocketConnection(socket, request, identity)),
      })
      openWebSocketDoor(fastify, {
        ...shared,
        path: `${path}/:sockJsServer/:sockJsSession/websocket`,
        admit: admitAt('session'),
        accept: (socket, request, identity) =>
          door.accept(sockJsSocket(socket, request, identity, { wheel, heartBeatMs })),
      })
    },
    refuse: () => table.refuse(),
    close: () => table.close(),
  }
}

const NOT_GET: readonly HTTPMethods[] = ['POST', 'OPTIONS', 'PUT', 'PATCH', 'DELETE']
/** Of most there is only said that they are not allowed. */
const EVERY_METHOD: readonly HTTPMethods[] = ['GET', ...NOT_GET]

/** Not part of an HTTP API description. */
const hidden: FastifySchema & { readonly hide: boolean } = { hide: true }

function isSocket(target: SockJsTarget): boolean {
  return target.kind === 'websocket' || (target.kind === 'session' && target.action === 'websocket')
}

/** What Fastify takes for a content type, as far as we care. */
const MEDIA_TYPE = /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+\s*(;|$)/

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
