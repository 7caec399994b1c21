import type { BrokerAdmin, DestinationReport } from '../broker.js'
import type { Budget } from './budget.js'
import { originOf, revived } from './dead-letters.js'
import { isDurableName } from './durable-subscriptions.js'
import type { Queue } from './queue.js'
import type { QueueEntry } from './queue-entry.js'
import { type QueueTable, unknownQueue } from './queue-table.js'
import { allOf, NO_STEP, type Step } from './step.js'
import type { Topics } from './topics.js'

/** What the operator's side needs of the broker. */
export interface AdminParts {
  readonly queues: QueueTable
  readonly topics: Topics
  readonly budget: Budget
  /** The queue of this name; for a queue that clients may name, made if need be. Throws if nothing is served there. */
  readonly target: (name: string) => Queue
  readonly execute: (step: Step) => undefined | Promise<void>
  /** Calls after the present turn of the event loop. */
  readonly soon: (run: () => void) => void
}

/** How many messages a purge takes at a time: the event loop turns in between. */
const BATCH = 1_000

/** Makes the operator's side of the broker. */
export function createAdmin(parts: AdminParts): BrokerAdmin {
  const { queues, topics, budget, execute, soon } = parts
  const existing = (name: string): Queue => {
    const queue = queues.get(name)
    if (queue === undefined) throw unknownQueue(name)
    return queue
  }
  const leave = (queue: Queue, entry: QueueEntry, put: Step = NO_STEP): Step => ({
    ...put,
    changes: [...queues.removal(queue, [entry]), ...put.changes],
    apply() {
      queue.settle(entry)
      put.apply()
    },
    undo() {
      put.undo()
      queue.put(entry)
    },
  })
  return {
    get keptBytes() {
      return budget.used
    },
    destinations() {
      const reports = [...topics.report(), ...[...queues.all()].map(reportOf)]
      return reports.sort((a, b) => (a.destination < b.destination ? -1 : 1))
    },
    async purge(destination) {
      const queue = existing(destination)
      // Those that wait now; not what comes while they go.
      let left = queue.depth
      let done = 0
      while (left > 0) {
        const steps: Step[] = []
        while (steps.length < Math.min(left, BATCH)) {
          const entry = queue.takeOldest()
          if (entry === undefined) break
          steps.push(leave(queue, entry))
        }
        if (steps.length === 0) break
        await execute(allOf(steps))
        done += steps.length
        left -= steps.length
        if (left > 0) await new Promise<void>((resolve) => soon(resolve))
      }
      return done
    },
    async move(from, { to, limit = Number.POSITIVE_INFINITY } = {}) {
      const queue = existing(from)
      const steps: Step[] = []
      try {
        for (const entry of queue.oldest(limit)) {
          const name = to ?? originOf(entry.held.message)
          if (name === undefined) continue
          const put = queues.planPut(parts.target(name), revived(entry.held, name))
          if (queue.takeOut(entry)) steps.push(leave(queue, entry, put))
          else put.abandon()
        }
      } catch (error) {
        for (const step of steps) step.undo()
        throw error
      }
      await execute(allOf(steps))
      return steps.length
    },
  }
}

function reportOf(queue: Queue): DestinationReport {
  const { name, depth, bytes, inFlight } = queue
  return {
    destination: name,
    kind: kindOf(name),
    depth,
    bytes,
    consumers: queue.consumerCount,
    inFlight,
    publishedPerSecond: queue.published.perSecond(),
    deliveredPerSecond: queue.delivered.perSecond(),
  }
}

function kindOf(name: string): DestinationReport['kind'] {
  if (isDurableName(name)) return 'durable-subscription'
  return name.startsWith('\u0000') ? 'temp-queue' : 'queue'
}
