import { describe, expect, it } from 'vitest'
import { createTestCluster, openTestCluster, type TestNode } from '../testing/test-cluster.js'

const listed = ({ cluster }: TestNode): readonly string[] => cluster.nodes.list().map(({ id }) => id)

describe('the nodes of a cluster', () => {
  it('know each other soon after they come, those before and those after', async () => {
    const { clock, open, a, b } = await openTestCluster('b', 'a')
    expect([listed(a), listed(b)]).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ])
    const c = await open('c', { url: new URL('http://10.0.0.3:3000/') })
    await clock.pass(300)
    expect([listed(a), listed(b), listed(c)]).toEqual(Array(3).fill(['a', 'b', 'c']))
    expect(a.cluster.nodes.get('c')?.url?.href).toBe('http://10.0.0.3:3000/')
    expect(c.cluster.nodes.get('a')?.url).toBeUndefined()
    expect([c.cluster.nodes.self, c.cluster.nodes.get('c')?.id, c.cluster.nodes.get('d')]).toEqual([
      'c',
      'c',
      undefined,
    ])
  })

  it('stay in the list as long as they are heard, however long that is', async () => {
    const { clock, a, b } = await openTestCluster('a', 'b')
    let changes = 0
    a.cluster.nodes.onChange(() => changes++)
    await clock.pass(120_000)
    expect([listed(a), listed(b), changes]).toEqual([['a', 'b'], ['a', 'b'], 0])
  })

  it('are gone for sure at their goodbye, and what was asked of them fails', async () => {
    const { clock, a, b } = await openTestCluster('a', 'b')
    b.cluster.bus.answer('never', () => new Promise(() => {}))
    const asked = Promise.allSettled([a.cluster.bus.ask('b', 'never', 0, 60_000)])
    let changes = 0
    a.cluster.nodes.onChange(() => changes++)
    await Promise.all([b.cluster.close(), clock.pass(200)])
    expect([listed(a), a.cluster.nodes.isGone('b'), a.cluster.nodes.get('b'), changes]).toEqual([
      ['a'],
      true,
      undefined,
      1,
    ])
    expect(await asked).toEqual([{ status: 'rejected', reason: new Error("node 'b' is gone") }])
  })

  it('leave the list after ten seconds of silence, may be there still, and come back when they are heard', async () => {
    const { clock, hub, a, b } = await openTestCluster('a', 'b')
    hub.isLost = ({ from }, to) => from === 'b' && to === 'a'
    await clock.pass(9_000)
    expect(listed(a)).toEqual(['a', 'b'])
    await clock.pass(3_000)
    expect([listed(a), a.cluster.nodes.isGone('b'), a.cluster.nodes.get('b')?.id]).toEqual([['a'], false, 'b'])
    hub.isLost = () => false
    await clock.pass(4_000)
    expect([listed(a), listed(b)]).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ])
    hub.isLost = ({ from }, to) => from === 'b' && to === 'a'
    await clock.pass(620_000)
    expect(a.cluster.nodes.get('b')).toBeUndefined()
  })

  it('are not taken for silent while this node does not hear: its broker is away, or it stood still', async () => {
    const { clock, a, b } = await openTestCluster('a', 'b')
    let changes = 0
    a.cluster.nodes.onChange(() => changes++)
    a.backbone.isAvailable = false
    await clock.pass(300_000)
    expect([listed(a), listed(b)]).toEqual([['a', 'b'], ['b']])
    a.backbone.isAvailable = true
    await clock.pass(200)
    expect([listed(a), listed(b)]).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ])
    clock.stall(60_000)
    await clock.pass(5_000)
    expect([listed(a), changes]).toEqual([['a', 'b'], 0])
  })

  it('are gone for sure when another one is there at their place, and they are not heard any more', async () => {
    const { clock, open, a, b } = await openTestCluster('a')
    const url = new URL('http://10.0.0.2:3000/')
    const old = await open('old', { url })
    await clock.pass(300)
    // It dies without a word.
    old.backbone.isAvailable = false
    await open('new', { url })
    await clock.pass(300)
    expect([listed(a), a.cluster.nodes.isGone('old')]).toEqual([['a', 'new', 'old'], false])
    await clock.pass(8_500)
    expect([listed(a), a.cluster.nodes.isGone('old')]).toEqual([['a', 'new'], true])
    expect(listed(b)).toEqual(['a', 'new'])
  })

  it('are both there where two tell the same place by mistake', async () => {
    const { clock, open, warnings, a } = await openTestCluster('a')
    const url = new URL('http://balancer:3000/')
    await open('b', { url })
    await open('c', { url })
    await clock.pass(59_000)
    expect(listed(a)).toEqual(['a', 'b', 'c'])
    const said = (node: string, other: string): unknown =>
      expect.stringMatching(`"node":"${node}","url":"${url}","others":\\["${other}"\\]} two nodes .* have the same url`)
    // Who is at another place knows from the coming of the second one.
    expect([...warnings].sort()).toEqual([
      expect.stringMatching(/^a: .* the same url/),
      expect.stringMatching(/^b: /),
      expect.stringMatching(/^c: /),
    ])
    expect(warnings).toEqual(expect.arrayContaining([said('b', 'c'), said('c', 'b')]))
  })

  it('are there again when they are heard, though another one has come to their place', async () => {
    const { clock, hub, open, warnings, a } = await openTestCluster('a')
    const url = new URL('http://balancer:3000/')
    const b = await open('b', { url })
    b.connect('s1', 'ada')
    await clock.pass(500)
    hub.isLost = ({ from }, to) => from === 'b' && to === 'a'
    await open('c', { url })
    await clock.pass(8_500)
    expect([listed(a), a.cluster.nodes.isGone('b'), a.cluster.users.sessionCount]).toEqual([['a', 'c'], true, 0])
    hub.isLost = () => false
    await clock.pass(8_000)
    expect([listed(a), a.cluster.nodes.isGone('b')]).toEqual([['a', 'b', 'c'], false])
    expect(a.cluster.users.session('s1')?.node).toBe('b')
    expect(warnings.filter((text) => text.startsWith('a:'))).toHaveLength(1)
    // Who says so himself has ended for ever.
    await Promise.all([b.cluster.close(), clock.pass(200)])
    b.cluster.bus.tell('all', 'node', { type: 'here', url: url.href })
    await clock.pass(200)
    expect([listed(a), a.cluster.nodes.isGone('b')]).toEqual([['a', 'c'], true])
  })

  it('are gone for ever where another one has come to their place and only something late is heard of them', async () => {
    const { clock, hub, open, warnings, a } = await openTestCluster('a')
    const url = new URL('http://10.0.0.2:3000/')
    const old = await open('old', { url })
    await clock.pass(300)
    hub.delayMs = (from) => (from === 'old' ? 14_000 : 0)
    await clock.pass(3_000)
    old.backbone.isAvailable = false
    await open('new', { url })
    await clock.pass(9_000)
    expect(a.cluster.nodes.isGone('old')).toBe(true)
    await clock.pass(5_500)
    expect(a.cluster.nodes.isGone('old')).toBe(false)
    await clock.pass(10_000)
    expect([listed(a), a.cluster.nodes.isGone('old'), warnings]).toEqual([['a', 'new'], true, []])
    // What it says itself is for ever.
    old.backbone.isAvailable = true
    hub.delayMs = () => 0
    for (const type of ['goodbye', 'here']) old.cluster.bus.tell('all', 'node', { type, url: url.href })
    await clock.pass(0)
    expect([listed(a), a.cluster.nodes.isGone('old')]).toEqual([['a', 'new'], true])
  })

  it('are told of one turn of changes once, until they do not listen any more', async () => {
    const { clock, open, a } = await openTestCluster('a')
    let changes = 0
    const stop = a.cluster.nodes.onChange(() => changes++)
    a.cluster.nodes.announce('one', 1)
    a.cluster.nodes.announce('two', 2)
    await clock.pass(0)
    expect(changes).toBe(1)
    stop()
    await open('b')
    expect(changes).toBe(1)
  })

  it('warn at their start where no other one can join them', async () => {
    const { join, clock, warnings } = createTestCluster()
    const opened = [join('alone', { isAlone: true }), join('joined')].map(({ cluster }) => cluster.open())
    await Promise.all([...opened, clock.pass(10)])
    expect(warnings).toEqual([expect.stringMatching(/^alone: .* set cluster.secret/)])
  })

  it('work from the moment at which the broker is there', async () => {
    const test = createTestCluster()
    const a = test.join('a')
    const b = test.join('b')
    for (const { backbone } of [a, b]) backbone.isAvailable = false
    let opened = 0
    for (const { cluster } of [a, b]) cluster.open().then(() => opened++)
    await test.clock.pass(5_200)
    expect([opened, listed(a)]).toEqual([2, ['a']])
    for (const { backbone } of [a, b]) backbone.isAvailable = true
    await test.clock.pass(1_500)
    expect([listed(a), listed(b)]).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ])
  })
})

