import { describe, expect, it } from 'vitest'
import { createLocalPeers } from './local-peers.js'
import type { PeerNode, PeerState, Peers } from './peers.js'
import { aliasOf } from './peers.js'
import type { FakeRequest } from './testing/fake-exchange.js'
import { withStatus } from './testing/fake-exchange.js'
import { settled } from './testing/fake-link-clock.js'
import { eventsOf, keysOf, LinkHouse } from './testing/link-house.js'

/** Three tables of one process: the first one owns the link that tests ask for. */
async function houses(): Promise<{ owner: LinkHouse; other: LinkHouse; third: LinkHouse; peers: Peers<string> }> {
  const peers = createLocalPeers<string>()
  const make = (): LinkHouse => new LinkHouse({}, {}, peers)
  return { owner: make(), other: make(), third: make(), peers }
}

/** A table beside a node of which this much is known. */
function houseBeside(state: PeerState, forward: () => Promise<void> = () => Promise.reject(new Error('down'))) {
  const joined: { alias: string; node: PeerNode<string> }[] = []
  const asked: string[] = []
  const peers: Peers<string> = {
    join(alias, node) {
      joined.push({ alias, node })
      return () => joined.pop()
    },
    lookup(alias) {
      asked.push(alias)
      return state
    },
    forward,
    forwardSocket: forward,
  }
  return { house: new LinkHouse({}, {}, peers), joined, asked }
}

const ELSEWHERE = { link: 'elsewhere~1234', key: 'key' }

describe('the alias of the owner', () => {
  it('is read in ids of links, and in nothing else', () => {
    expect(aliasOf('abc~def')).toBe('abc')
    expect(aliasOf('a-_9~d-_9')).toBe('a-_9')
    for (const id of [
      undefined,
      '',
      'abc',
      '~',
      'abc~',
      '~def',
      'a~b~c',
      'a/b~c',
      'a~../b',
      'a~b?c',
      `${'a'.repeat(65)}~b`,
    ])
      expect(aliasOf(id)).toBeUndefined()
  })
})

