import { describe, expect, it } from 'vitest'
import { covers, createDestinationSyntax, isPattern } from './destination.js'

const slashes = createDestinationSyntax()
const dots = createDestinationSyntax('.')

describe('segments', () => {
  it.each([
    ['/topic', ['topic']],
    ['/topic/a/b', ['topic', 'a', 'b']],
    ['/topic/a.b', ['topic', 'a.b']],
    ['/topic/*/b', ['topic', '*', 'b']],
    ['/topic/**', ['topic', '**']],
    ['/**', ['**']],
    ['/topic/with space/100%/ä:\\', ['topic', 'with space', '100%', 'ä:\\']],
  ])('of %j lie between slashes', (destination, segments) => {
    expect(slashes.segments(destination)).toEqual(segments)
  })

  it.each([
    ['/topic', ['topic']],
    ['/topic/price', ['topic', 'price']],
    ['/topic/price.stock.*', ['topic', 'price', 'stock', '*']],
    ['/topic/price.**', ['topic', 'price', '**']],
    ['/topic.a', ['topic.a']],
    ['/topic/a/b.c', ['topic', 'a/b', 'c']],
  ])('of %j lie between dots behind the first slash, where the separator is a dot', (destination, segments) => {
    expect(dots.segments(destination)).toEqual(segments)
  })

  it.each([
    ['nothing', ''],
    ['no leading slash', 'topic/a'],
    ['a slash alone', '/'],
    ['an empty segment', '/topic//a'],
    ['a slash at the end', '/topic/a/'],
    ['a star beside other characters', '/topic/a*'],
    ['three stars', '/topic/***'],
    ['two stars that are not last', '/topic/**/a'],
    ['a NUL', '/topic/a\0b'],
    ['a line feed', '/topic/a\nb'],
    ['a carriage return', '/topic/a\r'],
    ['a tab', '/topic/\ta'],
    ['a space at the end', '/topic/a '],
  ])('are undefined for %s', (_, destination) => {
    expect(slashes.segments(destination)).toBeUndefined()
  })

  it.each(['/topic/', '/topic/a..b', '/topic/.a', '/topic/a.', '/topic/a*.b', '/topic/**.b', '//a'])(
    'are undefined for %j where the separator is a dot',
    (destination) => {
      expect(dots.segments(destination)).toBeUndefined()
    },
  )
})

it('takes for a pattern what has a wildcard in any segment', () => {
  expect(isPattern(['topic', 'a'])).toBe(false)
  expect(isPattern(['*', 'a'])).toBe(true)
  expect(isPattern(['topic', '**'])).toBe(true)
  expect(isPattern([])).toBe(false)
})

describe('covers', () => {
  const of = (destination: string): readonly string[] => slashes.segments(destination) ?? []
  it.each([
    ['/topic/a', '/topic/a'],
    ['/topic/*', '/topic/a'],
    ['/topic/*', '/topic/*'],
    ['/topic/**', '/topic/*'],
    ['/topic/**', '/topic/**'],
    ['/topic/**', '/topic/a/b/c'],
    ['/topic/**', '/topic'],
    ['/*/**', '/topic/**'],
    ['/**', '/**'],
  ])('is true of %s over %s', (pattern, subject) => {
    expect(covers(of(pattern), of(subject))).toBe(true)
  })

  it.each([
    ['/topic/a', '/topic/b'],
    ['/topic/a', '/topic/*'],
    ['/topic/a', '/topic/a/b'],
    ['/topic/a/b', '/topic/a'],
    ['/topic/*', '/topic/**'],
    ['/topic/*', '/topic'],
    ['/topic/*/**', '/topic/**'],
    ['/topic/**', '/topics/a'],
  ])('is false of %s over %s', (pattern, subject) => {
    expect(covers(of(pattern), of(subject))).toBe(false)
  })
})

describe('the prefix test', () => {
  it('goes by segment', () => {
    expect(slashes.isBelow('/topic', '/topic')).toBe(true)
    expect(slashes.isBelow('/topic/a', '/topic')).toBe(true)
    expect(slashes.isBelow('/topics', '/topic')).toBe(false)
    expect(slashes.isBelow('/top', '/topic')).toBe(false)
    expect(slashes.isBelow('/a/topic', '/topic')).toBe(false)
    expect(slashes.isBelow('/api/v1/a', '/api/v1')).toBe(true)
  })

  it('goes by the slash where the separator is a dot', () => {
    expect(dots.isBelow('/topic/a.b', '/topic')).toBe(true)
    expect(dots.isBelow('/topic.a', '/topic')).toBe(false)
  })
})

describe('the rest behind a prefix', () => {
  it.each([
    ['/app', '/'],
    ['/app/hello', '/hello'],
    ['/app/hello/Jane Doe', '/hello/Jane%20Doe'],
    ['/app/a?b=c#d', '/a%3Fb%3Dc%23d'],
    ['/app/%61/100%', '/%2561/100%25'],
    ['/app/ä/:id', '/%C3%A4/%3Aid'],
    ['/app/a.b', '/a.b'],
  ])('of %j is the path %j, each segment percent-encoded', (destination, path) => {
    expect(slashes.rest(destination, '/app')).toBe(path)
  })

  it.each([
    ['/app', '/'],
    ['/app/hello.jane', '/hello/jane'],
    ['/app/a/b.c', '/a%2Fb/c'],
  ])('of %j is the path %j where the separator is a dot', (destination, path) => {
    expect(dots.rest(destination, '/app')).toBe(path)
  })
})
