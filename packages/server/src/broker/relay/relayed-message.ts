import { type Headers, headersFromFlat } from '@hoofbeat/codec'
import { createMessage, type Message, type MessageInit } from '../../message/message.js'
import { createWrittenHeaders } from '../../message/own-headers.js'
import type { BrokerParts } from '../broker-factory.js'
import type { HeaderLine, RelayedDelivery } from './profile.js'

/*
 * The relay's own headers. Their names are Java identifiers, since there are brokers (Open MQ) that refuse all others.
 */

/** Names a message over all nodes: the broker's own ids differ from delivery to delivery. */
export const ID_HEADER = 'hoofbeat_id'

/** On what was sent once before, over a connection that broke before the broker had answered. */
const REPEATED_HEADER = 'hoofbeat_repeated'

/** What is added to a SEND that is sent again. */
export const REPEATED: readonly HeaderLine[] = [[REPEATED_HEADER, 'true']]

/** Headers between nodes and broker: no client sets or sees them. */
const RELAY_PREFIX = 'hoofbeat_'

/** A delivery of the broker as a message of ours. */
export interface Relayed {
  readonly message: Message
  /** True if it was sent, or may have been delivered, before. */
  readonly isRepeated: boolean
}

/** Makes messages of what the broker delivers. */
export interface RelayedMessages {
  make(delivery: RelayedDelivery, destination: string, body: Uint8Array): Relayed
}

/** Makes the maker; `published` of the parts is told of each message. */
export function createRelayedMessages(parts: Pick<BrokerParts, 'published' | 'observe'>): RelayedMessages {
  const written = createWrittenHeaders()
  const onHeaderLeftOut: NonNullable<MessageInit['onHeaderLeftOut']> = (header, version, destination) =>
    parts.observe({ type: 'header-left-out', destination, header, version })
  return {
    make(delivery, destination, body) {
      const { headers } = delivery
      const id = readId(headers.get(ID_HEADER)) ?? writable(delivery.messageId)
      const isRepeated = delivery.isRedelivered || headers.get(REPEATED_HEADER) === 'true'
      const own = withoutRelayHeaders(headers)
      const message = createMessage({ id, destination, headers: own, body, written, onHeaderLeftOut })
      parts.published?.(message, false)
      return { message, isRepeated }
    },
  }
}

/** What a sender has said itself: what only nodes may say is left out. */
export function withoutRelayHeaders(headers: Headers): Headers {
  const { flat } = headers
  let kept: string[] | undefined
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const name = flat[i] ?? ''
    if (name.startsWith(RELAY_PREFIX)) kept ??= flat.slice(0, i)
    else kept?.push(name, flat[i + 1] ?? '')
  }
  return kept === undefined ? headers : headersFromFlat(kept)
}

/** Of letters, digits and hyphens: a message writes its id as it is. */
function readId(text: string | undefined): string | undefined {
  return text !== undefined && /^[A-Za-z0-9-]{1,64}$/.test(text) ? text : undefined
}

/** An id of the broker's, for a message that somebody else has sent to it. */
function writable(messageId: string): string {
  return messageId.slice(-128).replace(/[^A-Za-z0-9-]/g, '-')
}
