import type { Clock } from '../clock/clock.js'
import { createRareWarning, type RareWarning } from './rare-warning.js'

/** Where faults of the cluster are told to operators; Fastify's log fits. */
export interface ClusterLog {
  warn(details: object, text: string): void
}

/** Why a message of another node is not taken. */
export type DropReason = 'forged' | 'old' | 'repeated'

/** What was not taken. Each reason is logged when it first occurs, and then once a minute with how many they were. */
export interface Drops {
  count(reason: DropReason): void
}

const TEXTS: { readonly [Reason in DropReason]: string } = {
  forged: 'dropped what was not sealed with the secret of this cluster: do all nodes have the same one?',
  old: 'dropped messages of other nodes that are too old, or from the future: do the clocks of all nodes agree?',
  repeated: 'dropped messages of other nodes that were here before',
}

/** Makes the account. */
export function createDrops(log: ClusterLog, clock: Pick<Clock, 'now'>): Drops {
  const warnings = new Map<DropReason, RareWarning>()
  return {
    count(reason) {
      const warn = warnings.get(reason) ?? createRareWarning(log, clock, TEXTS[reason])
      warnings.set(reason, warn)
      warn()
    },
  }
}
