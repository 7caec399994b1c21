import type { Frame } from '@hoofbeat/codec'
import { toStompError } from '../errors.js'
import type { Observe } from '../observe/events.js'
import { createBodyParser } from './body-parser.js'
import type { MessageHandler, RoutedMessage } from './definition.js'
import { createRoutedMessage } from './routed-frame.js'
import type { Invocation, PublicationStream, RouteCaller, RoutePublication } from './routes.js'
import type { CompiledRoute, SchemaCompiler } from './schema-compiler.js'
import type { DestinationChoice, RawParams, UserChoice, UserTarget } from './send-to.js'
import { encodeValue, headersOf } from './value-encoder.js'
import { discardStream, isAsyncIterable, mapStream } from './value-stream.js'

/** What a message route is made of. */
export interface MessageRouteParts {
  readonly route: CompiledRoute
  readonly handler: MessageHandler
  /** Of bodies without one. @default 'application/json' */
  readonly assumedContentType: string | undefined
  /** Undefined: the route publishes nothing for all. */
  readonly destinations: DestinationChoice | undefined
  /** Undefined: the route publishes nothing for the sender. */
  readonly userDestinations: UserChoice | undefined
  readonly compiler: SchemaCompiler
  readonly observe: Observe
}

/** A message route, ready to be called: `MessageMatch.prepare`, with the params of the matched destination. */
export type PrepareMessage = (frame: Frame, caller: RouteCaller, raw: RawParams) => Invocation | Promise<Invocation>

/** Compiles a message route. Call it when the Fastify instance is ready. Throws what the instance's compilers throw. */
export function createMessageRoute(parts: MessageRouteParts): PrepareMessage {
  const { route, handler, destinations, userDestinations, compiler, observe } = parts
  const { log } = route.instance
  const validateParams = compiler.validator(route, 'params')
  const validateBody = compiler.validator(route, 'body')
  const validateHeaders = compiler.validator(route, 'headers')
  const serialize = compiler.serializer(route)
  const parseBody = createBodyParser(route.instance, parts.assumedContentType)
  let hasReportedDrop = false

  const prepare: PrepareMessage = (frame, caller, raw) =>
    whenValid(validateParams === undefined ? raw : validateParams({ ...raw }), (params) => {
      const targets: Targets = { all: destinations?.resolve(raw), user: userDestinations?.resolve(raw) ?? NOBODY }
      const parsed = parseBody(frame.body, frame.headers)
      return whenValid(validateBody === undefined ? parsed.value : validateBody(parsed.value), (body) =>
        whenValid(validateHeaders?.(frame.headers.toObject()), () => {
          const message = createRoutedMessage({ frame, params, caller, log }, body, parsed.contentType)
          return () => run(message, targets)
        }),
      )
    })

  const publicationsOf = (value: unknown, message: RoutedMessage, targets: Targets): readonly RoutePublication[] => {
    const encoded = encodeValue(value, serialize)
    if (encoded === undefined) return []
    const headers = headersOf(encoded)
    const { body } = encoded
    const chosen = targets.all ?? destinations?.choose(message) ?? []
    const all = chosen.map((destination) => ({ destination, headers, body }))
    if (targets.user.length === 0) return all
    return [...all, ...targets.user.map((target) => ({ ...target, headers, body }))]
  }

  const run = async (
    message: RoutedMessage,
    targets: Targets,
  ): Promise<readonly RoutePublication[] | PublicationStream> => {
    try {
      const value = await handler(message)
      if (value === undefined || value === null) return []
      if (destinations === undefined && userDestinations === undefined) {
        if (!hasReportedDrop) observe({ type: 'handler-value-dropped', route: route.pattern })
        hasReportedDrop = true
        if (isAsyncIterable(value)) discardStream(value)
        return []
      }
      if (!isAsyncIterable(value)) return publicationsOf(value, message, targets)
      return mapStream(value, (each) => publicationsOf(each, message, targets))
    } catch (thrown) {
      return refuse(thrown)
    }
  }

  return (frame, caller, raw) => {
    try {
      const prepared = prepare(frame, caller, raw)
      return prepared instanceof Promise ? prepared.catch(refuse) : prepared
    } catch (thrown) {
      return refuse(thrown)
    }
  }
}

const NOBODY: readonly UserTarget[] = []

/** Where one message's value goes: destinations, undefined where the route's function chooses; and the sender's own. */
interface Targets {
  readonly all: readonly string[] | undefined
  readonly user: readonly UserTarget[]
}

/** Goes on at once unless the validator has answered with a promise: a frame must not wait where nothing is awaited. */
function whenValid(
  validated: unknown,
  next: (value: unknown) => Invocation | Promise<Invocation>,
): Invocation | Promise<Invocation> {
  return validated instanceof Promise ? validated.then(next) : next(validated)
}

function refuse(thrown: unknown): never {
  throw toStompError(thrown, 'STOMP_ERR_HANDLER_FAILED')
}
