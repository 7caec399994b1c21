import { createHeaders } from '@hoofbeat/codec'
import { DURABLES, type DurableId, type Operation } from '../operation.js'
import { attempt, follow } from './outcome.js'
import type { Session } from './sessions.js'
import type { Stage } from './stage.js'
import { subscribeRequest } from './translation.js'

export function subscribe(
  { model }: Stage,
  session: Session,
  { id, destination, mode, prefetch, selector }: Operation & { readonly op: 'subscribe' },
): void {
  const queue = destination.startsWith('/queue/') ? destination : undefined
  const init = { channel: session.model, id, queue, destination, durable: undefined, mode, prefetch, selector }
  model.sessions.subscribe(init)
  session.subscriptions.add(id)
  const headers = headersOf(mode, prefetch, selector)
  const { code, settled } = attempt(() => session.real.handle(subscribeRequest(id, destination, headers)))
  if (code !== undefined || settled !== undefined) model.state.blame(`SUBSCRIBE ${id}: ${code ?? 'waits'}`)
}

export function subscribeDurable(
  stage: Stage,
  session: Session,
  { id, mode, prefetch }: Operation & { readonly op: 'subscribe-durable' },
): void {
  const { durables, sessions, state } = stage.model
  const { destination, selector, name } = DURABLES[id]
  const isRefused = durables.isLive(id)
  const batch = durables.has(id) ? undefined : durables.make(id)
  if (!isRefused) {
    const init = { channel: session.model, id, queue: name, destination, durable: id }
    sessions.subscribe({ ...init, mode, prefetch, selector: undefined })
    session.subscriptions.add(id)
  }
  const headers = [...headersOf(mode, prefetch, selector), ['durable', 'true'] as const]
  const { code, settled } = attempt(() => session.real.handle(subscribeRequest(id, destination, headers)))
  const expected = isRefused ? 'STOMP_ERR_SUBSCRIPTION_EXISTS' : undefined
  if (code !== expected) state.blame(`SUBSCRIBE ${id}: ${code} instead of ${expected}`)
  const refused = (): boolean => session.subscriptions.delete(id)
  if (batch !== undefined) follow(stage, batch, settled, (code) => code !== undefined && refused())
  else settled?.catch(refused)
}

export function unsubscribe(stage: Stage, session: Session, id: string): void {
  const { durables, sessions, state } = stage.model
  const subscription = session.model.subscriptions.find((each) => each.id === id)
  const durable = isDurable(id) ? id : undefined
  let expected: string | undefined
  if (subscription === undefined) {
    if (durable === undefined || !durables.has(durable)) expected = 'STOMP_ERR_SUBSCRIPTION_UNKNOWN'
    else if (durables.isLive(durable)) expected = 'STOMP_ERR_SUBSCRIPTION_EXISTS'
  } else sessions.unsubscribe(subscription)
  const batch = durable !== undefined && expected === undefined ? durables.end(durable) : undefined
  session.subscriptions.delete(id)
  const request = { command: 'UNSUBSCRIBE', id, shownId: id, headers: createHeaders() } as const
  const { code, settled } = attempt(() => session.real.handle(request))
  if (code !== expected) state.blame(`UNSUBSCRIBE ${id}: ${code} instead of ${expected}`)
  if (batch !== undefined) follow(stage, batch, settled)
}

/** True for the id of a durable subscription. */
export function isDurable(id: string): id is DurableId {
  return id in DURABLES
}

function headersOf(mode: string, prefetch: number, selector: string | undefined): (readonly [string, string])[] {
  const headers: (readonly [string, string])[] = [
    ['ack', mode],
    ['prefetch-count', String(prefetch)],
  ]
  if (selector !== undefined) headers.push(['selector', selector])
  return headers
}
