import { describe, expect, it } from 'vitest'
import { systemClock } from './clock.js'
import { createLinks } from './link-table.js'
import type { FakeRequest } from './testing/fake-exchange.js'
import { FakeExchange, withStatus } from './testing/fake-exchange.js'
import { settled } from './testing/fake-link-clock.js'
import type { Keys } from './testing/link-house.js'
import { eventsOf, keysOf, LinkHouse } from './testing/link-house.js'

describe('a link by HTTP', () => {
  it('is opened with all that its client must know', async () => {
    const house = new LinkHouse()
    const { status, json } = await house.ask({ door: 'open', body: { v: 1, protocols: ['v12.stomp', 'x'] } })
    expect(status).toBe(200)
    expect(json).toEqual({
      v: 1,
      link: expect.stringMatching(/^[\w-]+~[\w-]{22}$/),
      key: expect.stringMatching(/^[\w-]{43}$/),
      protocol: 'v12.stomp',
      hb: 15_000,
      grace: 120_000,
      hold: 25_000,
      expires: null,
      limits: { message: 82_944, batch: 262_144, retain: 1_048_576 },
    })
    expect(house.seen).toHaveLength(0)
  })

  it('is told to the application at the first up, with what it carries', async () => {
    const house = new LinkHouse()
    const keys = await house.open()
    const { status, json } = await house.up(keys, { items: ['a', { b: 'AAH/' }, 'c'] })
    expect({ status, json }).toEqual({ status: 200, json: { v: 1, ack: 3, attach: 0, sent: 0 } })
    expect(house.first.messages).toEqual(['a', Buffer.from([0, 1, 255]), 'c'])
    expect(house.first.link).toMatchObject({
      id: keys.link,
      protocol: 'v12.stomp',
      admission: 'anyone',
      isSuspended: true,
    })
  })

  it('is told to the application at the first attach, once', async () => {
    const house = new LinkHouse()
    const keys = await house.open()
    await house.down(keys, {})
    await house.up(keys, { items: ['a'] })
    expect(house.seen).toHaveLength(1)
    expect(house.first.link).toMatchObject({ rung: 'stream', isSuspended: false })
  })

  it('streams: o with padding in the first write, messages, and 250 ms later k in a write of its own', async () => {
    const house = new LinkHouse()
    const keys = await house.open()
    const { opened } = await house.down(keys, {})
    expect(opened?.writes).toHaveLength(1)
    expect(opened?.writes[0]?.length).toBeGreaterThan(1024)
    house.first.write('one', 'two')
    house.first.write(new Uint8Array([7]))
    expect(opened?.writes).toHaveLength(3)
    await house.clock.advance(249)
    expect(opened?.writes).toHaveLength(3)
    await house.clock.advance(1)
    expect(opened?.writes).toHaveLength(4)
    expect(eventsOf(opened?.text ?? '')).toEqual([
      { event: 'o', data: { v: 1, attach: 1, from: 1, ack: 0 } },
      { event: 'message', data: ['one'] },
      { event: 'message', data: ['two'] },
      { event: 'message', data: [{ b: 'Bw==' }] },
      { event: 'k', data: { ack: 0, sent: 3 } },
    ])
  })

  it('tells in the reply to an up what was written to the present attach', async () => {
    const house = new LinkHouse()
    const keys = await house.open()
    await house.down(keys, { attach: 4 })
    house.first.write('one', 'two')
    expect((await house.up(keys, { items: ['a'] })).json).toEqual({ v: 1, ack: 1, attach: 4, sent: 2 })
  })

  it('answers a poll when there is something to say, whole', async () => {
    const house = new LinkHouse()
    const keys = await house.open()
    const poll = await house.down(keys, { hold: 10_000 })
    expect(house.first.link.rung).toBe('poll')
    await house.clock.advance(9_000)
    expect(poll.isAnswered).toBe(false)
    house.first.write('one', 'two')
    expect(eventsOf(poll.events ?? '')).toEqual([
      { event: 'o', data: { v: 1, attach: 1, from: 1, ack: 0 } },
      { event: 'message', data: ['one'] },
      { event: 'message', data: ['two'] },
      { event: 'k', data: { ack: 0, sent: 2 } },
    ])
  })

  it('answers a poll empty at the end of its hold, which is not above that of the server', async () => {
    const house = new LinkHouse({}, { holdMs: 2000 })
    const keys = await house.open()
    const poll = await house.down(keys, { hold: 10_000 })
    await house.clock.advance(1999)
    expect(poll.isAnswered).toBe(false)
    await house.clock.advance(1)
    expect(eventsOf(poll.events ?? '').map(({ event }) => event)).toEqual(['o', 'k'])
    expect(house.first.link.isSuspended).toBe(true)
  })

  it('replays to the next attach what was not acknowledged, from the highest acknowledgement', async () => {
    const house = new LinkHouse()
    const keys = await house.open()
    const first = await house.down(keys, {})
    house.first.write('1', '2', '3')
    house.first.write('4')
    await house.up(keys, { ack: 2 })
    first.leave()
    house.first.write('5')
    // Its own acknowledgement is older than one that an up has brought.
    const { opened } = await house.down(keys, { attach: 2, ack: 1 })
    expect(eventsOf(opened?.text ?? '')).toEqual([
      { event: 'o', data: { v: 1, attach: 2, from: 3, ack: 0 } },
      { event: 'message', data: ['3'] },
      { event: 'message', data: ['4'] },
      { event: 'message', data: ['5'] },
    ])
  })
})

