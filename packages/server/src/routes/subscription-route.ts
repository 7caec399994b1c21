import type { Frame } from '@hoofbeat/codec'
import { toStompError } from '../errors.js'
import type { SubscriptionHandler } from './definition.js'
import { createRoutedSubscription } from './routed-frame.js'
import type { Reply, RouteCaller } from './routes.js'
import type { CompiledRoute, SchemaCompiler } from './schema-compiler.js'
import type { RawParams } from './send-to.js'
import { encodeValue, headersOf } from './value-encoder.js'

/** What a subscription route is made of. */
export interface SubscriptionRouteParts {
  readonly route: CompiledRoute
  readonly handler: SubscriptionHandler
  readonly compiler: SchemaCompiler
}

/** A subscription route, ready to be called: `SubscriptionMatch.invoke`, with the params of the matched destination. */
export type InvokeSubscription = (frame: Frame, caller: RouteCaller, raw: RawParams) => Promise<Reply | undefined>

/** Compiles a subscription route. Call it when the Fastify instance is ready. Throws what the instance's compilers throw. */
export function createSubscriptionRoute(parts: SubscriptionRouteParts): InvokeSubscription {
  const { route, handler, compiler } = parts
  const { log } = route.instance
  const validateParams = compiler.validator(route, 'params')
  const validateHeaders = compiler.validator(route, 'headers')
  const serialize = compiler.serializer(route)

  return async (frame, caller, raw) => {
    try {
      // Promises alone are awaited, so that this runs up to the handler in one go and handlers start in the order of
      // their frames, whatever schemas they have.
      let params = validateParams === undefined ? raw : validateParams({ ...raw })
      if (params instanceof Promise) params = await params
      const checked = validateHeaders?.(frame.headers.toObject())
      if (checked instanceof Promise) await checked

      const value = await handler(createRoutedSubscription({ frame, params, caller, log }))
      const encoded = encodeValue(value, serialize)
      return encoded && { headers: headersOf(encoded), body: encoded.body }
    } catch (thrown) {
      throw toStompError(thrown, 'STOMP_ERR_HANDLER_FAILED')
    }
  }
}
