import type { FastifyInstance } from 'fastify'
import type { StompHooks } from '../hooks/hooks.js'
import type { ErrorHandler, OneOrMore, StageHooks } from './route-hooks.js'
import { createScopes } from './scopes.js'

/** All hooks that `stomp.addHook` takes. */
export interface AddableHooks extends StompHooks, StageHooks {}

/** The hooks added on one Fastify instance, in the order they were added. Live: later additions show. */
export type RouteHooks = { readonly [N in keyof StompHooks]: readonly StompHooks[N][] }

/** Which hooks belong to which Fastify instance, by Fastify's own rule: a plugin's are seen by it and its children. */
export interface Encapsulation {
  /**
   * Hooks that apply to everything: of the instance on which the plugin was registered, and all that only look on at
   * sessions. Each is called with the instance on which it was added.
   */
  readonly rootHooks: RouteHooks
  /** True once there is a hook of that name somewhere. */
  has(name: keyof StageHooks): boolean
  /** Throws a TypeError for an unknown name. */
  add<N extends keyof AddableHooks>(instance: FastifyInstance, name: N, hook: AddableHooks[N]): void
  /**
   * What a route asks behind the hooks of the root: those between root and instance, outermost first, then its own. They
   * are called with the instance.
   */
  authorizing<N extends 'authorizeSend' | 'authorizeSubscribe'>(
    instance: FastifyInstance,
    name: N,
    own: OneOrMore<StompHooks[N]> | undefined,
  ): readonly StompHooks[N][]
  /** Those of a route from the root to the instance, outermost first, then its own: to be called with the instance. */
  stage<N extends keyof StageHooks>(
    instance: FastifyInstance,
    name: N,
    own: OneOrMore<StageHooks[N]> | undefined,
  ): readonly StageHooks[N][]
  /** Names the error handler of an instance; a later one takes its place. */
  setErrorHandler(instance: FastifyInstance, handler: ErrorHandler): void
  /** That of the instance, or of the nearest one around it; undefined: there is none. */
  errorHandler(instance: FastifyInstance): ErrorHandler | undefined
}

type HookLists = { [N in keyof AddableHooks]: AddableHooks[N][] }

/** Makes the encapsulation below one root. */
export function createEncapsulation(root: FastifyInstance): Encapsulation {
  const lists = createScopes(root, createLists)
  const errorHandlers = createScopes<{ handler?: ErrorHandler }>(root, () => ({}))
  const rootHooks = lists.own(root)
  const known = new Set<string>()
  return {
    rootHooks,
    has: (name) => known.has(name),
    setErrorHandler(instance, handler) {
      if (typeof handler !== 'function') throw new TypeError('stomp.setErrorHandler: the handler must be a function')
      errorHandlers.own(instance).handler = handler
    },
    errorHandler: (instance) => errorHandlers.around(instance).at(-1)?.handler,
    add(instance, name, hook) {
      if (!Object.hasOwn(rootHooks, name)) {
        throw new TypeError(`stomp.addHook: '${name}' is no hook; there are ${Object.keys(rootHooks).join(', ')}`)
      }
      if (typeof hook !== 'function') throw new TypeError(`stomp.addHook: the hook '${name}' must be a function`)
      known.add(name)
      const own = isOfRoutes(name) ? lists.own(instance) : rootHooks
      own[name].push(own === rootHooks && !isStage(name) ? bind(hook, instance) : hook)
    },
    authorizing(instance, name, own) {
      const around = lists.around(instance).filter((each) => each !== rootHooks)
      const collected = [
        ...around.flatMap((each): readonly StompHooks[typeof name][] => each[name]),
        ...listed(own, name),
      ]
      return collected.map((hook) => bind(hook, instance))
    },
    stage: (instance, name, own) => [
      ...lists.around(instance).flatMap((each): readonly StageHooks[typeof name][] => each[name]),
      ...listed(own, name),
    ],
  }
}

function createLists(): HookLists {
  return {
    authorizeSend: [],
    authorizeSubscribe: [],
    preHandler: [],
    preSerialization: [],
    onError: [],
    onConnected: [],
    onDisconnected: [],
    onSubscribed: [],
    onUnsubscribed: [],
    onConnect: [],
    onRefused: [],
    onSlowReader: [],
    onBrokerAvailability: [],
  }
}

/** Sessions belong to no plugin, so what is told of them is told to all: as with Fastify's `onClose`. */
function isOfRoutes(name: keyof AddableHooks): boolean {
  return name === 'authorizeSend' || name === 'authorizeSubscribe' || isStage(name)
}

function isStage(name: keyof AddableHooks): boolean {
  return name === 'preHandler' || name === 'preSerialization' || name === 'onError'
}

/** For rooms that call hooks without `this`. By `Reflect`, as what `hook.bind` gives is of another type to the compiler. */
function bind<Hook>(hook: Hook, instance: FastifyInstance): Hook {
  return Reflect.apply(Function.prototype.bind, hook, [instance])
}

/** The hooks of a route's option. Throws a TypeError for what is none. */
function listed<Hook>(given: OneOrMore<Hook> | undefined, name: string): readonly Hook[] {
  if (given === undefined) return []
  const list: readonly Hook[] = isList(given) ? given : [given]
  for (const hook of list) if (typeof hook !== 'function') throw new TypeError(`${name}: a hook is a function`)
  return list
}

function isList<T>(given: OneOrMore<T>): given is readonly T[] {
  return Array.isArray(given)
}
