import type { Clock } from '../clock/clock.js'
import { createNodeWarning, createRareWarning, type RareWarning } from './rare-warning.js'

/** Where faults of the cluster are told to operators; Fastify's log fits. */
export interface ClusterLog {
  warn(details: object, text: string): void
}

/** Why a message of another node is not taken. */
export type DropReason = 'forged' | 'repeated'

/**
 * What was not taken. Each reason is logged when it first occurs, and then once a minute with how many they were; of clocks
 * that differ for each node.
 */
export interface Drops {
  count(reason: DropReason): void
  /** It is too old, or from the future, by the clock of its node, which is ahead of ours by so much as far as it shows. */
  untimely(node: string, skewMs: number): void
}

const TEXTS: { readonly [Reason in DropReason]: string } = {
  forged: 'dropped what was not sealed with the secret of this cluster: do all nodes have the same one?',
  repeated: 'dropped messages of other nodes that were here before, as they may come again after a lost connection',
}

const UNTIMELY =
  'dropped messages of another node that are too old, or from the future: its clock seems to be ahead of this one by skewMs (below 0: behind, or they were so long on their way). Set the clocks of all nodes by NTP'

/** Makes the account. */
export function createDrops(log: ClusterLog, clock: Pick<Clock, 'now'>): Drops {
  const warnings = new Map<DropReason, RareWarning>()
  const warnUntimely = createNodeWarning(log, clock, UNTIMELY)
  return {
    untimely: (node, skewMs) => warnUntimely(node, { skewMs }),
    count(reason) {
      const warn = warnings.get(reason) ?? createRareWarning(log, clock, TEXTS[reason])
      warnings.set(reason, warn)
      warn()
    },
  }
}
