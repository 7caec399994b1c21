import { describe, expect, it } from 'vitest'
import { createTurn, type Turn } from './turn.js'
import { readyWireFrame, type WireFrame } from './wire-frame.js'

const frameOf = (text: string): WireFrame => readyWireFrame(Buffer.from(text), true)
const textOf = (turn: Turn): string => Buffer.from(turn.bytes('stream')).toString()

describe('a turn', () => {
  it('begins empty', () => {
    const turn = createTurn()
    expect(turn).toMatchObject({ count: 0, byteLength: 0 })
    expect(turn.frames()).toEqual([])
    expect(textOf(turn)).toBe('')
    expect(turn.bytes('websocket')).toHaveLength(0)
  })

  it('holds its frames in the order in which they were appended', () => {
    const frames = ['one ', 'two ', 'three'].map(frameOf)
    let turn = createTurn()
    for (const frame of frames) turn = turn.append(frame)
    expect(turn).toMatchObject({ count: 3, byteLength: 13 })
    expect(turn.frames()).toEqual(frames)
    expect(textOf(turn)).toBe('one two three')
    const heads = frames.map((frame) => frame.bytes('websocket'))
    expect(Buffer.compare(turn.bytes('websocket'), Buffer.concat(heads))).toBe(0)
  })

  it('is not changed by what is appended to it', () => {
    const one = createTurn().append(frameOf('one'))
    one.append(frameOf('two'))
    expect(textOf(one)).toBe('one')
    expect(one.count).toBe(1)
  })

  it('is the same object for all who append the same frames to the same turn, and joined once', () => {
    const root = createTurn()
    const [a, b, c] = [frameOf('a'), frameOf('b'), frameOf('c')] as const
    const first = root.append(a).append(b)
    const second = root.append(a).append(b)
    const other = root.append(c).append(b)
    const third = root.append(a).append(b)
    expect(second).toBe(first)
    expect(third).toBe(first)
    expect(other).not.toBe(first)
    expect(second.bytes('websocket')).toBe(first.bytes('websocket'))
    expect(second.bytes('stream')).toBe(first.bytes('stream'))
    expect(textOf(other)).toBe('cb')
  })

  it('tells equal text in different frames apart', () => {
    const root = createTurn()
    expect(root.append(frameOf('a'))).not.toBe(root.append(frameOf('a')))
  })

  it('is shared by connections that take the same frames in an interleaved order', () => {
    const root = createTurn()
    const frames = Array.from({ length: 20 }, (_, i) => frameOf(`${i} `))
    const turns = Array.from({ length: 50 }, () => root)
    for (const frame of frames) for (let i = 0; i < turns.length; i++) turns[i] = turns[i]?.append(frame) ?? root
    expect(new Set(turns).size).toBe(1)
  })

  it('is shared within groups, where each group takes frames of its own first', () => {
    const root = createTurn()
    const own = Array.from({ length: 10 }, (_, i) => frameOf(`own ${i} `))
    const common = frameOf('common')
    const turns = Array.from({ length: 100 }, (_, i) => root.append(own[i % 10] ?? common)).map((turn) =>
      turn.append(common),
    )
    expect(new Set(turns).size).toBe(10)
  })

  it.each([
    [60, 32],
    // After so many that differ nobody looks any more, but at the last one.
    [1_000, 0],
  ])('stays right, and remembers only some, where all of %i successors differ', (count, known) => {
    const root = createTurn()
    const frames = Array.from({ length: count }, (_, i) => frameOf(`${i}`))
    const turns = frames.map((frame) => root.append(frame))
    turns.forEach((turn, i) => {
      expect(textOf(turn)).toBe(`${i}`)
    })
    const remembered = frames.filter((frame, i) => root.append(frame) === turns[i])
    expect(remembered.length).toBe(known)
    const [last] = frames
    if (last !== undefined) expect(root.append(last)).toBe(root.append(last))
  })

  it('of one frame uses the bytes of that frame without a copy', () => {
    const frame = frameOf('alone')
    expect(createTurn().append(frame).bytes('websocket')).toBe(frame.bytes('websocket'))
  })
})
