import createError, { type FastifyErrorConstructor } from '@fastify/error'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Connection } from '../../connection/connection.js'
import { webSocketConnection } from '../websocket.js'
import { openWebSocketDoor, type WebSocketDoor } from '../websocket-door.js'
import type { SockJsTarget } from './request-path.js'
import { type SockJsSocketParts, sockJsSocket } from './socket.js'

/** What the WebSockets of one path need, beside what the plain one there has. */
export interface WebSocketDoorsParts extends SockJsSocketParts {
  readonly path: string
  readonly targetOf: (request: FastifyRequest) => SockJsTarget | undefined
  readonly accept: (connection: Connection) => void
}

const NotThere: FastifyErrorConstructor = createError('NOT_FOUND', 'There is nothing at this path.', 404)

/** Opens `/websocket`, without SockJS's own frames, and `/{server}/{session}/websocket`, with them. */
export function openWebSocketDoors(
  fastify: FastifyInstance,
  door: Pick<WebSocketDoor, 'admit' | 'selectProtocol' | 'taken'>,
  parts: WebSocketDoorsParts,
): void {
  const { path, targetOf, accept } = parts
  const shared = {
    selectProtocol: door.selectProtocol,
    taken: door.taken,
    link: undefined,
    answer: (_request: FastifyRequest, reply: FastifyReply) =>
      reply.code(400).type('text/plain; charset=UTF-8').send('Not a valid websocket request\n'),
  }
  const admitAt =
    (kind: SockJsTarget['kind']) =>
    async (request: FastifyRequest): Promise<unknown> => {
      if (targetOf(request)?.kind !== kind) throw new NotThere()
      return door.admit(request)
    }
  openWebSocketDoor(fastify, {
    ...shared,
    path: `${path}/websocket`,
    admit: admitAt('websocket'),
    accept: (socket, request, identity) => accept(webSocketConnection(socket, request, identity)),
  })
  openWebSocketDoor(fastify, {
    ...shared,
    path: `${path}/:sockJsServer/:sockJsSession/websocket`,
    admit: admitAt('session'),
    accept: (socket, request, identity) => accept(sockJsSocket(socket, request, identity, parts)),
  })
}
