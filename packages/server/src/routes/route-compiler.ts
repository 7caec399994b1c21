import type { DestinationSyntax } from '../destination/destination.js'
import type { StompHooks } from '../hooks/hooks.js'
import type { Observe } from '../observe/events.js'
import { type Addressing, compileAddressing } from './addressing.js'
import { createBodyParser } from './body-parser.js'
import { type CodecScopes, parseContentType } from './codecs.js'
import type { DecoratorScopes } from './decorators.js'
import type {
  AnyMessageRouteOptions,
  AnySubscriptionRouteOptions,
  MessageHandler,
  SubscriptionHandler,
} from './definition.js'
import type { Encapsulation } from './encapsulation.js'
import { createHandlerCall } from './handler-call.js'
import type { InTime } from './hook-deadline.js'
import { createMessageRoute, type PrepareMessage } from './message-route.js'
import type { Pattern } from './pattern.js'
import { createRecovery, type RecoverRoute } from './recovery.js'
import { createRoutedFrames, type RoutedFrames } from './routed-frame.js'
import type { CompiledRoute, SchemaCompiler } from './schema-compiler.js'
import { createStartOrder, type StartOrder } from './start-order.js'
import { createSubscriptionRoute, type InvokeSubscription } from './subscription-route.js'
import { createValueWriter, type WriteValue } from './value-writer.js'

/** A message route that may be called. */
export interface ReadyMessage {
  readonly prepare: PrepareMessage
  readonly usesReplyTo: boolean
  readonly recover: RecoverRoute
  readonly hooks: readonly StompHooks['authorizeSend'][]
}

/** A subscription route that may be called. */
export interface ReadySubscription {
  readonly invoke: InvokeSubscription
  readonly recover: RecoverRoute
  readonly hooks: readonly StompHooks['authorizeSubscribe'][]
}

/**
 * Makes routes ready: in two steps, since what is plainly wrong should fail where it is written, while hooks, schemas,
 * codecs and decorators may be added behind a route. The second step is taken when all plugins are loaded.
 */
export interface RouteCompiler {
  /** Throws a TypeError for options that cannot work. */
  message(
    route: CompiledRoute,
    options: AnyMessageRouteOptions,
    pattern: Pattern,
    handler: MessageHandler,
  ): () => ReadyMessage
  /** Throws as `message` does. */
  subscription(
    route: CompiledRoute,
    options: AnySubscriptionRouteOptions,
    handler: SubscriptionHandler,
  ): () => ReadySubscription
}

/** What routes are made ready with. */
export interface RouteCompilerParts {
  readonly syntax: DestinationSyntax
  readonly observe: Observe
  readonly schemas: SchemaCompiler
  readonly encapsulation: Encapsulation
  readonly codecs: CodecScopes
  readonly decorators: DecoratorScopes
  /** Bounds preHandlers. @default nothing does */
  readonly inTime: InTime | undefined
}

type CommonOptions = AnyMessageRouteOptions | AnySubscriptionRouteOptions

/** Makes the compiler of an application. */
export function createRouteCompiler(parts: RouteCompilerParts): RouteCompiler {
  const { syntax, observe, schemas, encapsulation, codecs, decorators, inTime } = parts
  const ordered = createStartOrder()
  let hasPreHandlers = false

  const startOrder = (): StartOrder | undefined =>
    hasPreHandlers || encapsulation.has('preHandler') ? ordered : undefined

  const check = ({ contentType, preHandler }: CommonOptions): void => {
    if (contentType !== undefined && parseContentType(contentType) === undefined) {
      throw new TypeError(`contentType: '${contentType}' is no content type`)
    }
    if (preHandler !== undefined) hasPreHandlers = true
  }

  /** What both kinds of routes are made of. */
  const common = (
    route: CompiledRoute,
    options: CommonOptions,
  ): { frames: RoutedFrames; write: WriteValue; recover: RecoverRoute } => {
    const { instance } = route
    const inScope = codecs.collect(instance)
    return {
      frames: createRoutedFrames(decorators.collect(instance)),
      write: createValueWriter({
        instance,
        hooks: encapsulation.stage(instance, 'preSerialization', options.preSerialization),
        format: { serialize: schemas.serializer(route), codecs: inScope },
        contentType: options.contentType,
      }),
      recover: createRecovery({
        route,
        errorHandler: encapsulation.errorHandler(instance),
        onError: encapsulation.stage(instance, 'onError', options.onError),
        codecs: inScope,
      }),
    }
  }

  return {
    message(route, options, pattern, handler) {
      check(options)
      const { instance } = route
      const addressing: Addressing | undefined = compileAddressing(options, pattern, syntax)
      return () => {
        const { recover, ...shared } = common(route, options)
        const prepare = createMessageRoute({
          ...{ route, addressing, observe, ...shared },
          validators: schemas.validators(route),
          parseBody: createBodyParser(instance, options.assumedContentType, codecs.collect(instance)),
          call: createHandlerCall({
            ...{ instance, handler, starts: startOrder(), inTime },
            preHandlers: encapsulation.stage(instance, 'preHandler', options.preHandler),
          }),
        })
        const hooks = encapsulation.authorizing(instance, 'authorizeSend', options.authorizeSend)
        return { prepare, usesReplyTo: options.replyTo === true, recover, hooks }
      }
    },
    subscription(route, options, handler) {
      check(options)
      const { instance } = route
      return () => {
        const { recover, ...shared } = common(route, options)
        const invoke = createSubscriptionRoute({
          ...{ route, ...shared },
          validators: schemas.validators(route),
          call: createHandlerCall({
            ...{ instance, handler, starts: startOrder(), inTime },
            preHandlers: encapsulation.stage(instance, 'preHandler', options.preHandler),
          }),
        })
        const hooks = encapsulation.authorizing(instance, 'authorizeSubscribe', options.authorizeSubscribe)
        return { invoke, recover, hooks }
      }
    },
  }
}