describe('a link by WebSocket', () => {
  it('is greeted unasked, and told to the application at the first word of the client', async () => {
    const house = new LinkHouse()
    const socket = house.socket({ protocols: ['v1.link.hoofbeat', 'v12.stomp'] })
    expect(socket.controls('o')).toEqual([
      expect.objectContaining({ v: 1, attach: 1, from: 1, ack: 0, protocol: 'v12.stomp', hb: 15_000, expires: null }),
    ])
    expect(house.seen).toHaveLength(0)
    socket.say('s', { seq: 1 })
    expect(house.first.link).toMatchObject({ rung: 'websocket', isSuspended: false, id: keysOf(socket).link })
    socket.send('a')
    socket.send(new Uint8Array([1]))
    socket.send('\u0001\u0001k{}')
    expect(house.first.messages).toEqual(['a', new Uint8Array([1]), '\u0001k{}'])
    house.first.write('x', '\u0001y')
    expect(socket.data).toEqual(['x', '\u0001\u0001y'])
  })

  it('attaches another link by its key, and the fresh one is gone', async () => {
    const house = new LinkHouse()
    const keys = await house.open()
    const stream = await house.down(keys, {})
    house.first.write('1', '2')
    const socket = house.socket()
    const fresh = keysOf(socket)
    socket.say('a', { v: 1, ...keys, attach: 2, ack: 1 })
    await settled()
    expect(stream.opened?.end_).toBe('ended')
    expect(socket.controls('o')[1]).toEqual({ v: 1, attach: 2, from: 2, ack: 0 })
    expect(socket.data).toEqual(['2'])
    expect(house.seen).toHaveLength(1)
    expect((await house.up(fresh, {})).status).toBe(404)
    socket.say('s', { seq: 1 })
    socket.send('up')
    expect(house.first.messages).toEqual(['up'])
  })
})

describe('the table', () => {
  it('answers what cannot be answered otherwise with "again later", and never rejects', async () => {
    const house = new LinkHouse()
    for (const admit of [() => Promise.reject(new Error('why')), () => Promise.reject(withStatus(500))]) {
      const { status, json } = await house.ask({ door: 'open', body: { v: 1, protocols: [] }, admit })
      expect({ status, json }).toEqual({ status: 503, json: { v: 1, error: 'busy', after: 1000 } })
    }
  })

  it('ends a link to which the application did not attach', async () => {
    const links = createLinks<string>({ clock: systemClock, selectProtocol: () => undefined, accept() {} })
    const ask = async (request: FakeRequest): Promise<FakeExchange> => {
      const exchange = new FakeExchange(request)
      await links.serve(exchange)
      return exchange
    }
    const { json } = await ask({ door: 'open', body: { v: 1, protocols: [] } })
    const body = { v: 1, key: json?.key, seq: 1, ack: 0, items: ['1'] }
    const up = await ask({ door: 'up', link: String(json?.link), body })
    expect(up).toMatchObject({ status: 410, json: { code: 1011 } })
    await links.close(0)
  })

  it('outlives an application that fails to choose a sub-protocol', async () => {
    const house = new LinkHouse({ maxAnonymousLinksPerAddress: 1 })
    const bad = { body: { v: 1, protocols: ['fails'] } }
    expect((await house.ask({ door: 'open', ...bad })).status).toBe(503)
    expect(house.socket({ protocols: ['fails'] }).closedBy).toEqual({ code: 1011 })
    expect(house.links.counts.detached).toBe(0)
    await house.open()
  })
})

