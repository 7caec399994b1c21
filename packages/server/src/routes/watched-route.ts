import type { Frame, Headers } from '@hoofbeat/codec'
import type { HandlerCall, HandlerWatch } from '../observe/handler-watch.js'
import { type KeptContext, type Tracing, withContext } from '../observe/tracing.js'
import type { PrepareMessage } from './message-route.js'
import type { Invocation, RouteCaller } from './routes.js'
import type { CompiledRoute } from './schema-compiler.js'
import type { InvokeSubscription } from './subscription-route.js'

/** Who looks on while handlers run, and what goes out with what they give. */
export interface RouteWatch {
  readonly around: HandlerWatch['around']
  /** Undefined: nothing. */
  readonly tracing: Tracing | undefined
}

/** The same route, with somebody who stands around its handler; not around the validation before it. */
export function watchMessage(prepare: PrepareMessage, route: CompiledRoute, watch: RouteWatch): PrepareMessage {
  return (frame, caller, raw) => {
    const watched =
      (invoke: Invocation): Invocation =>
      () =>
        watch.around(callOf(route, frame, caller), async () => {
          const given = await invoke()
          const { tracing } = watch
          if (tracing === undefined) return given
          const outgoing = tracing.outgoing()
          const carry = (each: Given): Given => each.map((publication) => carried(publication, outgoing))
          return isList(given) ? carry(given) : mapped(given, carry, tracing.keep())
        })
    const prepared = prepare(frame, caller, raw)
    return prepared instanceof Promise ? prepared.then(watched) : watched(prepared)
  }
}

/** The same for a subscription route; the validation before its handler counts to it. */
export function watchSubscription(
  invoke: InvokeSubscription,
  route: CompiledRoute,
  watch: RouteWatch,
): InvokeSubscription {
  return (frame, caller, raw) =>
    watch.around(callOf(route, frame, caller), async () => {
      const reply = await invoke(frame, caller, raw)
      const { tracing } = watch
      if (reply === undefined || tracing === undefined) return reply
      const outgoing = tracing.outgoing()
      return Symbol.asyncIterator in reply
        ? mapped(reply, (each) => each && carried(each, outgoing), tracing.keep())
        : carried(reply, outgoing)
    })
}

type Given = Extract<Awaited<ReturnType<Invocation>>, readonly unknown[]>

function isList(given: Awaited<ReturnType<Invocation>>): given is Given {
  return Array.isArray(given)
}

function carried<T extends { readonly headers: Headers }>(given: T, outgoing: readonly string[]): T {
  return outgoing.length === 0 ? given : { ...given, headers: withContext(given.headers, outgoing) }
}

/**
 * A stream of which each step is mapped; its end, and its being ended, are those of the other. What makes the values runs
 * in the context of the handler, not of whoever asks for the next one.
 */
function mapped<T>(values: AsyncIterable<T>, map: (value: T) => T, within: KeptContext): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]() {
      const iterator = within(() => values[Symbol.asyncIterator]())
      return {
        async next() {
          const step = await within(() => iterator.next())
          return step.done === true ? step : { done: false, value: map(step.value) }
        },
        async return() {
          await within(() => iterator.return?.())
          return { done: true, value: undefined }
        },
      }
    },
  }
}

function callOf(route: CompiledRoute, frame: Frame, { sessionId, user }: RouteCaller): HandlerCall {
  const { command, headers, body } = frame
  return {
    route: route.pattern,
    command: command === 'SUBSCRIBE' ? command : 'SEND',
    destination: headers.get('destination') ?? '',
    headers,
    bodyBytes: body.length,
    session: sessionId,
    user: user?.name,
  }
}
