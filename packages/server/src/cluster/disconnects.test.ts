import { describe, expect, it } from 'vitest'
import { createTestCluster, openTestCluster, type TestSession } from '../testing/test-cluster.js'

describe('disconnecting a user', () => {
  it('ends the sessions on all nodes, and counts them', async () => {
    const { clock, a, b, c } = await openTestCluster('a', 'b', 'c')
    const sessions = [a.connect('s1', 'ada'), b.connect('s2', 'ada'), b.connect('s3', 'ada'), c.connect('s4', 'ada')]
    const other = c.connect('s5', 'bob')
    const ended = a.cluster.disconnect({ user: 'ada' }, 'banned')
    await clock.pass(100)
    expect(await ended).toBe(4)
    expect(sessions.map(({ expelled }) => expelled.map(({ code, message }) => [code, message]))).toEqual(
      Array(4).fill([['STOMP_ERR_DISCONNECTED', 'banned']]),
    )
    expect(other.expelled).toEqual([])
    const one = a.cluster.disconnect({ session: 's5' })
    await clock.pass(100)
    expect(await one).toBe(1)
    const none = a.cluster.disconnect({ session: 's5' })
    await clock.pass(100)
    expect(await none).toBe(0)
  })

  it('asks nobody for a session that is here', async () => {
    const { clock, hub, a } = await openTestCluster('a', 'b')
    a.connect('s1')
    const before = hub.heard.length
    expect(await a.cluster.disconnect({ session: 's1' })).toBe(1)
    await clock.pass(0)
    expect(hub.heard.length).toBe(before)
  })

  it('counts what has answered within ten seconds', async () => {
    const { clock, hub, a, b, c } = await openTestCluster('a', 'b', 'c')
    a.connect('s1', 'ada')
    b.connect('s2', 'ada')
    const deaf = c.connect('s3', 'ada')
    hub.isLost = (_publication, to) => to === 'c'
    let count: number | undefined
    a.cluster.disconnect({ user: 'ada' }).then((sum) => {
      count = sum
    })
    await clock.pass(9_000)
    expect(count).toBeUndefined()
    await clock.pass(1_500)
    expect([count, deaf.expelled]).toEqual([2, []])
  })

  it('ends those here and fails, where the broker cannot tell the others', async () => {
    const { a, b } = await openTestCluster('a', 'b')
    const here = a.connect('s1', 'ada')
    b.connect('s2', 'ada')
    a.backbone.isAvailable = false
    await expect(a.cluster.disconnect({ user: 'ada' })).rejects.toMatchObject({
      code: 'STOMP_ERR_BROKER_UNAVAILABLE',
      message: expect.stringContaining('Only sessions of this server were ended'),
    })
    expect(here.expelled).toHaveLength(1)
  })
})

