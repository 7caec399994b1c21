import type { Dispatcher } from '../dispatch/dispatcher.js'
import type { FramedConnection } from '../framing/framed-connection.js'
import type { Observe } from '../observe/events.js'
import type { Refusal } from './error-frame.js'

/** A session as it is told of; nothing is kept for that. */
export interface ReportedSession {
  readonly id: string
  readonly carrier: FramedConnection
  /** Undefined before it is connected. */
  readonly dispatcher: Pick<Dispatcher, 'user'> | undefined
}

/** CONNECTED is written. */
export function reportConnected(observe: Observe, session: ReportedSession): void {
  const { version, rung } = session.carrier
  observe({ type: 'session-connected', ...factsOf(session), version, rung })
}

/** A frame of it, or all of it, was refused. */
export function reportRefused(
  observe: Observe,
  { id, dispatcher }: ReportedSession,
  { code, message, cause }: Refusal & { readonly cause?: unknown },
): void {
  observe({ type: 'refused', session: id, user: dispatcher?.user?.name, code, message, cause })
}

/** Nothing was heard of its client in time. */
export function reportSilent(observe: Observe, session: ReportedSession): void {
  observe({ type: 'heart-beat-lost', ...factsOf(session) })
}

/** Its client does not read what it is owed. */
export function reportSlow(observe: Observe, session: ReportedSession, waitingBytes: number): void {
  observe({ type: 'slow-reader', ...factsOf(session), waitingBytes })
}

/** Its connection is gone. */
export function reportClosed(
  observe: Observe,
  { id, dispatcher }: ReportedSession,
  code: number,
  reason: string,
): void {
  const wasConnected = dispatcher !== undefined
  observe({ type: 'session-closed', session: id, user: dispatcher?.user?.name, code, reason, wasConnected })
}

function factsOf({ id, carrier, dispatcher }: ReportedSession): {
  session: string
  user: string | undefined
  transport: string
} {
  return { session: id, user: dispatcher?.user?.name, transport: carrier.peer.transport }
}
