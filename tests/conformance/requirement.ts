import type { Version } from '@hoofbeat/codec'

/** How strongly the source puts it. `states`: a plain sentence of fact with behaviour that can be seen. */
export type Level = 'MUST' | 'MUST NOT' | 'SHOULD' | 'SHOULD NOT' | 'MAY' | 'states'

export type Area =
  | 'codec'
  | 'connection'
  | 'subscription'
  | 'receipt'
  | 'heart-beat'
  | 'message'
  | 'error'
  | 'ack'
  | 'transaction'
  | 'sub-protocol'

/** Where a cell looks: at the pure functions of the codec, or at a server over a connection. */
export type Layer = 'codec' | 'server'

/** The doors at which a server is looked at: within the process, and over real sockets. */
export const TRANSPORTS = ['linked', 'websocket', 'tcp'] as const

/** See {@link TRANSPORTS}. */
export type Transport = (typeof TRANSPORTS)[number]

/**
 * `required`: proven now, by a cell in each version and at each layer of `provenBy`, over each of `transports`.
 * `deferred`: the part it speaks of is not built yet, or not in these servers; the text says which.
 * `notOurs`: no duty of a codec or server, or a choice the source leaves open and we did not take; the text says which.
 */
export type Status = 'required' | { readonly deferred: string } | { readonly notOurs: string }

/** One statement with behaviour that can be seen: from a specification, from our own rules, or a known edge case. */
export interface Requirement {
  /** Newest version that says it, part, statement: `1.2/heart-beat/absent-means-0,0`. Ours begin with `ours/`; edge cases are `E1` to `E40`. */
  readonly id: string
  /** The versions in which it holds, oldest first. */
  readonly versions: readonly Version[]
  /** Heading in the newest of those specifications, or the name of the part for rules of our own. */
  readonly section: string
  readonly level: Level
  readonly area: Area
  /** Whose duty it is. */
  readonly side: 'server' | 'client' | 'both'
  /** One sentence, in our own words. */
  readonly text: string
  /** The layers that must each have a cell while the row is required. */
  readonly provenBy: readonly Layer[]
  /** The transports over which a server has to show it; for most rows all. */
  readonly transports: readonly Transport[]
  readonly status: Status
}

export const ALL: readonly Version[] = ['1.0', '1.1', '1.2']
export const FROM_1_1: readonly Version[] = ['1.1', '1.2']
export const BEFORE_1_2: readonly Version[] = ['1.0', '1.1']
export const ONLY_1_0: readonly Version[] = ['1.0']
export const ONLY_1_1: readonly Version[] = ['1.1']
export const ONLY_1_2: readonly Version[] = ['1.2']

type Defaulted = Pick<Requirement, 'status' | 'transports'>
type Shared = Omit<Requirement, 'id' | 'level' | 'text' | keyof Defaulted>
type Row = Pick<Requirement, 'id' | 'level' | 'text'> & Partial<Shared & Defaulted>

/**
 * Rows of one section: `shared` is said once, a row may differ from it; a row is required, and over all transports,
 * unless it says otherwise.
 */
export function rows(shared: Shared & Partial<Defaulted>, list: readonly Row[]): readonly Requirement[] {
  return list.map((row) => ({ status: 'required', transports: TRANSPORTS, ...shared, ...row }))
}
