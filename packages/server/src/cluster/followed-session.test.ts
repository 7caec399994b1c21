import { describe, expect, it } from 'vitest'
import { openTestCluster, type TestNode } from '../testing/test-cluster.js'
import { PAGE_LENGTH } from './announced.js'
import { FollowedSession, PART_LENGTH } from './followed-session.js'

const subscriptionsOf = ({ cluster }: TestNode, sessionId: string): readonly string[] =>
  (cluster.users.session(sessionId)?.subscriptions ?? []).map(({ id, destination }) => `${id} ${destination}`)

describe('a session that others are told of', () => {
  it('costs a change of one subscription little more than its own size, however many others it has', async () => {
    const { clock, hub, a, b } = await openTestCluster('a', 'b')
    const session = b.connect('s1', 'mallory')
    const destinations = Array.from({ length: 255 }, (_, i) => `/user/queue/${i}`.padEnd(8_000, 'x'))
    for (const [i, destination] of destinations.entries()) session.subscribe(`${i}`, destination)
    await clock.pass(1_000)
    expect(subscriptionsOf(a, 's1')).toHaveLength(255)
    for (const { body } of hub.heard) expect(body.length).toBeLessThan(PAGE_LENGTH + 1_000)

    const before = hub.heard.length
    for (let i = 0; i < 100; i++) {
      const end = session.subscribe('toggled', '/topic/short')
      await clock.pass(100)
      expect(subscriptionsOf(a, 's1')).toContain('toggled /topic/short')
      end()
      await clock.pass(100)
      expect(subscriptionsOf(a, 's1')).toHaveLength(255)
    }
    const told = hub.heard.slice(before).reduce((sum, { body }) => sum + body.length, 0)
    // Beats of both nodes are among it.
    expect(told / 200).toBeLessThan(2 * PART_LENGTH)
    session.leave()
    await clock.pass(200)
    expect([subscriptionsOf(a, 's1'), a.cluster.users.sessionCount]).toEqual([[], 0])
  })

  it('is one part as long as its subscriptions are few, and keeps no part that is empty', () => {
    const session = new FollowedSession('ada', 0)
    const keys = Array.from({ length: 200 }, () => ({}))
    const fill = (): readonly number[] =>
      keys.map((key, i) => session.add(key, { id: `${i}`, destination: `/topic/${i}/${'x'.repeat(80)}` }))
    const parts = fill()
    expect(parts.slice(0, 4)).toEqual([0, 0, 0, 0])
    expect(parts.at(-1)).toBeGreaterThan(30)
    expect(parts.at(-1)).toBeLessThan(70)
    expect(session.parts).toEqual([...new Set(parts)])
    expect(keys.map((key) => session.delete(key))).toEqual(parts)
    expect([session.parts, session.delete({})]).toEqual([[0], undefined])
    for (let i = 0; i < 100; i++) {
      fill()
      for (const key of keys) session.delete(key)
    }
    expect(session.parts).toEqual([0])
    expect(fill().slice(0, 4)).toEqual([0, 0, 0, 0])
  })
})