describe('a request for a link of another table', () => {
  it('is served by the owner: up, stream and poll', async () => {
    const { owner, other, third } = await houses()
    const keys = await owner.open()
    const stream = await other.down(keys, {})
    expect(eventsOf(stream.opened?.text ?? '')[0]).toEqual({ event: 'o', data: { v: 1, attach: 1, from: 1, ack: 0 } })
    expect((await third.up(keys, { items: ['one', 'two'] })).json).toMatchObject({ ack: 2, attach: 1 })
    expect((await other.up(keys, { items: ['one', 'two'] })).json).toMatchObject({ ack: 2 })
    expect((await owner.up(keys, { seq: 3, items: ['three'] })).json).toMatchObject({ ack: 3 })
    expect(owner.first.messages).toEqual(['one', 'two', 'three'])
    expect(other.seen).toEqual([])
    owner.first.write('down')
    expect(eventsOf(stream.opened?.text ?? '').at(-1)).toEqual({ event: 'message', data: ['down'] })
    await owner.clock.advance(100)
    const poll = await third.down(keys, { attach: 2, hold: 25_000 })
    await owner.clock.advance(100)
    expect(stream.opened?.end_).toBe('ended')
    expect(eventsOf(poll.events ?? '')[1]).toEqual({ event: 'message', data: ['down'] })
  })

  it('is refused by the owner as if it had come to it, and is unknown where the other table has ended', async () => {
    const { owner, other } = await houses()
    const keys = await owner.open()
    expect((await other.up({ ...keys, key: 'wrong' }, {})).status).toBe(404)
    expect((await other.up(keys, { seq: 2 })).json).toEqual({ v: 1, error: 'expect', expect: 1 })
    expect((await other.ask({ door: 'up', link: keys.link, body: 'x' })).status).toBe(400)
    await owner.links.close(0)
    const after = await other.up(keys, {})
    expect([after.status, after.wasRead]).toEqual([404, false])
  })

  it('tells the owner the Origin of the page and the address of the client', async () => {
    const { owner, other } = await houses()
    const keys = await owner.open({ origin: 'https://page.example' })
    expect((await other.up(keys, {}, { origin: 'https://page.example' })).status).toBe(200)
    expect((await other.up(keys, {}, { origin: 'https://foreign.example' })).status).toBe(403)
  })

  it('is 503 while it is not known where the owner is, or it cannot be reached, and 404 where it has gone', async () => {
    const unknown = await houseBeside('unknown').house.up(ELSEWHERE, {})
    expect([unknown.status, unknown.json]).toEqual([503, { v: 1, error: 'busy', after: 1000 }])
    const down = await houseBeside('reachable').house.down(ELSEWHERE, {})
    expect([down.status, down.json]).toEqual([503, { v: 1, error: 'busy', after: 1000 }])
    const gone = await houseBeside('gone').house.up(ELSEWHERE, {})
    expect([gone.status, gone.json]).toEqual([404, { v: 1, error: 'unknown' }])
  })

  it('is 404 without a look elsewhere if the id is none, and if there are no other nodes', async () => {
    const { house, asked } = houseBeside('reachable')
    for (const link of ['x', 'x~', 'a~../open', 'a~b~c'])
      expect((await house.up({ link, key: 'k' }, {})).status).toBe(404)
    expect(asked).toEqual([])
    expect((await new LinkHouse().up(ELSEWHERE, {})).status).toBe(404)
  })

  it('has the word of its body reader, not that of a node that is down', async () => {
    const { house } = houseBeside('reachable', () => Promise.reject(withStatus(413)))
    expect((await house.up(ELSEWHERE, {})).status).toBe(413)
  })

  it('is not passed on again: 503 if it came to the wrong table, 404 if the owner is known to have gone', async () => {
    const forwarded = { link: ELSEWHERE.link, standing: undefined }
    for (const [state, status] of [
      ['reachable', 503],
      ['unknown', 503],
      ['gone', 404],
    ] as const) {
      let count = 0
      const { house, joined } = houseBeside(state, async () => void count++)
      const exchange = await house.ask({ door: 'up', link: ELSEWHERE.link, forwarded })
      expect([state, exchange.status, count]).toEqual([state, status, 0])
      expect(joined).toHaveLength(1)
    }
  })

  it('is shown to the application where it came in, and to the owner what came of it', async () => {
    const { owner, other } = await houses()
    const asZoe = (expiresMs: number): Partial<FakeRequest> => ({
      hasCredentials: true,
      admit: async () => ({ admission: 'Zoë', subject: 'zoe', expiresMs }),
    })
    const keys = await owner.open(asZoe(10_000))
    expect((await other.up(keys, {}, asZoe(50_000))).json).toMatchObject({ expires: 50_000 })
    const asNobody = async () => ({ admission: 'nobody', subject: undefined })
    const asYan = async () => ({ admission: 'Yan', subject: 'yan' })
    expect((await other.up(keys, {}, { hasCredentials: true, admit: asNobody })).status).toBe(403)
    expect((await other.up(keys, {}, { hasCredentials: true, admit: asYan })).status).toBe(403)
    const expired = { hasCredentials: true, admit: () => Promise.reject(withStatus(401)) }
    expect((await other.up(keys, {}, expired)).status).toBe(401)
    expect((await other.up(keys, {})).json).toMatchObject({ expires: 50_000 })
  })

  it('ends at the owner when its client goes', async () => {
    const { owner, other } = await houses()
    const keys = await owner.open()
    const poll = await other.down(keys, { hold: 25_000 })
    expect(owner.links.counts.poll).toBe(1)
    poll.leave()
    expect(owner.links.counts).toMatchObject({ poll: 0, detached: 1 })
    const stream = await other.down(keys, { attach: 2 })
    await owner.clock.advance(100)
    expect(owner.links.counts.stream).toBe(1)
    stream.leave()
    expect(owner.links.counts).toMatchObject({ stream: 0, detached: 1 })
  })

  it('ends when the table that passed it on does: the client comes again elsewhere, and the link lives', async () => {
    const { owner, other, third } = await houses()
    const keys = await owner.open()
    const stream = await other.down(keys, {})
    const second = await owner.open()
    const poll = await other.down(second, { hold: 25_000 })
    await other.links.close(0)
    await settled()
    expect(stream.opened?.end_).toBe('ended')
    expect(poll.json).toEqual({ v: 1, error: 'busy', after: 1000 })
    expect((await other.up(keys, {})).status).toBe(503)
    expect((await third.up(keys, {})).status).toBe(200)
    expect(owner.links.counts).toMatchObject({ detached: 2, stream: 0, poll: 0 })
  })

  it('holds the owner back as far as the client does', async () => {
    const { owner, other } = await houses()
    const stream = await other.down(await owner.open(), {})
    if (stream.opened) stream.opened.isFull = true
    owner.first.write('one')
    owner.first.write('two')
    expect(stream.opened?.text).not.toContain('two')
    stream.opened?.drain()
    expect(stream.opened?.text).toContain('two')
  })
})