describe('the limits of the table', () => {
  const open = (house: LinkHouse, more: object = {}) =>
    house.ask({ door: 'open', body: { v: 1, protocols: [] }, ...more })

  it('refuse an open that is malformed or large', async () => {
    const house = new LinkHouse()
    for (const body of ['{', '{"v":2,"protocols":[]}', '{"v":1}'])
      expect(await open(house, { body })).toMatchObject({ status: 400, json: { v: 1, error: 'malformed' } })
    expect((await open(house, { body: 'x'.repeat(10_000) })).status).toBe(413)
  })

  it('bound all links', async () => {
    const house = new LinkHouse({ maxLinks: 2 })
    const keys = await house.open()
    await house.open()
    expect(await open(house)).toMatchObject({ status: 503, json: { v: 1, error: 'busy', after: 1000 } })
    expect(house.socket().controls('o')).toEqual([{ v: 1 }])
    await house.up(keys, { close: {} })
    expect((await open(house)).status).toBe(200)
  })

  it('bound the verdicts that are kept', async () => {
    const house = new LinkHouse({ maxLinks: 2 })
    const all: Keys[] = []
    for (let i = 0; i < 3; i++) {
      const keys = await house.open()
      await house.up(keys, { close: {} })
      all.push(keys)
    }
    const told: unknown[] = []
    for (const keys of all) told.push((await house.up(keys, {})).status)
    expect(told).toEqual([404, 410, 410])
  })

  it('bound the links of a subject, whatever its address', async () => {
    const house = new LinkHouse({ maxLinksPerSubject: 1, maxAnonymousLinksPerAddress: 1 })
    const admitted = (subject: string) => ({ admit: () => Promise.resolve({ admission: 'x', subject }) })
    const keys = await house.open(admitted('ann'))
    expect(await open(house, admitted('ann'))).toMatchObject({ status: 429, json: { error: 'slow', after: 1000 } })
    expect((await open(house, admitted('bob'))).status).toBe(200)
    expect((await open(house, admitted('cy'))).status).toBe(200)
    await house.up(keys, { close: {} })
    expect((await open(house, admitted('ann'))).status).toBe(200)
  })

  it('bound the links of an address that nobody has authenticated', async () => {
    const house = new LinkHouse({ maxAnonymousLinksPerAddress: 1 })
    await house.open()
    expect(await open(house)).toMatchObject({ status: 429, json: { error: 'slow' } })
    expect((await open(house, { remoteAddress: '192.0.2.2' })).status).toBe(200)
    await house.clock.advance(31_000)
    expect((await open(house)).status).toBe(200)
  })

  it('bound the opens and upgrades of an address, before anything is read or asked', async () => {
    const house = new LinkHouse({ maxOpensPerSecond: 10, maxOpenBurst: 2 })
    await house.open()
    house.socket()
    const refused = await open(house)
    expect(refused).toMatchObject({ status: 429, json: { v: 1, error: 'slow', after: 100 }, wasRead: false })
    const socket = house.socket()
    expect(socket.got).toEqual([['e', { v: 1, error: 'slow', after: 100, status: 429 }]])
    expect(socket.closedBy).toEqual({ code: 1013 })
  })
})

describe('a table that is being closed', () => {
  it('opens nothing new, and goes on with what is there', async () => {
    const house = new LinkHouse()
    const keys = await house.open()
    house.links.refuse()
    expect(await house.ask({ door: 'open', body: {} })).toMatchObject({ status: 503, json: { error: 'busy' } })
    expect(house.socket().controls('o')).toEqual([{ v: 1 }])
    expect((await house.up(keys, { items: ['a'] })).json).toMatchObject({ ack: 1 })
  })

  it('waits for those that are closing to tell their clients, then ends all that is left', async () => {
    const house = new LinkHouse()
    const [keys, other, away] = [await house.open(), await house.open(), await house.open()]
    const [stream, left] = [await house.down(keys, {}), await house.down(other, {})]
    await house.up(away, {})
    const fresh = house.socket()
    for (const seen of house.seen) seen.write('1')
    house.first.link.close(1012, '')
    let isClosed = false
    const closing = house.links.close(5000).then(() => {
      isClosed = true
    })
    await house.clock.advance(1000)
    expect(isClosed).toBe(false)
    await house.up(keys, { ack: 1 })
    await house.clock.advance(100)
    await closing
    expect(stream.opened?.end_).toBe('ended')
    expect(eventsOf(left.opened?.text ?? '').at(-1)).toEqual({ event: 'c', data: { code: 1012, reason: '', sent: 1 } })
    expect(left.opened?.end_).toBe('ended')
    expect(fresh.closedBy).toEqual({ code: 1012 })
    await house.clock.advance(0)
    expect(house.seen.map(({ ends }) => ends.map(({ code }) => code))).toEqual([[1012], [1012], [1012]])
    expect(house.links.counts).toEqual({ websocket: 0, stream: 0, poll: 0, detached: 0, closing: 0, retainedBytes: 0 })
    expect(house.clock.waiting).toBe(0)
  })

  it('waits no longer than it may', async () => {
    const house = new LinkHouse()
    const keys = await house.open()
    await house.up(keys, {})
    house.first.write('1')
    house.first.link.close(1012, '')
    const closing = house.links.close(500)
    await house.clock.advance(500)
    await closing
    expect(house.links.counts.closing).toBe(0)
  })

  it('counts links by what carries them', async () => {
    const house = new LinkHouse()
    house.takenSocket()
    await house.down(await house.open(), {})
    await house.down(await house.open(), { hold: 1000 })
    await house.up(await house.open(), {})
    house.seen[3]?.write('123')
    expect(house.links.counts).toEqual({ websocket: 1, stream: 1, poll: 1, detached: 1, closing: 0, retainedBytes: 3 })
    expect(keysOf(house.socket()).key).toHaveLength(43)
  })
})
