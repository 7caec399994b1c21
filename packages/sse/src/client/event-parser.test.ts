import { describe, expect, it } from 'vitest'
import { createEventParser } from './event-parser.js'

const parse = (pieces: readonly string[], maxChars = 1_000): { events: string[]; isRead: boolean } => {
  const events: string[] = []
  const read = createEventParser((name, data) => events.push(`${name}=${data}`), maxChars)
  const isRead = pieces.map((piece) => read(piece)).every(Boolean)
  return { events, isRead }
}

describe('an event parser', () => {
  const text =
    ':comment\r\n\r\nevent: o\r\ndata: {"v":1}\r\n\r\ndata: a\rdata:b\r\rdata:  c\n\nevent: k\n\nid: 1\ndata\n\n'
  const expected = ['o={"v":1}', '=a\nb', '= c', '=']

  it('reads names and data with every kind of line end', () => {
    expect(parse([text]).events).toEqual(expected)
  })

  it('reads the same in any two pieces, and in single characters', () => {
    for (let at = 0; at <= text.length; at++)
      expect(parse([text.slice(0, at), '', text.slice(at)]).events).toEqual(expected)
    expect(parse([...text]).events).toEqual(expected)
  })

  it('does not keep more than it may', () => {
    expect(parse(['data: ', 'x'.repeat(40), 'x'.repeat(40)], 60).isRead).toBe(false)
    expect(parse(['data: x\n'.repeat(100)], 60).isRead).toBe(false)
    expect(parse(['data: x\n\n'.repeat(100), `: ${'x'.repeat(40)}\n`, `: ${'x'.repeat(40)}\n`], 60).isRead).toBe(true)
  })

  it('takes time in proportion to a line that comes in many pieces', () => {
    const piece = 'x'.repeat(100)
    const { events, isRead } = parse(['data: ', ...Array.from({ length: 20_000 }, () => piece), '\n\n'], 10_000_000)
    expect(isRead).toBe(true)
    expect(events[0]?.length).toBe(2_000_001)
  })
})
