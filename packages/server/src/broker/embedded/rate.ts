/** How often something happens: events per second, averaged over about a minute, older ones counting ever less. */
export interface Rate {
  count(events?: number): void
  perSecond(): number
}

const SPAN_MS = 60_000
/** What happens within one of these is taken as spread over it. */
const STEP_MS = 1_000

/** Makes a rate of 0; `nowMs` is monotonic. As with a load average, it takes a minute or two to reach a new level. */
export function createRate(nowMs: () => number): Rate {
  let fresh = 0
  let average = 0
  let sinceMs = nowMs()
  const settle = (): void => {
    const elapsedMs = nowMs() - sinceMs
    if (elapsedMs < STEP_MS) return
    // All that is fresh happened in the first step; nothing since, or it would have been settled then.
    const weight = Math.exp(-STEP_MS / SPAN_MS)
    average = average * weight + (fresh / (STEP_MS / 1_000)) * (1 - weight)
    average *= Math.exp(-(elapsedMs - STEP_MS) / SPAN_MS)
    fresh = 0
    sinceMs += elapsedMs
  }
  return {
    count(events = 1) {
      settle()
      fresh += events
    },
    perSecond() {
      settle()
      return average
    },
  }
}
