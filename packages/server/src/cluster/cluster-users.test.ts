import { describe, expect, it } from 'vitest'
import { openTestCluster, type TestNode } from '../testing/test-cluster.js'

/** All that a node answers of who is connected. */
const told = ({ cluster: { users } }: TestNode): unknown => ({
  size: users.size,
  sessionCount: users.sessionCount,
  users: Object.fromEntries([...users].map(({ name, sessions }) => [name, sessions.map(({ id, node }) => [id, node])])),
  subscriptions: users.subscriptions(() => true).map(({ sessionId, destination }) => `${sessionId} ${destination}`),
})

describe('the users of a cluster', () => {
  it('are those of all nodes, each session marked with the node where it is another one', async () => {
    const { clock, a, b } = await openTestCluster('a', 'b')
    const phone = a.connect('s1', 'ada')
    phone.subscribe('1', '/topic/news')
    b.connect('s2', 'ada').subscribe(undefined, '/user/queue/notices')
    b.connect('s3', 'bob').subscribe('n', '/topic/news')
    b.connect('s4')
    await clock.pass(200)
    const { users } = a.cluster
    expect(told(a)).toEqual({
      size: 2,
      sessionCount: 4,
      users: {
        ada: [
          ['s1', undefined],
          ['s2', 'b'],
        ],
        bob: [['s3', 'b']],
      },
      subscriptions: ['s1 /topic/news', 's2 /user/queue/notices', 's3 /topic/news'],
    })
    expect(users.get('ada')?.sessions[1]).toEqual({
      id: 's2',
      node: 'b',
      user: { name: 'ada' },
      subscriptions: [{ id: undefined, destination: '/user/queue/notices' }],
    })
    expect(users.session('s4')).toEqual({ id: 's4', node: 'b', user: undefined, subscriptions: [] })
    expect(users.session('s1')).toEqual({
      id: 's1',
      user: { name: 'ada' },
      subscriptions: [{ id: '1', destination: '/topic/news' }],
    })
    expect(users.subscriptions('/topic/news')).toEqual([
      { id: '1', destination: '/topic/news', sessionId: 's1', user: { name: 'ada' } },
      { id: 'n', destination: '/topic/news', sessionId: 's3', user: { name: 'bob' }, node: 'b' },
    ])
    expect([users.get('eve'), users.session('s9'), users.subscriptions('/topic/other')]).toEqual([
      undefined,
      undefined,
      [],
    ])
  })

  it('come, subscribe, unsubscribe and go', async () => {
    const { clock, a, b } = await openTestCluster('a', 'b')
    const session = b.connect('s1', 'ada')
    const end = session.subscribe('1', '/topic/news')
    session.subscribe('2', '/topic/more')
    await clock.pass(200)
    end()
    await clock.pass(200)
    expect(a.cluster.users.get('ada')?.sessions[0]?.subscriptions).toEqual([{ id: '2', destination: '/topic/more' }])
    session.leave()
    await clock.pass(200)
    expect(told(a)).toEqual({ size: 0, sessionCount: 0, users: {}, subscriptions: [] })
  })

  it('are told in one message where many come at the same time, and not at all where they have gone again', async () => {
    const { clock, hub, a, b } = await openTestCluster('a', 'b')
    const before = hub.heard.length
    for (let i = 0; i < 100; i++) b.connect(`s${i}`, `user ${i % 10}`)
    b.connect('brief', 'eve').leave()
    await clock.pass(200)
    expect(hub.heard.length - before).toBe(1)
    expect([a.cluster.users.size, a.cluster.users.sessionCount, a.cluster.users.get('eve')]).toEqual([
      10,
      100,
      undefined,
    ])
  })

  it('are known to a node that comes later, however many they are', async () => {
    const { clock, open, a, b } = await openTestCluster('a', 'b')
    for (let i = 0; i < 2_000; i++) a.connect(`s${i}`, `user ${i}`).subscribe('1', `/topic/rooms/of/some/length/${i}`)
    await clock.pass(300)
    const c = await open('c')
    // They go on coming and going while their list is told.
    for (let i = 0; i < 10; i++) a.connect(`late ${i}`, 'late')
    b.connect('b1', 'bob')
    await clock.pass(2_000)
    expect([c.cluster.users.size, c.cluster.users.sessionCount]).toEqual([2_002, 2_011])
    expect(told(c)).toMatchObject({ size: 2_002 })
    expect([...c.cluster.users].length).toBe(2_002)
  })

  it('are forgotten with a node that ends, at once, and within twelve seconds with one that dies', async () => {
    const { clock, a, b, c } = await openTestCluster('a', 'b', 'c')
    b.connect('s1', 'ada')
    c.connect('s2', 'bob')
    await clock.pass(200)
    b.cluster.close()
    await clock.pass(100)
    expect(told(a)).toMatchObject({ users: { bob: [['s2', 'c']] }, sessionCount: 1 })
    c.backbone.isAvailable = false
    await clock.pass(12_000)
    expect(told(a)).toMatchObject({ users: {}, sessionCount: 0 })
    c.backbone.isAvailable = true
    await clock.pass(500)
    expect(told(a)).toMatchObject({ users: { bob: [['s2', 'c']] }, sessionCount: 1 })
  })

  it('are shown as they were while the broker is away from this node, and right soon after', async () => {
    const { clock, a, b } = await openTestCluster('a', 'b')
    const session = b.connect('s1', 'ada')
    await clock.pass(200)
    a.backbone.isAvailable = false
    session.leave()
    b.connect('s2', 'bob')
    a.connect('s3', 'cleo')
    await clock.pass(60_000)
    expect(told(a)).toMatchObject({ users: { ada: [['s1', 'b']], cleo: [['s3', undefined]] } })
    a.backbone.isAvailable = true
    await clock.pass(700)
    expect(told(a)).toMatchObject({ users: { bob: [['s2', 'b']], cleo: [['s3', undefined]] } })
    expect(told(b)).toMatchObject({ users: { bob: [['s2', undefined]], cleo: [['s3', 'a']] } })
  })

  it('are asked for once however many nodes do not know them, when the broker is there again', async () => {
    const { clock, hub, open, a, b } = await openTestCluster('a', 'b')
    const nodes = [a, b]
    for (const id of ['c', 'd', 'e', 'f', 'g', 'h']) nodes.push(await open(id))
    await clock.pass(500)
    for (const node of nodes) node.backbone.isAvailable = false
    for (const node of nodes) node.connect(`of ${node.id}`, `user ${node.id}`)
    await clock.pass(30_000)
    const before = hub.heard.length
    for (const node of nodes) node.backbone.isAvailable = true
    await clock.pass(2_500)
    for (const node of nodes) expect(node.cluster.users.size).toBe(8)
    // A hello, an answer, a change and a beat of each, and some questions that crossed them: far from each to each.
    expect(hub.heard.length - before).toBeLessThan(8 * 8)
  })

  it('are right within five seconds whatever was lost on the way', async () => {
    const { clock, hub, a, b, c } = await openTestCluster('a', 'b', 'c')
    let seed = 7
    const random = (): number => {
      seed = (seed * 16_807) % 2_147_483_647
      return seed / 2_147_483_647
    }
    const open = new Map<string, () => void>()
    for (let round = 0; round < 20; round++) {
      hub.isLost = () => random() < 0.3
      hub.delayMs = () => Math.floor(random() * 400)
      for (let i = 0; i < 15; i++) {
        const node = [a, b, c][i % 3]
        const id = `s${Math.floor(random() * 40)}`
        const end = open.get(id)
        open.delete(id)
        if (end !== undefined) end()
        else {
          // As in reality: no session has the id of another one.
          const session = node?.connect(`${id} of round ${round} ${i}`, `user ${Math.floor(random() * 5)}`)
          session?.subscribe('1', `/topic/${i}`)
          if (session !== undefined) open.set(id, session.leave)
        }
        await clock.pass(Math.floor(random() * 100))
      }
      hub.isLost = () => false
      hub.delayMs = () => 0
      await clock.pass(5_000)
      const everybody = [a, b, c]
        .flatMap(({ users }) => [...users.users].flatMap(({ sessions }) => sessions))
        .map(({ id }) => id)
      for (const { cluster } of [a, b, c]) {
        const known = [...cluster.users].flatMap(({ sessions }) => sessions).map(({ id }) => id)
        expect(known.sort()).toEqual([...everybody].sort())
      }
    }
  })
})