describe('disconnecting a user of a node that is away from the broker', () => {
  const ended = (...sessions: readonly TestSession[]): readonly number[] =>
    sessions.map(({ expelled }) => expelled.length)

  it('ends what had begun by then when the node is back, and nothing that has begun since', async () => {
    const { clock, a, b, c } = await openTestCluster('a', 'b', 'c')
    const [near, before] = [b.connect('s1', 'ada'), c.connect('s2', 'ada')]
    c.backbone.isAvailable = false
    await clock.pass(5_000)
    const meanwhile = c.connect('s3', 'ada')
    await clock.pass(1)
    const count = a.cluster.disconnect({ user: 'ada' }, 'banned')
    await clock.pass(1)
    const since = c.connect('s4', 'ada')
    await clock.pass(60_000)
    // c fell silent before it had answered.
    expect([await count, ended(near, before, meanwhile, since)]).toEqual([1, [1, 0, 0, 0]])
    c.backbone.isAvailable = true
    await clock.pass(2_000)
    expect(ended(near, before, meanwhile, since)).toEqual([1, 1, 1, 0])
    expect(before.expelled.map(({ code, message }) => [code, message])).toEqual([['STOMP_ERR_DISCONNECTED', 'banned']])
    await clock.pass(700_000)
    expect(ended(since)).toEqual([0])
  })

  it('ends one session, whenever that has begun by the clock of its node', async () => {
    const { clock, a, b } = await openTestCluster('a', 'b')
    const session = b.connect('s1')
    b.backbone.isAvailable = false
    const count = a.cluster.disconnect({ session: 's1' })
    await clock.pass(2_000)
    b.backbone.isAvailable = true
    await clock.pass(2_000)
    expect([await count, ended(session)]).toEqual([1, [1]])
  })

  it('ends them when something was lost on the way and nobody was away', async () => {
    const { clock, hub, a, b } = await openTestCluster('a', 'b')
    const session = b.connect('s1', 'ada')
    hub.isLost = (_publication, to) => to === 'b'
    const count = a.cluster.disconnect({ user: 'ada' })
    await clock.pass(10)
    hub.isLost = () => false
    await clock.pass(5_000)
    expect([await count, ended(session)]).toEqual([1, [1]])
  })

  it('ends them although the node that was asked has ended meanwhile', async () => {
    const { clock, a, b, c } = await openTestCluster('a', 'b', 'c')
    const session = c.connect('s1', 'ada')
    c.backbone.isAvailable = false
    const count = a.cluster.disconnect({ user: 'ada' })
    await clock.pass(100)
    await Promise.all([a.cluster.close(), clock.pass(100)])
    expect(await count).toBe(0)
    const since = c.connect('s2', 'ada')
    await clock.pass(30_000)
    c.backbone.isAvailable = true
    await clock.pass(3_000)
    expect([ended(session, since), b.cluster.nodes.isGone('a')]).toEqual([[1, 0], true])
  })

  it('ends those of other nodes when the node that was asked is back, though it has said that it failed', async () => {
    const { clock, a, b } = await openTestCluster('a', 'b')
    const session = b.connect('s1', 'ada')
    a.backbone.isAvailable = false
    const failed = expect(a.cluster.disconnect({ user: 'ada' })).rejects.toMatchObject({
      code: 'STOMP_ERR_BROKER_UNAVAILABLE',
    })
    await clock.pass(1)
    await failed
    const since = b.connect('s2', 'ada')
    await clock.pass(60_000)
    expect(ended(session, since)).toEqual([0, 0])
    a.backbone.isAvailable = true
    await clock.pass(2_000)
    expect(ended(session, since)).toEqual([1, 0])
  })

  it('spares what has begun while the order itself waited for the broker', async () => {
    const { clock, hub, a, b } = await openTestCluster('a', 'b')
    const session = b.connect('s1', 'ada')
    hub.delayMs = (from) => (from === 'a' ? 20_000 : 0)
    await clock.pass(1)
    const count = a.cluster.disconnect({ user: 'ada' })
    await clock.pass(1_000)
    const since = b.connect('s2', 'ada')
    await clock.pass(20_000)
    expect([ended(session, since)]).toEqual([[1, 0]])
    // Until then it had fallen silent.
    expect(await count).toBe(0)
  })

  it('ends what has begun at a node before that has heard of others at all', async () => {
    const test = createTestCluster()
    const [a, late] = [test.join('a'), test.join('late')]
    const opened = a.cluster.open()
    const session = late.connect('s1', 'ada')
    await test.clock.pass(100)
    await opened
    const count = a.cluster.disconnect({ user: 'ada' })
    await test.clock.pass(100)
    expect([await count, ended(session)]).toEqual([0, [0]])
    late.cluster.open()
    await test.clock.pass(2_000)
    expect(ended(session)).toEqual([1])
  })

  it('is done once however often it is told, and counted though an answer was lost', async () => {
    const { clock, hub, a, b } = await openTestCluster('a', 'b')
    const session = b.connect('s1', 'ada')
    hub.isLost = ({ topic }) => topic === 'node-a'
    let count: number | undefined
    a.cluster.disconnect({ user: 'ada' }).then((sum) => {
      count = sum
    })
    await clock.pass(1_000)
    expect([count, ended(session)]).toEqual([undefined, [1]])
    hub.isLost = () => false
    const back = b.connect('s2', 'ada')
    for (let i = 0; i < 3; i++) {
      for (const { backbone } of [a, b]) backbone.isAvailable = false
      for (const { backbone } of [a, b]) backbone.isAvailable = true
      await clock.pass(1_500)
    }
    expect([count, ended(session, back)]).toEqual([1, [1, 0]])
  })

  it('is forgotten after ten minutes', async () => {
    const { clock, a, b } = await openTestCluster('a', 'b')
    const session = b.connect('s1', 'ada')
    b.backbone.isAvailable = false
    a.cluster.disconnect({ user: 'ada' })
    await clock.pass(605_000)
    b.backbone.isAvailable = true
    await clock.pass(5_000)
    expect(ended(session)).toEqual([0])
  })

  it('is told in pages where it was asked for many, the last ten thousand of them', async () => {
    const { clock, hub, warnings, a, b } = await openTestCluster('a', 'b')
    const [first, second, last] = [b.connect('s1', 'user 1'), b.connect('s2', 'user 2'), b.connect('s3', 'user 10001')]
    hub.isLost = (_publication, to) => to === 'b'
    for (let i = 1; i <= 10_001; i++) a.cluster.disconnect({ user: `user ${i}` }).catch(() => {})
    await clock.pass(100)
    hub.isLost = () => false
    const before = hub.heard.length
    await clock.pass(5_000)
    expect(ended(first, second, last)).toEqual([0, 1, 1])
    const told = hub.heard.slice(before).filter(({ from }) => from === 'a')
    expect(told.length).toBeLessThan(100)
    expect(Math.max(...told.map(({ body }) => body.length))).toBeLessThan(50_000)
    expect(warnings).toEqual([expect.stringMatching(/^a: {"count":1} more sessions were disconnected than/)])
  })
})
