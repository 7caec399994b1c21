import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readContentLength, readContentType } from './content.js'
import { createHeaders } from './headers.js'

describe('readContentLength', () => {
  const of = (value: string) => readContentLength(createHeaders({ 'content-length': value }))

  it('reads digits, spaces around them tolerated', () => {
    expect([of('0'), of('00012'), of(' 5\t'), of('65536')]).toEqual([0, 12, 5, 65536])
    expect(of('9'.repeat(400))).toBeGreaterThan(Number.MAX_SAFE_INTEGER)
  })

  it('takes the first of several, and undefined for none', () => {
    expect(readContentLength(createHeaders())).toBeUndefined()
    const twice: [string, string][] = [
      ['content-length', '1'],
      ['content-length', 'x'],
    ]
    expect(readContentLength(createHeaders(twice))).toBe(1)
  })

  it.each(['', ' ', '-1', '+1', '1.5', '1e3', '0x10', '1 2', 'five', '１', '\n1'])('refuses %j', (value) => {
    expect(() => of(value)).toThrow(expect.objectContaining({ code: 'STOMP_ERR_INVALID_CONTENT_LENGTH', offset: -1 }))
  })
})

describe('readContentType', () => {
  const of = (value: string) => {
    const read = readContentType(createHeaders({ 'content-type': value }))
    return read && [read.type, { ...read.parameters }]
  }

  it.each([
    ['text/plain', 'text/plain', {}],
    ['Application/JSON', 'application/json', {}],
    [' text/html ; Charset = UTF-8 ', 'text/html', { charset: 'UTF-8' }],
    ['text/html;charset=utf-16;q=1', 'text/html', { charset: 'utf-16', q: '1' }],
    ['text/html;charset="utf-16"', 'text/html', { charset: 'utf-16' }],
    ['a/b;x="1;y=2";z=3', 'a/b', { x: '1;y=2', z: '3' }],
    ['a/b;x="a\\"b\\\\"', 'a/b', { x: 'a"b\\' }],
    ['a/b;x=1;x=2', 'a/b', { x: '1' }],
    ['a/b;x=;y="";', 'a/b', { x: '', y: '' }],
    ['a/b;x="never closed;y=1', 'a/b', { x: 'never closed;y=1' }],
    ['a/b;;;junk;x=1', 'a/b', { x: '1' }],
    ['application/vnd.x+json', 'application/vnd.x+json', {}],
  ])('reads %j', (value, type, parameters) => {
    expect(of(value)).toEqual([type, parameters])
  })

  it.each(['', 'text', '/plain', 'text/', 'a b/c', 'a/b c', 'a/b/c', 'a/b,c/d', ';charset=utf-8'])(
    'takes %j for no type',
    (value) => {
      expect(of(value)).toBeUndefined()
    },
  )

  it('is undefined when there is no content-type, and has parameters without prototype', () => {
    expect(readContentType(createHeaders())).toBeUndefined()
    const read = readContentType(createHeaders({ 'content-type': 'a/b;__proto__=1' }))
    expect(Object.entries(read?.parameters ?? {})).toEqual([['__proto__', '1']])
  })

  it('never throws', () => {
    const value = fc.array(fc.constantFrom('a/b', ';', '=', '"', '\\', ' ', 'x', '\n')).map((parts) => parts.join(''))
    fc.assert(
      fc.property(fc.oneof(value, fc.string()), (text) => {
        of(text)
      }),
    )
  })
})
