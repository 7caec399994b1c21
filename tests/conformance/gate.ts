import { VERSIONS } from '@hoofbeat/codec'
import type { Cell } from './cells.js'
import type { Requirement } from './requirement.js'

/**
 * Compares rows with the cells that will run. Returns one sentence for each breach, none when all is well:
 * a row that is malformed or named twice, a cell for no row, a required row that lacks a cell in one of its versions at
 * one of its layers, a cell for a row that is nobody's duty, a cell that mixes required and deferred rows.
 *
 * A deferred row may have cells: they are run and must fail, so that the row cannot stay deferred once it works.
 */
export function judge(requirements: readonly Requirement[], cells: readonly Cell[]): string[] {
  const byId = new Map(requirements.map((row) => [row.id, row]))
  return [...judgeRows(requirements), ...judgeCells(byId, cells), ...judgeCover(requirements, cells)]
}

/** True when every row of the cell is deferred: the cell is then expected to fail. */
export function isExpectedToFail(requirements: readonly Requirement[], cell: Cell): boolean {
  const byId = new Map(requirements.map((row) => [row.id, row]))
  return cell.ids.length > 0 && cell.ids.every((id) => isDeferred(byId.get(id)))
}

function isDeferred(row: Requirement | undefined): boolean {
  return row !== undefined && row.status !== 'required' && 'deferred' in row.status
}

function judgeRows(requirements: readonly Requirement[]): string[] {
  const problems: string[] = []
  const seen = new Set<string>()
  for (const row of requirements) {
    if (seen.has(row.id)) problems.push(`${row.id}: two rows have this id`)
    seen.add(row.id)
    const inOrder = VERSIONS.filter((version) => row.versions.includes(version))
    if (row.versions.length === 0 || inOrder.join() !== row.versions.join()) {
      problems.push(`${row.id}: versions must be named once each, oldest first`)
    }
    const prefix = /^\d/.test(row.id) ? row.id.split('/')[0] : undefined
    if (prefix !== undefined && prefix !== row.versions.at(-1)) {
      problems.push(`${row.id}: begins with ${prefix}, but the newest version that says it is ${row.versions.at(-1)}`)
    }
    if (!/\S\.$/.test(row.text)) problems.push(`${row.id}: its text is not a sentence`)
    if (row.status === 'required') {
      if (row.provenBy.length === 0) problems.push(`${row.id}: required, but nobody is to prove it`)
      continue
    }
    const reason = 'deferred' in row.status ? row.status.deferred : row.status.notOurs
    if (reason.trim() === '') problems.push(`${row.id}: says no reason why it is not required`)
  }
  return problems
}

function judgeCells(byId: ReadonlyMap<string, Requirement>, cells: readonly Cell[]): string[] {
  const problems: string[] = []
  for (const cell of cells) {
    const name = `cell '${cell.title}'`
    if (cell.ids.length === 0) problems.push(`${name}: proves no row`)
    if (cell.versions.length === 0) problems.push(`${name}: runs in no version`)
    let deferred = 0
    for (const id of cell.ids) {
      const row = byId.get(id)
      if (row === undefined) problems.push(`${name}: there is no row ${id}`)
      else if (row.status !== 'required' && 'notOurs' in row.status) problems.push(`${name}: ${id} is not ours`)
      else if (!row.versions.some((version) => cell.versions.includes(version))) {
        problems.push(`${name}: runs in no version of ${id}`)
      } else if (!row.provenBy.includes(cell.layer)) {
        problems.push(`${name}: ${id} is not to be proven at the ${cell.layer}`)
      }
      if (isDeferred(row)) deferred++
    }
    if (deferred > 0 && deferred < cell.ids.length) {
      problems.push(`${name}: mixes deferred rows, for which it must fail, with others`)
    }
  }
  return problems
}

function judgeCover(requirements: readonly Requirement[], cells: readonly Cell[]): string[] {
  const proven = new Set<string>()
  for (const { ids, layer, versions } of cells) {
    for (const id of ids) for (const version of versions) proven.add(`${id} ${layer} ${version}`)
  }
  const problems: string[] = []
  for (const { id, provenBy, status, versions } of requirements) {
    if (status !== 'required') continue
    for (const layer of provenBy) {
      const missing = versions.filter((version) => !proven.has(`${id} ${layer} ${version}`))
      if (missing.length > 0) problems.push(`${id}: no ${layer} cell in ${missing.join(', ')}`)
    }
  }
  return problems
}
