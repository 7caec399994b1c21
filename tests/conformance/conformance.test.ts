import { VERSIONS } from '@hoofbeat/codec'
import { describe, expect, it } from 'vitest'
import { CODEC_CELLS, SERVER_CELLS } from './cells/all.js'
import type { Cell } from './cells.js'
import { isExpectedToFail, judge } from './gate.js'
import { TRANSPORTS } from './requirement.js'
import { REQUIREMENTS, SPECIFICATION } from './requirements.js'
import { createHarness } from './server-harness.js'

const name = (cell: Cell): string => `${cell.title} (${cell.ids.join(' ')})`

/** A cell of deferred rows must fail: when it passes, the rows are to be made required. */
const test = (cell: Cell): typeof it.fails => (isExpectedToFail(REQUIREMENTS, cell) ? it.fails : it)

describe.each(VERSIONS)('codec, STOMP %s', (version) => {
  for (const cell of CODEC_CELLS) {
    if (cell.versions.includes(version)) test(cell)(name(cell), () => cell.run(version))
  }
})

describe.each(TRANSPORTS)('server over %s', (transport) => {
  describe.each(VERSIONS)('STOMP %s', (version) => {
    for (const cell of SERVER_CELLS) {
      if (!cell.versions.includes(version) || !cell.transports.includes(transport)) continue
      test(cell)(name(cell), async () => {
        const t = await createHarness(version, transport)
        try {
          await cell.run(t)
        } finally {
          await t.close()
        }
      })
    }
  })
})

describe('the gate', () => {
  it('finds a cell for every required row, in each version, at each layer and over each transport, and a row for every cell', () => {
    expect(judge(REQUIREMENTS, [...CODEC_CELLS, ...SERVER_CELLS])).toEqual([])
  })

  it('defers nothing that the specifications say', () => {
    expect(SPECIFICATION.filter(({ status }) => status !== 'required' && 'deferred' in status)).toEqual([])
  })

  it('has the forty edge cases, E1 to E40', () => {
    const edges = REQUIREMENTS.map(({ id }) => id).filter((id) => /^E\d+$/.test(id))
    expect(edges).toEqual(Array.from({ length: 40 }, (_, i) => `E${i + 1}`))
  })
})
