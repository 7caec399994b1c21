import { VERSIONS } from '@hoofbeat/codec'
import type { Cell } from './cells.js'
import type { Layer, Requirement, Transport } from './requirement.js'

/**
 * Compares rows with the cells that will run. Returns one sentence for each breach, none when all is well:
 * a row that is malformed or named twice, a cell for no row, a required row that lacks a cell in one of its versions at
 * one of its layers or over one of its transports, a cell for a row that is nobody's duty, a cell that mixes required
 * and deferred rows.
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
      const isForNobody = row.provenBy.includes('server') ? row.transports.length === 0 : row.provenBy.length === 0
      if (isForNobody) problems.push(`${row.id}: required, but nobody is to prove it`)
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
    if (cell.layer === 'server' && cell.transports.length === 0) problems.push(`${name}: runs over no transport`)
    let deferred = 0
    for (const id of cell.ids) {
      const row = byId.get(id)
      if (row === undefined) problems.push(`${name}: there is no row ${id}`)
      else if (row.status !== 'required' && 'notOurs' in row.status) problems.push(`${name}: ${id} is not ours`)
      else if (!row.versions.some((version) => cell.versions.includes(version))) {
        problems.push(`${name}: runs in no version of ${id}`)
      } else if (!row.provenBy.includes(cell.layer)) {
        problems.push(`${name}: ${id} is not to be proven at the ${cell.layer}`)
      } else if (cell.layer === 'server' && !row.transports.some((transport) => cell.transports.includes(transport))) {
        problems.push(`${name}: runs over no transport of ${id}`)
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
  for (const cell of cells) {
    for (const id of cell.ids) {
      for (const place of placesOf(cell.layer, cell.layer === 'server' ? cell.transports : [])) {
        for (const version of cell.versions) proven.add(`${id} ${place} ${version}`)
      }
    }
  }
  const problems: string[] = []
  for (const { id, provenBy, status, transports, versions } of requirements) {
    if (status !== 'required') continue
    for (const place of provenBy.flatMap((layer) => placesOf(layer, transports))) {
      const missing = versions.filter((version) => !proven.has(`${id} ${place} ${version}`))
      if (missing.length > 0) problems.push(`${id}: no ${place} in ${missing.join(', ')}`)
    }
  }
  return problems
}

/** Where a proof is to be found: at the codec, or at a server over one transport after the other. */
function placesOf(layer: Layer, transports: readonly Transport[]): readonly string[] {
  return layer === 'codec' ? ['codec cell'] : transports.map((transport) => `server cell over ${transport}`)
}
