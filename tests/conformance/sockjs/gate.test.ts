import { describe, expect, it } from 'vitest'
import { cell } from './cell.js'
import { judge } from './gate.js'
import { rows, type SockJsRow } from './row.js'

const SUITE = ['InfoTest.test_basic']
const [row] = rows('Info test', [{ id: 'INFO-1', suite: 'InfoTest.test_basic', text: 'It answers.' }])
const known = (changes: Partial<SockJsRow> = {}): SockJsRow => {
  if (row === undefined) throw new Error('there is one row')
  return { ...row, ...changes }
}
const proof = cell('INFO-1', 'answers', async () => {})

describe('the gate of the SockJS rows', () => {
  it('is content when each row has a cell, each cell a row, and each test of the suite a row', () => {
    expect(judge([known()], [proof], SUITE)).toEqual([])
  })

  it('names a row without a cell', () => {
    expect(judge([known()], [], SUITE)).toEqual(['SOCKJS-INFO-1: no cell'])
  })

  it('names a cell that proves no row, or one that is not there', () => {
    const idle = cell([], 'idle', async () => {})
    const lost = cell('INFO-2', 'lost', async () => {})
    expect(judge([known()], [proof, idle, lost], SUITE)).toEqual([
      "cell 'idle': proves no row",
      "cell 'lost': there is no row SOCKJS-INFO-2",
    ])
  })

  it('names a test of the suite that no row speaks of, and a row that speaks of none there is', () => {
    expect(judge([known({ suite: ['InfoTest.test_other'] })], [proof], SUITE)).toEqual([
      'SOCKJS-INFO-1: the suite has no InfoTest.test_other',
      'InfoTest.test_basic: no row says what it asks for',
    ])
  })

  it.each<[string, Partial<SockJsRow>, string]>([
    ['a text that is no sentence', { text: 'answers' }, 'SOCKJS-INFO-1: its text is not a sentence'],
    ['a deviation without a reason', { deviation: ' ' }, 'SOCKJS-INFO-1: says no reason why it deviates'],
  ])('names %s', (_, changes, problem) => {
    expect(judge([known(changes)], [proof], SUITE)).toEqual([problem])
  })

  it('names an id that is no part and number, or is there twice', () => {
    expect(judge([known(), known()], [proof], SUITE)).toEqual(['SOCKJS-INFO-1: two rows have this id'])
    const odd = known({ id: 'SOCKJS-info-0' })
    expect(judge([odd], [], SUITE)).toEqual(['SOCKJS-info-0: is not a part and a number', 'SOCKJS-info-0: no cell'])
  })
})
