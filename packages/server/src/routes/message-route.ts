import type { Frame } from '@hoofbeat/codec'
import type { Publication } from '../broker/broker.js'
import { toStompError } from '../errors.js'
import type { Observe } from '../observe/events.js'
import { createBodyParser } from './body-parser.js'
import type { MessageHandler } from './definition.js'
import { createRoutedMessage } from './routed-frame.js'
import type { RouteCaller } from './routes.js'
import type { CompiledRoute, SchemaCompiler } from './schema-compiler.js'
import type { DestinationChoice, RawParams } from './send-to.js'
import { encodeValue, headersOf } from './value-encoder.js'

/** What a message route is made of. */
export interface MessageRouteParts {
  readonly route: CompiledRoute
  readonly handler: MessageHandler
  /** Undefined: the route publishes nothing. */
  readonly destinations: DestinationChoice | undefined
  readonly compiler: SchemaCompiler
  readonly observe: Observe
}

/** A message route, ready to be called: `MessageMatch.invoke`, with the params of the matched destination. */
export type InvokeMessage = (frame: Frame, caller: RouteCaller, raw: RawParams) => Promise<readonly Publication[]>

/** Compiles a message route. Call it when the Fastify instance is ready. Throws what the instance's compilers throw. */
export function createMessageRoute(parts: MessageRouteParts): InvokeMessage {
  const { route, handler, destinations, compiler, observe } = parts
  const { log } = route.instance
  const validateParams = compiler.validator(route, 'params')
  const validateBody = compiler.validator(route, 'body')
  const validateHeaders = compiler.validator(route, 'headers')
  const serialize = compiler.serializer(route)
  const parseBody = createBodyParser(route.instance)
  let hasReportedDrop = false

  return async (frame, caller, raw) => {
    try {
      // Promises alone are awaited, so that this runs up to the handler in one go and handlers start in the order of
      // their frames, whatever schemas they have.
      let params = validateParams === undefined ? raw : validateParams({ ...raw })
      if (params instanceof Promise) params = await params
      const targets = destinations?.resolve(raw)
      const parsed = parseBody(frame.body, frame.headers)
      let body = validateBody === undefined ? parsed.value : validateBody(parsed.value)
      if (body instanceof Promise) body = await body
      const checked = validateHeaders?.(frame.headers.toObject())
      if (checked instanceof Promise) await checked

      const message = createRoutedMessage({ frame, params, caller, log }, body, parsed.contentType)
      const value = await handler(message)
      if (value === undefined || value === null) return []
      if (destinations === undefined) {
        if (!hasReportedDrop) observe({ type: 'handler-value-dropped', route: route.pattern })
        hasReportedDrop = true
        return []
      }
      const encoded = encodeValue(value, serialize)
      if (encoded === undefined) return []
      const headers = headersOf(encoded)
      const chosen = targets ?? destinations.choose(message)
      return chosen.map((destination) => ({ destination, headers, body: encoded.body }))
    } catch (thrown) {
      throw toStompError(thrown, 'STOMP_ERR_HANDLER_FAILED')
    }
  }
}
