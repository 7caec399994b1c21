import type { DestinationGauge, Gauges, LegGauge, SessionGauge } from './figures.js'

/** What all applications look like at one moment. */
export interface Scrape {
  /** By transport, then rung. */
  readonly sessions: ReadonlyMap<string, ReadonlyMap<string, number>>
  readonly subscriptions: number
  readonly users: number
  readonly outboxBytes: number
  readonly largestOutboxBytes: number
  readonly keptBytes: number
  /** By kind: how many there are, what they keep, what consumers hold. */
  readonly kinds: ReadonlyMap<string, KindGauge>
  /** Queues that are told one by one. */
  readonly queues: readonly DestinationGauge[]
  /** Whether all of the brokers elsewhere can be reached; undefined: there are none. */
  readonly isBrokerAvailable: boolean | undefined
  /** One of each name; it is up where all of that name are. */
  readonly legs: readonly LegGauge[]
}

/** All destinations of one kind. */
export interface KindGauge {
  count: number
  depth: number
  inFlight: number
}

/** Which queues are told one by one: so many of the deepest, or these. */
export type QueueChoice = number | readonly string[]

/** Looks at all applications once. */
export function scrape(applications: Iterable<Gauges>, choice: QueueChoice): Scrape {
  const all = [...applications]
  const sessions = all.flatMap((gauges) => [...gauges.sessions()])
  const destinations = all.flatMap((gauges) => gauges.destinations())
  return {
    sessions: countSessions(sessions),
    subscriptions: sum(sessions, ({ subscriptionCount }) => subscriptionCount),
    users: sum(all, ({ userCount }) => userCount),
    outboxBytes: sum(sessions, ({ waitingBytes }) => waitingBytes),
    largestOutboxBytes: sessions.reduce((most, { waitingBytes }) => Math.max(most, waitingBytes), 0),
    keptBytes: sum(all, ({ keptBytes = 0 }) => keptBytes),
    kinds: countKinds(destinations),
    queues: choose(merged(destinations.filter(({ kind }) => kind === 'queue')), choice),
    isBrokerAvailable: all.some(({ isBrokerAvailable }) => isBrokerAvailable !== undefined)
      ? all.every(({ isBrokerAvailable = true }) => isBrokerAvailable)
      : undefined,
    legs: mergeLegs(all.flatMap((gauges) => gauges.legs())),
  }
}

/** Applications of one process have legs of the same names. */
function mergeLegs(legs: readonly LegGauge[]): LegGauge[] {
  const byName = new Map<string, LegGauge>()
  for (const leg of legs) {
    const known = byName.get(leg.name)
    if (known === undefined) {
      byName.set(leg.name, leg)
      continue
    }
    byName.set(leg.name, {
      name: leg.name,
      state: known.state === 'up' ? leg.state : known.state,
      subscriptions: known.subscriptions + leg.subscriptions,
      waitingFrames: known.waitingFrames + leg.waitingFrames,
      waitingBytes: known.waitingBytes + leg.waitingBytes,
      unansweredFrames: known.unansweredFrames + leg.unansweredFrames,
    })
  }
  return [...byName.values()]
}

function countSessions(sessions: readonly SessionGauge[]): Map<string, Map<string, number>> {
  const counts = new Map<string, Map<string, number>>()
  for (const { transport, rung = transport } of sessions) {
    const rungs = counts.get(transport) ?? new Map<string, number>()
    counts.set(transport, rungs.set(rung, (rungs.get(rung) ?? 0) + 1))
  }
  return counts
}

function countKinds(destinations: readonly DestinationGauge[]): Map<string, KindGauge> {
  const kinds = new Map<string, KindGauge>()
  for (const { kind, depth, inFlight } of destinations) {
    const known = kinds.get(kind) ?? { count: 0, depth: 0, inFlight: 0 }
    known.count++
    known.depth += depth
    known.inFlight += inFlight
    kinds.set(kind, known)
  }
  return kinds
}

/** Applications of one process may each have a queue of the same name. */
function merged(queues: readonly DestinationGauge[]): DestinationGauge[] {
  const byName = new Map<string, DestinationGauge>()
  for (const queue of queues) {
    const known = byName.get(queue.destination)
    const depth = queue.depth + (known?.depth ?? 0)
    byName.set(queue.destination, { ...queue, depth, inFlight: queue.inFlight + (known?.inFlight ?? 0) })
  }
  return [...byName.values()]
}

function choose(queues: readonly DestinationGauge[], choice: QueueChoice): readonly DestinationGauge[] {
  if (typeof choice !== 'number') return queues.filter(({ destination }) => choice.includes(destination))
  return queues.toSorted((a, b) => b.depth - a.depth || (a.destination < b.destination ? -1 : 1)).slice(0, choice)
}

function sum<T>(all: readonly T[], of: (each: T) => number): number {
  return all.reduce((total, each) => total + of(each), 0)
}
