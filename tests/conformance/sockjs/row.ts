/** One statement of the SockJS protocol that a server can be seen to keep, or that we keep in a way of our own. */
export interface SockJsRow {
  /** Part and number: `SOCKJS-INFO-3`. */
  readonly id: string
  /** Where it stands, for example `SockJS 0.3.3, "Info test"`. */
  readonly source: string
  /** The tests of the protocol's own suite that ask for it; none where only its prose says so, or where it is ours. */
  readonly suite: readonly string[]
  /** One sentence, in our own words: what our server does. */
  readonly text: string
  /** What the protocol says instead, or leaves open, and why we do otherwise. @default we do as the protocol says */
  readonly deviation?: string
}

type Row = Pick<SockJsRow, 'id' | 'text' | 'deviation'> & { readonly suite?: string | readonly string[] }

/** The rows of one heading; the ids are given without `SOCKJS-`. */
export function rows(heading: string, list: readonly Row[]): readonly SockJsRow[] {
  return list.map(({ suite = [], ...row }) => ({
    ...row,
    id: `SOCKJS-${row.id}`,
    source: `SockJS 0.3.3, "${heading}"`,
    suite: typeof suite === 'string' ? [suite] : suite,
  }))
}
