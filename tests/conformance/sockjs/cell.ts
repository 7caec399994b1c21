import type { SockJsHarness } from './harness.js'

/** A proof at a server. Cells are data: the gate sees them all, and the test file runs the same list. */
export interface SockJsCell {
  /** The rows it proves. */
  readonly ids: readonly string[]
  /** A sentence of behaviour. */
  readonly title: string
  /** Which pages the server lets in. @default any */
  readonly allowedOrigins: '*' | readonly string[]
  run(t: SockJsHarness): Promise<void>
}

/** A cell; the ids are given without `SOCKJS-`. */
export function cell(
  ids: string | readonly string[],
  title: string,
  run: (t: SockJsHarness) => Promise<void>,
  allowedOrigins: '*' | readonly string[] = '*',
): SockJsCell {
  const list = typeof ids === 'string' ? [ids] : ids
  return { ids: list.map((id) => `SOCKJS-${id}`), title, allowedOrigins, run }
}
