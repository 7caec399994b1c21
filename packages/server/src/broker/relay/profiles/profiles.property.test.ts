import { createHeaders, type Frame, headersFromFlat } from '@hoofbeat/codec'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { covers, createDestinationSyntax, isPattern, type Separator } from '../../../destination/destination.js'
import { RESERVED } from '../../../message/own-headers.js'
import type { BrokerProfile, HeaderLine } from '../profile.js'
import { ID_HEADER, withoutRelayHeaders } from '../relayed-message.js'
import { activemqProfile } from './activemq.js'
import { artemisProfile } from './artemis.js'
import { openmqProfile } from './openmq.js'
import { rabbitmqProfile } from './rabbitmq.js'

/** The MESSAGE that each broker makes of a SEND, as far as it matters here. */
const shown: Readonly<Record<string, (value: string) => string>> = {
  // RabbitMQ shows names with percent escapes.
  rabbitmq: (value) => encodeURI(value),
  activemq: (value) => value,
  artemis: (value) => value,
  openmq: (value) => value,
}
const profiles = [rabbitmqProfile, activemqProfile, artemisProfile, openmqProfile]

const segment = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }),
  fc.stringMatching(/^[a-c.~#%>/,?:$ 0-9A-F]{1,6}$/),
  fc.constantFrom('a', 'b', 'topic', 'ActiveMQ', 'activemq', 'mq', '*', '**', 'hoofbeat~nodes', '~2E', 'a.b'),
  fc.constantFrom('hoofbeat$nodes', '$002E', '$002e', '$0061', 'a_b', '1'),
)

/** All that have one to three of these segments. */
function topicsOf(segments: readonly string[], separator: Separator): string[] {
  const syntax = createDestinationSyntax(separator)
  const more = (before: readonly string[]): string[] =>
    before.flatMap((each) => segments.map((s) => each + separator + s))
  const ones = segments.map((segment) => `/topic/${segment}`)
  return [...ones, ...more(ones), ...more(more(ones))].filter(
    (destination) => syntax.segments(destination) !== undefined,
  )
}

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
            // Open MQ has one name for patterns of which one means more than the other: the node tells them apart.
            if (profile.name === 'openmq' && !isExact(one) && !isExact(other)) return
            if (one !== other && a !== undefined) expect(a).not.toBe(b)
          }),
        )
      })

      const check = (pattern: string, destination: string): void => {
        const [a, b] = [nameOf(profile, pattern), nameOf(profile, destination)]
        if (a === undefined || b === undefined) return
        const means = covers(syntax.segments(pattern) ?? [], syntax.segments(destination) ?? [])
        if (profile.name !== 'openmq') {
          expect(isMatch(a.split('.'), b.split('.'), profile.name === 'activemq' ? '>' : '#')).toBe(means)
        }
        // There a pattern may match more, which the node leaves out.
        else if (means) expect([a, b, isMatchInJava(a, b)]).toEqual([a, b, true])
      }

      it('of a pattern match at the broker whatever it means here', () => {
        const topics = destinations(separator).filter((destination) => destination.startsWith('/topic'))
        fc.assert(fc.property(topics, topics.filter(isExact), check))
        const common = topicsOf(['a', 'b', '*', '**'], separator)
        for (const pattern of common) for (const destination of common.filter(isExact)) check(pattern, destination)
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

/** As Open MQ matches: `>` stands behind a word, for what it names and all below; behind `*` for what is below alone. */
function isMatchInJava(pattern: string, name: string): boolean {
  const words = pattern.replace(/>$/, '').replace('/topic/', '')
  const pieces =
    words === '' ? [] : words.split('.').map((word) => (word === '*' ? '[^.]+' : word.replaceAll('$', '\\$')))
  const rest = !pattern.endsWith('>') ? '' : words === '' ? '.*' : words.endsWith('*') ? '\\..+' : '(\\..+)?'
  return new RegExp(`^${pieces.join('\\.')}${rest}$`).test(name.replace('/topic/', ''))
}

/** What the broker makes of the headers of a SEND, those it takes for its own left out. */
const carried: Readonly<Record<string, (lines: readonly HeaderLine[]) => readonly HeaderLine[]>> = {
  rabbitmq: firstOfEach,
  activemq: firstOfEach,
  artemis: firstOfEach,
  // Properties of JMS have no order, and a later one takes the place of an earlier.
  openmq: (lines) => [
    ...[...new Map(lines)].toReversed().filter(([name]) => !SETTINGS.has(name)),
    ...([
      ['priority', '4'],
      ['timestamp', '1'],
      ['expires', '0'],
      ['JMSXDeliveryCount', '1'],
    ] as const),
  ],
}
const SETTINGS = new Set(['destination', 'priority', 'expires', 'persistent', 'reply-to'])
const WRITTEN_BY_US = new Set([...SETTINGS, 'correlation-id'])

function firstOfEach(lines: readonly HeaderLine[]): readonly HeaderLine[] {
  return lines.filter(([name], i) => lines.findIndex(([other]) => other === name) === i)
}

const headerName = fc.oneof(
  { arbitrary: fc.constantFrom('a', 'b', 'type'), weight: 4 },
  fc.constantFrom(
    'a',
    'b',
    'B',
    'a-b',
    'content-type',
    'type',
    'correlation-id',
    'persistent',
    'reply-to',
    'like',
    'Or',
  ),
  fc.constantFrom('user-id', 'JMSXGroupID', 'x-y', 'AMQ_x', 'größe', '1a', '_a', '$a', 'hoofbeat-id', '__proto__'),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 }),
)
const headerValue = fc.oneof(
  { arbitrary: fc.constantFrom('1', '2'), weight: 4 },
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.constantFrom(
    '',
    ' a',
    'a ',
    '\ta',
    'true',
    'false',
    '5',
    '/topic/re/ply',
    '%003d=&',
    'ü'.repeat(90),
    '🐎'.repeat(3_000),
  ),
)

