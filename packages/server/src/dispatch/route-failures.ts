import type { Frame } from '@hoofbeat/codec'
import { originalOf, StompError } from '../errors.js'
import type { MessageMatch, Reply, RouteCaller } from '../routes/routes.js'
import type { DispatchParts } from './dispatch-parts.js'
import { type Outcomes, readable } from './outcomes.js'
import { isListening, type SoftRefusalParts, tellSoftly } from './soft-refusals.js'

/** What the failures of one session's routes are told through. */
export interface RouteFailuresParts extends SoftRefusalParts {
  readonly routeCaller: RouteCaller
  readonly outcomes: Outcomes
  readonly shared: Pick<DispatchParts, 'publications' | 'after' | 'limits'>
}

/** A frame whose route has failed. */
export interface Failure {
  readonly frame: Frame
  /** It has its receipt: there is no outcome of it left to tell. */
  readonly isSettled: boolean
  readonly match: Pick<MessageMatch, 'recover'>
  readonly thrown: unknown
}

/** What a failure comes to: what the error handler of its route gives (undefined: nothing), or an error. */
export type Verdict = { readonly reply: Reply | undefined } | { readonly error: unknown }

/**
 * Asks for a verdict, then tells it. What an error handler throws is what the client is told; what it was asked about is for
 * the log. Never rejects.
 */
export async function tellFailure(parts: RouteFailuresParts, failure: Failure): Promise<void> {
  await tellVerdict(parts, failure, await judge(parts, failure))
}

/**
 * Asks the error handler in scope, and tells nobody but the log. Resolves within `hookTimeoutMs`, and never rejects:
 * who waits for the outcome would wait for ever.
 */
export async function judge(parts: RouteFailuresParts, { frame, match, thrown }: Failure): Promise<Verdict> {
  if (match.recover === undefined) return { error: thrown }
  // What the broker refuses may name what clients must not know.
  const shown = thrown instanceof StompError ? readable(thrown) : thrown
  try {
    const verdict = await inTime(match.recover(frame, parts.routeCaller, shown), parts.shared)
    if (verdict !== undefined) return verdict
  } catch (error) {
    // Who throws what it was given has nothing to add.
    if (originalOf(error) === originalOf(shown)) return { error: thrown }
    parts.outcomes.answered(undefined, thrown)
    return { error }
  }
  const message = 'An error handler did not answer in time'
  parts.outcomes.answered(undefined, new StompError('STOMP_ERR_HANDLER_FAILED', { message }))
  return { error: thrown }
}

/** Tells the session the one outcome of a failure: softly where it listens, or hard, before this returns. Never rejects. */
export async function tellVerdict(parts: RouteFailuresParts, failure: Failure, verdict: Verdict): Promise<void> {
  const { frame, isSettled, thrown } = failure
  const { outcomes } = parts
  const refuse = (error: unknown): void => {
    if (isSettled) outcomes.failed(error)
    else outcomes.refused(frame, error)
  }
  if ('error' in verdict) return refuse(verdict.error)
  if (!isListening(parts) || !parts.mayTellSoftly()) return refuse(thrown)
  try {
    if (verdict.reply !== undefined) await tellSoftly(parts, frame, verdict.reply, isSettled)
  } catch (error) {
    outcomes.answered(undefined, thrown)
    return refuse(error)
  }
  outcomes.answered(isSettled ? undefined : frame, thrown)
}

/** A handler that has handed the signal on fails when that is aborted: it is how it should be. */
export function isOfTheEnd(
  { isOver }: { readonly isOver: boolean },
  thrown: unknown,
  call?: { readonly hasEnded: boolean },
): boolean {
  const original = originalOf(thrown)
  return (isOver || call?.hasEnded === true) && original instanceof Error && original.name === 'AbortError'
}

/** Undefined: it did not answer in time. What it says later nobody hears. */
function inTime(
  pending: Promise<Reply | undefined>,
  { after, limits }: Pick<DispatchParts, 'after' | 'limits'>,
): Promise<Verdict | undefined> {
  return new Promise((resolve, reject) => {
    const deadline = after(limits.hookTimeoutMs, () => resolve(undefined))
    pending.finally(() => deadline.cancel()).then((reply) => resolve({ reply }), reject)
  })
}
