import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SessionSubscription } from '../users/users.js'
import { createAnnounced } from './announced.js'
import { createFollowedSessions } from './followed-presence.js'
import { PART_LENGTH } from './followed-session.js'
import { createRemoteSessions } from './remote-sessions.js'
import { createReplica, type Entry, type Replica } from './replica.js'
import { isSessionId, readSessionKey, sessionKey, writeSession } from './session-texts.js'

/** What headers and user names can carry. */
const text = fc.string({ unit: 'binary', maxLength: 6 }).map((any) => any.replaceAll('\0', ''))
const destination = fc.oneof(
  text,
  // Two or three of the first fill a part, and the last one is longer than any.
  fc.tuple(text, fc.constantFrom(150, 200, PART_LENGTH, 3_000)).map(([any, length]) => any.padEnd(length, '/x')),
)
const id = fc.oneof({ weight: 3, arbitrary: fc.constant('s1') }, fc.constantFrom('s2', 's3'))
const step = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('come' as const), id, userName: fc.option(text, { nil: undefined }) }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('go' as const), id }) },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('subscribe' as const),
      id,
      subscription: fc.record({ id: fc.option(text, { nil: undefined }), destination }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('unsubscribe' as const), id, which: fc.nat() }) },
  { weight: 2, arbitrary: fc.constant({ type: 'tell' as const }) },
  { weight: 1, arbitrary: fc.constant({ type: 'lose' as const }) },
)

/** One node, and what another one knows of it. */
function setUp(node: string) {
  const dirty = new Set<string>()
  const followed = createFollowedSessions(
    () => 0,
    (sessionId, part) => dirty.add(sessionKey(sessionId, part)),
  )
  const presence = followed.follow({ isWanted: false, open: () => undefined })
  const announced = createAnnounced(
    (key) => {
      const { sessionId, part } = readSessionKey(key)
      const session = followed.sessions.get(sessionId)
      return session && writeSession(session, part)
    },
    () => 1_000,
    () => expect.unreachable(),
  )
  const model = new Map<string, { userName: string | undefined; subscriptions: Map<object, SessionSubscription> }>()
  const open = new Map<string, NonNullable<ReturnType<typeof presence.open>>>()
  return {
    node,
    model,
    announced,
    /** What is to be told since the last time. */
    changes() {
      const changes = announced.update(dirty)
      dirty.clear()
      return changes
    },
    come(sessionId: string, userName: string | undefined) {
      if (open.has(sessionId)) return
      const user = userName === undefined ? undefined : { name: userName }
      open.set(sessionId, presence.open({ sessionId, user, transport: 'linked' }) ?? expect.unreachable())
      model.set(sessionId, { userName, subscriptions: new Map() })
    },
    go(sessionId: string) {
      open.get(sessionId)?.left()
      open.delete(sessionId)
      model.delete(sessionId)
    },
    subscribe(sessionId: string, subscription: SessionSubscription) {
      const key = {}
      open.get(sessionId)?.subscribed(key, subscription)
      model.get(sessionId)?.subscriptions.set(key, subscription)
    },
    unsubscribe(sessionId: string, which: number) {
      const subscriptions = model.get(sessionId)?.subscriptions ?? new Map<object, SessionSubscription>()
      const key = [...subscriptions.keys()][which % Math.max(subscriptions.size, 1)]
      if (key === undefined) return
      open.get(sessionId)?.unsubscribed(key)
      subscriptions.delete(key)
    },
  }
}

/** Tells what has changed, or all where something was lost. */
function tell({ changes, announced }: ReturnType<typeof setUp>, replica: Replica): void {
  for (const { version, text: page } of changes()) {
    if (version === replica.digest.version + 1) replica.apply(version, entries(page))
  }
  const { version } = announced.digest
  if (replica.digest.version === version) return
  replica.begin(version)
  for (const [page, part] of announced.pages().entries()) replica.collect(page, entries(part))
  replica.replace()
}

const entries = (page: string): readonly Entry[] => JSON.parse(page)
const sorted = (subscriptions: Iterable<SessionSubscription>): readonly string[] =>
  Array.from(subscriptions, ({ id, destination }) => JSON.stringify([id, destination])).sort()

describe('the sessions of other nodes', () => {
  it('are read as they are there, under their ids and their users, as they come, subscribe and go', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ step, isFirst: fc.boolean() }), { maxLength: 120, size: 'max' }), (steps) => {
        const nodes = [setUp('a'), setUp('b')] as const
        const known = nodes.map(({ node }) => ({
          node,
          replica: createReplica((key, value, former) => remote.changed(key, value, former), 1_000),
        }))
        const remote = createRemoteSessions(() => known.map(({ node, replica }) => [node, replica.values] as const))
        for (const { step: one, isFirst } of steps) {
          const [node, replica] = isFirst ? [nodes[0], known[0]?.replica] : [nodes[1], known[1]?.replica]
          // Ids are unique over all nodes.
          const sessionId = 'id' in one ? `${node.node} ${one.id}` : ''
          if (one.type === 'come') node.come(sessionId, one.userName)
          if (one.type === 'go') node.go(sessionId)
          if (one.type === 'subscribe') node.subscribe(sessionId, one.subscription)
          if (one.type === 'unsubscribe') node.unsubscribe(sessionId, one.which)
          if (one.type === 'lose') node.changes()
          if (one.type === 'tell' && replica !== undefined) tell(node, replica)
        }
        for (const [i, node] of nodes.entries()) {
          const replica = known[i]?.replica ?? expect.unreachable()
          tell(node, replica)
          expect(replica.digest).toEqual(node.announced.digest)
        }

        const expected = nodes.flatMap(({ node, model }) =>
          [...model].map(([sessionId, { userName, subscriptions }]) => ({
            ...{ id: sessionId, node, subscriptions: sorted(subscriptions.values()) },
            user: userName === undefined ? undefined : { name: userName },
          })),
        )
        expect(remote.size).toBe(expected.length)
        for (const one of expected) {
          const found = remote.get(one.id)
          expect(found && { ...found, subscriptions: sorted(found.subscriptions) }).toEqual(one)
        }
        for (const { replica } of known) {
          for (const key of replica.values.keys()) if (!isSessionId(key)) expect(remote.get(key)).toBeUndefined()
        }
        expect([...remote.list()].map((one) => one.id).sort()).toEqual(expected.map((one) => one.id).sort())
        const names = new Set(expected.flatMap(({ user }) => user?.name ?? []))
        expect(new Set(remote.userNames)).toEqual(names)
        for (const name of names) {
          const ids = expected.filter(({ user }) => user?.name === name).map((one) => one.id)
          const found = remote.ofUser(name).map((one) => one.id)
          expect(found.sort()).toEqual(ids.sort())
        }
        for (const { model } of nodes) {
          for (const [sessionId, { subscriptions }] of model) {
            for (const { destination } of subscriptions.values()) {
              expect([...remote.list(destination)].map((one) => one.id)).toContain(sessionId)
            }
          }
        }
      }),
    )
  })
})
