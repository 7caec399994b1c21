import type { FastifyInstance } from 'fastify'
import type { StompHooks } from '../hooks/hooks.js'
import type { ErrorHandler } from './definition.js'

/** The hooks added on one Fastify instance, in the order they were added. Live: later additions show. */
export type RouteHooks = { readonly [N in keyof StompHooks]: readonly StompHooks[N][] }

/** Which hooks belong to which Fastify instance, by Fastify's own rule: a plugin's are seen by it and its children. */
export interface Encapsulation {
  /** Hooks that apply to everything: of the instance on which the plugin was registered, and all that only look on. */
  readonly rootHooks: RouteHooks
  /** Throws a TypeError for an unknown name. */
  add<N extends keyof StompHooks>(instance: FastifyInstance, name: N, hook: StompHooks[N]): void
  /** The hooks between root and instance, outermost first, without those of the root. */
  collect<N extends keyof StompHooks>(instance: FastifyInstance, name: N): readonly StompHooks[N][]
  /** Names the error handler of an instance; a later one takes its place. */
  setErrorHandler(instance: FastifyInstance, handler: ErrorHandler): void
  /** That of the instance, or of the nearest one around it; undefined: there is none. */
  errorHandler(instance: FastifyInstance): ErrorHandler | undefined
}

type HookLists = { [N in keyof StompHooks]: StompHooks[N][] }

/** Makes the encapsulation below one root. */
export function createEncapsulation(root: FastifyInstance): Encapsulation {
  const rootHooks = createLists()
  const lists = new WeakMap<object, HookLists>([[root, rootHooks]])
  const errorHandlers = new WeakMap<object, ErrorHandler>()
  return {
    setErrorHandler(instance, handler) {
      if (typeof handler !== 'function') throw new TypeError('stomp.setErrorHandler: the handler must be a function')
      errorHandlers.set(instance, handler)
    },
    errorHandler(instance) {
      for (let at: object | null = instance; at !== null; at = Object.getPrototypeOf(at)) {
        const handler = errorHandlers.get(at)
        if (handler !== undefined) return handler
      }
      return undefined
    },
    rootHooks,
    add(instance, name, hook) {
      if (!Object.hasOwn(rootHooks, name)) {
        throw new TypeError(`stomp.addHook: '${name}' is no hook; there are ${Object.keys(rootHooks).join(', ')}`)
      }
      if (typeof hook !== 'function') throw new TypeError(`stomp.addHook: the hook '${name}' must be a function`)
      const own = isOfRoutes(name) ? (lists.get(instance) ?? createLists()) : rootHooks
      if (own !== rootHooks) lists.set(instance, own)
      own[name].push(hook)
    },
    collect(instance, name) {
      const collected: StompHooks[typeof name][][] = []
      // A child instance has its parent as prototype: that is how Fastify encapsulates.
      for (let at: object | null = instance; at !== null && at !== root; at = Object.getPrototypeOf(at)) {
        const own = lists.get(at)
        if (own !== undefined) collected.unshift(own[name])
      }
      return collected.flat()
    },
  }
}

function createLists(): HookLists {
  return {
    authorizeSend: [],
    authorizeSubscribe: [],
    onConnected: [],
    onDisconnected: [],
    onSubscribed: [],
    onUnsubscribed: [],
  }
}

/** Sessions belong to no plugin, so what is told of them is told to all: as with Fastify's `onClose`. */
function isOfRoutes(name: keyof StompHooks): boolean {
  return name === 'authorizeSend' || name === 'authorizeSubscribe'
}
