import type { FastifyInstance } from 'fastify'
import type { DestinationSyntax } from '../destination/destination.js'
import type { StompHooks } from '../hooks/hooks.js'
import type { Observe } from '../observe/events.js'
import type {
  AnyMessageRouteOptions,
  ErrorHandler,
  MessageHandler,
  SubscriptionHandler,
  SubscriptionRouteOptions,
} from './definition.js'
import { createEncapsulation, type RouteHooks } from './encapsulation.js'
import { createMessageRoute, type PrepareMessage } from './message-route.js'
import { type Pattern, parsePattern } from './pattern.js'
import { createRecovery, type RecoverRoute } from './recovery.js'
import { createRouteFinder } from './route-finder.js'
import type { Routes } from './routes.js'
import { type CompiledRoute, createSchemaCompiler } from './schema-compiler.js'
import { compileSendTo, compileSendToUser } from './send-to.js'
import { createSubscriptionRoute, type InvokeSubscription } from './subscription-route.js'

/**
 * The routes of an application while they are declared, and when they are asked for. Each call names the Fastify instance
 * it was made on: its prefix, hooks, schemas and compilers are the route's. The calls that add throw an Error once the
 * table is sealed, and a TypeError that names the route for a declaration that cannot work.
 */
export interface RouteTable {
  /** For the dispatcher. Finds nothing until the table is sealed. */
  readonly routes: Routes
  /** Hooks of the instance on which the plugin was registered; the routes' own `hooks` leave them out. */
  readonly rootHooks: RouteHooks
  addMessage(instance: FastifyInstance, pattern: string, options: AnyMessageRouteOptions, handler: MessageHandler): void
  addSubscription(
    instance: FastifyInstance,
    pattern: string,
    options: SubscriptionRouteOptions,
    handler: SubscriptionHandler,
  ): void
  addHook<N extends keyof StompHooks>(instance: FastifyInstance, name: N, hook: StompHooks[N]): void
  setErrorHandler(instance: FastifyInstance, handler: ErrorHandler): void
  /** Compiles all routes. Call it once, when all plugins are loaded (`onReady`). Throws for a schema that does not compile. */
  seal(): void
}

/** What the table needs. */
export interface RouteTableParts {
  /** The instance on which the plugin is registered. */
  readonly instance: FastifyInstance
  readonly syntax: DestinationSyntax
  readonly observe: Observe
}

/** Something behind a pattern: declared, then ready. */
interface Slot<Ready> {
  ready: Ready | undefined
}

/** Makes the empty table of an application. */
export function createRouteTable(parts: RouteTableParts): RouteTable {
  const { syntax, observe } = parts
  const encapsulation = createEncapsulation(parts.instance)
  const compiler = createSchemaCompiler()
  const messages =
    createRouteFinder<
      Slot<{ prepare: PrepareMessage; recover: RecoverRoute; hooks: readonly StompHooks['authorizeSend'][] }>
    >()
  const subscriptions =
    createRouteFinder<
      Slot<{ invoke: InvokeSubscription; recover: RecoverRoute; hooks: readonly StompHooks['authorizeSubscribe'][] }>
    >()
  const pending: (() => void)[] = []
  let isSealed = false

  const assertOpen = (call: string): void => {
    if (isSealed) throw new Error(`${call}: add it before the application is ready, as routes and hooks of HTTP`)
  }

  return {
    rootHooks: encapsulation.rootHooks,
    routes: {
      findMessage(path) {
        const found = messages.find(path)
        const ready = found?.target.ready
        if (found === undefined || ready === undefined) return undefined
        const { hooks, prepare, recover } = ready
        return {
          hooks,
          prepare: (frame, caller) => prepare(frame, caller, found.params(frame)),
          recover: recover(found.params),
        }
      },
      findSubscription(path) {
        const found = subscriptions.find(path)
        const ready = found?.target.ready
        if (found === undefined || ready === undefined) return undefined
        const { hooks, invoke, recover } = ready
        return {
          hooks,
          invoke: (frame, caller) => invoke(frame, caller, found.params(frame)),
          recover: recover(found.params),
        }
      },
    },
    addMessage(instance, written, options, handler) {
      const call = `stomp.message('${written}')`
      assertOpen(call)
      explain(call, () => {
        assertHandler(handler)
        const pattern = prefixed(instance, written)
        const parsed = parsePattern(pattern, syntax)
        const route: CompiledRoute = { instance, pattern, command: 'SEND', schemas: options.schema ?? {} }
        const { sendTo, sendToUser } = options
        const destinations = sendTo === undefined ? undefined : compileSendTo(sendTo, parsed, syntax)
        const userDestinations = sendToUser === undefined ? undefined : compileSendToUser(sendToUser, parsed, syntax)
        const slot = declare(messages, parsed, route)
        pending.push(() =>
          explain(call, () => {
            const hooks = encapsulation.collect(instance, 'authorizeSend')
            const { assumedContentType } = options
            const targets = { destinations, userDestinations, assumedContentType }
            const recover = createRecovery(route, encapsulation.errorHandler(instance))
            const prepare = createMessageRoute({ route, handler, ...targets, compiler, observe })
            slot.ready = { hooks, prepare, recover }
          }),
        )
      })
    },
    addSubscription(instance, written, options, handler) {
      const call = `stomp.subscription('${written}')`
      assertOpen(call)
      explain(call, () => {
        assertHandler(handler)
        const pattern = prefixed(instance, written)
        const route: CompiledRoute = { instance, pattern, command: 'SUBSCRIBE', schemas: options.schema ?? {} }
        const slot = declare(subscriptions, parsePattern(pattern, syntax), route)
        pending.push(() =>
          explain(call, () => {
            const hooks = encapsulation.collect(instance, 'authorizeSubscribe')
            const recover = createRecovery(route, encapsulation.errorHandler(instance))
            slot.ready = { hooks, invoke: createSubscriptionRoute({ route, handler, compiler }), recover }
          }),
        )
      })
    },
    addHook(instance, name, hook) {
      assertOpen(`stomp.addHook('${name}')`)
      encapsulation.add(instance, name, hook)
    },
    setErrorHandler(instance, handler) {
      assertOpen('stomp.setErrorHandler')
      encapsulation.setErrorHandler(instance, handler)
    },
    seal() {
      isSealed = true
      for (const compile of pending.splice(0)) compile()
    },
  }

  function declare<Ready>(
    finder: ReturnType<typeof createRouteFinder<Slot<Ready>>>,
    pattern: Pattern,
    route: CompiledRoute,
  ): Slot<Ready> {
    const slot: Slot<Ready> = { ready: undefined }
    finder.add(pattern, slot)
    compiler.prepare(route)
    return slot
  }
}

/** The pattern behind the prefix of its instance. As no destination ends with a slash, `/` means the prefix itself. */
function prefixed(instance: FastifyInstance, pattern: string): string {
  if (!pattern.startsWith('/')) throw new TypeError('a pattern starts with /')
  const prefix = instance.prefix.replace(/\/$/, '')
  return pattern === '/' && prefix !== '' ? prefix : `${prefix}${pattern}`
}

function assertHandler(handler: unknown): void {
  if (typeof handler !== 'function') throw new TypeError('the handler must be a function')
}

function explain(call: string, run: () => void): void {
  try {
    run()
  } catch (cause) {
    throw new TypeError(`${call}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}
