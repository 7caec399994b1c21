import { createHeaders, type Frame, type HeadersInit } from '@hoofbeat/codec'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import { createApi } from '../src/api.js'
import type { Publication } from '../src/broker/broker.js'
import { createDestinationSyntax, type Separator } from '../src/destination/destination.js'
import type { StompEvent } from '../src/observe/events.js'
import { createRouteTable, type RouteTable } from '../src/routes/route-table.js'
import type {
  Invocation,
  MessageMatch,
  Reply,
  RouteCaller,
  RoutePublication,
  SubscriptionMatch,
} from '../src/routes/routes.js'
import { createPublication } from '../src/routes/value-encoder.js'
import { createUserRegistry } from '../src/users/user-registry.js'

/** A Fastify application with routes and `stomp`, and nothing else of the plugin. */
export interface RoutesApplication {
  readonly app: FastifyInstance
  readonly table: RouteTable
  readonly events: readonly StompEvent[]
  /** What `stomp.publish` was given, encoded. */
  readonly published: readonly Publication[]
  /** Finds the message route for a destination below `/app` and prepares its call; undefined if there is none. */
  prepare(
    destination: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Invocation | Promise<Invocation> | undefined
  /** The same, and calls it. */
  send(
    destination: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<readonly RoutePublication[]> | undefined
  /** The one answer of a subscription route. */
  subscribe(destination: string, headers?: Record<string, string>): Promise<Reply | undefined> | undefined
}

export interface RoutesApplicationOptions {
  readonly separator?: Separator
  readonly fastify?: FastifyServerOptions
}

export const CALLER: RouteCaller = { user: { name: 'ada' }, sessionId: 's1', signal: new AbortController().signal }

export function createRoutesApplication(options: RoutesApplicationOptions = {}): RoutesApplication {
  const app = Fastify(options.fastify)
  const syntax = createDestinationSyntax(options.separator)
  const events: StompEvent[] = []
  const published: Publication[] = []
  const table = createRouteTable({ instance: app, syntax, observe: (event) => events.push(event) })
  app.decorate('stomp', {
    getter() {
      return createApi({
        instance: this,
        table,
        publish: async (...args) => {
          published.push(createPublication(...args))
        },
        sendToUser: async () => {},
        users: createUserRegistry().users,
        disconnect: async () => 0,
        broker: { admin: undefined },
        openRaw: () => {
          throw new Error('these applications have routes alone')
        },
        rawEndpoints: new Map(),
      })
    },
  })
  app.addHook('onReady', async () => table.seal())
  return {
    app,
    table,
    events,
    published,
    prepare(destination, body, headers = {}) {
      const match = table.routes.findMessage(syntax.rest(destination, '/app'))
      return match?.prepare(createFrame('SEND', { ...headers, destination }, body), CALLER)
    },
    send(destination, body, headers = {}) {
      const match = table.routes.findMessage(syntax.rest(destination, '/app'))
      return match && call(match, createFrame('SEND', { ...headers, destination }, body))
    },
    subscribe(destination, headers = {}) {
      const match = table.routes.findSubscription(syntax.rest(destination, '/app'))
      return match && answer(match, createFrame('SUBSCRIBE', { ...headers, destination }))
    },
  }
}

async function call(match: MessageMatch, frame: Frame): Promise<readonly RoutePublication[]> {
  const prepared = match.prepare(frame, CALLER)
  // Promises alone are awaited, so that the order in which handlers start shows.
  const invoke = prepared instanceof Promise ? await prepared : prepared
  const given = await invoke()
  if (Symbol.asyncIterator in given) throw new Error('these routes give all they have at once')
  return given
}

async function answer(match: SubscriptionMatch, frame: Frame): Promise<Reply | undefined> {
  const given = await match.invoke(frame, CALLER)
  if (given !== undefined && Symbol.asyncIterator in given) throw new Error('these routes give all they have at once')
  return given
}

/** A frame as the codec would give it. Text and bytes go in as they are, undefined is an empty body, all else is JSON. */
export function createFrame(command: 'SEND' | 'SUBSCRIBE', headers: HeadersInit, body?: unknown): Frame {
  const bytes =
    body instanceof Uint8Array ? body : Buffer.from(typeof body === 'string' ? body : (JSON.stringify(body) ?? ''))
  return { command, headers: createHeaders(headers), body: bytes, text: Buffer.from(bytes).toString() }
}

/** A publication or reply, as a subscriber would read it. */
export function readable(encoded: Reply | undefined): { type: string | undefined; text: string } | undefined {
  return encoded && { type: encoded.headers.get('content-type'), text: Buffer.from(encoded.body).toString() }
}
