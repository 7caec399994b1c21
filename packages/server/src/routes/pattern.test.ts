import { describe, expect, it } from 'vitest'
import { createDestinationSyntax } from '../destination/destination.js'
import { isOneSegment, parsePattern, routerPath } from './pattern.js'

const slash = createDestinationSyntax('/')
const dot = createDestinationSyntax('.')

describe('parsePattern', () => {
  it.each([
    ['/', []],
    ['/hello', []],
    ['/hello/:room', ['room']],
    ['/:from-:to', ['from', 'to']],
    ['/files/:name.:ext', ['name', 'ext']],
    ['/orders/:id(^\\d+$)', ['id']],
    ['/at/:hour(^\\d{2})h:minute(^\\d{2})m', ['hour', 'minute']],
    ['/odd/:x(^(?:a|b\\))$)/:y', ['x', 'y']],
    ['/files/*', ['*']],
    ['/rooms/:room/*', ['room', '*']],
    ['/a::b', []],
    ['/100%/grüße/🐥', []],
  ])('reads %s', (pattern, params) => {
    expect(parsePattern(pattern, slash)).toEqual({
      paths: [pattern],
      params: new Set(params),
      optionalParam: undefined,
    })
  })

  it('gives the router two paths where the last param is optional', () => {
    expect(parsePattern('/hello/:room?', slash)).toEqual({
      paths: ['/hello/:room', '/hello'],
      params: new Set(),
      optionalParam: 'room',
    })
    expect(parsePattern('/:room?', slash).paths).toEqual(['/:room', '/'])
  })

  it.each([
    ['', 'start with /'],
    ['hello', 'start with /'],
    ['/hello/', 'empty segment'],
    ['//hello', 'empty segment'],
    ['/a//:b', 'empty segment'],
    ['/*/a', 'last character'],
    ['/**', 'last character'],
    ['/:', 'followed by a name'],
    ['/:-x', 'followed by a name'],
    ['/:a/:a', ':a stands in it twice'],
    ['/:a:b', 'must end before'],
    ['/:aé', 'must end before'],
    ['/:a?/b', 'whole last segment'],
    ['/x:a?', 'whole last segment'],
    ['/a//:b?', 'empty segment'],
    ['/:a(\\d+', 'not closed'],
    ['/what?', '? and #'],
    ['/:a(\\d)?', '? and #'],
    ['/a#b', '? and #'],
  ])('refuses %s', (pattern, why) => {
    expect(() => parsePattern(pattern, slash)).toThrow(TypeError)
    expect(() => parsePattern(pattern, slash)).toThrow(why)
  })

  it('takes / between segments whatever the separator is, and refuses a pattern written with another', () => {
    expect(parsePattern('/price/:symbol', dot).params).toEqual(new Set(['symbol']))
    expect(() => parsePattern('/price.stock', dot)).toThrow("'price.stock' is more than one segment")
    expect(() => parsePattern('/:a.:b', dot)).toThrow('more than one segment')
  })
})

describe('routerPath', () => {
  it('decodes the characters that a static text may hold and that divide nothing', () => {
    expect(routerPath('/%24usd/a%26b/a%2Bb/a%2Cb/a%3Ab/a%3Bb/a%3Db/a%40b')).toBe('/$usd/a&b/a+b/a,b/a:b/a;b/a=b/a@b')
  })

  it('leaves what would divide the path, and escapes, as they are', () => {
    expect(routerPath('/%25/%2F/%3F/%23/%C3%BC')).toBe('/%25/%2F/%3F/%23/%C3%BC')
    expect(routerPath('/%2524')).toBe('/%2524')
  })

  it.each(['/secret?x', '/secret#x', '/secret/', '//secret', '/a//b', '//'])('knows no path %s', (path) => {
    expect(routerPath(path)).toBeUndefined()
  })

  it('knows the path of the prefix itself', () => {
    expect(routerPath('/')).toBe('/')
  })
})

describe('isOneSegment', () => {
  it.each(['a', 'ä ö', '%2F', '..', 'a.b', '?', ':x'])('takes %s', (text) => {
    expect(isOneSegment(text, slash)).toBe(true)
  })

  it.each(['', 'a/b', '/', '*', '**', 'a*'])('refuses %s', (text) => {
    expect(isOneSegment(text, slash)).toBe(false)
    expect(isOneSegment(text, dot)).toBe(false)
  })

  it.each(['a.b', '.', '..'])('refuses %s where the dot divides', (text) => {
    expect(isOneSegment(text, dot)).toBe(false)
  })
})
