import { createHeaders } from '@hoofbeat/codec'
import { describe, expect, it } from 'vitest'
import { createWrittenHeaders, writeOwnHeaders } from './own-headers.js'

function setUp() {
  const written = createWrittenHeaders()
  const leftOut: string[] = []
  const write = (headers: Record<string, string>, version: '1.0' | '1.2' = '1.2') =>
    writeOwnHeaders(createHeaders(headers), version, written, (header) => leftOut.push(header))
  return { leftOut, write }
}

describe('the header lines of a message', () => {
  it('are those of the message before where only reserved headers differ', () => {
    const { write } = setUp()
    const first = write({ destination: '/topic/a', type: 'text', receipt: '1' })
    expect(first).toEqual({ text: 'type:text\n', byteLength: 10 })
    expect(write({ destination: '/topic/b', type: 'text', receipt: '2' })).toBe(first)
  })

  it.each([
    ['a value', { type: 'json' }, 'type:json\n'],
    ['a name', { kind: 'text' }, 'kind:text\n'],
    ['one header more', { type: 'text', x: '1' }, 'type:text\nx:1\n'],
    ['none', {}, ''],
    ['a reserved header in its place', { receipt: 'text' }, ''],
  ])('are written anew where %s is different', (_what, headers, text) => {
    const { write } = setUp()
    write({ type: 'text' })
    expect(write(headers)).toEqual({ text, byteLength: text.length })
    expect(write({ type: 'text' }).text).toBe('type:text\n')
  })

  it('are written anew for another version', () => {
    const { write } = setUp()
    expect(write({ x: 'a:b' }).text).toBe('x:a\\cb\n')
    expect(write({ x: 'a:b' }, '1.0').text).toBe('x:a:b\n')
  })

  it('tell of a header that cannot be written each time', () => {
    const { leftOut, write } = setUp()
    for (let i = 0; i < 2; i++) expect(write({ x: 'a\nb', y: 'ä' }, '1.0')).toEqual({ text: 'y:ä\n', byteLength: 5 })
    expect(leftOut).toEqual(['x', 'x'])
  })
})
