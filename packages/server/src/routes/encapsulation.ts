import type { FastifyInstance } from 'fastify'
import type { StompHooks } from '../hooks/hooks.js'

/** The hooks added on one Fastify instance, in the order they were added. Live: later additions show. */
export type RouteHooks = { readonly [N in keyof StompHooks]: readonly StompHooks[N][] }

/** Which hooks belong to which Fastify instance, by Fastify's own rule: a plugin's are seen by it and its children. */
export interface Encapsulation {
  /** Hooks of the instance on which the plugin was registered: they apply to everything. */
  readonly rootHooks: RouteHooks
  /** Throws a TypeError for an unknown name. */
  add<N extends keyof StompHooks>(instance: FastifyInstance, name: N, hook: StompHooks[N]): void
  /** The hooks between root and instance, outermost first, without those of the root. */
  collect<N extends keyof StompHooks>(instance: FastifyInstance, name: N): readonly StompHooks[N][]
}

type HookLists = { [N in keyof StompHooks]: StompHooks[N][] }

/** Makes the encapsulation below one root. */
export function createEncapsulation(root: FastifyInstance): Encapsulation {
  const rootHooks = createLists()
  const lists = new WeakMap<object, HookLists>([[root, rootHooks]])
  return {
    rootHooks,
    add(instance, name, hook) {
      if (!Object.hasOwn(rootHooks, name)) {
        throw new TypeError(`stomp.addHook: '${name}' is no hook; there are ${Object.keys(rootHooks).join(', ')}`)
      }
      if (typeof hook !== 'function') throw new TypeError(`stomp.addHook: the hook '${name}' must be a function`)
      const own = lists.get(instance) ?? createLists()
      lists.set(instance, own)
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
  return { authorizeSend: [], authorizeSubscribe: [] }
}
