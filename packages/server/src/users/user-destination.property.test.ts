import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createDestinationSyntax, type Separator } from '../destination/destination.js'
import {
  decodeUserName,
  encodeUserName,
  innerUserDestination,
  otherUserDestination,
  ownUserDestination,
} from './user-destination.js'

const separator = fc.constantFrom<Separator>('/', '.')
const mean = fc.constantFrom('/', '.', '*', '%', '2', 'F', '5', 'a', ' ', 'ü', '🐎', ':')

/** Names that a user can have: characters that mean something in a destination come often. */
const userName = fc
  .oneof(fc.string({ unit: mean, minLength: 1, maxLength: 8 }), fc.string({ unit: 'binary', minLength: 1 }))
  .filter((name) => !/[\u0000-\u001f\u007f]/.test(name))

/** Any text, that of a session id of another maker too. */
const anyText = fc.oneof(fc.string({ unit: fc.constantFrom('/', '%', '2', 'F', '5', 'a', 'u') }), fc.string())
const anyRest = anyText.map((text) => `/${text}`)

/** Texts of which many are destinations. */
const destinationLike = fc.oneof(
  fc.string({ unit: fc.constantFrom('/', '.', '*', 'a', 'user', '%', '\0') }).map((text) => `/user${text}`),
  fc.string({ unit: fc.constantFrom('/', 'a', '\0', 'user', ' ') }),
  fc.string({ unit: 'binary' }),
)

/** Well-formed rests under a separator. */
const word = fc.string({ unit: fc.constantFrom('a', 'B', '%', '-', 'ü', ' x'), minLength: 1, maxLength: 4 })
const restUnder = (by: Separator) =>
  fc.tuple(word, fc.array(word, { minLength: 1, maxLength: 3 })).map(([first, more]) => `/${first}/${more.join(by)}`)

it('gives different inner names to different sessions or rests', () => {
  fc.assert(
    fc.property(anyText, anyRest, anyText, anyRest, (session, rest, otherSession, otherRest) => {
      const isSame = session === otherSession && rest === otherRest
      expect(innerUserDestination(session, rest) === innerUserDestination(otherSession, otherRest)).toBe(isSame)
    }),
    {
      numRuns: 2_000,
      examples: [
        ['a/b', '/c', 'a', '/b/c'],
        ['a%2Fb', '/c', 'a/b', '/c'],
      ],
    },
  )
})

it('gives inner names that no client can write', () => {
  fc.assert(
    fc.property(separator, anyText, anyRest, (by, session, rest) => {
      expect(createDestinationSyntax(by).segments(innerUserDestination(session, rest))).toBeUndefined()
    }),
  )
})

it('writes a name and reads it again', () => {
  fc.assert(
    fc.property(userName, (name) => {
      expect(decodeUserName(encodeUserName(name))).toBe(name)
    }),
    { numRuns: 1_000 },
  )
})

it('reads no name that is written with an escape which its writer would not make', () => {
  const escaped = fc.array(
    fc.tuple(fc.constantFrom('a', '~', '-', '/', '@', 'ü', '.', '*'), fc.constantFrom('raw', 'upper', 'lower')),
    { minLength: 1, maxLength: 6 },
  )
  fc.assert(
    fc.property(escaped, (characters) => {
      const written = characters.map(([character, how]) => {
        const hex = Buffer.from(character).toString('hex').replace(/../g, '%$&')
        if (how === 'raw') return character
        return how === 'upper' ? hex.toUpperCase() : hex
      })
      const isCanonical = characters.every(([character], i) => {
        const spelled = written[i] ?? ''
        return [character, encodeURIComponent(character), encodeUserName(character)].includes(spelled)
      })
      const read = (): string => decodeUserName(written.join(''))
      if (isCanonical) expect(read()).toBe(characters.map(([character]) => character).join(''))
      else expect(read).toThrow(expect.objectContaining({ code: 'STOMP_ERR_DESTINATION_INVALID' }))
    }),
    { numRuns: 1_000 },
  )
})

it('leads from sender and subscriber to the same inner name, whatever the name of the user', () => {
  const where = separator.chain((by) => fc.tuple(fc.constant(by), restUnder(by)))
  fc.assert(
    fc.property(userName, where, (name, [by, rest]) => {
      const syntax = createDestinationSyntax(by)
      expect(otherUserDestination(`/user/${encodeUserName(name)}${rest}`, syntax)).toEqual({ name, rest })
      expect(ownUserDestination(`/user${rest}`, syntax)).toBe(rest)
    }),
    { numRuns: 1_000 },
  )
})

it('gives exact destinations and legal names, or refuses, whatever a client writes', () => {
  fc.assert(
    fc.property(separator, destinationLike, (by, destination) => {
      const syntax = createDestinationSyntax(by)
      for (const read of [
        () => ownUserDestination(destination, syntax),
        () => {
          const found = otherUserDestination(destination, syntax)
          expect(found?.name ?? 'x').toMatch(/^[^\u0000-\u001f\u007f]+$/)
          return found?.rest
        },
      ]) {
        let rest: string | undefined
        try {
          rest = read()
        } catch (error) {
          expect(error).toMatchObject({ code: 'STOMP_ERR_DESTINATION_INVALID' })
          continue
        }
        expect(rest === undefined).toBe(!syntax.isBelow(destination, '/user'))
        if (rest === undefined) continue
        expect(destination.endsWith(rest)).toBe(true)
        expect(syntax.segments(rest)?.some((segment) => segment.includes('*'))).toBe(false)
      }
    }),
    { numRuns: 2_000 },
  )
})