describe('a WebSocket that attaches a link of another table', () => {
  it('drops its fresh link, goes on to the owner, and is not greeted again', async () => {
    const { owner, other } = await houses()
    const keys = await owner.open()
    const socket = other.socket()
    const fresh = keysOf(socket)
    socket.say('a', { v: 1, ...keys, attach: 1, ack: 0 })
    await settled()
    expect(socket.controls('o').slice(1)).toEqual([{ v: 1, attach: 1, from: 1, ack: 0 }])
    expect((await other.up(fresh, {})).status).toBe(404)
    expect(other.links.counts).toMatchObject({ websocket: 0, detached: 0 })
    expect(owner.links.counts).toMatchObject({ websocket: 1, detached: 0 })
    socket.say('s', { seq: 1 })
    socket.send('one')
    socket.send(new Uint8Array([1, 2]))
    socket.say('k', { ack: 0, sent: 2, ping: 1 })
    expect(owner.first.messages).toEqual(['one', new Uint8Array([1, 2])])
    expect(socket.controls('k')).toEqual([{ ack: 2, sent: 0 }])
    owner.first.write('down', '\u0001marked')
    expect(socket.data).toEqual(['down', '\u0001\u0001marked'])
    expect(other.seen).toEqual([])
    socket.cut()
    expect(owner.links.counts).toMatchObject({ websocket: 0, detached: 1 })
  })

  it('holds the owner back, and is held back by it', async () => {
    const { owner, other } = await houses()
    const keys = await owner.open()
    const socket = other.socket()
    socket.say('a', { v: 1, ...keys, attach: 1, ack: 0 })
    await settled()
    expect(socket.isPaused).toBe(false)
    socket.isFull = true
    owner.first.write('one')
    owner.first.write('two')
    expect(socket.data).toEqual(['one'])
    socket.drain()
    expect(socket.data).toEqual(['one', 'two'])
    socket.say('s', { seq: 1 })
    owner.first.link.setPaused(true)
    for (let count = 0; count < 20; count++) socket.send('x'.repeat(80_000))
    expect(socket.isPaused).toBe(true)
    owner.first.link.setPaused(false)
    await owner.clock.advance(10)
    expect(socket.isPaused).toBe(false)
    expect(owner.first.messages).toHaveLength(20)
  })

  it('is refused by an `e` and leaves the link alone: 503 where the owner is not reachable, 404 where it has gone', async () => {
    for (const [state, said] of [
      ['unknown', { v: 1, error: 'busy', after: 1000, status: 503 }],
      ['reachable', { v: 1, error: 'busy', after: 1000, status: 503 }],
      ['gone', { v: 1, error: 'unknown', status: 404 }],
    ] as const) {
      const { house } = houseBeside(state)
      const socket = house.socket()
      socket.say('a', { v: 1, ...ELSEWHERE, attach: 1, ack: 0 })
      await settled()
      expect([socket.controls('e'), socket.closedBy]).toEqual([[said], { code: 1000 }])
      expect(house.links.counts).toMatchObject({ websocket: 0, detached: 0 })
    }
  })

  it('shows the owner who it is: another subject is refused', async () => {
    const { owner, other } = await houses()
    const admit = async () => ({ admission: 'Zoë', subject: 'zoe' })
    const keys = await owner.open({ hasCredentials: true, admit })
    const foreign = other.socket({ admitted: { admission: 'Yan', subject: 'yan' } })
    foreign.say('a', { v: 1, ...keys, attach: 1, ack: 0 })
    await settled()
    expect(foreign.controls('e')).toMatchObject([{ status: 403 }])
    const page = other.socket({ admitted: undefined })
    page.say('a', { v: 1, ...keys, attach: 1, ack: 0 })
    await settled()
    expect(page.controls('o')[1]).toMatchObject({ attach: 1 })
  })

  it('closes when the table that it came to ends, and its link lives', async () => {
    const { owner, other } = await houses()
    const keys = await owner.open()
    const socket = other.socket()
    socket.say('a', { v: 1, ...keys, attach: 1, ack: 0 })
    await settled()
    await other.links.close(0)
    await settled()
    expect(socket.closedBy).toEqual({ code: 1012 })
    expect(owner.links.counts).toMatchObject({ websocket: 0, detached: 1 })
  })
})

describe('a WebSocket that another node has passed on', () => {
  it('is not greeted, and may attach the one link that it was passed on for, within 5 s', async () => {
    const { house } = houseBeside('reachable')
    const keys = await house.open()
    const more = await house.open()
    const forwarded = { link: keys.link, standing: undefined }
    const socket = house.socket({ admitted: undefined, forwarded })
    expect(socket.got).toEqual([])
    socket.say('a', { v: 1, ...keys, attach: 1, ack: 0 })
    await settled()
    expect(socket.controls('o')).toEqual([{ v: 1, attach: 1, from: 1, ack: 0 }])
    const another = house.socket({ admitted: undefined, forwarded })
    another.say('a', { v: 1, ...more, attach: 1, ack: 0 })
    expect(another.closedBy).toEqual({ code: 4400 })
    const taking = house.socket({ admitted: undefined, forwarded })
    taking.say('s', { seq: 1 })
    expect(taking.closedBy).toEqual({ code: 4400 })
    const silent = house.socket({ admitted: undefined, forwarded })
    await house.clock.advance(5000)
    expect(silent.closedBy).toEqual({ code: 4408 })
  })

  it('is not passed on again', async () => {
    let count = 0
    const { house } = houseBeside('reachable', async () => void count++)
    const socket = house.socket({ admitted: undefined, forwarded: { link: ELSEWHERE.link, standing: undefined } })
    socket.say('a', { v: 1, ...ELSEWHERE, attach: 1, ack: 0 })
    await settled()
    expect([socket.controls('e'), count]).toEqual([[{ v: 1, error: 'busy', after: 1000, status: 503 }], 0])
  })
})
