import { describe, expect, it } from 'vitest'
import { createDestinationSyntax } from '../destination/destination.js'
import { type AllowOptions, compileRules, type DenyOptions } from './rules.js'
import type { User } from './user.js'

const syntax = createDestinationSyntax()

const compile = (allow: AllowOptions, deny: DenyOptions = {}) =>
  compileRules({ allow, deny, applicationPrefix: '/app', syntax })

function rulesFor(allow: AllowOptions, user?: User, deny?: DenyOptions) {
  const rules = compile(allow, deny)
  const of = (destination: string): readonly string[] => syntax.segments(destination) ?? []
  return {
    maySend: (destination: string) => rules.maySend(of(destination), user),
    maySubscribe: (destination: string, isQueue = false) => rules.maySubscribe(of(destination), user, isQueue),
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
    expect(() => compile({ send: [pattern] })).toThrow(
      new TypeError(`allow: '${pattern}' is not a destination pattern`),
    )
    expect(() => compile({ subscribe: [pattern] })).toThrow(TypeError)
  })
})

describe('a rule with {user}', () => {
  const rules = (name: string) => rulesFor({ subscribe: ['/topic/users/{user}/**'] }, { name })

  it('allows what names the user of the session, and nobody else', () => {
    expect(rules('ada').maySubscribe('/topic/users/ada')).toBe(true)
    expect(rules('ada').maySubscribe('/topic/users/ada/inbox')).toBe(true)
    expect(rules('ada').maySubscribe('/topic/users/ada/**')).toBe(true)
    expect(rules('ada').maySubscribe('/topic/users/bob')).toBe(false)
    expect(rules('ada').maySubscribe('/topic/users/Ada')).toBe(false)
    expect(rules('ada').maySubscribe('/topic/users/*')).toBe(false)
    expect(rules('ada').maySubscribe('/topic/users/**')).toBe(false)
    expect(rules('ada').maySubscribe('/topic/users')).toBe(false)
    expect(rules('ada').maySubscribe('/topic/ada/users')).toBe(false)
  })

  it('reads the name percent-encoded, as in /user/<name>', () => {
    expect(rules('a/b').maySubscribe('/topic/users/a%2Fb')).toBe(true)
    expect(rules('a%2Fb').maySubscribe('/topic/users/a%2Fb')).toBe(false)
    expect(rules('a%2Fb').maySubscribe('/topic/users/a%252Fb')).toBe(true)
    expect(rules('jane.doe@x.org').maySubscribe('/topic/users/jane.doe%40x.org')).toBe(true)
    expect(rules('a').maySubscribe('/topic/users/%')).toBe(false)
  })

  it('is not widened by a user who is called like a wildcard', () => {
    for (const name of ['*', '**']) {
      expect(rules(name).maySubscribe('/topic/users/*')).toBe(false)
      expect(rules(name).maySubscribe('/topic/users/**')).toBe(false)
      expect(rules(name).maySubscribe('/topic/users/ada')).toBe(false)
    }
    expect(rules('*').maySubscribe('/topic/users/%2A')).toBe(true)
  })

  it('allows an anonymous session nothing', () => {
    expect(rulesFor({ send: ['/topic/{user}'] }).maySend('/topic/undefined')).toBe(false)
    expect(rulesFor({ send: ['/topic/{user}'] }).maySend('/topic/{user}')).toBe(false)
  })
})

describe('a rule with a condition', () => {
  const allow: AllowOptions = {
    send: ['/topic/chat', { destination: '/topic/admin/**', when: (user) => user?.name === 'root' }],
  }

  it('allows those for whom it is true, and is asked each time', () => {
    expect(rulesFor(allow, { name: 'root' }).maySend('/topic/admin/a')).toBe(true)
    expect(rulesFor(allow, { name: 'ada' }).maySend('/topic/admin/a')).toBe(false)
    expect(rulesFor(allow).maySend('/topic/admin/a')).toBe(false)
    expect(rulesFor(allow, { name: 'root' }).maySend('/topic/other')).toBe(false)
  })

  it('is not asked where its pattern does not cover the destination', () => {
    const when = (): never => {
      throw new Error('asked')
    }
    expect(rulesFor({ send: [{ destination: '/topic/a', when }] }).maySend('/topic/b')).toBe(false)
  })

  it.each([1, 'yes', {}, Promise.resolve(true)])('allows nothing by %o: only true does', (value) => {
    const when = () => value as never
    expect(rulesFor({ send: [{ destination: '/topic/a', when }] }).maySend('/topic/a')).toBe(false)
  })

  it('says that what it allows once it may refuse later', () => {
    expect(compile(allow).areLasting).toBe(false)
    expect(compile({ send: ['/topic/**'], subscribe: ['/topic/{user}'] }).areLasting).toBe(true)
  })
})

