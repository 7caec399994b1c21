import type { LinkLimits, LinkTimes } from './links.js'

const LIMITS: LinkLimits = {
  maxMessageBytes: 82_944,
  maxBatchBytes: 262_144,
  maxBatchItems: 256,
  maxInboxBytes: 1_048_576,
  maxRetainedBytes: 1_048_576,
  maxRetainedBytesTotal: 268_435_456,
  maxLinks: 20_000,
  maxLinksPerSubject: 100,
  maxAnonymousLinksPerAddress: 200,
  maxOpensPerSecond: 50,
  maxOpenBurst: 500,
  maxRequestsPerLink: 4,
  maxAttachesPerSecond: 20,
  maxUpsPerSecond: 50,
}

const TIMES: LinkTimes = {
  beatMs: 15_000,
  graceMs: 120_000,
  holdMs: 25_000,
  freshMs: 30_000,
  drainMs: 20_000,
  silenceMs: 75_000,
}

/** All limits; a batch holds at least two of the greatest messages. */
export function limitsWith(given: Partial<LinkLimits> = {}): LinkLimits {
  const limits = { ...LIMITS, ...given }
  return { ...limits, maxBatchBytes: Math.max(limits.maxBatchBytes, 2 * limits.maxMessageBytes) }
}

/** All times. */
export function timesWith(given: Partial<LinkTimes> = {}): LinkTimes {
  return { ...TIMES, ...given }
}
