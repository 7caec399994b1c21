import type { RungName } from './options.js'

/**
 * Which rung carries next (PROTOCOL.md, section 9). Knows neither timers nor carriers: it is told what happened.
 */
export interface Ladder {
  /** The rung to use now. */
  rung(): RungName
  /** What to begin beside a rung that takes its time: the next one below it. Undefined: there is none. */
  below(rung: RungName): RungName | undefined
  /** It is proved. */
  worked(rung: RungName): void
  /** An attempt failed, or what was proved turned out to be mute, `livedMs` after it began. */
  failed(rung: RungName, livedMs?: number): void
  /** A proved carrier ended without a verdict, `livedMs` after its `o`. */
  lost(rung: RungName, livedMs: number): void
  /** A better rung whose time has come. */
  better(): RungName | undefined
  /** When there is a better rung to try; undefined: this is the best. */
  betterAt(): number | undefined
  /** The network may be another one: all that was held against a rung is void. */
  changed(): void
}

const FIRST_CLIMB_MS = 60_000
const LONGEST_MS = 600_000
/** A carrier that ended sooner than this after its `o` was of little use. */
const QUICK_MS: Record<RungName, number> = { websocket: 30_000, stream: 5_000, poll: 0 }

/** A time before all others. */
const NEVER = -1

interface Step {
  readonly rung: RungName
  /** Not tried before. */
  at: number
  failures: number
  /** How often in a row it ended too soon. */
  quick: number
  /** It failed before it was proved, at that time. */
  unprovedAt: number
}

/** `rungs`: best first; the last is the one that is left when the others fail. `remembered`: where to begin. */
export function createLadder(rungs: readonly RungName[], remembered: string | undefined, now: () => number): Ladder {
  const steps: Step[] = rungs.map((rung) => ({ rung, at: 0, failures: 0, quick: 0, unprovedAt: NEVER }))
  const last = steps.length - 1
  const indexOf = (rung: RungName) => steps.findIndex((step) => step.rung === rung)
  let level = Math.max(0, indexOf(remembered as RungName))
  let workedAt = now()
  let lowestFailures = 0
  for (const step of steps.slice(0, level)) step.at = workedAt + FIRST_CLIMB_MS

  const descend = (from: number) => {
    const found = steps.findIndex((step, index) => index >= from && step.at <= now())
    level = found < 0 ? last : found
  }

  /** What failed unproved since then may be tried again at once. */
  const forgive = (sinceMs = workedAt) => {
    for (const step of steps) {
      if (step.unprovedAt < sinceMs) continue
      step.at = now()
      step.failures = 0
    }
  }

  return {
    rung: () => steps[level]?.rung ?? 'poll',
    below: (rung) => steps[indexOf(rung) + 1]?.rung,
    worked(rung) {
      // The outage is over: what failed in it may work again as well as this one.
      if (lowestFailures > 0) forgive()
      level = Math.max(0, indexOf(rung))
      workedAt = now()
      lowestFailures = 0
    },
    failed(rung, livedMs = 0) {
      const index = indexOf(rung)
      const step = steps[index]
      if (!step) return
      if (livedMs > FIRST_CLIMB_MS) step.failures = 0
      step.at = now() + Math.min(FIRST_CLIMB_MS * 2 ** step.failures++, LONGEST_MS)
      step.unprovedAt = livedMs > 0 ? NEVER : now()
      if (index < level) return
      if (index < last) descend(index + 1)
      else if (++lowestFailures % 2 === 0) {
        // Where even the last rung fails again and again the network is down, which says nothing against the others.
        forgive()
        descend(0)
      }
    },
    lost(rung, livedMs) {
      const index = indexOf(rung)
      const step = steps[index]
      if (!step) return
      step.quick = livedMs < QUICK_MS[rung] ? step.quick + 1 : 0
      if (step.quick < 2) return
      step.quick = 0
      step.at = now() + (rung === 'websocket' ? LONGEST_MS : FIRST_CLIMB_MS)
      step.unprovedAt = NEVER
      if (index === level && index < last) descend(index + 1)
    },
    better: () => steps.slice(0, level).find((step) => step.at <= now())?.rung,
    betterAt: () => (level === 0 ? undefined : Math.min(...steps.slice(0, level).map((step) => step.at))),
    changed() {
      forgive(NEVER)
    },
  }
}
