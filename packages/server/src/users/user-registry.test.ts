import { describe, expect, it } from 'vitest'
import type { StompError } from '../errors.js'
import type { User } from '../hooks/user.js'
import { createUserRegistry, type Member } from './user-registry.js'
import type { SessionSubscription } from './users.js'

/** A member that notes what it is told; its subscriptions may be changed. */
const member = (
  sessionId: string,
  user?: string | User,
  subscriptions: readonly SessionSubscription[] = [],
): Member & { readonly told: readonly StompError[] } => {
  const told: StompError[] = []
  return {
    sessionId,
    user: typeof user === 'string' ? { name: user } : user,
    told,
    listSubscriptions: (at) => subscriptions.filter(({ destination }) => at === undefined || at === destination),
    expel: async (error) => void told.push(error),
  }
}

const news = { id: '1', destination: '/topic/news' }
const notices = { id: undefined, destination: '/user/queue/notices' }

describe('createUserRegistry', () => {
  it('takes sessions with the same name for one user, in the order in which they connected', () => {
    const { users, add, sessionIds } = bound()
    const phone = { name: 'ada', device: 'phone' }
    add(member('s2', 'ada'))
    add(member('s1', phone, [news]))
    add(member('s3', 'bob'))
    expect(users.size).toBe(2)
    expect(users.get('ada')).toEqual({
      name: 'ada',
      sessions: [
        { id: 's2', user: { name: 'ada' }, subscriptions: [] },
        { id: 's1', user: phone, subscriptions: [news] },
      ],
    })
    expect(users.get('ada')?.sessions[1]?.user).toBe(phone)
    expect(sessionIds('ada')).toEqual(['s2', 's1'])
    expect([...users].map(({ name }) => name)).toEqual(['ada', 'bob'])
  })

  it('knows whose a session is, without a look at its subscriptions', () => {
    const registry = createUserRegistry()
    const busy = (sessionId: string, user?: string): Member => ({
      ...member(sessionId, user),
      listSubscriptions: () => {
        throw new Error('nobody has asked for them')
      },
    })
    registry.add(busy('s1', 'ada'))
    registry.add(busy('s2'))
    expect(registry.userOf('s1')).toEqual({ name: 'ada' })
    expect([registry.userOf('s2'), registry.userOf('s3')]).toEqual([undefined, undefined])
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

  it('shows a user that says something else than before, in its old place, and only while it is there', () => {
    const registry = createUserRegistry()
    const first = member('s1', { name: 'ada' })
    const renewed = { ...first, user: { name: 'ada', role: 'admin' } }
    for (const each of [first, member('s2', 'ada')]) registry.add(each)
    registry.renewed(renewed)
    expect(registry.users.get('ada')?.sessions[0]?.user).toEqual({ name: 'ada' })
    Object.assign(first, { user: renewed.user })
    registry.renewed(first)
    expect(registry.users.get('ada')?.sessions.map(({ id, user }) => [id, user])).toEqual([
      ['s1', { name: 'ada', role: 'admin' }],
      ['s2', { name: 'ada' }],
    ])
    registry.remove(first)
    registry.renewed(first)
    expect(registry.users.get('ada')?.sessions.map(({ id }) => id)).toEqual(['s2'])
    expect(registry.sessionIds('ada')).toEqual(['s2'])
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
    expect(users.get(name)).toEqual({ name, sessions: [{ id: name, user: { name }, subscriptions: [] }] })
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
    const remove = add(member('s1', user))
    user.name = 'bob'
    expect([users.get('ada')?.name, users.get('bob')]).toEqual(['ada', undefined])
    remove()
    expect(users.size).toBe(0)
  })

  it('gives copies that later changes do not reach', () => {
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
    // All who ask between two changes are given the same.
    for (const given of [ids, sessionIds('nobody')]) expect(Object.isFrozen(given)).toBe(true)
  })

  it('finds a session by its id, an anonymous one too, with its subscriptions as they are now', () => {
    const { users, add } = bound()
    const ada = { name: 'ada', device: 'phone' }
    const subscriptions = [news]
    add(member('s1', ada))
    const remove = add(member('s2', undefined, subscriptions))
    expect(users.session('s1')).toEqual({ id: 's1', user: ada, subscriptions: [] })
    const before = users.session('s2')
    expect(before).toEqual({ id: 's2', user: undefined, subscriptions: [news] })
    subscriptions.push({ ...news, id: '2' })
    expect([before, users.session('s2')].map((session) => session?.subscriptions.length)).toEqual([1, 2])
    remove()
    expect([users.session('s2'), users.session('')]).toEqual([undefined, undefined])
  })

  it('finds subscriptions at exactly a destination, or by what they are', () => {
    const { users, add } = bound()
    add(member('s1', 'ada', [notices, news]))
    add(member('s2', undefined, [{ id: '9', destination: '/topic/*' }, news]))
    const remove = add(member('s3', 'bob', [news]))
    expect(users.subscriptions('/topic/news')).toEqual([
      { ...news, sessionId: 's1', user: { name: 'ada' } },
      { ...news, sessionId: 's2', user: undefined },
      { ...news, sessionId: 's3', user: { name: 'bob' } },
    ])
    remove()
    const idsOf = (which: Parameters<typeof users.subscriptions>[0]) =>
      users.subscriptions(which).map(({ sessionId, id }) => [sessionId, id])
    expect(idsOf('/topic/*')).toEqual([['s2', '9']])
    expect(idsOf('/topic')).toEqual([])
    expect(idsOf(({ user, destination }) => user?.name === 'ada' && destination.startsWith('/user/'))).toEqual([
      ['s1', undefined],
    ])
    expect(idsOf(() => true)).toHaveLength(4)
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

  it('ends all sessions of a user, or one session, and tells each why', async () => {
    const { registry, add } = bound()
    const [one, two, other, nobody] = [member('s1', 'ada'), member('s2', 'ada'), member('s3', 'bob'), member('s4')]
    for (const each of [one, two, other, nobody]) add(each)
    expect(await registry.disconnect({ user: 'ada' }, 'Enough')).toBe(2)
    expect(await registry.disconnect({ session: 's4' })).toBe(1)
    const told = [one, two, other, nobody].map((each) => each.told.map(({ code, message }) => [code, message]))
    const enough = [['STOMP_ERR_DISCONNECTED', 'Enough']]
    expect(told).toEqual([enough, enough, [], [['STOMP_ERR_DISCONNECTED', 'The server has ended this session']]])
  })

  it.each([
    { user: 'eve' },
    { session: 's9' },
    { user: '' },
    // As plain JavaScript may have it: a name that was not found must not mean everybody, nor the anonymous.
    { user: undefined },
    { session: undefined },
    {},
  ])('ends nobody for %j', async (target) => {
    const { registry, add } = bound()
    const all = [member('s1', 'ada'), member('s2')]
    for (const each of all) add(each)
    expect(await registry.disconnect(target as { user: string })).toBe(0)
    expect(all.flatMap(({ told }) => told)).toEqual([])
  })

  it('waits until each connection is gone', async () => {
    const { registry, add } = bound()
    let gone = (): void => {}
    const slow = member('s1', 'ada')
    add({ ...slow, expel: () => new Promise((resolve) => (gone = resolve)) })
    add(member('s2', 'ada'))
    let count: number | undefined
    const disconnected = registry.disconnect({ user: 'ada' }).then((known) => (count = known))
    await new Promise((resolve) => setImmediate(resolve))
    expect(count).toBeUndefined()
    gone()
    expect(await disconnected).toBe(2)
  })

  it('gives applications nothing by which they could add or remove', () => {
    expect('add' in createUserRegistry().users).toBe(false)
  })
})

function bound() {
  const registry = createUserRegistry()
  return {
    registry,
    users: registry.users,
    add(one: Member) {
      registry.add(one)
      return () => registry.remove(one)
    },
    sessionIds: (name: string) => registry.sessionIds(name),
    has: (id: string) => registry.has(id),
  }
}
