import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SessionSubscription } from '../users/users.js'
import { createRemoteSessions, writeSession } from './remote-sessions.js'

/** What headers and user names can carry. */
const text = fc.string({ unit: 'binary', maxLength: 6 }).map((any) => any.replaceAll('\0', ''))
const session = fc.record({
  id: fc.constantFrom('s1', 's2', 's3'),
  node: fc.constantFrom('a', 'b'),
  isThere: fc.boolean(),
  userName: fc.oneof(fc.constant(undefined), fc.constantFrom('', '+', 'ada', 'bob'), text),
  subscriptions: fc.array(fc.record({ id: fc.option(text, { nil: undefined }), destination: text }), { maxLength: 3 }),
})

const written = (userName: string | undefined, subscriptions: readonly SessionSubscription[]): string =>
  writeSession({ userName, subscriptions: new Map(subscriptions.map((one) => [{}, one])) })

describe('the sessions of other nodes', () => {
  it('are read as they were written, under their ids and their users, as they come and go', () => {
    fc.assert(
      fc.property(fc.array(session, { maxLength: 30 }), (all) => {
        const lists = new Map([
          ['a', new Map<string, unknown>()],
          ['b', new Map<string, unknown>()],
        ])
        const remote = createRemoteSessions(() => lists)
        const model = new Map<string, Omit<(typeof all)[number], 'id'> & { readonly id: string }>()
        for (const { id: name, node, ...told } of all) {
          // Ids are unique over all nodes.
          const id = `${node} ${name}`
          const list = lists.get(node)
          const former = list?.get(id)
          const value = told.isThere ? written(told.userName, told.subscriptions) : undefined
          if (value === undefined) list?.delete(id)
          else list?.set(id, value)
          remote.changed(id, value, former)
          if (value === undefined) model.delete(id)
          else model.set(id, { id, node, ...told })
        }
        const expected = [...model.values()].map(({ id, node, userName, subscriptions }) => ({
          ...{ id, node, subscriptions },
          user: userName === undefined ? undefined : { name: userName },
        }))
        expect(remote.size).toBe(expected.length)
        for (const one of expected) expect(remote.get(one.id)).toEqual(one)
        expect([...remote.list()].map(({ id }) => id).sort()).toEqual(expected.map(({ id }) => id).sort())
        const names = new Set(expected.flatMap(({ user }) => user?.name ?? []))
        expect(new Set(remote.userNames)).toEqual(names)
        for (const name of names) {
          const ids = expected.filter(({ user }) => user?.name === name).map(({ id }) => id)
          expect(
            remote
              .ofUser(name)
              .map(({ id }) => id)
              .sort(),
          ).toEqual(ids.sort())
        }
        for (const { subscriptions } of expected) {
          for (const { destination } of subscriptions) {
            const meant = expected.filter((one) => one.subscriptions.some((at) => at.destination === destination))
            const found = [...remote.list(destination)].map(({ id }) => id)
            expect(found).toEqual(expect.arrayContaining(meant.map(({ id }) => id)))
          }
        }
      }),
    )
  })
})
