import { type Frame, type Headers, headersFromFlat } from '@hoofbeat/codec'
import type { DestinationSyntax } from '../destination/destination.js'
import { StompError } from '../errors.js'
import type { AnyMessageRouteOptions } from './definition.js'
import type { RoutedMessage } from './frame-views.js'
import type { Pattern } from './pattern.js'
import type { Reply, RoutePublication } from './routes.js'
import { compileSendTo, compileSendToUser, type RawParams, type UserTarget } from './send-to.js'

/** Where the values of one message route go: `sendTo`, `sendToUser` and `replyTo` together. */
export interface Addressing {
  /** Fills in what depends on the frame alone. Throws the refusal of a frame whose answer could not be addressed. */
  resolve(frame: Frame, raw: RawParams): Addresses
  /** What is published of one value, where it goes to all before where it goes to the sender. Throws what `sendTo` throws. */
  publications(given: Reply, message: RoutedMessage, addresses: Addresses): readonly RoutePublication[]
}

/** Where the values of one frame go. */
export interface Addresses {
  /** Undefined: the route's function chooses, for each value. */
  readonly all: readonly string[] | undefined
  /** What is the sender's own. */
  readonly own: readonly OwnTarget[]
}

interface OwnTarget {
  readonly destination: string
  readonly audience: UserTarget['audience'] | 'reply'
}

const NOBODY: readonly OwnTarget[] = []

/** Compiles it; undefined: the route publishes nothing. Throws a TypeError for what cannot work. */
export function compileAddressing(
  { sendTo, sendToUser, replyTo = false }: AnyMessageRouteOptions,
  pattern: Pattern,
  syntax: DestinationSyntax,
): Addressing | undefined {
  if (typeof replyTo !== 'boolean') throw new TypeError('replyTo: it is true or false')
  if (sendTo === undefined && sendToUser === undefined && !replyTo) return undefined
  const destinations = sendTo === undefined ? undefined : compileSendTo(sendTo, pattern, syntax)
  const users = sendToUser === undefined ? undefined : compileSendToUser(sendToUser, pattern, syntax)
  return {
    resolve(frame, raw) {
      const all = destinations === undefined ? [] : destinations.resolve(raw)
      const own = users === undefined ? NOBODY : users.resolve(raw)
      return { all, own: replyTo ? [...own, replyTarget(frame)] : own }
    },
    publications(given, message, { all, own }) {
      const chosen = all ?? destinations?.choose(message) ?? []
      const only = chosen[0]
      // Most routes publish to one destination: that is to cost no list in between.
      if (chosen.length === 1 && only !== undefined && own.length === 0) {
        return [{ destination: only, headers: given.headers, body: given.body }]
      }
      return toEach(given, chosen, own, message)
    },
  }
}

function toEach(
  { headers, body }: Reply,
  chosen: readonly string[],
  own: readonly OwnTarget[],
  message: RoutedMessage,
): readonly RoutePublication[] {
  const forAll = chosen.map((destination) => ({ destination, headers, body }))
  if (own.length === 0) return forAll
  const ownHeaders = correlated(headers, message)
  const forSender = own.map(({ destination, audience }) => ({ destination, audience, headers: ownHeaders, body }))
  return [...forAll, ...forSender]
}

function replyTarget(frame: Frame): OwnTarget {
  const destination = frame.headers.get('reply-to')
  if (destination === undefined || destination === '') {
    throw new StompError('STOMP_ERR_HEADER_INVALID', {
      message: 'This destination answers to the reply-to header, and there is none',
      cure: 'Name a temporary queue of this session in reply-to, such as /temp-queue/answers, and SUBSCRIBE to it before.',
    })
  }
  return { destination, audience: 'reply' }
}

/** With what tells the sender which of its frames is answered. */
function correlated(headers: Headers, message: RoutedMessage): Headers {
  const id = message.headers.get('correlation-id')
  if (id === undefined || headers.has('correlation-id')) return headers
  return headersFromFlat([...headers.flat, 'correlation-id', id])
}
