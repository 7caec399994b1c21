import { describe, expect, it } from 'vitest'
import { createDestinationSyntax } from '../destination/destination.js'
import {
  decodeUserName,
  encodeUserName,
  innerUserDestination,
  otherUserDestination,
  ownUserDestination,
} from './user-destination.js'

const slashes = createDestinationSyntax()
const dots = createDestinationSyntax('.')
const INVALID = expect.objectContaining({ code: 'STOMP_ERR_DESTINATION_INVALID' })

describe("a session's own user destination", () => {
  it.each([
    ['/user/queue/x', '/queue/x'],
    ['/user/topic/a/b', '/topic/a/b'],
    ['/user/x', '/x'],
    ['/user/ada/queue/x', '/ada/queue/x'],
    ['/user/queue/%2F%', '/queue/%2F%'],
  ])('of %j has the rest %j', (destination, rest) => {
    expect(ownUserDestination(destination, slashes)).toBe(rest)
  })

  it.each([
    ['/user/queue/price.stock', '/queue/price.stock'],
    ['/user/queue/x', '/queue/x'],
    ['/user/queue.x', '/queue.x'],
  ])('of %j has the rest %j where the separator is a dot', (destination, rest) => {
    expect(ownUserDestination(destination, dots)).toBe(rest)
  })

  it.each(['/users/queue/x', '/queue/user/x', '/topic/user', '/*/queue/x', '/**', 'user/queue/x', '/user.queue.x', ''])(
    'is not %j',
    (destination) => {
      expect(ownUserDestination(destination, slashes)).toBeUndefined()
      expect(ownUserDestination(destination, dots)).toBeUndefined()
    },
  )

  it.each([
    '/user',
    '/user/',
    '/user//x',
    '/user/queue/',
    '/user/*',
    '/user/**',
    '/user/queue/*',
    '/user/queue/**',
    '/user/queue/a*',
    '/user/queue/\0',
    '/user/queue/x ',
  ])('is refused if it is %j', (destination) => {
    expect(() => ownUserDestination(destination, slashes)).toThrow(INVALID)
    expect(() => ownUserDestination(destination, dots)).toThrow(INVALID)
  })

  it.each(['/user/queue/a.*', '/user/queue/a.**', '/user/queue.*', '/user/queue/a..b', '/user/queue/a.', '/user/a..b'])(
    'is refused if it is %j and the separator is a dot',
    (destination) => {
      expect(() => ownUserDestination(destination, dots)).toThrow(INVALID)
    },
  )
})

describe("another user's destination", () => {
  it.each([
    ['/user/bob/queue/x', 'bob', '/queue/x'],
    ['/user/bob/x', 'bob', '/x'],
    ['/user/a%2Fb/queue/x', 'a/b', '/queue/x'],
    ['/user/jane%2Edoe/queue/x', 'jane.doe', '/queue/x'],
    ['/user/a%2Bb%40example.org/queue/x', 'a+b@example.org', '/queue/x'],
    ['/user/a%252Fb/queue/x', 'a%2Fb', '/queue/x'],
    ['/user/J%C3%BCrgen/queue/x', 'Jürgen', '/queue/x'],
    ['/user/Jürgen Ü/queue/x', 'Jürgen Ü', '/queue/x'],
    ['/user/a+b@example.org/queue/x', 'a+b@example.org', '/queue/x'],
    ['/user/jane.doe/queue/price.stock', 'jane.doe', '/queue/price.stock'],
    ['/user/%2A/queue/x', '*', '/queue/x'],
    ['/user/__proto__/queue/x', '__proto__', '/queue/x'],
    ['/user/bob/queue/100%', 'bob', '/queue/100%'],
  ])('of %j is for %j and has the rest %j under either separator', (destination, name, rest) => {
    for (const syntax of [slashes, dots]) expect(otherUserDestination(destination, syntax)).toEqual({ name, rest })
  })

  it.each(['/users/bob/queue/x', '/queue/x', '/app/user/bob/x'])('is not %j', (destination) => {
    expect(otherUserDestination(destination, slashes)).toBeUndefined()
    expect(otherUserDestination(destination, dots)).toBeUndefined()
  })

  it.each([
    '/user',
    '/user/',
    '/user/bob',
    '/user/bob/',
    '/user//queue/x',
    '/user/*/queue/x',
    '/user/**',
    '/user/bob/*',
    '/user/bob/queue/**',
    '/user/%/queue/x',
    '/user/a%2/queue/x',
    '/user/%zz/queue/x',
    '/user/%C3/queue/x',
    '/user/%C0%AF/queue/x',
    '/user/%ED%A0%80/queue/x',
    '/user/b%6Fb/queue/x',
    '/user/%61lice/queue/x',
    '/user/%7Ealice/queue/x',
    '/user/a%2Db/queue/x',
    '/user/a%2fb/queue/x',
    '/user/J%c3%bcrgen/queue/x',
    '/user/a%00b/queue/x',
    '/user/a%0Ab/queue/x',
    '/user/a\nb/queue/x',
  ])('is refused if it is %j', (destination) => {
    expect(() => otherUserDestination(destination, slashes)).toThrow(INVALID)
    expect(() => otherUserDestination(destination, dots)).toThrow(INVALID)
  })

  it.each(['/user/bob.queue.x', '/user/.bob/queue/x', '/user/bob/queue/.x', '/user/bob/queue/x.*'])(
    'is refused if it is %j and the separator is a dot',
    (destination) => {
      expect(() => otherUserDestination(destination, dots)).toThrow(INVALID)
    },
  )
})

describe('a user name in a destination', () => {
  it('is written without anything that has a meaning there', () => {
    expect(encodeUserName('a/b*c.d %ü')).toBe('a%2Fb%2Ac%2Ed%20%25%C3%BC')
  })

  it('is read as encodeURIComponent writes it, too', () => {
    expect(decodeUserName(encodeURIComponent('jane.doe/ü'))).toBe('jane.doe/ü')
  })

  it('cannot be written with half a surrogate pair', () => {
    expect(() => encodeUserName('a\ud83d')).toThrow(expect.objectContaining({ code: 'STOMP_ERR_USER_NAME_INVALID' }))
  })
})

it('the inner name begins with a NUL and holds session and rest', () => {
  expect(innerUserDestination('s1', '/queue/x')).toBe('\0user/s1/queue/x')
  expect(innerUserDestination('a/b%', '/queue/x')).toBe('\0user/a%2Fb%25/queue/x')
})
