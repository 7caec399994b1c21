import { Readable } from 'node:stream'
import { describe, expect, it, vi } from 'vitest'
import { createPublication, encodeValue } from './value-encoder.js'

function encoded(value: unknown, serialize?: (value: unknown) => string) {
  const made = encodeValue(value, { serialize })
  return made && [made.contentType, Buffer.from(made.body).toString()]
}

describe('encodeValue', () => {
  it.each([
    [{ a: 1 }, '{"a":1}'],
    [[1, 'x'], '[1,"x"]'],
    [17, '17'],
    [0, '0'],
    [false, 'false'],
    [new Date(0), '"1970-01-01T00:00:00.000Z"'],
    [{ umlaut: 'ü🐥' }, '{"umlaut":"ü🐥"}'],
  ])('makes JSON of %j', (value, json) => {
    expect(encoded(value)).toEqual(['application/json', json])
  })

  it.each(['', 'héllo', '{"a":1}'])('makes text of the string %j', (value) => {
    expect(encoded(value)).toEqual(['text/plain;charset=utf-8', value])
  })

  it('takes bytes as they are, whatever views them', () => {
    const bytes = new Uint8Array([0, 1, 2, 255])
    expect(encodeValue(bytes)?.body).toBe(bytes)
    expect(encodeValue(Buffer.from(bytes))).toEqual({
      contentType: 'application/octet-stream',
      body: Buffer.from(bytes),
    })
    expect(encodeValue(bytes.buffer)?.body).toEqual(bytes)
    expect(encodeValue(new DataView(bytes.buffer, 1, 2))?.body).toEqual(bytes.subarray(1, 3))
  })

  it.each([undefined, null])('makes nothing of %s', (value) => {
    expect(encodeValue(value)).toBeUndefined()
  })

  it.each([
    ['a function', () => 1],
    ['a symbol', Symbol('x')],
    ['a bigint', 1n],
    ['a stream', Readable.from(['x'])],
    ['a generator', (function* () {})()],
    ['an async generator', (async function* () {})()],
    ['a Map', new Map([['a', 1]])],
    ['a Set', new Set([1])],
    ['a promise', Promise.resolve(1)],
  ])('refuses %s', (_name, value) => {
    expect(() => encodeValue(value)).toThrow(TypeError)
    expect(() => encodeValue(value, {}, 'application/json')).toThrow(TypeError)
  })

  it('lets what becomes of a promise that it refuses end nothing', () => {
    const promise = Promise.reject(new Error('nobody has awaited this'))
    const then = vi.spyOn(promise, 'then')
    expect(() => encodeValue(promise, {}, 'application/json')).toThrow('await it')
    expect(then).toHaveBeenCalledWith(undefined, expect.any(Function))
  })

  it('asks the serializer for JSON only', () => {
    const serialize = (value: unknown) => `<${JSON.stringify(value)}>`
    expect(encoded({ a: 1 }, serialize)).toEqual(['application/json', '<{"a":1}>'])
    expect(encoded('x', serialize)).toEqual(['text/plain;charset=utf-8', 'x'])
    expect(encoded(new Uint8Array([65]), serialize)).toEqual(['application/octet-stream', 'A'])
  })
})

describe('createPublication', () => {
  it('names the content type first and keeps the other headers in order, repeats too', () => {
    const publication = createPublication(
      '/topic/x',
      { a: 1 },
      {
        headers: [
          ['b', '1'],
          ['a', '2'],
          ['b', '3'],
        ],
      },
    )
    expect(publication.destination).toBe('/topic/x')
    expect([...publication.headers]).toEqual([
      ['content-type', 'application/json'],
      ['b', '1'],
      ['a', '2'],
      ['b', '3'],
    ])
    expect(Buffer.from(publication.body).toString()).toBe('{"a":1}')
  })

  it('takes the content type of the option before that of the headers, and that before its own', () => {
    const headers = { 'content-type': 'text/csv' }
    const typeOf = (options: object) => createPublication('/topic/x', 'a', options).headers.getAll('content-type')
    expect(typeOf({ headers, contentType: 'application/json' })).toEqual(['application/json'])
    expect(typeOf({ headers })).toEqual(['text/csv'])
    expect(typeOf({})).toEqual(['text/plain;charset=utf-8'])
  })

  it.each([undefined, null])('publishes an empty body for %s', (value) => {
    const publication = createPublication('/topic/x', value)
    expect(publication.body).toHaveLength(0)
    expect(publication.headers.size).toBe(0)
  })
})
