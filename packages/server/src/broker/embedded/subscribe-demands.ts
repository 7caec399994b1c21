import type { Headers } from '@hoofbeat/codec'
import { StompError } from '../../errors.js'
import { parseSelector, type Selector } from '../selectors/selector.js'
import type { AckMode } from './unacked.js'

/** What a SUBSCRIBE asks for beyond the destination. */
export interface SubscribeDemands {
  readonly mode: AckMode
  /** How many unacknowledged messages it may be given. */
  readonly prefetch: number
  readonly selector: Selector | undefined
  readonly isDurable: boolean
  /** `client-id` of this very frame. */
  readonly clientId: string | undefined
  /** What it wants of a topic's history. */
  readonly replay: { readonly since: string } | { readonly last: number } | undefined
}

/** Bounds and default for `prefetch-count`. */
export interface PrefetchBounds {
  readonly prefetchCount: number
  readonly maxPrefetchCount: number
}

/** Reads the headers of SUBSCRIBE. Throws a StompError that names the header. */
export function readDemands(headers: Headers, bounds: PrefetchBounds): SubscribeDemands {
  const selector = headers.get('selector')
  return {
    mode: readMode(headers),
    prefetch: readPrefetch(headers, bounds),
    selector: selector === undefined ? undefined : parseSelector(selector),
    // ActiveMQ's clients say it in their own way: by the name that the subscription is kept under.
    isDurable: headers.get('durable') === 'true',
    clientId: headers.get('client-id'),
    replay: readReplay(headers),
  }
}

function readMode(headers: Headers): AckMode {
  const mode = headers.get('ack') ?? 'auto'
  if (mode === 'auto' || mode === 'client' || mode === 'client-individual') return mode
  throw new StompError('STOMP_ERR_HEADER_INVALID', {
    message: `'${mode}' is no acknowledgement mode`,
    cure: 'Subscribe with ack:auto, ack:client or ack:client-individual.',
  })
}

function readPrefetch(headers: Headers, { prefetchCount, maxPrefetchCount }: PrefetchBounds): number {
  // The second is ActiveMQ's name.
  const count = readCount(headers, 'prefetch-count') ?? readCount(headers, 'activemq.prefetchSize') ?? prefetchCount
  return Math.min(count, maxPrefetchCount)
}

function readReplay(headers: Headers): SubscribeDemands['replay'] {
  const since = headers.get('since')
  const last = readCount(headers, 'replay')
  if (since === undefined) return last === undefined ? undefined : { last }
  if (last === undefined) return { since }
  throw new StompError('STOMP_ERR_HEADER_INVALID', {
    message: "SUBSCRIBE takes 'since' or 'replay', not both",
    cure: 'since:<message-id> asks for what came after that message, replay:<n> for the last n messages.',
  })
}

function readCount(headers: Headers, name: string): number | undefined {
  const text = headers.get(name)
  if (text === undefined) return undefined
  const count = /^[0-9]{1,9}$/.test(text) ? Number(text) : 0
  if (count > 0) return count
  throw new StompError('STOMP_ERR_HEADER_INVALID', { message: `The header '${name}' must be a whole number above 0` })
}
