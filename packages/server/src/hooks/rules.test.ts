import { describe, expect, it } from 'vitest'
import { createDestinationSyntax } from '../destination/destination.js'
import { type AllowOptions, compileRules } from './rules.js'

const syntax = createDestinationSyntax()

function rulesFor(allow: AllowOptions) {
  const rules = compileRules(allow, syntax)
  const of = (destination: string): readonly string[] => syntax.segments(destination) ?? []
  return {
    maySend: (destination: string) => rules.maySend(of(destination)),
    maySubscribe: (destination: string, isQueue = false) => rules.maySubscribe(of(destination), isQueue),
  }
}

describe('without rules', () => {
  const rules = rulesFor({})

  it('clients may SEND to no broker destination', () => {
    expect(rules.maySend('/topic/a')).toBe(false)
  })

  it('clients may SUBSCRIBE to exact names, not to wildcards', () => {
    expect(rules.maySubscribe('/topic/a')).toBe(true)
    expect(rules.maySubscribe('/queue/a', true)).toBe(false)
    expect(rules.maySubscribe('/topic/*')).toBe(false)
    expect(rules.maySubscribe('/topic/a/**')).toBe(false)
  })
})

describe('with rules', () => {
  it('clients may SEND to what a pattern covers', () => {
    const rules = rulesFor({ send: ['/topic/chat/*', '/topic/log'] })
    expect(rules.maySend('/topic/chat/lobby')).toBe(true)
    expect(rules.maySend('/topic/log')).toBe(true)
    expect(rules.maySend('/topic/chat')).toBe(false)
    expect(rules.maySend('/topic/chat/lobby/side')).toBe(false)
    expect(rules.maySend('/topic/chats/lobby')).toBe(false)
  })

  it('clients may SUBSCRIBE to wildcards only where one pattern covers all they can mean', () => {
    const rules = rulesFor({ subscribe: ['/topic/chat/*', '/topic/news/**'] })
    expect(rules.maySubscribe('/topic/chat/lobby')).toBe(true)
    expect(rules.maySubscribe('/topic/chat/*')).toBe(true)
    expect(rules.maySubscribe('/topic/chat/**')).toBe(false)
    expect(rules.maySubscribe('/topic/news')).toBe(true)
    expect(rules.maySubscribe('/topic/news/*/today')).toBe(true)
    expect(rules.maySubscribe('/topic/**')).toBe(false)
    expect(rules.maySubscribe('/topic/*')).toBe(false)
    expect(rules.maySubscribe('/topic/other')).toBe(false)
  })

  it('an empty list allows nothing', () => {
    const rules = rulesFor({ subscribe: [], send: [] })
    expect(rules.maySubscribe('/topic/a')).toBe(false)
    expect(rules.maySend('/topic/a')).toBe(false)
  })

  it('rules for one side leave the other at its default', () => {
    expect(rulesFor({ send: ['/topic/**'] }).maySubscribe('/topic/a')).toBe(true)
    expect(rulesFor({ subscribe: ['/topic/**'] }).maySend('/topic/a')).toBe(false)
  })

  it.each(['topic/a', '/topic/a*', '/topic/**/a', ''])('%j is refused as a pattern, by name', (pattern) => {
    expect(() => compileRules({ send: [pattern] }, syntax)).toThrow(
      new TypeError(`allow: '${pattern}' is not a destination pattern`),
    )
    expect(() => compileRules({ subscribe: [pattern] }, syntax)).toThrow(TypeError)
  })
})