describe('a rule that denies', () => {
  const allow: AllowOptions = { send: ['/topic/**'], subscribe: ['/topic/**'] }
  const deny: DenyOptions = {
    send: ['/topic/news/**'],
    subscribe: [{ destination: '/topic/*/internal', unless: (user) => user?.name === 'ada' }],
  }
  const rules = (name?: string) => rulesFor(allow, name === undefined ? undefined : { name }, deny)

  it('takes away from what is allowed', () => {
    expect(rules().maySend('/topic/chat')).toBe(true)
    expect(rules().maySend('/topic/news')).toBe(false)
    expect(rules().maySend('/topic/news/a/b')).toBe(false)
    expect(rules().maySubscribe('/topic/news/public')).toBe(true)
    expect(rules().maySubscribe('/topic/news/internal')).toBe(false)
    expect(rulesFor({}, undefined, deny).maySubscribe('/topic/news/internal')).toBe(false)
    expect(rulesFor({}, undefined, deny).maySubscribe('/topic/news/public')).toBe(true)
  })

  it.each(['/topic/**', '/topic/*/*', '/topic/news/*', '/topic/news/**', '/topic/*/**', '/topic/*/internal'])(
    'denies the wildcard %s, which would mean it too',
    (wildcard) => {
      expect(rules().maySubscribe(wildcard)).toBe(false)
      expect(rules('ada').maySubscribe(wildcard)).toBe(true)
    },
  )

  it('leaves wildcards that cannot mean it', () => {
    expect(rules().maySubscribe('/topic/*')).toBe(true)
    expect(rules().maySubscribe('/topic/news/a/**')).toBe(true)
  })

  it.each([1, 'yes', Promise.resolve(true), undefined])('makes no exception for %o: only for true', (value) => {
    const unless = () => value as never
    const denied = rulesFor(allow, undefined, { send: [{ destination: '/topic/a', unless }] })
    expect(denied.maySend('/topic/a')).toBe(false)
  })

  it('with an exception says that what it allows once it may refuse later', () => {
    expect(compile(allow, deny).areLasting).toBe(false)
    expect(compile(allow, { send: ['/topic/a'] }).areLasting).toBe(true)
  })

  it('may have no braces', () => {
    expect(() => compile({}, { send: ['/topic/{user}'] })).toThrow("deny: '/topic/{user}' may have no braces")
  })
})

describe('a rule that nobody can have meant', () => {
  it.each(['/topic/{room}', '/topic/{a,b}', '/topic/x{user}', '/topic/{user}/{user}', '/{id:[0-9]+}'])(
    'with braces: %s',
    (pattern) => {
      expect(() => compile({ send: [pattern] })).toThrow('may have braces once, as the segment {user}')
    },
  )

  it('are refused where an object names no condition: they would be rules for everybody', () => {
    const misread = { destination: '/topic/a', unless: () => false } as unknown as {
      destination: string
      when: () => true
    }
    expect(() => compile({ subscribe: [misread] })).toThrow("allow: '/topic/a' needs a function 'when'")
    const value = { destination: '/topic/a', unless: true } as unknown as { destination: string; unless: () => true }
    expect(() => compile({}, { send: [value] })).toThrow("deny: '/topic/a' needs a function 'unless'")
  })

  it('below the application prefix, where it would protect nothing', () => {
    expect(() => compile({ send: ['/app/admin/**'] })).toThrow("allow: '/app/admin/**' lies below '/app', where rules")
    expect(() => compile({}, { subscribe: ['/app'] })).toThrow("deny: '/app' lies below '/app', where rules")
    expect(() => compile({ send: ['/apple', '/**'] })).not.toThrow()
  })
})

describe('deny at a user whose name can be written in several ways', () => {
  const ways = ['ada@x.org', 'ada%40x.org', 'ada@x%2Eorg', 'ada%40x%2Eorg']
  const others = ['bob@x.org', 'ada%2540x.org', 'ada']

  it.each(ways)('holds for all of them: %s', (way) => {
    const rules = rulesFor({ send: ['/user/**'] }, undefined, { send: [`/user/${way}/**`] })
    for (const each of ways) expect(rules.maySend(`/user/${each}/queue/x`)).toBe(false)
    for (const each of others) expect(rules.maySend(`/user/${each}/queue/x`)).toBe(true)
  })

  it('holds with dots between segments too, which tear a name apart', () => {
    const dotted = createDestinationSyntax('.')
    for (const way of ways) {
      const rules = compileRules({
        allow: { send: ['/user/**'] },
        deny: { send: [`/user/${way}/queue/news.**`] },
        applicationPrefix: '/app',
        syntax: dotted,
      })
      const maySend = (destination: string): boolean => rules.maySend(dotted.segments(destination) ?? [], undefined)
      for (const each of ways) expect(maySend(`/user/${each}/queue/news.a`)).toBe(false)
      for (const each of ways) expect(maySend(`/user/${each}/queue/old`)).toBe(true)
      for (const each of others) expect(maySend(`/user/${each}/queue/news.a`)).toBe(true)
    }
  })

  it('takes no name for a wildcard, and no other destination for that of a user', () => {
    const rules = rulesFor({ send: ['/**'] }, undefined, { send: ['/user/%2A/**', '/topic/a%40b'] })
    expect(rules.maySend('/user/%2A/queue/x')).toBe(false)
    expect(rules.maySend('/user/ada/queue/x')).toBe(true)
    expect(rules.maySend('/topic/a@b')).toBe(true)
    const wild = rulesFor({ send: ['/**'] }, undefined, { send: ['/*/ada@x/**', '/user/100%/q'] })
    expect(wild.maySend('/user/ada%40x/q')).toBe(false)
    expect(wild.maySend('/user/100%25/q')).toBe(true)
  })
})
