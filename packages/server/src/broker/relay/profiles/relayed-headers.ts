import { createHeaders, type Headers } from '@hoofbeat/codec'
import { RESERVED } from '../../../message/own-headers.js'
import type { HeaderLine } from '../profile.js'
import { ID_HEADER } from '../relayed-message.js'

/*
 * What senders write into headers of their own comes to subscribers on other nodes as it was. Brokers keep most of it,
 * but not all: some take certain names for theirs (and end the connection if they cannot read the value), none keeps
 * repeated headers, and lines have bounds. So where a message has such a header, all its headers travel once more, packed
 * into few lines that mean nothing to a broker; what is harmless travels as it is in any case, for other readers and for
 * the broker's own selectors.
 */

/** What one broker asks of header names, beyond what all do, and does with headers. */
export interface HeaderRules {
  /** Whether a name may travel as it is. */
  isName(name: string): boolean
  /** Whether headers that travel as they are come back in their order, and all of them. Else they travel packed too. */
  readonly keepsHeaders: boolean
}

/** As most brokers do. */
const COMMON_RULES: HeaderRules = { isName: () => true, keepsHeaders: true }

/** Names that mean something to one broker or another. */
const TAKEN_NAMES = new Set([
  'amqp-message-id',
  'app-id',
  'auto-delete',
  'browser',
  'cluster-id',
  'delivery-mode',
  'destination-type',
  'durable',
  'exclusive',
  'expiration',
  'expires',
  'no-local',
  'prefetch-count',
  'priority',
  'reply-to',
  'requeue',
  'selector',
  'subscription-type',
  'timestamp',
  'transformation',
  'transformation-error',
  'user-id',
])

/** JMS', ActiveMQ's and Artemis' names for properties of their own. */
const TAKEN_PREFIXES = /^(?:JMS|AMQ_|_AMQ|_HQ|amq-|x-)/

/** Names that every broker takes as a mere name. */
const PLAIN_NAME = /^[A-Za-z][\w.-]{0,127}$/

/** Values that some broker trims, or keeps in a field of 255 bytes. */
const FRAYED_VALUE = /^\s|\s$/
const SHORT_FIELDS = new Set(['content-type', 'content-encoding', 'correlation-id', 'type'])
const MAX_SHORT_LENGTH = 85
const MAX_VALUE_LENGTH = 2_000

const PACKED = 'hoofbeat_headers'
/** How a packed line goes on. */
const PACKED_MORE = 'hoofbeat_headers_'
const RELAY_PREFIX = 'hoofbeat_'

/** The header lines of a SEND that come to the subscribers, and what the broker itself is to know. */
export function writeRelayedHeaders(headers: Headers, rules: HeaderRules = COMMON_RULES): HeaderLine[] {
  const lines: HeaderLine[] = []
  const own: HeaderLine[] = []
  const names = new Set<string>()
  let isPacked = false
  const { flat } = headers
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const [name = '', value = ''] = [flat[i], flat[i + 1]]
    if (RESERVED.has(name)) continue
    if (name.startsWith(RELAY_PREFIX)) {
      lines.push([name, value])
      continue
    }
    own.push([name, value])
    if (isPlain(name, value) && rules.isName(name) && !names.has(name)) lines.push([name, value])
    else isPacked = true
    names.add(name)
  }
  if (isPacked || (own.length > 0 && !rules.keepsHeaders)) lines.push(...pack(own))
  return lines
}

/**
 * The headers that the sender wrote, and those of the relay. `structural`: what this broker adds to every MESSAGE. Of a
 * message that no relay has sent, all others are kept.
 */
export function readRelayedHeaders(
  headers: Headers,
  structural: ReadonlySet<string>,
  { keepsHeaders }: HeaderRules = COMMON_RULES,
): Headers {
  const { flat } = headers
  const isOurs = headers.has(ID_HEADER)
  const packed = isOurs ? (unpack(headers) ?? (keepsHeaders ? undefined : [])) : undefined
  const kept: HeaderLine[] = packed ?? []
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const [name = '', value = ''] = [flat[i], flat[i + 1]]
    if (name.startsWith(PACKED) || name === '') continue
    if (name.startsWith(RELAY_PREFIX)) kept.push([name, value])
    else if (packed === undefined && !structural.has(name) && !RESERVED.has(name)) {
      // What would have been packed and is not was added by the broker.
      if (isOurs ? isPlain(name, value) && !isDefault(name, value) : !isDefault(name, value)) kept.push([name, value])
    }
  }
  return createHeaders(kept)
}

function isPlain(name: string, value: string): boolean {
  // RabbitMQ would declare a queue by it that is not durable, and nobody else could then use it.
  if (name === 'persistent') return value === 'true'
  if (TAKEN_NAMES.has(name) || TAKEN_PREFIXES.test(name) || !PLAIN_NAME.test(name)) return false
  if (value === '' || FRAYED_VALUE.test(value)) return false
  return value.length <= (SHORT_FIELDS.has(name) ? MAX_SHORT_LENGTH : MAX_VALUE_LENGTH)
}

/** What brokers say of messages of which nothing was said. */
function isDefault(name: string, value: string): boolean {
  return (name === 'expires' && value === '0') || (name === 'persistent' && value === 'false')
}

function pack(own: readonly HeaderLine[]): HeaderLine[] {
  const text = own.map(([name, value]) => `${percent(name)}=${percent(value)}`).join('&')
  const lines: HeaderLine[] = []
  for (let at = 0; at < text.length; at += MAX_VALUE_LENGTH) {
    const name = at === 0 ? PACKED : `${PACKED_MORE}${lines.length + 1}`
    lines.push([name, text.slice(at, at + MAX_VALUE_LENGTH)])
  }
  return lines
}

function unpack(headers: Headers): HeaderLine[] | undefined {
  let text = headers.get(PACKED)
  if (text === undefined) return undefined
  for (let i = 2; ; i++) {
    const more = headers.get(`${PACKED_MORE}${i}`)
    if (more === undefined) break
    text += more
  }
  return text.split('&').map((pair): HeaderLine => {
    const [name = '', value = ''] = pair.split('=')
    return [plain(name), plain(value)]
  })
}

/** Spaces and controls too, and halves of characters: a line may be cut beside them. */
const percent = (text: string): string =>
  text.replace(
    /[%&=\s\u0000-\u001f\u007f\ud800-\udfff]/g,
    (found) => `%${found.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

const plain = (text: string): string =>
  text.replace(/%([0-9a-f]{4})/g, (_, code) => String.fromCharCode(Number.parseInt(code, 16)))
