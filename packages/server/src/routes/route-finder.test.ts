import { createHeaders, type Frame } from '@hoofbeat/codec'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createDestinationSyntax, type Separator } from '../destination/destination.js'
import { parsePattern } from './pattern.js'
import { createRouteFinder } from './route-finder.js'

function finderOf(patterns: readonly string[], separator: Separator = '/') {
  const syntax = createDestinationSyntax(separator)
  const finder = createRouteFinder<string>()
  for (const pattern of patterns) finder.add(parsePattern(pattern, syntax), pattern)
  return {
    add: (pattern: string) => finder.add(parsePattern(pattern, syntax), pattern),
    path: (path: string) => finder.find(path)?.target,
    find(destination: string) {
      const found = finder.find(syntax.rest(destination, '/app'))
      return found && { pattern: found.target, params: found.params(frameTo(destination)) }
    },
  }
}

function frameTo(destination: string): Frame {
  return { command: 'SEND', headers: createHeaders({ destination }), body: new Uint8Array(), text: '' }
}

describe('createRouteFinder', () => {
  it('finds static, parametric and wildcard patterns, the most specific first', () => {
    const { find } = finderOf(['/', '/hello', '/hello/:room', '/hello/lobby', '/hello/:room/*', '/orders/:id(^\\d+$)'])
    expect(find('/app')).toEqual({ pattern: '/', params: {} })
    expect(find('/app/hello')).toEqual({ pattern: '/hello', params: {} })
    expect(find('/app/hello/lobby')).toEqual({ pattern: '/hello/lobby', params: {} })
    expect(find('/app/hello/attic')).toEqual({ pattern: '/hello/:room', params: { room: 'attic' } })
    expect(find('/app/hello/attic/a/b')).toEqual({ pattern: '/hello/:room/*', params: { room: 'attic', '*': 'a/b' } })
    expect(find('/app/orders/17')).toEqual({ pattern: '/orders/:id(^\\d+$)', params: { id: '17' } })
    expect(find('/app/orders/x')).toBeUndefined()
    expect(find('/app/other')).toBeUndefined()
  })

  it('matches by case, and neither a trailing nor a doubled slash', () => {
    const { find, path } = finderOf(['/hello', '/hello/:room'])
    expect(find('/app/Hello')).toBeUndefined()
    expect(path('/hello/')).toBeUndefined()
    expect(path('//hello')).toBeUndefined()
    expect(path('/hello//lobby')).toBeUndefined()
  })

  it('takes an optional param with and without', () => {
    const { find } = finderOf(['/hello/:room?'])
    expect(find('/app/hello/attic')).toEqual({ pattern: '/hello/:room?', params: { room: 'attic' } })
    expect(find('/app/hello')).toEqual({ pattern: '/hello/:room?', params: {} })
  })

  it.each(['/app/secret?x', '/app/secret#x', '/app/%73ecret', '/app/secret%3Fx', '/app/secret;x', '/app/./secret'])(
    'does not take %s for another spelling of a static pattern',
    (destination) => {
      expect(finderOf(['/secret']).find(destination)).toBeUndefined()
    },
  )

  it.each([
    '$usd',
    'a&b',
    'a+b',
    'a,b',
    'a;b',
    'a=b',
    'a@b',
    '100%',
    '%41',
    '%2F',
    "it's",
    'grüße',
    '🐥',
    'two words',
    '..',
  ])('finds the static text %s', (text) => {
    const { find } = finderOf([`/${text}`, `/in/${text}/:x`])
    expect(find(`/app/${text}`)?.pattern).toBe(`/${text}`)
    expect(find(`/app/in/${text}/y`)).toEqual({ pattern: `/in/${text}/:x`, params: { x: 'y' } })
  })

  it('finds a colon that the pattern writes twice', () => {
    expect(finderOf(['/a::b']).find('/app/a:b')?.pattern).toBe('/a::b')
  })

  it.each([
    '100%',
    '%',
    '%25',
    '%2F',
    '%zz',
    '%E0%A4',
    'a?b',
    'a#b',
    'a;b',
    'a b',
    'ü',
    '🐥',
    '..',
    '.',
    '+',
    ':x',
    '\u0000',
    '%C3%BC',
  ])('gives back %j exactly as the client wrote it', (raw) => {
    const { find } = finderOf(['/p/:x', '/q/:x/end', '/w/*', '/r/:x(^.+$)'])
    expect(find(`/app/p/${raw}`)?.params).toEqual({ x: raw })
    expect(find(`/app/q/${raw}/end`)?.params).toEqual({ x: raw })
    expect(find(`/app/w/${raw}/${raw}`)?.params).toEqual({ '*': `${raw}/${raw}` })
    expect(find(`/app/r/${raw}`)?.params).toEqual({ x: raw })
  })

  it('takes params of any length', () => {
    const long = 'ü'.repeat(8000)
    expect(finderOf(['/p/:x']).find(`/app/p/${long}`)?.params).toEqual({ x: long })
  })

  it.each(['/', '.'] as const)('gives back every segment as it is, with the separator %s', (separator) => {
    const segment = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
      .filter((text) => !text.includes(separator) && !text.includes('*'))
    const { find } = finderOf(['/p/:x/:y', '/w/*'], separator)
    fc.assert(
      fc.property(segment, segment, (x, y) => {
        expect(find(`/app/p${separator}${x}${separator}${y}`)?.params).toEqual({ x, y })
        const rest = `${x}${separator}${y}`
        expect(find(`/app/w${separator}${rest}`)?.params).toEqual({ '*': rest })
      }),
    )
  })

  it('refuses a pattern that matches the same paths as an earlier one', () => {
    const { add } = finderOf(['/hello', '/hello/:room', '/files/*', '/opt/:a?'])
    for (const pattern of ['/hello', '/hello/:other', '/files/*', '/opt', '/opt/:b', '/hello/:x?']) {
      expect(() => add(pattern), pattern).toThrow('declared already')
    }
    expect(() => add('/hello/:id(^\\d+$)')).not.toThrow()
  })
})
