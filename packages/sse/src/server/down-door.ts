import type { Refusal } from '../wire/requests.js'
import type { Exchange } from './exchange.js'
import type { LinkRegister } from './link-register.js'
import type { OwnedLink } from './owned-link.js'
import { stateOf } from './owned-link.js'
import { nextDueMs, until } from './pace.js'
import { PollAttach } from './poll-attach.js'
import { prove } from './proof.js'
import { closedRefusal, refusalOf, refuse } from './refusal.js'
import { attachFieldsOf } from './request-shape.js'
import { StreamAttach } from './stream-attach.js'

/** Longest body, in bytes: a key and some numbers need no more. */
export const MAX_DOWN_BYTES = 4096

/** Serves `POST {base}/{link}/down`, until its reply is given or its stream has begun. */
export async function serveDown<Admission>(
  exchange: Exchange<Admission>,
  register: LinkRegister<Admission>,
): Promise<void> {
  const proven = await prove(exchange, MAX_DOWN_BYTES, register)
  if ('error' in proven) return refuse(exchange, proven)
  const { link, release } = proven
  const fields = attachFieldsOf(proven.fields)
  if (fields === undefined) {
    release()
    return refuse(exchange, refusalOf('malformed'))
  }
  let isGone = false
  let gone = (): void => {
    isGone = true
    release()
  }
  exchange.onGone(() => gone())
  await paceAttach(link)
  if (isGone) return
  const refusal = refuseAttach(link, fields.attach, fields.ack)
  if (refusal !== undefined) {
    release()
    return refuse(exchange, refusal)
  }
  if (fields.hold === undefined) {
    const attach = new StreamAttach(link, fields.attach, release)
    const stream = exchange.stream(attach)
    if (stream === undefined) return release()
    attach.bind(stream)
    link.carry(attach)
  } else {
    const { times, limits } = register
    const earliestMs = link.attachedMs + 1000 / limits.maxAttachesPerSecond
    const holdMs = Math.min(fields.hold, times.holdMs)
    const attach = new PollAttach(link, fields.attach, exchange, { holdMs, earliestMs }, release)
    gone = () => attach.gone()
    link.carry(attach)
  }
  link.takeUp()
}

/** Holds an attach back until the rate of its link allows it. */
export function paceAttach(link: OwnedLink<unknown>): Promise<void> | undefined {
  link.attachDueMs = nextDueMs(link.attachDueMs, link.clock.now(), link.limits.maxAttachesPerSecond)
  return until(link.attachDueMs, link.clock)
}

/** The first three steps of an attach: over, old, acknowledgement. Undefined: it may be carried. */
export function refuseAttach(link: OwnedLink<unknown>, attach: number, ack: number): Refusal | undefined {
  if (link.state === 'closed') return closedRefusal(link.verdict)
  if (attach <= link.highestAttach) return refusalOf('attach', { attach: link.highestAttach })
  return link.acknowledge(ack) && stateOf(link) !== 'closed' ? undefined : closedRefusal(link.verdict)
}
