import { createHeaders } from '@hoofbeat/codec'
import { describe, expect, it } from 'vitest'
import { INNER } from '../broker/broker.js'
import { openTestCluster, type TestNode } from '../testing/test-cluster.js'
import { innerUserDestination } from '../users/user-destination.js'

const message = (destination: string, text = 'hi', headers: Record<string, string> = {}) => ({
  destination,
  headers: createHeaders(headers),
  body: new TextEncoder().encode(text),
})
const readBy = ({ delivered }: TestNode): readonly string[] =>
  delivered.map(({ destination, body }) => `${destination.replace(INNER, '~')} ${Buffer.from(body)}`)

describe('a message to a user', () => {
  it('reaches each session once on every node, with its headers, by one publication', async () => {
    const { clock, hub, a, b, c } = await openTestCluster('a', 'b', 'c')
    for (const [node, id, user] of [
      [a, '1', 'ada'],
      [b, '2', 'ada'],
      [b, '3', 'bob'],
      [b, '4', 'ada'],
      [c, '5', 'bob'],
    ] as const) {
      node.connect(id, user)
    }
    const before = hub.heard.length
    const settled = a.publications.publishToUser('ada', {
      ...message('/queue/x'),
      headers: createHeaders([
        ['k', 'é:\n'],
        ['k', 'again'],
        ['receipt', 'r'],
        ['destination', '/user/ada/queue/x'],
      ]),
    })
    await clock.pass(0)
    await settled
    expect(hub.heard.length - before).toBe(1)
    expect([readBy(a), readBy(b), readBy(c)]).toEqual([
      ['~user/1/queue/x hi'],
      ['~user/2/queue/x hi', '~user/4/queue/x hi'],
      [],
    ])
    expect(b.delivered[0]?.headers.flat).toEqual(['k', 'é:\n', 'k', 'again'])
  })

  it('reaches a session that its sender has not heard of, and one without a user by its id', async () => {
    const { clock, a, b } = await openTestCluster('a', 'b')
    b.connect('s/1', 'a/da')
    b.connect('s2')
    a.publications.publish(message('/user/a%2Fda/queue/x'))
    a.publications.publishToSession('s2', message('/queue/y'))
    await clock.pass(0)
    expect(readBy(b)).toEqual(['~user/s%2F1/queue/x hi', '~user/s2/queue/y hi'])
    expect(readBy(a)).toEqual([])
  })

  it('to one session of this node is not told to others', async () => {
    const { clock, hub, a } = await openTestCluster('a', 'b')
    a.connect('1')
    const before = hub.heard.length
    a.publications.publishToSession('1', message('/queue/x'))
    await clock.pass(0)
    expect([readBy(a), hub.heard.length - before]).toEqual([['~user/1/queue/x hi'], 0])
  })

  it('keeps the order of its publisher, however publishers overtake each other', async () => {
    const { clock, hub, a, b, c } = await openTestCluster('a', 'b', 'c')
    c.connect('1', 'ada')
    let turn = 0
    hub.delayMs = () => (turn++ * 37) % 100
    for (let i = 0; i < 50; i++) {
      a.publications.publishToUser('ada', message('/queue/x', `a ${i}`))
      b.publications.publishToUser('ada', message('/queue/x', `b ${i}`))
      if (i % 10 === 0) await clock.pass(20)
    }
    await clock.pass(500)
    const texts = c.delivered.map(({ body }) => `${Buffer.from(body)}`)
    for (const name of ['a', 'b']) {
      const expected = Array.from({ length: 50 }, (_, i) => `${name} ${i}`)
      expect(texts.filter((text) => text.startsWith(name))).toEqual(expected)
    }
  })

  it('reaches the sessions of this node while the broker is away, and says that the others are not reached', async () => {
    const { clock, a, b } = await openTestCluster('a', 'b')
    a.connect('1', 'ada')
    b.connect('2', 'ada')
    a.backbone.isAvailable = false
    await expect(a.publications.publishToUser('ada', message('/queue/x'))).rejects.toMatchObject({
      code: 'STOMP_ERR_BROKER_UNAVAILABLE',
      message: expect.stringContaining('Only sessions of this server have this message'),
    })
    await clock.pass(100)
    expect([readBy(a), readBy(b)]).toEqual([['~user/1/queue/x hi'], []])
  })

  it('waits at a broker that keeps it for a node that has lost its connection, and comes once', async () => {
    const { clock, hub, a, b } = await openTestCluster('a', 'b')
    b.connect('1', 'ada')
    for (const meanwhile of ['kept', 'jumbled'] as const) {
      hub.meanwhile = meanwhile
      const before = b.delivered.length
      a.publications.publishToUser('ada', message('/queue/x', 'before'))
      await clock.pass(0)
      b.backbone.isAvailable = false
      a.publications.publishToUser('ada', message('/queue/x', 'meanwhile'))
      await clock.pass(50_000)
      b.backbone.isAvailable = true
      a.publications.publishToUser('ada', message('/queue/x', 'after'))
      await clock.pass(0)
      const expected = ['before', 'meanwhile', 'after'].map((text) => `~user/1/queue/x ${text}`)
      expect(readBy(b).slice(before)).toEqual(expected)
    }
  })

  it('lasts at the broker if it says persistent:true', async () => {
    const { a } = await openTestCluster('a', 'b')
    for (const [headers, flat] of [
      [{ persistent: 'true', k: 'v' }, ['persistent', 'true']],
      [{ persistent: 'false' }, []],
      [{ k: 'v' }, []],
    ] as const) {
      const publication = message('/queue/x', 'hi', headers)
      expect(a.cluster.elsewhere.toUser('ada', publication).headers.flat).toEqual(flat)
      expect(a.cluster.elsewhere.toSession('1', publication).headers.flat).toEqual(flat)
      expect(a.cluster.elsewhere.toReplyQueue('b', publication).headers.flat).toEqual(flat)
    }
  })

  it('that a route gives settles with the sessions of this node while the broker is away, and is logged if the others miss it', async () => {
    const { clock, warnings, a, b } = await openTestCluster('a', 'b')
    a.connect('1', 'ada')
    a.connect('2', 'bob')
    b.connect('3', 'ada')
    const caller = { user: { name: 'ada' }, sessionId: '1' }
    a.backbone.isAvailable = false
    for (let i = 0; i < 3; i++) {
      const given = [
        { ...message('/queue/x', `${i}`), audience: 'user' as const },
        message('/user/bob/queue/y', `${i}`),
      ]
      expect(a.publications.publishAll(given, caller)).toBeUndefined()
    }
    await clock.pass(100)
    expect(readBy(a)).toEqual([0, 1, 2].flatMap((i) => [`~user/1/queue/x ${i}`, `~user/2/queue/y ${i}`]))
    expect(readBy(b)).toEqual([])
    const told = (): readonly string[] => warnings.filter((text) => text.includes('on this node only'))
    expect(told()).toEqual([expect.stringContaining('STOMP_ERR_BROKER_UNAVAILABLE')])
    await clock.pass(60_000)
    a.publications.publishAll([{ ...message('/queue/x'), audience: 'user' }], caller)
    await clock.pass(100)
    expect(told()[1]).toContain('"count":6')
    a.backbone.isAvailable = true
    await clock.pass(100)
    const settled = a.publications.publishAll([{ ...message('/queue/x', 'back'), audience: 'user' }], caller)
    expect(settled).toBeInstanceOf(Promise)
    await clock.pass(100)
    await settled
    expect(readBy(b)).toEqual(['~user/3/queue/x back'])
  })

  it('that a route gives waits for the broker where the user has no session on this node', async () => {
    const { a, b } = await openTestCluster('a', 'b')
    b.connect('2', 'bob')
    a.backbone.isAvailable = false
    const caller = { user: { name: 'ada' }, sessionId: '1' }
    await expect(a.publications.publishAll([message('/user/bob/queue/x')], caller)).rejects.toMatchObject({
      code: 'STOMP_ERR_BROKER_UNAVAILABLE',
    })
  })

  it('to the sender alone never goes to the broker', async () => {
    const { clock, hub, warnings, a } = await openTestCluster('a', 'b')
    a.connect('1', 'ada')
    const caller = { user: { name: 'ada' }, sessionId: '1' }
    const given = [{ ...message('/queue/x'), audience: 'session' as const }]
    for (const isAvailable of [true, false]) {
      a.backbone.isAvailable = isAvailable
      const before = hub.heard.length
      expect(a.publications.publishAll(given, caller)).toBeUndefined()
      expect(a.publications.publishToSession('1', message('/queue/x'))).toBeUndefined()
      await clock.pass(0)
      expect(hub.heard.length).toBe(before)
    }
    expect(readBy(a)).toHaveLength(4)
    expect(warnings).toEqual([])
  })

  it('is not made of what somebody without the secret writes, nor told twice', async () => {
    const { clock, hub, warnings, a, b, join } = await openTestCluster('a', 'b')
    b.connect('1', 'ada')
    const stranger = join('stranger', { secret: 'guessed' })
    stranger.publications.publishToUser('ada', message('/queue/x', 'forged'))
    a.publications.publishToUser('ada', message('/queue/x', 'good'))
    await clock.pass(0)
    for (const { topic, body } of [...hub.heard]) hub.inject(topic, body)
    await clock.pass(301_000)
    for (const { topic, body } of [...hub.heard]) hub.inject(topic, body)
    await clock.pass(0)
    expect(readBy(b)).toEqual(['~user/1/queue/x good'])
    expect(warnings.filter((text) => text.startsWith('b:')).join('\n')).toMatch(
      /not sealed[\s\S]*here before[\s\S]*too old/,
    )
  })
})

