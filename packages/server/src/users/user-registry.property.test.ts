import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createUserRegistry, type Member } from './user-registry.js'

interface Known {
  readonly id: string
  readonly name: string | undefined
  readonly remove: () => void
}

const step = fc.record({
  id: fc.nat(7).map((n) => `s${n}`),
  name: fc.constantFrom('ada', 'bob', '__proto__', undefined),
})

it('says at every moment what a list of the connected sessions says', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const registry = createUserRegistry()
      // Users in the order of their first session that is still theirs: a user who was gone comes last again.
      const names: string[] = []
      let known: Known[] = []
      for (const { id, name } of steps) {
        const found = known.find((one) => one.id === id)
        if (found === undefined) {
          const member: Member = {
            sessionId: id,
            user: name === undefined ? undefined : { name },
            listSubscriptions: () => [{ id: '1', destination: `/topic/${id}` }],
            expel: async () => {},
          }
          registry.add(member)
          known.push({ id, name, remove: () => registry.remove(member) })
          if (name !== undefined && !names.includes(name)) names.push(name)
        } else {
          found.remove()
          found.remove()
          known = known.filter((one) => one !== found)
          if (!known.some((one) => one.name === found.name))
            names.splice(names.indexOf(found.name ?? ''), found.name === undefined ? 0 : 1)
        }
        const idsOf = (of: string) => known.filter((one) => one.name === of).map((one) => one.id)
        const { users } = registry
        expect([users.size, users.sessionCount]).toEqual([names.length, known.length])
        expect([...users].map((user) => [user.name, user.sessions.map((session) => session.id)])).toEqual(
          names.map((of) => [of, idsOf(of)]),
        )
        for (const of of ['ada', 'bob', '__proto__']) {
          expect(registry.sessionIds(of)).toEqual(idsOf(of))
          expect(users.get(of)?.sessions.map((session) => session.id)).toEqual(
            names.includes(of) ? idsOf(of) : undefined,
          )
        }
        expect(registry.has(id)).toBe(found === undefined)
        expect(users.session(id)?.user?.name).toBe(found === undefined ? name : undefined)
        expect(users.subscriptions(() => true).map(({ destination }) => destination)).toEqual(
          known.map((one) => `/topic/${one.id}`),
        )
      }
    }),
  )
})
