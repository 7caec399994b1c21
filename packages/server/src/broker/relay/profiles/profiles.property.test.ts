import { createHeaders, type Frame } from '@hoofbeat/codec'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { covers, createDestinationSyntax, isPattern, type Separator } from '../../../destination/destination.js'
import type { BrokerProfile } from '../profile.js'
import { activemqProfile } from './activemq.js'
import { artemisProfile } from './artemis.js'
import { rabbitmqProfile } from './rabbitmq.js'

/** The MESSAGE that each broker makes of a SEND, as far as it matters here. */
const shown: Readonly<Record<string, (value: string) => string>> = {
  // RabbitMQ shows names with percent escapes.
  rabbitmq: (value) => encodeURI(value),
  activemq: (value) => value,
  artemis: (value) => value,
}
const profiles = [rabbitmqProfile, activemqProfile, artemisProfile]

const segment = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }),
  fc.stringMatching(/^[a-c.~#%>/,?:$ 0-9A-F]{1,6}$/),
  fc.constantFrom('a', 'b', 'topic', 'ActiveMQ', 'activemq', '*', '**', 'hoofbeat~nodes', '~2E', 'a.b'),
)

function destinations(separator: Separator): fc.Arbitrary<string> {
  const syntax = createDestinationSyntax(separator)
  return fc
    .tuple(fc.constantFrom('/topic/', '/queue/'), fc.array(segment, { minLength: 1, maxLength: 4 }))
    .map(([prefix, segments]) => prefix + segments.join(separator))
    .filter((destination) => syntax.segments(destination) !== undefined)
}

const headerOf = (lines: readonly (readonly [string, string])[], name: string): string | undefined =>
  lines.find(([key]) => key === name)?.[1]

/** The broker's name of a destination; undefined where it is refused. */
function nameOf(profile: BrokerProfile, destination: string): string | undefined {
  try {
    if (profile.kindOf(destination) === undefined) return undefined
    return headerOf(profile.send({ destination, headers: createHeaders() }), 'destination')
  } catch {
    return undefined
  }
}

function messageOf(profile: BrokerProfile, destination: string, type: string | undefined): Frame {
  const lines: [string, string][] = [['destination', shown[profile.name]?.(destination) ?? destination]]
  if (type !== undefined) lines.push(['destination-type', type])
  return { command: 'MESSAGE', headers: createHeaders(lines), body: new Uint8Array(), text: '' }
}

for (const separator of ['/', '.'] as const) {
  const syntax = createDestinationSyntax(separator)
  const isExact = (destination: string): boolean => !isPattern(syntax.segments(destination) ?? [])
  for (const make of profiles) {
    const profile = make(syntax)
    describe(`names at ${profile.name}, with '${separator}' between segments,`, () => {
      it('come back as they were, and none is a name of the nodes', () => {
        fc.assert(
          fc.property(destinations(separator).filter(isExact), (destination) => {
            const lines =
              nameOf(profile, destination) === undefined ? [] : profile.send({ destination, headers: createHeaders() })
            const name = headerOf(lines, 'destination')
            if (name === undefined) return
            const type = headerOf(lines, 'destination-type')
            expect(profile.read(messageOf(profile, name, type)).destination).toBe(destination)
            expect(profile.nodeWord(name)).toBeUndefined()
          }),
        )
      })

      it('are no two the same', () => {
        fc.assert(
          fc.property(destinations(separator), destinations(separator), (one, other) => {
            const [a, b] = [nameOf(profile, one), nameOf(profile, other)]
            if (one !== other && a !== undefined) expect(a).not.toBe(b)
          }),
        )
      })

      it('of a pattern match at the broker whatever it means here', () => {
        fc.assert(
          fc.property(destinations(separator), destinations(separator).filter(isExact), (pattern, destination) => {
            const [a, b] = [nameOf(profile, pattern), nameOf(profile, destination)]
            if (
              a === undefined ||
              b === undefined ||
              !pattern.startsWith('/topic') ||
              !destination.startsWith('/topic')
            )
              return
            const means = covers(syntax.segments(pattern) ?? [], syntax.segments(destination) ?? [])
            expect(isMatch(a.split('.'), b.split('.'), profile.name === 'activemq' ? '>' : '#')).toBe(means)
          }),
        )
      })
    })
  }
}

/** As RabbitMQ, ActiveMQ and Artemis match; `rest` is their word for it, and a word like others where it is another's. */
function isMatch(pattern: readonly string[], name: readonly string[], rest: '#' | '>'): boolean {
  for (let i = 0; i < pattern.length; i++) {
    const word = pattern[i]?.replace(/^\/topic\//, '')
    if (word === rest) return true
    if (i >= name.length) return false
    if (word !== '*' && word !== name[i]?.replace(/^\/topic\//, '')) return false
  }
  return pattern.length === name.length
}

describe('a topic of the nodes', () => {
  for (const make of profiles) {
    const profile = make(createDestinationSyntax())
    it(`is known by its word and shown to nobody (${profile.name})`, () => {
      const topic = profile.nodeTopic('a1-b2')
      expect(profile.nodeWord(topic)).toBe('a1-b2')
      expect(profile.read(messageOf(profile, topic, 'MULTICAST')).destination).toBeUndefined()
    })
  }
})