describe('a reply to a session of another node', () => {
  it('goes to that node only, as long as the session is there', async () => {
    const { clock, hub, a, b, c } = await openTestCluster('a', 'b', 'c')
    const queues = b.replyQueues.open('7')
    const address = queues.address('/temp-queue/mine')
    expect(address).toMatch(/^\/reply-queue\/b-[\da-f-]{36}$/)
    a.publications.checkReplyTo(address)
    const before = hub.heard.length
    a.publications.publish(message(address))
    await clock.pass(0)
    expect(hub.heard.slice(before).map(({ topic }) => topic)).toEqual(['letters-node-b'])
    expect([readBy(a), readBy(b), readBy(c)]).toEqual([[], ['~temp/7/mine hi'], []])
    queues.end()
    a.publications.publish(message(address))
    await clock.pass(0)
    expect(readBy(b)).toHaveLength(1)
  })

  it('is heard by all where its node is not known yet, and by nobody where that has ended', async () => {
    const { clock, hub, a, b } = await openTestCluster('a', 'b')
    const address = b.replyQueues.open('7').address('/temp-queue/mine')
    const before = hub.heard.length
    a.publications.publish(message(address.replace('/b-', '/unknown-')))
    b.cluster.close()
    await clock.pass(200)
    expect(() => a.publications.checkReplyTo(address)).toThrow(
      expect.objectContaining({ code: 'STOMP_ERR_HEADER_INVALID' }),
    )
    a.publications.publish(message(address))
    await clock.pass(0)
    // The second one is its goodbye.
    expect(hub.heard.slice(before).map(({ topic }) => topic)).toEqual(['letters-all', 'all'])
  })

  it('goes nowhere but to reply queues', async () => {
    const { clock, a, b } = await openTestCluster('a', 'b')
    b.connect('7', 'ada')
    const uuid = crypto.randomUUID()
    for (const name of [
      `b-${uuid}`,
      'b-7',
      `b/${uuid}`,
      innerUserDestination('7', '/x'),
      `all-${uuid}`,
      `b-${uuid}x`,
    ]) {
      try {
        a.publications.publish(message(`/reply-queue/${name}`))
      } catch (error) {
        expect(error).toMatchObject({ code: 'STOMP_ERR_DESTINATION_INVALID' })
      }
    }
    await clock.pass(0)
    expect(readBy(b)).toEqual([])
  })
})
