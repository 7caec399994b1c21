import { createHeap } from './heap.js'
import type { Queue } from './queue.js'
import type { QueueEntry } from './queue-entry.js'

/** Sees to it that messages of queues go when their time is over, though nobody asks for them. */
export interface Expiry {
  /** How many are watched. */
  readonly size: number
  /** Watches an entry that has an end. */
  watch(queue: Queue, entry: QueueEntry): void
  /** One that may be watched is gone: not many of these are kept until their end. */
  gone(): void
  /** Watches nothing any more. */
  stop(): void
}

interface Watched {
  readonly queue: Queue
  readonly entry: QueueEntry
  readonly endMs: number
}

/** `after` calls once, after a span of time. */
export function createExpiry(
  nowMs: () => number,
  after: (delayMs: number, run: () => void) => { cancel(): void },
): Expiry {
  const watched = createHeap<Watched>(({ endMs }) => endMs)
  let timer: { cancel(): void } | undefined
  let timerEndMs = 0
  let isStopped = false
  /** How many may have gone since they were last looked through. */
  let goneCount = 0

  const arm = (): void => {
    const next = watched.peek()
    if (next === undefined || isStopped || (timer !== undefined && timerEndMs <= next.endMs)) return
    timer?.cancel()
    timerEndMs = next.endMs
    timer = after(next.endMs - nowMs(), run)
  }
  const run = (): void => {
    timer = undefined
    const now = nowMs()
    for (let next = watched.peek(); next !== undefined && next.endMs <= now; next = watched.peek()) {
      watched.pop()
      next.queue.expire(next.entry)
    }
    arm()
  }
  return {
    get size() {
      return watched.size
    },
    watch(queue, entry) {
      const endMs = entry.held.expiresAtMs
      if (endMs === undefined) return
      watched.push({ queue, entry, endMs })
      arm()
    },
    gone() {
      goneCount++
      if (goneCount < 64 || goneCount * 2 < watched.size) return
      goneCount = 0
      watched.sift(({ entry: { state } }) => state !== 'gone')
    },
    stop() {
      isStopped = true
      timer?.cancel()
    },
  }
}
