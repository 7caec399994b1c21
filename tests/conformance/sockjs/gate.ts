import type { SockJsCell } from './cell.js'
import type { SockJsRow } from './row.js'

/**
 * Compares the rows with the cells that will run and with the tests of the protocol's own suite. Returns one sentence for
 * each breach, none when all is well.
 */
export function judge(rows: readonly SockJsRow[], cells: readonly SockJsCell[], suite: readonly string[]): string[] {
  return [...judgeRows(rows, suite), ...judgeCells(rows, cells), ...judgeCover(rows, cells, suite)]
}

function judgeRows(rows: readonly SockJsRow[], suite: readonly string[]): string[] {
  const problems: string[] = []
  const seen = new Set<string>()
  for (const { id, text, deviation, suite: tests } of rows) {
    if (seen.has(id)) problems.push(`${id}: two rows have this id`)
    seen.add(id)
    if (!/^SOCKJS-[A-Z]+-[1-9]\d*$/.test(id)) problems.push(`${id}: is not a part and a number`)
    if (!/\S\.$/.test(text)) problems.push(`${id}: its text is not a sentence`)
    if (deviation !== undefined && !/\S\.$/.test(deviation)) problems.push(`${id}: says no reason why it deviates`)
    for (const test of tests) if (!suite.includes(test)) problems.push(`${id}: the suite has no ${test}`)
  }
  return problems
}

function judgeCells(rows: readonly SockJsRow[], cells: readonly SockJsCell[]): string[] {
  const known = new Set(rows.map(({ id }) => id))
  const problems: string[] = []
  for (const { ids, title } of cells) {
    if (ids.length === 0) problems.push(`cell '${title}': proves no row`)
    for (const id of ids) if (!known.has(id)) problems.push(`cell '${title}': there is no row ${id}`)
  }
  return problems
}

function judgeCover(rows: readonly SockJsRow[], cells: readonly SockJsCell[], suite: readonly string[]): string[] {
  const proven = new Set(cells.flatMap(({ ids }) => ids))
  const stated = new Set(rows.flatMap(({ suite: tests }) => tests))
  return [
    ...rows.filter(({ id }) => !proven.has(id)).map(({ id }) => `${id}: no cell`),
    ...suite.filter((test) => !stated.has(test)).map((test) => `${test}: no row says what it asks for`),
  ]
}
