import * as CLOSE from '../wire/close.js'
import { PROTOCOL_VERSION } from '../wire/protocol.js'
import type { Refusal, UpReply } from '../wire/requests.js'
import type { Exchange } from './exchange.js'
import type { LinkRegister } from './link-register.js'
import type { LinkLimits } from './links.js'
import type { OwnedLink } from './owned-link.js'
import { stateOf } from './owned-link.js'
import { nextDueMs, until } from './pace.js'
import { prove } from './proof.js'
import { closedRefusal, refusalOf, refuse } from './refusal.js'
import type { UpFields, UpMessage } from './request-shape.js'
import { messageOf, upFieldsOf } from './request-shape.js'

/** What an escape of JSON can make of one byte. */
const MAX_ESCAPE_BYTES = 6
/** Names, numbers and the close around the items. */
const ENVELOPE_BYTES = 1024
/** How long the reply to an accepted batch waits for room, in ms. */
const HELD_MS = 5000

/** Serves `POST {base}/{link}/up`. */
export async function serveUp<Admission>(
  exchange: Exchange<Admission>,
  register: LinkRegister<Admission>,
): Promise<void> {
  const { limits, clock } = register
  const proven = await prove(exchange, maxUpBytes(limits), register)
  if ('error' in proven) return refuse(exchange, proven)
  const { link } = proven
  try {
    const fields = upFieldsOf(proven.fields)
    if (fields === undefined) return refuse(exchange, refusalOf('malformed'))
    const isBatch = fields.items.length > 1
    if (fields.items.length > limits.maxBatchItems || (isBatch && proven.bodyLength > limits.maxBatchBytes))
      return refuse(exchange, refusalOf('large'))
    link.upDueMs = nextDueMs(link.upDueMs, clock.now(), limits.maxUpsPerSecond)
    await until(link.upDueMs, clock)
    const before = link.intake.accepted
    const refusal = take(link, fields)
    if (refusal !== undefined) return refuse(exchange, refusal)
    if (link.intake.isFull && link.intake.accepted > before) await room(link)
    exchange.reply(200, replyOf(link))
  } finally {
    proven.release()
  }
}

/** Longest body, in bytes: the greatest message passes even where every character of it is escaped. */
export function maxUpBytes({ maxBatchBytes, maxMessageBytes }: LinkLimits): number {
  return Math.max(maxBatchBytes, maxMessageBytes * MAX_ESCAPE_BYTES + ENVELOPE_BYTES)
}

/** All that one batch does, in one step. */
function take<Admission>(link: OwnedLink<Admission>, fields: UpFields): Refusal | undefined {
  const { seq, ack, items, close } = fields
  if (link.state === 'closed') return closedRefusal(link.verdict)
  if (seq > link.intake.accepted + 1) return refusalOf('expect', { expect: link.intake.accepted + 1 })
  const messages: UpMessage[] = []
  for (const item of items) {
    const message = messageOf(item)
    if (message === undefined) {
      link.close(CLOSE.protocol, '')
      return refusalOf('malformed')
    }
    if (message.byteLength > link.limits.maxMessageBytes) return refusalOf('large')
    messages.push(message)
  }
  link.heard()
  // A link that was never used is closed without a word to the application.
  if (link.state === 'new' && close !== undefined && items.length === 0) link.end(close)
  link.takeUp()
  if (!link.acknowledge(ack)) return closedRefusal(link.verdict)
  const isNew = seq + items.length - 1 > link.intake.accepted
  if (link.intake.isFull && isNew && close === undefined) return refusalOf('slow')
  for (const [at, message] of messages.entries()) link.take(seq + at, message.data, message.byteLength)
  if (close !== undefined) link.closeByClient(close.code, close.reason)
  else if (stateOf(link) === 'closed') return closedRefusal(link.verdict)
  return undefined
}

/** There is room for more up messages, or it has taken too long. */
function room(link: OwnedLink<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const timer = link.clock.after(HELD_MS, resolve)
    link.intake.whenRoom(() => {
      timer.cancel()
      resolve()
    })
  })
}

function replyOf(link: OwnedLink<unknown>): UpReply {
  const { present } = link
  const expires = link.expiry?.noticeMs
  const reply = {
    v: PROTOCOL_VERSION,
    ack: link.intake.accepted,
    attach: present?.number ?? 0,
    sent: present?.sent ?? 0,
  } as const
  return expires === undefined ? reply : { ...reply, expires }
}
