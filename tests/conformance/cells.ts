import type { Version } from '@hoofbeat/codec'
import type { Harness } from './harness.js'
import { ALL, TRANSPORTS, type Transport } from './requirement.js'

interface CellBase {
  /** The rows it proves. */
  readonly ids: readonly string[]
  /** A sentence of behaviour. */
  readonly title: string
  /** The versions in which it runs. */
  readonly versions: readonly Version[]
}

/** A proof at the pure functions of the codec. */
export interface CodecCell extends CellBase {
  readonly layer: 'codec'
  run(version: Version): void
}

/** A proof at a server. */
export interface ServerCell extends CellBase {
  readonly layer: 'server'
  /** The transports over which it runs. */
  readonly transports: readonly Transport[]
  run(t: Harness): Promise<void>
}

/** Cells are data: the gate sees them all, and the test file runs the same list. */
export type Cell = CodecCell | ServerCell

const list = (ids: string | readonly string[]): readonly string[] => (typeof ids === 'string' ? [ids] : ids)

/** A codec cell; runs in every version unless told otherwise. */
export function codecCell(
  ids: string | readonly string[],
  title: string,
  run: (version: Version) => void,
  versions: readonly Version[] = ALL,
): CodecCell {
  return { layer: 'codec', ids: list(ids), title, versions, run }
}

/** A server cell; runs in every version and over every transport unless told otherwise. */
export function serverCell(
  ids: string | readonly string[],
  title: string,
  run: (t: Harness) => Promise<void>,
  versions: readonly Version[] = ALL,
  transports: readonly Transport[] = TRANSPORTS,
): ServerCell {
  return { layer: 'server', ids: list(ids), title, versions, transports, run }
}
