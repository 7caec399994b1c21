import type { Clock } from '../clock/clock.js'
import type { Announcements } from './announcements.js'
import type { NodeBus } from './bus.js'
import type { ClusterNodes } from './cluster.js'
import type { ClusterLog } from './drops.js'

/** What the list of nodes is made with. */
export interface NodesParts {
  readonly bus: NodeBus
  /** Of this node. */
  readonly url: URL | undefined
  readonly clock: Pick<Clock, 'now' | 'soon'>
  readonly after: (delayMs: number, run: () => void) => { cancel(): void }
  readonly log: ClusterLog
  /** False while the broker is away from this node. */
  readonly isAvailable: () => boolean
  /** What this node tells of itself. */
  readonly facts: Announcements
  readonly ownFacts: Map<string, unknown>
  /** Its sessions; those of a node count no more when it falls silent. */
  readonly sessions: Announcements
}

/** The list, as those see it who make and end it. */
export interface KnownNodes extends ClusterNodes {
  /** Says that this node is there, and asks who else is. Settles when the broker has it. */
  hello(): undefined | Promise<void>
  /** Facts of another node are not as before. */
  factsChanged(): void
  /** Says that this node ends. Settles when the broker has it. */
  goodbye(): undefined | Promise<void>
  close(): void
}
