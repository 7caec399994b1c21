import fc from 'fast-check'
import { FAULT_KINDS, type Fault, type Terrain } from './faults.js'

/** What an application, a user or an operator does at some time. */
export interface Deed {
  readonly kind: (typeof DEED_KINDS)[number]
  readonly atMs: number
  /** Messages, or seconds. */
  readonly amount: number
}

export const DEED_KINDS = [
  'burst-up',
  'burst-down',
  /** The server application takes no messages for so many seconds. */
  'pause',
  /** The page's process sleeps for so many times ten seconds. */
  'suspend',
  /** The page is hidden for so many times ten seconds: its timers fire once a minute. */
  'hide',
  /** The owner is killed; another takes its place after so many tenths of a second. */
  'restart',
  /** The owner is told to end, and another takes its place. */
  'drain',
  /** The server application says a last message and closes. */
  'server-closes',
  'page-closes',
  'page-leaves',
  /** The browser tells of a change that may or may not have happened. */
  'sign',
] as const

/** All that makes a run. */
export interface Plan {
  /** Of everything that is left to chance. */
  readonly seed: number
  readonly terrain: Terrain
  readonly faults: readonly Fault[]
  readonly deeds: readonly Deed[]
  /** A message about so often, each way, while faults are at work. */
  readonly paceUpMs: number
  readonly paceDownMs: number
  /** Size of the greater messages. */
  readonly extraBytes: number
  readonly retainedBytes: number
  /** What may wait for a paused application. */
  readonly inboxBytes: number
  /** Who ends the last link. */
  readonly ending: 'page' | 'server' | 'leave' | 'stay'
  /** Nothing in it may cost a link that was open. */
  readonly mustLive: boolean
}

/** When a deed has no more effect of its own. */
export function endOfDeed(deed: Deed): number {
  const isLong = deed.kind === 'suspend' || deed.kind === 'hide'
  return deed.atMs + deed.amount * (isLong ? 10_000 : 1_000)
}

/** Faults and deeds begin within this time. */
export const STORM_MS = 90_000

const terrains: fc.Arbitrary<Terrain> = fc.record({
  latencyMs: fc.constantFrom(5, 1, 20, 80, 300, 900),
  jitterMs: fc.constantFrom(0, 3, 30, 400),
  // Mostly good ones: a link that has come down the ladder seldom sees another socket.
  sockets: fc.oneof(
    { weight: 1, arbitrary: fc.constant('work' as const) },
    {
      weight: 1,
      arbitrary: fc.constantFrom('refused', 'swallowed', 'stripped', 'plain', 'mute-up', 'mute-down', 'mute-both'),
    },
  ),
  streamBufferBytes: fc.constantFrom(0, 0, 0, 1_500, 4_096, 16_384, Number.POSITIVE_INFINITY),
  lifeMs: fc.constantFrom(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 5_000, 30_000),
  hasStreamingFetch: fc.constantFrom(true, true, true, true, false),
  maxBodyBytes: fc.constantFrom(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 20_000, 8_000),
  locks: fc.constantFrom('absent', 'absent', 'absent', 'free', 'taken'),
})

const faults: fc.Arbitrary<Fault> = fc.record({
  kind: fc.constantFrom(...FAULT_KINDS),
  fromMs: fc.nat(STORM_MS),
  lengthMs: fc.oneof(
    fc.integer({ min: 100, max: 10_000 }),
    fc.integer({ min: 1_000, max: 60_000 }),
    fc.constant(180_000),
  ),
  chance: fc.constantFrom(0.1, 0.3, 0.5, 0.8),
})

const deeds: fc.Arbitrary<Deed> = fc.record({
  kind: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom('burst-up', 'burst-down') },
    { weight: 2, arbitrary: fc.constantFrom(...DEED_KINDS) },
    { weight: 1, arbitrary: fc.constant('sign' as const) },
  ),
  atMs: fc.nat(STORM_MS),
  amount: fc.integer({ min: 1, max: 20 }),
})

const shortFaults: fc.Arbitrary<Fault> = fc.record({
  kind: fc.constantFrom(...FAULT_KINDS),
  fromMs: fc.nat(STORM_MS),
  lengthMs: fc.integer({ min: 100, max: 8_000 }),
  chance: fc.constantFrom(0.1, 0.3, 0.5),
})

const harmlessDeeds: fc.Arbitrary<Deed> = fc.record({
  kind: fc.constantFrom('burst-up', 'burst-down', 'pause', 'sign'),
  atMs: fc.nat(STORM_MS),
  amount: fc.integer({ min: 1, max: 20 }),
})

const rest = {
  seed: fc.nat(),
  terrain: terrains,
  paceUpMs: fc.constantFrom(5_000, 500, 1_500),
  paceDownMs: fc.constantFrom(5_000, 500, 1_500),
  extraBytes: fc.constantFrom(0, 300, 3_000),
  retainedBytes: fc.constantFrom(1_048_576, 20_000),
  inboxBytes: fc.constantFrom(1_048_576, 2_000),
  ending: fc.constantFrom<Plan['ending'][]>('page', 'server', 'leave', 'stay'),
}

/** Any plan; shrinks to fewer faults and deeds, and to plainer ground. */
export const plans: fc.Arbitrary<Plan> = fc.record({
  ...rest,
  faults: fc.array(faults, { maxLength: 8 }),
  deeds: fc.array(deeds, { maxLength: 10 }),
  mustLive: fc.constant(false),
})

/** Plans that an open link must outlive: faults far shorter than its time of grace. */
export const mildPlans: fc.Arbitrary<Plan> = fc.record({
  ...rest,
  faults: fc.array(shortFaults, { maxLength: 6 }),
  deeds: fc.array(harmlessDeeds, { maxLength: 6 }),
  mustLive: fc.constant(true),
})

/**
 * Plans in which requests overtake each other all the time: a page on a stream that attaches anew again and again, and
 * whose attaches come in behind acknowledgements that were sent later.
 */
export const crossingPlans: fc.Arbitrary<Plan> = fc.record({
  ...rest,
  terrain: terrains.map((terrain) => ({
    ...terrain,
    sockets: 'refused' as const,
    streamBufferBytes: 0,
    lifeMs: Number.POSITIVE_INFINITY,
    hasStreamingFetch: true,
    locks: 'absent' as const,
  })),
  faults: fc.constant([{ kind: 'delay' as const, fromMs: 2_000, lengthMs: STORM_MS, chance: 0.3 }]),
  deeds: fc.array(fc.record({ kind: fc.constant('sign' as const), atMs: fc.nat(STORM_MS), amount: fc.constant(1) }), {
    minLength: 20,
    maxLength: 40,
  }),
  paceUpMs: fc.constant(500),
  paceDownMs: fc.constant(500),
  mustLive: fc.constant(false),
})
