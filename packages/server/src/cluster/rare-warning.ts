import type { Clock } from '../clock/clock.js'

/** Where it is told; `ClusterLog` fits. */
interface Log {
  warn(details: object, text: string): void
}

/** Warns of what may happen often: when it first occurs, and then once a minute, with how often it was. */
export type RareWarning = (details?: object) => void

const AGAIN_MS = 60_000

/** Nodes that are told apart; the one that was warned of first is forgotten. */
const MAX_NODES = 1_000

/** The same of each node by itself; the details name it. */
export type NodeWarning = (node: string, details: object) => void

/** Makes the warning; `details` are those of the occurrence that it is told at. */
export function createRareWarning(log: Log, clock: Pick<Clock, 'now'>, text: string): RareWarning {
  let count = 0
  let toldMs = Number.NEGATIVE_INFINITY
  return (details) => {
    const nowMs = clock.now()
    count++
    if (nowMs - toldMs < AGAIN_MS) return
    log.warn({ count, ...details }, text)
    toldMs = nowMs
    count = 0
  }
}

/** Makes the warning of nodes. */
export function createNodeWarning(log: Log, clock: Pick<Clock, 'now'>, text: string): NodeWarning {
  const warnings = new Map<string, RareWarning>()
  return (node, details) => {
    const warn = warnings.get(node) ?? createRareWarning(log, clock, text)
    warnings.set(node, warn)
    if (warnings.size > MAX_NODES)
      for (const first of warnings.keys()) {
        warnings.delete(first)
        break
      }
    warn({ node, ...details })
  }
}
