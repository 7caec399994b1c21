import { describe, expect, it } from 'vitest'
import { CELLS } from './cells/all.js'
import { judge } from './gate.js'
import { createHarness } from './harness.js'
import { ROWS } from './rows/all.js'
import { SUITE } from './suite.js'

describe('SockJS 0.3.3', () => {
  for (const cell of CELLS) {
    it(`${cell.title} (${cell.ids.join(' ')})`, async () => {
      const t = await createHarness(cell.allowedOrigins)
      try {
        await cell.run(t)
      } finally {
        await t.close()
      }
    })
  }
})

describe('the gate', () => {
  it('finds a cell for every row, a row for every cell, and a row for every test of the protocol’s own suite', () => {
    expect(judge(ROWS, CELLS, SUITE)).toEqual([])
  })
})
