import type { FastifyInstance } from 'fastify'
import type { DestinationSyntax } from '../destination/destination.js'
import type { Observe } from '../observe/events.js'
import { type Codecs, createCodecScopes, type StompCodec } from './codecs.js'
import { createDecoratorScopes } from './decorators.js'
import type { AnyRoute } from './definition.js'
import { type AddableHooks, createEncapsulation, type RouteHooks } from './encapsulation.js'
import { createHookDeadline, type HookDeadlineParts } from './hook-deadline.js'
import { parsePattern } from './pattern.js'
import { createRouteCompiler, type ReadyMessage, type ReadySubscription } from './route-compiler.js'
import { createRouteFinder } from './route-finder.js'
import type { ErrorHandler } from './route-hooks.js'
import type { Routes } from './routes.js'
import { type CompiledRoute, createSchemaCompiler } from './schema-compiler.js'
import { type RouteWatch, watchMessage, watchSubscription } from './watched-route.js'

/**
 * The routes of an application while they are declared, and when they are asked for. Each call names the Fastify instance
 * it was made on: its prefix, hooks, schemas, codecs, decorators and compilers are the route's. The calls that add throw
 * an Error once the table is sealed, and a TypeError that names the call for a declaration that cannot work.
 */
export interface RouteTable {
  /** For the dispatcher. Finds nothing until the table is sealed. */
  readonly routes: Routes
  /** Hooks of the instance on which the plugin was registered; the routes' own `hooks` leave them out. */
  readonly rootHooks: RouteHooks
  /** @param method The name of the call, for errors. */
  add(instance: FastifyInstance, method: string, route: AnyRoute): void
  addHook<N extends keyof AddableHooks>(instance: FastifyInstance, name: N, hook: AddableHooks[N]): void
  setErrorHandler(instance: FastifyInstance, handler: ErrorHandler): void
  addCodec(instance: FastifyInstance, codec: StompCodec): void
  decorateMessage(instance: FastifyInstance, name: string, value: unknown): void
  /** The codecs in scope, for what the application publishes. */
  codecs(instance: FastifyInstance): Codecs
  /** Compiles all routes. Call it once, when all plugins are loaded (`onReady`). Throws for a schema that does not compile. */
  seal(): void
}

/** What the table needs. */
export interface RouteTableParts {
  /** The instance on which the plugin is registered. */
  readonly instance: FastifyInstance
  readonly syntax: DestinationSyntax
  readonly observe: Observe
  /** Who stands around the handlers. @default nobody */
  readonly watch?: RouteWatch | undefined
  /** How long preHandlers may take. @default as long as they like */
  readonly deadline?: HookDeadlineParts | undefined
}

/** Something behind a pattern: declared, then ready. */
interface Slot<Ready> {
  ready: Ready | undefined
}

/** Makes the empty table of an application. */
export function createRouteTable(parts: RouteTableParts): RouteTable {
  const { instance: root, syntax, observe, watch, deadline } = parts
  const encapsulation = createEncapsulation(root)
  const codecs = createCodecScopes(root)
  const decorators = createDecoratorScopes(root)
  const schemas = createSchemaCompiler()
  const compiler = createRouteCompiler({
    ...{ syntax, observe, schemas, encapsulation, codecs, decorators },
    inTime: deadline && createHookDeadline(deadline),
  })
  const messages = createRouteFinder<Slot<ReadyMessage>>()
  const subscriptions = createRouteFinder<Slot<ReadySubscription>>()
  /** When sealed they do not change any more. */
  const sealedCodecs = new WeakMap<FastifyInstance, Codecs>()
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
        const { hooks, prepare, usesReplyTo, recover } = ready
        return {
          hooks,
          prepare: (frame, caller) => prepare(frame, caller, found.params(frame)),
          usesReplyTo,
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
    add(instance, method, definition) {
      const call = `${method}('${definition.pattern}')`
      assertOpen(call)
      explain(call, () => {
        const { command, schema = {} } = definition
        if (typeof definition.handler !== 'function') throw new TypeError('the handler must be a function')
        const written = prefixed(instance, definition.pattern)
        const pattern = parsePattern(written, syntax)
        const route: CompiledRoute = { instance, pattern: written, command, schemas: schema }
        const compile = (later: () => void): void => {
          schemas.prepare(route)
          pending.push(() => explain(call, later))
        }
        switch (definition.command) {
          case 'SEND': {
            const slot: Slot<ReadyMessage> = { ready: undefined }
            const makeReady = compiler.message(route, definition, pattern, definition.handler)
            messages.add(pattern, slot)
            return compile(() => {
              const ready = makeReady()
              slot.ready = watch ? { ...ready, prepare: watchMessage(ready.prepare, route, watch) } : ready
            })
          }
          case 'SUBSCRIBE': {
            const slot: Slot<ReadySubscription> = { ready: undefined }
            const makeReady = compiler.subscription(route, definition, definition.handler)
            subscriptions.add(pattern, slot)
            return compile(() => {
              const ready = makeReady()
              slot.ready = watch ? { ...ready, invoke: watchSubscription(ready.invoke, route, watch) } : ready
            })
          }
          default:
            definition satisfies never
            throw new TypeError("command is 'SEND' or 'SUBSCRIBE'")
        }
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
    addCodec(instance, codec) {
      assertOpen('stomp.addCodec')
      codecs.add(instance, codec)
    },
    decorateMessage(instance, name, value) {
      assertOpen(`stomp.decorateMessage('${name}')`)
      decorators.add(instance, name, value)
    },
    codecs(instance) {
      const collected = sealedCodecs.get(instance) ?? codecs.collect(instance)
      if (isSealed) sealedCodecs.set(instance, collected)
      return collected
    },
    seal() {
      isSealed = true
      for (const makeReady of pending.splice(0)) makeReady()
    },
  }
}

/** The pattern behind the prefix of its instance. As no destination ends with a slash, `/` means the prefix itself. */
function prefixed(instance: FastifyInstance, pattern: string): string {
  if (typeof pattern !== 'string') throw new TypeError('a pattern is a string')
  if (!pattern.startsWith('/')) throw new TypeError('a pattern starts with /')
  const prefix = instance.prefix.replace(/\/$/, '')
  return pattern === '/' && prefix !== '' ? prefix : `${prefix}${pattern}`
}

function explain(call: string, run: () => void): void {
  try {
    run()
  } catch (cause) {
    throw new TypeError(`${call}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}
