import { writeDigest } from './digest.js'
import type { NodesParts } from './known-nodes.js'

/** What a node tells all others of itself: that it is there, and how its lists sum up. */
export interface NodeGreetings {
  /** When it was told last. */
  readonly saidMs: number
  /** Tells it, and asks who else is there. Settles when the broker has it. */
  ask(): undefined | Promise<void>
  /** Tells it, where the broker is there; what is lost is told again with the next beat. */
  sayQuietly(): void
  /** Tells it soon, once for all who ask at the same time. */
  answerSoon(): void
  /** Asks soon, and not too often. */
  askSoon(): void
  close(): void
}

/** Of messages in which a node tells of itself. */
export const NODE_KIND = 'node'
/** Whoever is asked who is there waits so long for others to ask too. */
const GATHER_MS = 50
/** Between two questions who is there. */
const HELLO_PAUSE_MS = 1_000

/** Makes what says so of this node. */
export function createGreetings(parts: NodesParts): NodeGreetings {
  const { bus, url, clock, after, isAvailable, facts, sessions } = parts
  let saidMs = Number.NEGATIVE_INFINITY
  let askedMs = Number.NEGATIVE_INFINITY
  let answering: { cancel(): void } | undefined
  let asking: { cancel(): void } | undefined
  let isClosed = false
  const say = (isAsking: boolean): undefined | Promise<void> => {
    saidMs = clock.now()
    if (isAsking) askedMs = saidMs
    const digests = { facts: writeDigest(facts.digest), sessions: writeDigest(sessions.digest) }
    return bus.tell('all', NODE_KIND, { type: 'here', url: url?.href, isAsking, ...digests })
  }
  const sayQuietly = (isAsking: boolean): void => {
    if (!isAvailable()) return
    try {
      say(isAsking)?.catch(() => {})
    } catch {
      // The same.
    }
  }
  return {
    get saidMs() {
      return saidMs
    },
    ask: () => say(true),
    sayQuietly: () => sayQuietly(false),
    answerSoon() {
      if (answering !== undefined || isClosed) return
      answering = after(GATHER_MS, () => {
        answering = undefined
        sayQuietly(false)
      })
    },
    askSoon() {
      if (asking !== undefined || isClosed) return
      asking = after(Math.max(askedMs + HELLO_PAUSE_MS - clock.now(), 0), () => {
        asking = undefined
        askedMs = clock.now()
        sayQuietly(true)
      })
    },
    close() {
      isClosed = true
      answering?.cancel()
      asking?.cancel()
    },
  }
}
