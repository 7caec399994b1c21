import type { FastifyInstance } from 'fastify'
import type { MessageDecorators } from './frame-views.js'
import type { AnyRouted } from './route-hooks.js'
import { createScopes } from './scopes.js'

/** What a decorator is worth: what was declared by merging into {@link MessageDecorators}, else anything. */
export type DecoratedAs<Name extends string> = Name extends keyof MessageDecorators ? MessageDecorators[Name] : unknown

/** Made for each message when it is asked for; it cannot be set. */
export interface DecoratorGetter<Value = unknown> {
  readonly getter: (this: AnyRouted) => Value
}

/** Names and what stands there on each message and subscription: a getter, a function, or a value to begin with. */
export type Decorators = ReadonlyMap<string, unknown>

/** The decorators of an application, by the instances on which they were added. */
export interface DecoratorScopes {
  /** Throws a TypeError for a name that is taken, and for values that all messages would share. */
  add(instance: FastifyInstance, name: string, value: unknown): void
  /** Those in scope. Throws a TypeError where an inner one has the name of an outer one. A snapshot. */
  collect(instance: FastifyInstance): Decorators
}

/** What stands on every message or subscription by itself. */
const TAKEN = new Set([
  'body',
  'checkedHeaders',
  'command',
  'contentType',
  'destination',
  'headers',
  'log',
  'params',
  'sessionId',
  'signal',
  // With it a message would be taken for a promise.
  'then',
  'user',
])

/** Makes the decorators of an application. */
export function createDecoratorScopes(root: FastifyInstance): DecoratorScopes {
  const scopes = createScopes(root, () => new Map<string, unknown>())
  const collect = (instance: FastifyInstance): Map<string, unknown> => {
    const found = new Map<string, unknown>()
    for (const own of scopes.around(instance)) {
      for (const [name, value] of own) {
        if (found.has(name)) throw new TypeError(`stomp.decorateMessage: '${name}' is there already`)
        found.set(name, value)
      }
    }
    return found
  }
  return {
    add(instance, name, value) {
      if (typeof name !== 'string' || name === '') throw new TypeError('stomp.decorateMessage: it needs a name')
      if (TAKEN.has(name) || name in Object.prototype || collect(instance).has(name)) {
        throw new TypeError(`stomp.decorateMessage: '${name}' is there already`)
      }
      if (typeof value === 'object' && value !== null && !isGetter(value)) {
        throw new TypeError(
          `stomp.decorateMessage: '${name}' is an object, which all messages would share; begin with null and set it in a preHandler, or give a { getter }`,
        )
      }
      scopes.own(instance).set(name, value)
    },
    collect,
  }
}

/**
 * Puts them on a prototype: so they cost no message anything until it is given a value of its own, and what a class has
 * declared stays as it was.
 */
export function installDecorators(prototype: object, decorators: Decorators): void {
  for (const [name, value] of decorators) {
    if (isGetter(value)) Object.defineProperty(prototype, name, { get: value.getter, configurable: true })
    else Object.defineProperty(prototype, name, { value, writable: true, configurable: true })
  }
}

function isGetter(value: unknown): value is DecoratorGetter {
  return typeof value === 'object' && value !== null && 'getter' in value && typeof value.getter === 'function'
}
