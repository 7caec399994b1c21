import type { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import fastifyWebsocket from '@fastify/websocket'
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema, RouteOptions } from 'fastify'
import type { WebSocket } from 'ws'
import type { Connection } from '../connection/connection.js'
import { selectProtocol, webSocketConnection } from './websocket.js'

/** What the WebSocket door of one path needs. */
export interface WebSocketDoor {
  readonly path: string
  /** Origin, limits, identity: rejects with an error that has a `statusCode`. */
  readonly admit: (request: FastifyRequest) => Promise<unknown>
  /** What a plain GET is answered. */
  readonly upgradeRequired: () => Error
  readonly accept: (connection: Connection) => void
  /** The socket of an upgrade request is ours now. */
  readonly taken: (socket: Socket) => void
}

/** How WebSockets are spoken where this plugin is the one that registers @fastify/websocket. */
export interface WebSocketOptions {
  /** Full URL paths of all doors: sub-protocols are chosen for these alone. */
  readonly paths: ReadonlySet<string>
  readonly maxTransportMessageBytes: number
}

/**
 * Makes sure that @fastify/websocket is there: the application's own if it has registered one (a second registration
 * throws), else ours. The application's other WebSocket routes keep their ways: ours chooses sub-protocols by path.
 */
export async function provideWebSocket(fastify: FastifyInstance, options: WebSocketOptions): Promise<void> {
  if (fastify.hasDecorator('websocketServer')) {
    fastify.log.debug('using the WebSocket server of the application; its maxPayload and handleProtocols apply')
    return
  }
  const paths = new Set([...options.paths].map(spelling))
  const isOurs = (url: string | undefined): boolean => paths.has(spelling((url ?? '').split('?', 1)[0] ?? ''))
  const serverOptions = {
    maxPayload: options.maxTransportMessageBytes,
    // Newer than the published types of ws: how long a peer may take to answer a close frame.
    closeTimeout: 5_000,
    perMessageDeflate: false,
    handleProtocols(offered: Set<string>, request: IncomingMessage) {
      if (isOurs(request.url)) return selectProtocol(offered)
      const [first] = offered
      return first ?? false
    },
  }
  await fastify.register(fastifyWebsocket, {
    // Of the application's own WebSockets: ours listen for themselves.
    errorHandler(error, socket: WebSocket, request) {
      request.log.debug({ err: error }, 'WebSocket error')
      socket.terminate()
    },
    options: serverOptions,
  })
}

/** One spelling for all that a router may take for the same path: escapes, case, a slash at the end. */
function spelling(path: string): string {
  try {
    return decodeURIComponent(path).toLowerCase().replace(/\/+$/, '')
  } catch {
    return path
  }
}

/** Opens the WebSocket door at one path. */
export function openWebSocketDoor(fastify: FastifyInstance, door: WebSocketDoor): void {
  if (!fastify.hasRequestDecorator('stompUpgrade')) fastify.decorateRequest('stompUpgrade', null)
  const hidden: FastifySchema & { readonly hide: boolean } = { hide: true }
  const route: RouteOptions = {
    method: 'GET',
    url: door.path,
    exposeHeadRoute: false,
    // Not part of an HTTP API description.
    schema: hidden,
    async preValidation(request, reply) {
      if (request.ws)
        request.setDecorator('stompUpgrade', { reply, identity: (await door.admit(request)) ?? undefined })
    },
    async handler(_request, reply) {
      return reply.header('upgrade', 'websocket').header('connection', 'upgrade').send(door.upgradeRequired())
    },
    wsHandler(socket, request) {
      const { reply, identity } = request.getDecorator<Upgrade>('stompUpgrade')
      release(socket, reply)
      // An injected request has no socket.
      if (request.raw.socket instanceof Socket) door.taken(request.raw.socket)
      // Not for the application to broadcast to, nor for @fastify/websocket to end before the session has.
      fastify.websocketServer.clients.delete(socket)
      try {
        door.accept(webSocketConnection(socket, request, identity))
      } catch (error) {
        socket.terminate()
        throw error
      }
    },
  }
  fastify.route(route)
}

/** What the door finds out before there is a WebSocket. */
interface Upgrade {
  readonly reply: FastifyReply
  readonly identity: unknown
}

/**
 * Lets a WebSocket stand alone: the request and the response that opened it weigh 2.5 KiB, and would be kept to its end,
 * by the listener that @fastify/websocket has just added to tell its error handler of them, and by the socket. The
 * connection listens for errors itself: a STOMP session says its ERROR and closes; to end the socket at once, as error
 * handlers do, would cut that off.
 */
function release(socket: WebSocket, reply: FastifyReply): void {
  const listener = socket.listeners('error').at(-1)
  if (listener !== undefined) socket.off('error', listener as (error: Error) => void)
  if (reply.raw.socket !== null) reply.raw.detachSocket(reply.raw.socket)
}