describe('names at openmq', () => {
  it('are those that it takes, and none that it has for itself', () => {
    const profile = openmqProfile(createDestinationSyntax())
    fc.assert(
      fc.property(destinations('/'), (destination) => {
        const [, name = ''] = /^\/(?:topic|queue)\/(.*)$/s.exec(nameOf(profile, destination) ?? '') ?? []
        expect(name).toMatch(/^(?!mq\.|mq$)[A-Za-z_$*>][\w$*>]*(?:\.[\w$*>]+)*$/)
        for (const word of name.replace(/>$/, '').split('.')) expect(word).toMatch(/^(?:[\w$]*|\*)$/)
      }),
    )
  })
})

describe('the headers of a sender', () => {
  for (const make of profiles) {
    const profile = make(createDestinationSyntax())
    it(`come back as they were, in their order (${profile.name})`, () => {
      fc.assert(
        fc.property(fc.array(fc.tuple(headerName, headerValue), { maxLength: 6 }), (pairs) => {
          const flat = pairs.filter(([name]) => !RESERVED.has(name) && !name.startsWith('hoofbeat_')).flat()
          const lines = profile.send({ destination: '/topic/a', headers: headersFromFlat(flat) })
          const shownLines = carried[profile.name]?.([...lines, [ID_HEADER, 'x']]) ?? []
          const message: Frame = { ...messageOf(profile, '/topic/a', 'MULTICAST'), headers: createHeaders(shownLines) }
          expect(withoutRelayHeaders(profile.read(message).headers).flat).toEqual(flat)
        }),
      )
    })
  }

  it('go to Open MQ under names and in lines that it takes', () => {
    const profile = openmqProfile(createDestinationSyntax())
    fc.assert(
      fc.property(fc.array(fc.tuple(headerName, headerValue), { maxLength: 6 }), (pairs) => {
        const headers = withoutRelayHeaders(createHeaders(pairs))
        for (const [name, value] of profile.send({ destination: '/topic/a', headers })) {
          if (!WRITTEN_BY_US.has(name)) expect(name).toMatch(/^(?!(?:like|or)$)[A-Za-z_$][\w$]*$/i)
          expect(Buffer.byteLength(value)).toBeLessThan(10_000)
        }
      }),
    )
  })
})

describe('a topic of the nodes', () => {
  for (const make of profiles) {
    const profile = make(createDestinationSyntax())
    it(`is known by its word and shown to nobody (${profile.name})`, () => {
      const topic = profile.nodeTopic('a1-b2')
      expect(profile.nodeWord(topic)).toBe('a1-b2')
      expect(profile.read(messageOf(profile, topic, 'MULTICAST')).destination).toBeUndefined()
    })

    it(`is named the same in SEND and SUBSCRIBE, and takes what is to last (${profile.name})`, () => {
      const name = ['destination', profile.nodeTopic('a1-b2')]
      const sent = profile.sendNode('a1-b2', createHeaders({ persistent: 'true' }))
      const taken = profile.subscribeNode({ word: 'a1-b2', queueName: 'hoofbeat-nodes-1' })
      expect([sent[0], taken[0]]).toEqual([name, name])
      if (profile.keepsSharedTopics) expect(headerOf(sent, 'persistent')).toBe('true')
      expect(headerOf(profile.sendNode('a1-b2', createHeaders()), 'persistent')).toBeUndefined()
      const routing = profile.name === 'artemis' ? 'MULTICAST' : undefined
      expect([headerOf(sent, 'destination-type'), headerOf(taken, 'subscription-type')]).toEqual([routing, routing])
      expect(headerOf(taken, 'x-queue-name') !== undefined).toBe(profile.keepsSharedTopics)
      // Whoever knows the name of the queue is not served there.
      if (profile.name === 'rabbitmq') expect(profile.kindOf('/queue/hoofbeat-nodes-1')).toBeUndefined()
    })
  }
})

describe('a topic of one client with a connection of its own', () => {
  for (const make of profiles) {
    const profile = make(createDestinationSyntax())
    it(`costs no acknowledgements, and leaves no queue behind (${profile.name})`, () => {
      const request = { destination: '/topic/a', queueName: undefined }
      const lines = profile.subscribeShared(request)
      const shared = profile.subscribeShared({ ...request, queueName: 'hoofbeat-1-2' })
      expect(lines[0]).toEqual(shared[0])
      expect(['auto', undefined]).toContain(headerOf(lines, 'ack'))
      expect(['x-queue-name', 'durable', 'x-expires'].map((name) => headerOf(lines, name))).toEqual(
        Array(3).fill(undefined),
      )
      expect(profile.unsubscribeShared(request)).toEqual([])
    })
  }
})
