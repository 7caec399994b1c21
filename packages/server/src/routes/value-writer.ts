import type { FastifyInstance } from 'fastify'
import type { ReplyState, StompReply } from './reply.js'
import type { AnyRouted, PreSerializationHook } from './route-hooks.js'
import type { Reply } from './routes.js'
import { encodeValue, headersOf, isReady, type ValueFormat } from './value-encoder.js'

/**
 * Makes a MESSAGE's headers and body of what a handler has given; undefined: there is none. A promise only where
 * preSerialization hooks run. Throws or rejects with what they throw, and what encoding throws.
 */
export type WriteValue = (
  value: unknown,
  routed: AnyRouted,
  reply: StompReply & ReplyState,
) => Reply | undefined | Promise<Reply | undefined>

/** What a route says of its values. */
export interface ValueWriterParts {
  /** `this` of the hooks. */
  readonly instance: FastifyInstance
  readonly hooks: readonly PreSerializationHook[]
  readonly format: ValueFormat
  /** @default that which goes with the kind of value */
  readonly contentType: string | undefined
}

/** Makes the writer of one route. */
export function createValueWriter({ instance, hooks, format, contentType }: ValueWriterParts): WriteValue {
  const write = (value: unknown, reply: ReplyState): Reply | undefined => {
    const encoded = encodeValue(value, format, reply.contentType ?? contentType)
    return encoded && { headers: headersOf(encoded, reply.flatHeaders), body: encoded.body }
  }
  if (hooks.length === 0) return (value, _routed, reply) => write(value, reply)

  const replace = async (value: unknown, routed: AnyRouted, reply: StompReply): Promise<unknown> => {
    let last = value
    for (const hook of hooks) {
      if (isReady(last)) break
      const given = await hook.call(instance, routed, reply, last)
      if (given !== undefined) last = given
    }
    return last
  }
  return (value, routed, reply) => {
    if (isReady(value)) return write(value, reply)
    return replace(value, routed, reply).then((last) => write(last, reply))
  }
}
