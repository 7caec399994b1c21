import createError, { type FastifyErrorConstructor } from '@fastify/error'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Wheel } from '../../clock/wheel.js'
import type { Connection } from '../../connection/connection.js'
import type { AllowedOrigins } from '../../hooks/origin.js'
import type { WebSocketDoor } from '../websocket-door.js'
import { createIframePage, greet } from './pages.js'
import { createPassedAnswers } from './passed-answers.js'
import { PASSED_HEADER, type ProvedClaim, type SockJsPeers } from './peers.js'
import { openRequestDoors } from './request-doors.js'
import { parsePath, type SockJsTarget } from './request-path.js'
import { checkSockJsOptions, type SockJsOptions } from './sockjs-options.js'
import { createTable } from './table.js'
import { openWebSocketDoors } from './websocket-doors.js'

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
  /** The other nodes: any of them may then get any request. Undefined: there are none. */
  readonly peers: SockJsPeers | undefined
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
  /** Ends every request that still waits; those that other nodes answer they end, within `withinMs`. */
  close(withinMs: number): Promise<void>
}

const NoMore: FastifyErrorConstructor = createError('STOMP_ERR_CLOSING', 'No more sessions are opened now.', 503)

/** Opens the SockJS doors at one path. Throws a TypeError or RangeError that names what cannot be. */
export async function openSockJs(fastify: FastifyInstance, door: SockJsDoor): Promise<SockJs> {
  const { path, options, hasWebSocket, wheel, accept, allowedOrigins, peers } = door
  checkSockJsOptions(options)
  if (path.endsWith('/')) throw new TypeError(`the path of a SockJS endpoint ends with no slash: '${path}'`)
  const { heartBeatMs = 25_000, disconnectDelayMs = 5_000, maxStreamBytes = 131_072, maxSessions = 50_000 } = options
  const { bindingCookie = true, jsessionid = false, jsonp = false, clientUrl } = options
  const { maxBodyBytes = Math.max(4_194_304, door.leastBodyBytes) } = options
  const depth = `${fastify.prefix}${path}`.split('/').length
  const targetOf = (request: FastifyRequest): SockJsTarget | undefined => parsePath(request.raw.url ?? '', depth)
  const table = createTable({
    ...{ wheel, heartBeatMs, disconnectDelayMs, maxSessions, accept },
    hasCookie: bindingCookie,
    admit: door.admit,
    subject: door.subject,
    nameOf: door.nameOf,
    refused(request, reply) {
      // Nothing was done: the node that has asked us takes the session, or asks the next.
      if (request.getDecorator<ProvedClaim | null>('sockJsClaim') !== null) reply.header(PASSED_HEADER, 'refused')
      return new NoMore()
    },
    join: peers && ((own) => peers.at(`${fastify.prefix}${path}`, own)),
  })
  const passed = createPassedAnswers(wheel)
  await openRequestDoors(fastify, {
    ...{ path, targetOf, table, hasWebSocket, allowedOrigins, maxStreamBytes, maxBodyBytes, jsessionid, heartBeatMs },
    passed,
    checkOrigin: door.checkOrigin,
    hasJsonp: jsonp,
    needsCookie: bindingCookie || jsessionid,
    iframe: clientUrl === undefined ? undefined : createIframePage(clientUrl, allowedOrigins),
  })
  return {
    greet,
    openWebSocketDoors: (plain) => openWebSocketDoors(fastify, plain, { path, targetOf, accept, wheel, heartBeatMs }),
    refuse: () => table.refuse(),
    async close(withinMs) {
      table.close()
      await passed.end(withinMs)
    },
  }
}
