import { describe, expect, it } from 'vitest'
import { codecCell, serverCell } from './cells.js'
import { isExpectedToFail, judge } from './gate.js'
import { ALL, FROM_1_1, type Requirement, TRANSPORTS } from './requirement.js'

const requirement = (changes: Partial<Requirement> = {}): Requirement => ({
  id: '1.2/frame/shape',
  versions: ALL,
  section: 'STOMP Frames',
  level: 'states',
  area: 'codec',
  side: 'both',
  text: 'A frame has a shape.',
  provenBy: ['codec'],
  transports: TRANSPORTS,
  status: 'required',
  ...changes,
})
const deferred = requirement({ id: '1.2/ack/id', status: { deferred: 'not built yet' } })
const pass = (): void => {}
const passAtServer = async (): Promise<void> => {}
const cover = codecCell('1.2/frame/shape', 'a frame has its shape', pass)

describe('the gate', () => {
  it('is content when every required row has a cell in each version at each layer', () => {
    expect(judge([requirement()], [cover])).toEqual([])
    const both = requirement({ provenBy: ['codec', 'server'] })
    expect(judge([both], [cover, serverCell(both.id, 'a frame has its shape', passAtServer)])).toEqual([])
  })

  it('lets one row be proven by several cells that share its versions', () => {
    const cells = [
      codecCell('1.2/frame/shape', 'old', pass, ['1.0']),
      codecCell('1.2/frame/shape', 'new', pass, FROM_1_1),
    ]
    expect(judge([requirement()], cells)).toEqual([])
  })

  it('names a required row without a cell, and says where and in which versions', () => {
    expect(judge([requirement()], [])).toEqual(['1.2/frame/shape: no codec cell in 1.0, 1.1, 1.2'])
    const partly = codecCell('1.2/frame/shape', 'partly', pass, ['1.1'])
    expect(judge([requirement()], [partly])).toEqual(['1.2/frame/shape: no codec cell in 1.0, 1.2'])
  })

  it('takes no codec cell for a row that a server must show', () => {
    const atServer = requirement({ provenBy: ['server'] })
    expect(judge([atServer], [cover])).toEqual([
      "cell 'a frame has its shape': 1.2/frame/shape is not to be proven at the codec",
      '1.2/frame/shape: no server cell over linked in 1.0, 1.1, 1.2',
      '1.2/frame/shape: no server cell over websocket in 1.0, 1.1, 1.2',
      '1.2/frame/shape: no server cell over tcp in 1.0, 1.1, 1.2',
    ])
  })

  it('names a row that has no cell over one of its transports, and in which versions', () => {
    const atServer = requirement({ provenBy: ['server'], transports: ['websocket', 'tcp'] })
    const overTcp = serverCell(atServer.id, 'over TCP', passAtServer, ALL, ['tcp'])
    expect(judge([atServer], [overTcp])).toEqual(['1.2/frame/shape: no server cell over websocket in 1.0, 1.1, 1.2'])
    const partly = serverCell(atServer.id, 'over WebSocket', passAtServer, ['1.1'], ['websocket'])
    expect(judge([atServer], [overTcp, partly])).toEqual(['1.2/frame/shape: no server cell over websocket in 1.0, 1.2'])
    expect(judge([requirement({ provenBy: ['server'], transports: ['tcp'] })], [overTcp])).toEqual([])
  })

  it('names a cell that runs over no transport, or over none of its row', () => {
    const atServer = requirement({ provenBy: ['server'], transports: ['tcp'] })
    const problems = judge(
      [atServer],
      [
        serverCell(atServer.id, 'right', passAtServer),
        serverCell(atServer.id, 'elsewhere', passAtServer, ALL, ['linked']),
        serverCell(atServer.id, 'nowhere', passAtServer, ALL, []),
      ],
    )
    expect(problems).toEqual([
      "cell 'elsewhere': runs over no transport of 1.2/frame/shape",
      "cell 'nowhere': runs over no transport",
      "cell 'nowhere': runs over no transport of 1.2/frame/shape",
    ])
  })

  it('names a cell for a row that does not exist', () => {
    expect(judge([], [cover])).toEqual(["cell 'a frame has its shape': there is no row 1.2/frame/shape"])
  })

  it('names a cell that proves no row or runs in no version', () => {
    expect(judge([], [codecCell([], 'idle', pass)])).toEqual(["cell 'idle': proves no row"])
    expect(judge([requirement()], [cover, codecCell('1.2/frame/shape', 'never', pass, [])])).toEqual([
      "cell 'never': runs in no version",
      "cell 'never': runs in no version of 1.2/frame/shape",
    ])
  })

  it('names a cell that runs in none of the versions of its row', () => {
    const onlyOld = requirement({ id: '1.0/frame/shape', versions: ['1.0'] })
    const cells = [codecCell(onlyOld.id, 'old', pass, ['1.0']), codecCell(onlyOld.id, 'too new', pass, FROM_1_1)]
    expect(judge([onlyOld], cells)).toEqual(["cell 'too new': runs in no version of 1.0/frame/shape"])
  })

  it('names a cell for a row that is not ours', () => {
    const theirs = requirement({ status: { notOurs: 'a duty of clients' } })
    expect(judge([theirs], [cover])).toEqual(["cell 'a frame has its shape': 1.2/frame/shape is not ours"])
  })

  it('asks for no cell where a row is deferred or not ours', () => {
    expect(judge([deferred, requirement({ status: { notOurs: 'a duty of clients' } })], [])).toEqual([])
  })

  it('expects a cell of deferred rows to fail, and no other', () => {
    expect(isExpectedToFail([deferred], codecCell(deferred.id, 'early', pass))).toBe(true)
    expect(isExpectedToFail([requirement()], cover)).toBe(false)
    expect(isExpectedToFail([], codecCell([], 'idle', pass))).toBe(false)
    expect(judge([deferred], [codecCell(deferred.id, 'early', pass)])).toEqual([])
  })

  it('names a cell that mixes deferred rows with others', () => {
    const mixed = codecCell(['1.2/frame/shape', deferred.id], 'mixed', pass)
    expect(isExpectedToFail([requirement(), deferred], mixed)).toBe(false)
    expect(judge([requirement(), deferred], [mixed])).toEqual([
      "cell 'mixed': mixes deferred rows, for which it must fail, with others",
    ])
  })

  it.each<[string, Requirement[], string]>([
    ['two rows with one id', [requirement(), requirement()], '1.2/frame/shape: two rows have this id'],
    [
      'versions out of order',
      [requirement({ id: 'ours/x', versions: ['1.2', '1.1'] })],
      'ours/x: versions must be named once each, oldest first',
    ],
    [
      'no versions',
      [requirement({ id: 'ours/x', versions: [] })],
      'ours/x: versions must be named once each, oldest first',
    ],
    [
      'an id that begins with another version than the newest',
      [requirement({ id: '1.1/frame/shape' })],
      '1.1/frame/shape: begins with 1.1, but the newest version that says it is 1.2',
    ],
    ['a text that is no sentence', [requirement({ text: 'shape' })], '1.2/frame/shape: its text is not a sentence'],
    [
      'a required row that nobody is to prove',
      [requirement({ provenBy: [] })],
      '1.2/frame/shape: required, but nobody is to prove it',
    ],
    [
      'a required row that a server is to show over no transport',
      [requirement({ provenBy: ['server'], transports: [] })],
      '1.2/frame/shape: required, but nobody is to prove it',
    ],
    [
      'a deferred row without a reason',
      [requirement({ status: { deferred: ' ' } })],
      '1.2/frame/shape: says no reason why it is not required',
    ],
  ])('names %s', (_, rows, problem) => {
    expect(judge(rows, rows[0]?.id === 'ours/x' ? [codecCell('ours/x', 'x', pass)] : [cover])).toContain(problem)
  })
})
