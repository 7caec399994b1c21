import { describe, expect, it } from 'vitest'
import { createHeaders, headersFromFlat } from './headers.js'

const REPEATED: [string, string][] = [
  ['foo', 'World'],
  ['bar', ''],
  ['foo', 'Hello'],
]

describe('headers', () => {
  it('use the first of repeated entries and keep the others as history', () => {
    const headers = createHeaders(REPEATED)
    expect(headers.get('foo')).toBe('World')
    expect(headers.getAll('foo')).toEqual(['World', 'Hello'])
    expect(headers.size).toBe(3)
    expect(headers.flat).toEqual(['foo', 'World', 'bar', '', 'foo', 'Hello'])
    expect([...headers]).toEqual(REPEATED)
    expect({ ...headers.toObject() }).toEqual({ foo: 'World', bar: '' })
  })

  it('tell an empty value from an absent one, and know no name in another case', () => {
    const headers = createHeaders({ bar: '' })
    expect([headers.has('bar'), headers.get('bar')]).toEqual([true, ''])
    expect([headers.has('Bar'), headers.get('Bar'), headers.getAll('Bar')]).toEqual([false, undefined, []])
  })

  it('never take a value for a name', () => {
    expect(createHeaders({ a: 'b', c: 'd' }).get('b')).toBeUndefined()
  })

  it('take names that objects have of their own', () => {
    const headers = createHeaders([
      ['__proto__', '1'],
      ['constructor', '2'],
    ])
    expect(headers.get('toString')).toBeUndefined()
    const object = headers.toObject()
    expect(Object.getPrototypeOf(object)).toBeNull()
    expect(Object.entries(object)).toEqual([
      ['__proto__', '1'],
      ['constructor', '2'],
    ])
  })

  it('are made of an object, of pairs, or are returned as they are', () => {
    const headers = createHeaders({ b: '1', a: '2' })
    expect([...headers]).toEqual([
      ['b', '1'],
      ['a', '2'],
    ])
    expect(createHeaders(headers)).toBe(headers)
    expect([...createHeaders(new Map(REPEATED))]).toEqual([
      ['foo', 'Hello'],
      ['bar', ''],
    ])
    expect(createHeaders().size).toBe(0)
  })

  it('are laid over a flat list without copying it', () => {
    const flat = ['a', '1']
    expect(headersFromFlat(flat).flat).toBe(flat)
    expect(() => headersFromFlat(['a'])).toThrow(RangeError)
  })
})
