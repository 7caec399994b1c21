import { describe, expect, it } from 'vitest'
import { isControl, MAX_CONTROL_LENGTH, readControl, readData, readObject, writeControl, writeData } from './control.js'

describe('control messages', () => {
  it('come apart as they were put together', () => {
    const text = writeControl('k', { ack: 3, sent: 4 })
    expect(text).toBe('\u0001k{"ack":3,"sent":4}')
    expect(isControl(text)).toBe(true)
    expect(readControl(text)).toEqual({ letter: 'k', data: { ack: 3, sent: 4 } })
  })

  it.each([
    '\u0001',
    '\u0001k',
    '\u0001k[]',
    '\u0001knull',
    '\u0001k"x"',
    '\u0001k{',
    `\u0001k{"x":"${'y'.repeat(MAX_CONTROL_LENGTH)}"}`,
  ])('are refused when malformed or too long: %#', (text) => expect(readControl(text)).toBeUndefined())

  it.each(['', 'a', '\u0001', '\u0001k{}', '\u0001\u0001', '\u0001\u0001k'])(
    'are never confused with data: %j',
    (text) => {
      expect(isControl(writeData(text))).toBe(false)
      expect(readData(writeData(text))).toBe(text)
    },
  )

  it('carry one JSON object, nothing else', () => {
    expect(readObject('{"a":1}')).toEqual({ a: 1 })
    for (const text of ['[]', 'null', '1', '"a"', '', '{']) expect(readObject(text)).toBeUndefined()
  })
})
