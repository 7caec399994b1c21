import { describe, expect, it } from 'vitest'
import { createDownTurn, encodeLinkFrame } from './down-message.js'

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

describe('a turn of raw messages', () => {
  it('is one event for each message, text as JSON and bytes as base64', () => {
    const turn = createDownTurn(['a\r\n\u0000"\u2028', new Uint8Array([0, 255])])
    expect(Buffer.from(turn.bytes('event')).toString('utf8')).toBe(
      'data: ["a\\r\\n\\u0000\\"\u2028"]\n\ndata: [{"b":"AP8="}]\n\n',
    )
    expect(turn).toMatchObject({ count: 2, byteLength: 10 })
  })

  it('is one chunk for each message where it goes straight to the socket', () => {
    expect(text(createDownTurn(['a', 'bc']).bytes('chunk'))).toBe('d\r\ndata: ["a"]\n\n\r\ne\r\ndata: ["bc"]\n\n\r\n')
  })

  it('is one WebSocket frame for each message, text that looks like a control marked once more', () => {
    const turn = createDownTurn(['a', new Uint8Array([1, 2]), '\u0001k'])
    expect([...turn.bytes('link')]).toEqual([0x81, 1, 97, 0x82, 2, 1, 2, 0x81, 3, 1, 1, 107])
  })

  it('is joined once for each form', () => {
    const turn = createDownTurn(['a', 'b'])
    for (const form of ['link', 'event', 'chunk'] as const) expect(turn.bytes(form)).toBe(turn.bytes(form))
  })

  it('makes text well-formed', () => {
    expect(Buffer.from(createDownTurn(['a\ud800b']).bytes('event')).toString('utf8')).toBe('data: ["a\ufffdb"]\n\n')
  })

  it('holds at least one message', () => {
    expect(() => createDownTurn([])).toThrow(RangeError)
  })

  it.each([
    [125, 2],
    [126, 4],
    [65_535, 4],
    [65_536, 10],
  ])('frames %d bytes behind a head of %d', (length, headLength) => {
    const frame = Buffer.from(encodeLinkFrame(new Uint8Array(length).fill(7), false))
    expect(frame).toHaveLength(headLength + length)
    const told =
      headLength === 2 ? frame[1] : headLength === 4 ? frame.readUInt16BE(2) : Number(frame.readBigUInt64BE(2))
    expect(told).toBe(length)
    expect(frame[headLength]).toBe(7)
  })
})
