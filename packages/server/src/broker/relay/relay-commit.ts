import type { FrameInit } from '@hoofbeat/codec'
import { StompError } from '../../errors.js'
import type { Settled, TransactionRequest } from '../broker.js'
import type { Step } from '../embedded/step.js'
import type { Leg } from './leg.js'
import type { PlannedAnswer } from './own-subscription.js'
import type { BrokerProfile } from './profile.js'
import { REPEATED } from './relayed-message.js'

/** One request of a transaction, checked; nothing was done yet. */
export type Planned =
  | { readonly kind: 'send'; readonly frame: FrameInit }
  /** For other nodes, where another leg than that of the session takes it. */
  | { readonly kind: 'node'; readonly frame: FrameInit }
  /** An answer to the broker. */
  | { readonly kind: 'answer'; readonly answer: PlannedAnswer }
  /** The credit of a local subscription. */
  | { readonly kind: 'credit'; readonly step: Step }
  /** For the broker inside the process. */
  | { readonly kind: 'inner'; readonly request: TransactionRequest }

/** What transactions go through. */
export interface RelayCommitParts {
  readonly leg: Pick<Leg, 'send' | 'answer'>
  readonly nodeLeg: Pick<Leg, 'send'>
  readonly profile: BrokerProfile
  /** Unlike every other one of the leg. */
  readonly nextTransaction: () => string
  /** Puts into effect together what is the inner broker's. */
  readonly commitInner: (requests: readonly TransactionRequest[]) => Settled
}

/**
 * Puts a transaction into effect: at the broker first, as one transaction there, and when that has answered, in this
 * process. Rejects, with nothing done, when the broker refuses; when a connection broke before its answer it may have
 * happened, and the refusal says so.
 */
export function commitPlanned(planned: readonly Planned[], parts: RelayCommitParts): Settled {
  const upstream = planned.flatMap((each) =>
    each.kind === 'send' ? [each.frame] : each.kind === 'answer' ? each.answer.frames : [],
  )
  const answers = planned.flatMap((each) =>
    each.kind === 'answer' && each.answer.frames.length > 0 ? [each.answer] : [],
  )
  const inner = planned.flatMap((each) => (each.kind === 'inner' ? [each.request] : []))
  const locally = (): Settled => {
    for (const each of planned) if (each.kind === 'credit') each.step.apply()
    const settled = inner.length === 0 ? undefined : parts.commitInner(inner)
    const told = planned.flatMap((each) =>
      each.kind === 'node' ? [parts.nodeLeg.send([each.frame], true, REPEATED)] : [],
    )
    return told.length === 0 ? settled : Promise.all([settled, ...told]).then(() => {})
  }
  const frames = upstream.length > 1 ? inTransaction(upstream, parts, answers.length > 0) : upstream
  const { leg } = parts
  const others = new Set(answers.map((answer) => answer.leg).filter((each) => each !== leg))
  // A transaction is one connection's.
  if (others.size > 0 && upstream.length > 1) throw new StompError('STOMP_ERR_UNSUPPORTED', NO_DURABLE_ANSWERS)
  const [answering = leg] = others
  const connections = new Set(answers.map(({ connection }) => connection))
  const [connection = 0] = connections
  // What came by several connections cannot be answered together: the older of them are gone.
  if (connections.size > 1) throw new StompError('STOMP_ERR_BROKER_UNAVAILABLE')
  const settled =
    frames.length === 0
      ? undefined
      : answers.length > 0
        ? answering.answer(frames, connection, true)
        : leg.send(frames, true, frames.length === 1 ? REPEATED : undefined)
  for (const each of planned) {
    if (each.kind === 'credit') each.step.accept()
    if (each.kind === 'answer') each.answer.accept(settled)
  }
  return settled === undefined ? locally() : settled.then(locally)
}

function inTransaction(
  frames: readonly FrameInit[],
  parts: RelayCommitParts,
  hasAnswers: boolean,
): readonly FrameInit[] {
  const { profile, nextTransaction } = parts
  if (!profile.capabilities.transactions) throw new StompError('STOMP_ERR_UNSUPPORTED', NO_TRANSACTIONS)
  const { hasAcksInTransactions = true, hasNacksInTransactions = hasAcksInTransactions } = profile
  if (hasAnswers && !hasAcksInTransactions) throw new StompError('STOMP_ERR_UNSUPPORTED', NO_ANSWERS)
  if (!hasNacksInTransactions && frames.some(({ command }) => command === 'NACK')) {
    throw new StompError('STOMP_ERR_UNSUPPORTED', NO_NACKS)
  }
  const transaction = nextTransaction()
  const headers = { transaction }
  return [
    { command: 'BEGIN', headers },
    ...frames.map((frame) => ({ ...frame, headers: [...linesOf(frame), ['transaction', transaction] as const] })),
    { command: 'COMMIT', headers },
  ]
}

function linesOf({ headers = [] }: FrameInit): Iterable<readonly [string, string]> {
  return Symbol.iterator in headers ? headers : Object.entries(headers)
}

const NO_TRANSACTIONS = {
  message: 'Transactions are not offered over this broker',
  cure: 'Send the frames one by one, without a transaction.',
}

const NO_NACKS = {
  message: 'NACK cannot be part of a transaction over this broker',
  cure: 'Send the NACK outside of the transaction.',
}

const NO_DURABLE_ANSWERS = {
  message: 'ACK and NACK of a durable subscription cannot be part of a transaction over this broker',
  cure: 'Acknowledge outside of the transaction.',
}

const NO_ANSWERS = {
  message: 'ACK and NACK cannot be part of a transaction over this broker',
  cure: 'Acknowledge outside of the transaction.',
}
