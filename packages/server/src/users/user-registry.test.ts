import { describe, expect, it } from 'vitest'
import { createUserRegistry, type Member } from './user-registry.js'

const member = (sessionId: string, name?: string): Member => ({
  sessionId,
  user: name === undefined ? undefined : { name },
})

describe('createUserRegistry', () => {
  it('takes sessions with the same name for one user, in the order in which they connected', () => {
    const { users, add, sessionIds } = bound()
    const phone = { name: 'ada', device: 'phone' }
    add(member('s2', 'ada'))
    add({ sessionId: 's1', user: phone })
    add(member('s3', 'bob'))
    expect(users.size).toBe(2)
    expect(users.get('ada')).toEqual({
      name: 'ada',
      sessions: [
        { id: 's2', user: { name: 'ada' } },
        { id: 's1', user: phone },
      ],
    })
    expect(users.get('ada')?.sessions[1]?.user).toBe(phone)
    expect(sessionIds('ada')).toEqual(['s2', 's1'])
    expect([...users].map(({ name }) => name)).toEqual(['ada', 'bob'])
  })

  it('forgets a user with the last session, not before', () => {
    const { users, add, sessionIds } = bound()
    const removeFirst = add(member('s1', 'ada'))
    const removeSecond = add(member('s2', 'ada'))
    removeFirst()
    expect(sessionIds('ada')).toEqual(['s2'])
    removeSecond()
    expect(users.get('ada')).toBeUndefined()
    expect(sessionIds('ada')).toEqual([])
    expect([users.size, users.sessionCount, [...users]]).toEqual([0, 0, []])
  })

  it('counts anonymous sessions and finds them by id, but has no user for them', () => {
    const { users, add, has } = bound()
    const remove = add(member('s1'))
    expect([users.size, users.sessionCount, [...users]]).toEqual([0, 1, []])
    expect(has('s1')).toBe(true)
    remove()
    expect([users.sessionCount, has('s1')]).toEqual([0, false])
  })

  it('removes once: what is removed again may have come again', () => {
    const { users, add, has } = bound()
    const remove = add(member('s1', 'ada'))
    remove()
    add(member('s1', 'ada'))
    remove()
    expect([has('s1'), users.sessionCount, users.get('ada')?.sessions.length]).toEqual([true, 1, 1])
  })

  it('refuses an id that is there already and changes nothing', () => {
    const { users, add } = bound()
    add(member('s1', 'ada'))
    expect(() => add(member('s1', 'bob'))).toThrow("'s1' is registered already")
    expect([users.size, users.sessionCount, users.get('bob')]).toEqual([1, 1, undefined])
  })

  it.each(['__proto__', 'constructor', 'toString', 'a/b', ' ', '🐎'])('takes %j for a name like any other', (name) => {
    const { users, add, sessionIds } = bound()
    expect([users.get(name), sessionIds(name)]).toEqual([undefined, []])
    const remove = add(member(name, name))
    expect(users.get(name)).toEqual({ name, sessions: [{ id: name, user: { name } }] })
    remove()
    expect(users.get(name)).toBeUndefined()
  })

  it('does not merge names that look alike', () => {
    const { users, add } = bound()
    for (const name of ['Ada', 'ada', 'ada ', '\u00e4', 'a\u0308']) add(member(`of ${name}`, name))
    expect(users.size).toBe(5)
  })

  it('looks at a name once, so that a user who is renamed still leaves', () => {
    const { users, add } = bound()
    const user = { name: 'ada' }
    const remove = add({ sessionId: 's1', user })
    user.name = 'bob'
    expect([users.get('ada')?.name, users.get('bob')]).toEqual(['ada', undefined])
    remove()
    expect(users.size).toBe(0)
  })

  it('gives copies that later changes do not reach and nobody can change', () => {
    const { users, add, sessionIds } = bound()
    add(member('s1', 'ada'))
    const before = users.get('ada')
    const ids = sessionIds('ada')
    const remove = add(member('s2', 'ada'))
    const between = users.get('ada')
    remove()
    expect([before, between, users.get('ada')].map((user) => user?.sessions.map(({ id }) => id))).toEqual([
      ['s1'],
      ['s1', 's2'],
      ['s1'],
    ])
    expect(ids).toEqual(['s1'])
    for (const given of [before, before?.sessions, before?.sessions[0], ids, sessionIds('nobody')]) {
      expect(Object.isFrozen(given)).toBe(true)
    }
  })

  it('can be iterated while users come and go', () => {
    const { users, add } = bound()
    add(member('s1', 'ada'))
    const remove = add(member('s2', 'bob'))
    const seen: string[] = []
    for (const { name } of users) {
      seen.push(name)
      if (name === 'ada') {
        remove()
        add(member('s3', 'eve'))
      }
    }
    expect(seen).toEqual(['ada', 'eve'])
  })

  it('gives applications nothing by which they could add or remove', () => {
    expect('add' in createUserRegistry().users).toBe(false)
  })
})

function bound() {
  const registry = createUserRegistry()
  return {
    users: registry.users,
    add(one: Member) {
      registry.add(one)
      return () => registry.remove(one)
    },
    sessionIds: (name: string) => registry.sessionIds(name),
    has: (id: string) => registry.has(id),
  }
}
