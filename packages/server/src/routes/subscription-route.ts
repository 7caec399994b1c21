import type { Frame } from '@hoofbeat/codec'
import { toStompError } from '../errors.js'
import type { RoutedSubscription } from './frame-views.js'
import type { CallHandler } from './handler-call.js'
import { createReply } from './reply.js'
import type { RoutedFrames } from './routed-frame.js'
import type { Reply, ReplyStream, RouteCaller } from './routes.js'
import type { CompiledRoute, Validators } from './schema-compiler.js'
import type { RawParams } from './send-to.js'
import { isAsyncIterable, mapStream } from './value-stream.js'
import type { WriteValue } from './value-writer.js'

/** What a subscription route is made of. */
export interface SubscriptionRouteParts {
  readonly route: CompiledRoute
  readonly validators: Validators
  readonly frames: RoutedFrames
  readonly call: CallHandler<RoutedSubscription>
  readonly write: WriteValue
}

/** A subscription route, ready to be called: `SubscriptionMatch.invoke`, with the params of the matched destination. */
export type InvokeSubscription = (
  frame: Frame,
  caller: RouteCaller,
  raw: RawParams,
) => Promise<Reply | ReplyStream | undefined>

/** Joins the parts of a subscription route. */
export function createSubscriptionRoute(parts: SubscriptionRouteParts): InvokeSubscription {
  const { route, validators, frames, call, write } = parts
  const { log } = route.instance

  return async (frame, caller, raw) => {
    try {
      // Promises alone are awaited, so that this runs up to the handler in one go and handlers start in the order of
      // their frames, whatever schemas they have.
      let params = validators.params === undefined ? raw : validators.params({ ...raw })
      if (params instanceof Promise) params = await params
      let checkedHeaders = validators.headers?.(frame.headers.toObject())
      if (checkedHeaders instanceof Promise) checkedHeaders = await checkedHeaders

      const subscription = frames.subscription({ frame, params, checkedHeaders, caller, log })
      const reply = createReply()
      const value = await call(subscription, reply)
      if (!isAsyncIterable(value)) return await write(value, subscription, reply)
      return mapStream(value, (each) => write(each, subscription, reply))
    } catch (thrown) {
      throw toStompError(thrown, 'STOMP_ERR_HANDLER_FAILED')
    }
  }
}
