import { STOMP_ERRORS, type StompErrorCode } from './error-table.js'

export { STOMP_ERRORS, type StompErrorCode } from './error-table.js'

/** What a {@link StompError} may say beyond the table. */
export interface StompErrorOptions {
  /** Replaces the text of the `message` header. Shown to the peer: no internals. */
  readonly message?: string
  /** Replaces the body of the ERROR frame. Shown to the peer: no internals. */
  readonly cure?: string
  /** When the same may be tried again, in ms: told as `retry-after`, in seconds. @default nothing is told */
  readonly retryAfterMs?: number
  /** Kept for the log, never sent. */
  readonly cause?: unknown
}

/**
 * A refusal with a text that may be shown to the peer. Throw one from a hook or handler to choose what the client
 * reads; test `.code`, not `instanceof` (two module formats can load two classes).
 */
export class StompError extends Error {
  /** Key of {@link STOMP_ERRORS}, or a code of the codec's `ProtocolError`. */
  readonly code: string
  /** What the peer can do about it: the body of the ERROR frame. */
  readonly cure: string
  /** When the same may be tried again, in ms. */
  readonly retryAfterMs: number | undefined

  constructor(code: StompErrorCode, options: StompErrorOptions = {}) {
    const row = STOMP_ERRORS[code]
    super(options.message ?? row.message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'StompError'
    this.code = code
    this.cure = options.cure ?? row.cure
    this.retryAfterMs = options.retryAfterMs
  }
}

/**
 * Turns whatever a hook or handler threw into a refusal, once. A {@link StompError} stays as it is; the text of an
 * error with a `statusCode` of 400 to 499 (as @fastify/error and @fastify/sensible make them) is meant for the peer and
 * is kept; everything else becomes `fallback` and its own text goes to the log only, as `cause`.
 */
export function toStompError(thrown: unknown, fallback: StompErrorCode): StompError {
  if (isStompError(thrown)) return thrown
  const isShown = thrown instanceof Error && isForPeer(thrown)
  const made = new StompError(fallback, isShown ? { message: thrown.message, cause: thrown } : { cause: thrown })
  originals.set(made, thrown)
  return made
}

/** What refusals were made of that {@link toStompError} has made. */
const originals = new WeakMap<object, unknown>()

/** What was thrown in the first place. */
export function originalOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && originals.has(error) ? originals.get(error) : error
}

/** True for what has a `statusCode` of 400 to 499: Fastify's way to say that a text is meant for the peer. */
export function isForPeer(thrown: unknown): boolean {
  if (typeof thrown !== 'object' || thrown === null || !('statusCode' in thrown)) return false
  return typeof thrown.statusCode === 'number' && thrown.statusCode >= 400 && thrown.statusCode < 500
}

/** A refusal as `retry-after` tells it, as in HTTP: whole seconds; undefined where it does not say when. */
export function retryAfterOf({ retryAfterMs }: { readonly retryAfterMs?: number | undefined }): string | undefined {
  return retryAfterMs === undefined ? undefined : String(Math.ceil(retryAfterMs / 1_000))
}

function isStompError(thrown: unknown): thrown is StompError {
  if (!(thrown instanceof Error && thrown.name === 'StompError' && 'code' in thrown && 'cure' in thrown)) return false
  // Made elsewhere, perhaps: what cannot stand in an ERROR frame or a close reason is not taken for ours.
  const { code, cure } = thrown
  return (
    typeof code === 'string' &&
    /^\w{1,100}$/.test(code) &&
    typeof cure === 'string' &&
    typeof thrown.message === 'string'
  )
}
