import type { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import fastifyWebsocket from '@fastify/websocket'
import { LINK_PROTOCOL } from '@hoofbeat/sse'
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema, RouteOptions } from 'fastify'
import type { WebSocket } from 'ws'

/** Takes the WebSockets of one path that speak the sub-protocol of links. */
export interface LinkDoor {
  asksForLink(request: FastifyRequest): boolean
  /** As {@link WebSocketDoor.admit}; but undefined where nobody is known: an existing link can be attached then. */
  admit(request: FastifyRequest): Promise<unknown>
  /** The identity in what `admit` resolved with. */
  identity(admitted: unknown): unknown
  /** In the tick in which the socket was received. */
  accept(socket: WebSocket, request: FastifyRequest, admitted: unknown): void
}

/** What the WebSocket door of one path needs. */
export interface WebSocketDoor {
  /** As Fastify writes it; it may have parameters. */
  readonly path: string
  /** Origin, limits, identity: rejects with an error that has a `statusCode`. */
  readonly admit: (request: FastifyRequest) => Promise<unknown>
  /** Chooses one of the client's sub-protocols; false: none, and the handshake succeeds without. */
  readonly selectProtocol: (offered: ReadonlySet<string>) => string | false
  /** Answers a GET that asks for no upgrade. */
  readonly answer: (request: FastifyRequest, reply: FastifyReply) => FastifyReply
  /** In the tick in which the socket was received. */
  readonly accept: (socket: WebSocket, request: FastifyRequest, admitted: unknown) => void
  /** Undefined: no links are spoken here. */
  readonly link: LinkDoor | undefined
  /** The socket of an upgrade request is ours now. */
  readonly taken: (socket: Socket) => void
}

/** How an upgrade request's sub-protocol is chosen: noted by the door, before the handshake. */
const selections = new WeakMap<IncomingMessage, WebSocketDoor['selectProtocol']>()

/**
 * Makes sure that @fastify/websocket is there: the application's own if it has registered one (a second registration
 * throws), else ours. The application's other WebSocket routes keep their ways: ours chooses sub-protocols for its own
 * doors only.
 */
export async function provideWebSocket(fastify: FastifyInstance, maxTransportMessageBytes: number): Promise<void> {
  if (fastify.hasDecorator('websocketServer')) {
    fastify.log.debug('using the WebSocket server of the application; its maxPayload and handleProtocols apply')
    return
  }
  const serverOptions = {
    maxPayload: maxTransportMessageBytes,
    // Newer than the published types of ws: how long a peer may take to answer a close frame.
    closeTimeout: 5_000,
    perMessageDeflate: false,
    handleProtocols(offered: Set<string>, request: IncomingMessage) {
      const select = selections.get(request)
      if (select !== undefined) return select(offered)
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
      if (!request.ws) return
      const link = door.link?.asksForLink(request) ? door.link : undefined
      const admitted = await (link ?? door).admit(request)
      request.setDecorator('stompUpgrade', { reply, link, admitted: admitted ?? undefined })
      selections.set(request.raw, link === undefined ? door.selectProtocol : () => LINK_PROTOCOL)
    },
    async handler(request, reply) {
      return door.answer(request, reply)
    },
    wsHandler(socket, request) {
      const { reply, link, admitted } = request.getDecorator<Upgrade>('stompUpgrade')
      release(socket, reply)
      // An injected request has no socket.
      if (request.raw.socket instanceof Socket) door.taken(request.raw.socket)
      // Not for the application to broadcast to, nor for @fastify/websocket to end before the session has.
      fastify.websocketServer.clients.delete(socket)
      try {
        // An application with a WebSocket server of its own may have chosen another sub-protocol.
        if (link === undefined) door.accept(socket, request, admitted)
        else if (socket.protocol === LINK_PROTOCOL) link.accept(socket, request, admitted)
        else if (admitted === undefined) socket.close(1008, 'the credentials were not accepted')
        else door.accept(socket, request, link.identity(admitted))
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
  readonly link: LinkDoor | undefined
  readonly admitted: unknown
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
