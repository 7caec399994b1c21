import type { FastifyInstance } from 'fastify'
import { isPromiseLike } from '../hooks/hooks.js'
import type { InTime } from './hook-deadline.js'
import type { StompReply } from './reply.js'
import type { AnyRouted, PreHandlerHook } from './route-hooks.js'
import type { StartOrder } from './start-order.js'

/** Runs the preHandlers of a frame, then its handler. Gives what the handler gives; throws or rejects with what either throws. */
export type CallHandler<Routed> = (routed: Routed, reply: StompReply) => unknown

/** What is called. */
export interface HandlerCallParts<Routed> {
  /** `this` of all of them. */
  readonly instance: FastifyInstance
  readonly handler: (this: FastifyInstance, routed: Routed, reply: StompReply) => unknown
  readonly preHandlers: readonly PreHandlerHook[]
  /** Undefined: no route of the application has preHandlers. */
  readonly starts: StartOrder | undefined
  /** Bounds the preHandlers of one frame, all together. @default nothing does */
  readonly inTime: InTime | undefined
}

/** Makes the call of one route. */
export function createHandlerCall<Routed extends AnyRouted>(parts: HandlerCallParts<Routed>): CallHandler<Routed> {
  const { instance, handler, preHandlers, starts, inTime } = parts
  if (starts === undefined) return (routed, reply) => handler.call(instance, routed, reply)
  const startLater = (
    order: StartOrder,
    pending: Promise<void> | undefined,
    routed: Routed,
    reply: StompReply,
  ): Promise<unknown> =>
    order.start(routed.sessionId, pending && (inTime?.(pending) ?? pending), () =>
      handler.call(instance, routed, reply),
    )
  return (routed, reply) => {
    const pending = runPreHandlers(preHandlers, instance, routed, reply)
    if (pending === undefined && !starts.isWaiting(routed.sessionId)) return handler.call(instance, routed, reply)
    return startLater(starts, pending, routed, reply)
  }
}

/** Undefined: all have passed at once. */
function runPreHandlers(
  hooks: readonly PreHandlerHook[],
  instance: FastifyInstance,
  routed: AnyRouted,
  reply: StompReply,
): undefined | Promise<void> {
  if (hooks.length === 0) return undefined
  for (const [i, hook] of hooks.entries()) {
    const result = hook.call(instance, routed, reply)
    if (isPromiseLike(result)) return runRest(hooks.slice(i + 1), instance, routed, reply, result)
  }
  return undefined
}

async function runRest(
  hooks: readonly PreHandlerHook[],
  instance: FastifyInstance,
  routed: AnyRouted,
  reply: StompReply,
  first: PromiseLike<unknown>,
): Promise<void> {
  await first
  for (const hook of hooks) await hook.call(instance, routed, reply)
}