describe('the facts of a node', () => {
  const facts = (seenBy: TestNode, id: string): unknown => Object.fromEntries(seenBy.cluster.nodes.get(id)?.facts ?? [])

  it('are known to all others, changed ones and those that were there before', async () => {
    const { clock, open, a, b } = await openTestCluster('a', 'b')
    a.cluster.nodes.announce('door', { open: true })
    a.cluster.nodes.announce('port', 1)
    await clock.pass(200)
    a.cluster.nodes.announce('port', 2)
    a.cluster.nodes.announce('door', undefined)
    await clock.pass(200)
    const c = await open('c')
    await clock.pass(500)
    expect([facts(a, 'a'), facts(b, 'a'), facts(c, 'a'), facts(a, 'b')]).toEqual([
      { port: 2 },
      { port: 2 },
      { port: 2 },
      {},
    ])
    expect([c.cluster.nodes.findFact('port')?.id, c.cluster.nodes.findFact('door')]).toEqual(['a', undefined])
  })

  it('are set right with the next beat where messages were lost', async () => {
    const { clock, hub, a, b } = await openTestCluster('a', 'b')
    hub.isLost = ({ from }) => from === 'a'
    a.cluster.nodes.announce('x', 1)
    await clock.pass(200)
    hub.isLost = () => false
    a.cluster.nodes.announce('y', 2)
    await clock.pass(4_500)
    expect(facts(b, 'a')).toEqual({ x: 1, y: 2 })
  })

  it('wait for the broker while it is away', async () => {
    const { clock, a, b } = await openTestCluster('a', 'b')
    a.backbone.isAvailable = false
    for (let i = 0; i < 100; i++) a.cluster.nodes.announce('x', i)
    await clock.pass(60_000)
    a.backbone.isAvailable = true
    await clock.pass(500)
    expect(facts(b, 'a')).toEqual({ x: 99 })
  })

  it('are remembered of a node that has fallen silent', async () => {
    const { clock, hub, a, b } = await openTestCluster('a', 'b')
    a.cluster.nodes.announce('x', 1)
    await clock.pass(200)
    hub.isLost = ({ from }) => from === 'a'
    await clock.pass(12_000)
    expect([listed(b), b.cluster.nodes.findFact('x')?.id]).toEqual([['b'], 'a'])
  })
})
