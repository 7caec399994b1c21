import { DEAD_LETTERS } from '../operation.js'

/**
 * Where a message of a queue is. `arriving`, `leaving` and `returning`: what was asked for has not taken effect; `burying`:
 * on its way to the dead letters.
 */
export type EntryState = 'arriving' | 'ready' | 'held' | 'leaving' | 'returning' | 'burying' | 'gone'

/** One message in one queue. */
export interface Entry {
  /** Unique among the messages that were sent. */
  readonly tag: string
  /** The name of its queue. */
  readonly queue: string
  readonly isPersistent: boolean
  readonly expiresAtMs: number | undefined
  readonly kind: string
  /** The queue where it died, if it is a dead letter. */
  readonly origin: string | undefined
  /** What comes back, comes back here. Dead letters that died at once have the same place: they may come in any order. */
  readonly place: number
  state: EntryState
  /** As often as the broker must know. */
  deliveries: number
  /** Taken by anybody, known or not. */
  wasTaken: boolean
  /** It has outlived a crash: it may be said to be redelivered. */
  isUncertain: boolean
  isAfterGap: boolean
  /** Burying: it may as well be back in its place, for its way was barred. */
  isDoubtful: boolean
  /** The last place that was given when its consumer gave it back. */
  backSince: number
}

/** A queue, or what a durable subscription collects: a list. */
export interface ModelQueue {
  readonly name: string
  readonly isDurable: boolean
  entries: Entry[]
  /** Messages were dropped before the next one that is given. */
  isGapAhead: boolean
  /** The same, of the next one that comes: only after a restart. */
  isGapBehind: boolean
  /** When one was dropped last: the store had been asked so often, at the latest. */
  lastDrop: { stamp: number | undefined } | undefined
}

export type NewEntry = Pick<Entry, 'tag' | 'queue' | 'isPersistent' | 'expiresAtMs' | 'kind' | 'origin' | 'state'>

export function createEntry(init: NewEntry, place: number): Entry {
  const fresh = {
    deliveries: 0,
    wasTaken: false,
    isUncertain: false,
    isAfterGap: false,
    isDoubtful: false,
    backSince: 0,
  }
  return { ...init, ...fresh, place }
}

/** A message as it lies with the dead letters, after it has died in its queue. */
export function createLetter({ tag, isPersistent, kind, queue }: Entry, place: number): Entry {
  const dead = { queue: DEAD_LETTERS, origin: queue, expiresAtMs: undefined, state: 'ready' } as const
  return createEntry({ tag, isPersistent, kind, ...dead }, place)
}

/** True if nobody may be given `other` while he could have `one`. */
export function precedes(one: Entry, other: Entry): boolean {
  return one.place < other.place
}

/** True if the selector lets a message of this kind through. */
export function selects(selector: string | undefined, kind: string): boolean {
  if (selector === undefined) return true
  return selector === "kind = 'a'" ? kind === 'a' : kind !== 'a'
}

export function isOver({ expiresAtMs }: { readonly expiresAtMs: number | undefined }, nowMs: number): boolean {
  return expiresAtMs !== undefined && expiresAtMs <= nowMs
}

export function show({ tag, queue, state, deliveries }: Entry): string {
  return `${tag} in ${queue} (${state}, delivered ${deliveries} times)`
}
