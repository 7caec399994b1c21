import type { Frame } from '@hoofbeat/codec'
import { toStompError } from '../errors.js'
import type { Observe } from '../observe/events.js'
import type { Addresses, Addressing } from './addressing.js'
import type { ParseBody } from './body-parser.js'
import type { RoutedMessage } from './frame-views.js'
import type { CallHandler } from './handler-call.js'
import { createReply, type ReplyState, type StompReply } from './reply.js'
import type { RoutedFrames } from './routed-frame.js'
import type { Invocation, PublicationStream, RouteCaller, RoutePublication } from './routes.js'
import type { CompiledRoute, Validators } from './schema-compiler.js'
import type { RawParams } from './send-to.js'
import { discardStream, isAsyncIterable, mapStream } from './value-stream.js'
import type { WriteValue } from './value-writer.js'

/** What a message route is made of. */
export interface MessageRouteParts {
  readonly route: CompiledRoute
  readonly validators: Validators
  readonly parseBody: ParseBody
  readonly frames: RoutedFrames
  readonly call: CallHandler<RoutedMessage>
  readonly write: WriteValue
  /** Undefined: the route publishes nothing. */
  readonly addressing: Addressing | undefined
  readonly observe: Observe
}

/** A message route, ready to be called: `MessageMatch.prepare`, with the params of the matched destination. */
export type PrepareMessage = (frame: Frame, caller: RouteCaller, raw: RawParams) => Invocation | Promise<Invocation>

/** Joins the parts of a message route. */
export function createMessageRoute(parts: MessageRouteParts): PrepareMessage {
  const { route, validators, parseBody, frames, call, write, addressing, observe } = parts
  const { log } = route.instance
  let hasReportedDrop = false

  const prepare: PrepareMessage = (frame, caller, raw) =>
    whenValid(validators.params === undefined ? raw : validators.params({ ...raw }), (params) => {
      const addresses = addressing?.resolve(frame, raw) ?? NOWHERE
      const parsed = parseBody(frame.body, frame.headers)
      return whenValid(validators.body === undefined ? parsed.value : validators.body(parsed.value), (body) =>
        whenValid(validators.headers?.(frame.headers.toObject()), (checkedHeaders) => {
          const message = frames.message({ frame, params, checkedHeaders, caller, log }, body, parsed.contentType)
          return () => run(message, addresses)
        }),
      )
    })

  const drop = (value: unknown): void => {
    if (!hasReportedDrop) observe({ type: 'handler-value-dropped', route: route.pattern })
    hasReportedDrop = true
    if (isAsyncIterable(value)) discardStream(value)
  }

  const run = async (
    message: RoutedMessage,
    addresses: Addresses,
  ): Promise<readonly RoutePublication[] | PublicationStream> => {
    try {
      const reply = createReply()
      const value = await call(message, reply)
      if (value === undefined || value === null) return []
      if (addressing === undefined) {
        drop(value)
        return []
      }
      if (isAsyncIterable(value)) return streamOf(value, addressing, message, addresses, reply)
      const pending = write(value, message, reply)
      const written = pending instanceof Promise ? await pending : pending
      return written === undefined ? [] : addressing.publications(written, message, addresses)
    } catch (thrown) {
      return refuse(thrown)
    }
  }

  // Of its own: a function that makes a closure costs each of its calls, whether it is made or not.
  const streamOf = (
    values: AsyncIterable<unknown>,
    to: Addressing,
    message: RoutedMessage,
    addresses: Addresses,
    reply: StompReply & ReplyState,
  ): PublicationStream =>
    mapStream(values, async (each) => {
      const written = await write(each, message, reply)
      return written === undefined ? [] : to.publications(written, message, addresses)
    })

  return (frame, caller, raw) => {
    try {
      const prepared = prepare(frame, caller, raw)
      return prepared instanceof Promise ? prepared.catch(refuse) : prepared
    } catch (thrown) {
      return refuse(thrown)
    }
  }
}

const NOWHERE: Addresses = { all: [], own: [] }

/** Goes on at once unless the validator has answered with a promise: a frame must not wait where nothing is awaited. */
function whenValid(
  validated: unknown,
  next: (value: unknown) => Invocation | Promise<Invocation>,
): Invocation | Promise<Invocation> {
  return validated instanceof Promise ? validated.then(next) : next(validated)
}

function refuse(thrown: unknown): never {
  throw toStompError(thrown, 'STOMP_ERR_HANDLER_FAILED')
}
