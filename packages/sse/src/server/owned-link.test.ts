import { describe, expect, it } from 'vitest'
import { createDownTurn } from './down-message.js'
import { limitsWith, timesWith } from './link-defaults.js'
import type { LinkKeeper } from './link-keeper.js'
import { OwnedLink } from './owned-link.js'
import { createFakeLinkClock, settled } from './testing/fake-link-clock.js'
import { eventsOf, keysOf, LinkHouse } from './testing/link-house.js'

describe('up messages', () => {
  it('are taken by number: never one before which another is missing', () => {
    const taken: unknown[] = []
    const keeper: LinkKeeper<string, OwnedLink<string>> = {
      clock: createFakeLinkClock(),
      limits: limitsWith(),
      times: timesWith(),
      accept: (link) => link.attach({ message: (data) => taken.push(data), drained() {}, closed() {} }),
      suspended() {},
      resumed() {},
      waits() {},
      ended() {},
    }
    const deed = { digest: '', protocol: undefined, origin: undefined, remoteAddress: undefined, subject: undefined }
    const link = new OwnedLink({ id: 'x', ...deed }, 'anyone', undefined, keeper)
    link.takeUp()
    expect([1, 1, 3, 2, 1, 3].map((number) => link.take(number, String(number), 1))).toEqual([
      true,
      true,
      false,
      true,
      true,
      true,
    ])
    expect(taken).toEqual(['1', '2', '3'])
  })
})

describe('closing', () => {
  it('replays what is retained, with c, on every attach until all is acknowledged', async () => {
    const house = new LinkHouse()
    const keys = await house.open()
    await house.up(keys, {})
    house.first.write('1', '2')
    house.first.link.close(4001, 'why')
    for (const attach of [1, 2]) {
      const { opened } = await house.down(keys, { attach, ack: attach - 1 })
      expect(eventsOf(opened?.text ?? '').slice(1)).toEqual([
        ...(attach === 1 ? [{ event: 'message', data: ['1'] }] : []),
        { event: 'message', data: ['2'] },
        { event: 'c', data: { code: 4001, reason: 'why', sent: 2 } },
      ])
      expect(opened?.end_).toBe('ended')
    }
    expect(await house.down(keys, { attach: 3, ack: 2 })).toMatchObject({
      status: 410,
      json: { v: 1, error: 'closed', code: 4001, reason: 'why' },
    })
    expect(house.links.counts).toMatchObject({ closing: 0, retainedBytes: 0 })
  })

  it('is told to the application soon, once, and not from inside the call', async () => {
    const house = new LinkHouse()
    const keys = await house.open()
    await house.down(keys, {})
    house.first.write('1')
    house.first.link.close(4001, 'why')
    house.first.link.close(4002, 'again')
    expect(house.first.ends).toEqual([])
    await house.clock.advance(0)
    expect(house.first.ends).toEqual([{ code: 4001, reason: 'why' }])
    expect(house.first.write('2')).toBe(false)
    await house.up(keys, { ack: 1 })
    await house.clock.advance(300_000)
    expect(house.first.ends).toHaveLength(1)
  })

  it('says c on the carrier of the moment, behind all messages, also when it was full', async () => {
    const house = new LinkHouse()
    const socket = house.takenSocket()
    socket.isFull = true
    house.first.write('1')
    house.first.write('2')
    house.first.link.close(1012, 'restart')
    expect(socket.controls('c')).toEqual([])
    socket.drain()
    expect(socket.got.slice(-2)).toEqual(['2', ['c', { code: 1012, reason: 'restart', sent: 2 }]])
  })

  it('is over at once, with c told, when nothing is retained', async () => {
    const house = new LinkHouse()
    const socket = house.takenSocket()
    house.first.link.close(4001, '')
    expect(socket.got.at(-1)).toEqual(['c', { code: 4001, reason: '', sent: 0 }])
    expect(socket.closedBy).toEqual({ code: 1000 })
    expect((await house.up(keysOf(socket), {})).status).toBe(410)
  })

  it('answers a held poll', async () => {
    const house = new LinkHouse()
    const keys = await house.open()
    const poll = await house.down(keys, { hold: 20_000 })
    house.first.link.close(4001, '')
    expect(eventsOf(poll.events ?? '').map(({ event }) => event)).toEqual(['o', 'c'])
  })

  it('ends after the grace although an attach is there that does not get on', async () => {
    const house = new LinkHouse({}, { drainMs: 1e9, silenceMs: 1e9, graceMs: 60_000 })
    const socket = house.takenSocket()
    socket.isFull = true
    house.first.write('1')
    house.first.write('2')
    house.first.link.close(4001, '')
    await house.clock.advance(62_000)
    expect(house.links.counts.closing).toBe(0)
    expect(socket.closedBy).toBe('destroyed')
  })

  it('ends after the grace although nobody came', async () => {
    const house = new LinkHouse()
    const keys = await house.open()
    await house.up(keys, {})
    house.first.write('1')
    house.first.link.close(4001, '')
    await house.clock.advance(119_000)
    expect(house.links.counts).toMatchObject({ closing: 1, retainedBytes: 1 })
    await house.clock.advance(2000)
    expect(house.links.counts).toMatchObject({ closing: 0, retainedBytes: 0 })
    // Not with the code of the application: the client has not got all that came before it.
    expect(await house.down(keys, {})).toMatchObject({ status: 410, json: { code: 4408 } })
    expect(house.first.ends).toEqual([{ code: 4001, reason: '' }])
  })
})

describe('the times of a link', () => {
  it('let it go when it was opened and never used', async () => {
    const house = new LinkHouse()
    const keys = await house.open()
    await house.clock.advance(29_000)
    expect(house.links.counts.detached).toBe(1)
    await house.clock.advance(2000)
    expect(house.links.counts.detached).toBe(0)
    expect((await house.up(keys, {})).status).toBe(404)
  })

  it('end it with 4408 when it had no attach for the grace', async () => {
    const house = new LinkHouse()
    const keys = await house.open()
    const stream = await house.down(keys, {})
    await house.clock.advance(50_000)
    stream.leave()
    house.first.write('1')
    await house.clock.advance(119_000)
    expect(house.first.ends).toEqual([])
    await house.clock.advance(2000)
    expect(house.first.ends).toEqual([{ code: 4408, reason: '' }])
    expect(await house.down(keys, { attach: 2 })).toMatchObject({ status: 410, json: { code: 4408 } })
  })

  it('end the attach, not the link, when the client is silent', async () => {
    const house = new LinkHouse()
    const keys = await house.open()
    const { opened } = await house.down(keys, {})
    await house.clock.advance(70_000)
    await house.up(keys, {})
    await house.clock.advance(74_000)
    expect(opened?.isOver).toBe(false)
    await house.clock.advance(3000)
    expect(opened?.end_).toBe('destroyed')
    expect(house.first).toMatchObject({ ends: [], link: { isSuspended: true } })
  })

  it('end the attach, not the link, when its carrier does not drain, unless acknowledgements show that it moves', async () => {
    const house = new LinkHouse()
    const keys = await house.open()
    const { opened } = await house.down(keys, {})
    if (opened === undefined) throw new Error('no stream')
    opened.isFull = true
    house.first.write('1', '2', '3')
    await house.clock.advance(15_000)
    await house.up(keys, { ack: 1 })
    await house.clock.advance(15_000)
    await house.up(keys, { ack: 1 })
    expect(opened.isOver).toBe(false)
    await house.clock.advance(8000)
    expect(opened.end_).toBe('destroyed')
    expect(house.first).toMatchObject({ ends: [], link: { isSuspended: true } })
  })

  it('wait for what was said meanwhile when the whole process stood still', async () => {
    const house = new LinkHouse()
    const keys = await house.open()
    const { opened } = await house.down(keys, {})
    await house.clock.advance(1000)
    await house.clock.stall(3_600_000)
    expect(opened?.isOver).toBe(false)
    await house.up(keys, {})
    await house.clock.advance(10_000)
    expect(opened?.isOver).toBe(false)
  })

  it('leave no timer behind when the last link has gone', async () => {
    const house = new LinkHouse()
    const keys = await house.open()
    const { opened } = await house.down(keys, {})
    await house.up(keys, { close: {} })
    await settled()
    expect(opened?.isOver).toBe(true)
    await house.clock.advance(130_000)
    expect(house.clock.waiting).toBe(0)
  })
})

describe('credentials', () => {
  const until = (expiresMs: number, subject = 'ann', admission = 'x') => ({
    admit: () => Promise.resolve({ admission, subject, expiresMs }),
    hasCredentials: true,
  })

  it('end the link with 4401 when they expire, and are told of from 60 s before', async () => {
    const house = new LinkHouse()
    const { json } = await house.ask({ door: 'open', body: { v: 1, protocols: [] }, ...until(90_000) })
    expect(json).toMatchObject({ expires: 90_000, protocol: '' })
    const keys = { link: String(json?.link), key: String(json?.key) }
    const { opened } = await house.down(keys, {})
    expect((await house.up(keys, {})).json).not.toHaveProperty('expires')
    await house.clock.advance(40_000)
    expect((await house.up(keys, {})).json).toMatchObject({ expires: 50_000 })
    await house.clock.advance(15_000)
    expect(eventsOf(opened?.text ?? '').at(-1)).toMatchObject({ event: 'k', data: { expires: expect.any(Number) } })
    await house.clock.advance(36_000)
    expect(eventsOf(opened?.text ?? '').at(-1)).toMatchObject({ event: 'c', data: { code: 4401 } })
    expect(house.first.ends).toEqual([{ code: 4401, reason: '' }])
  })

  it('of the same subject extend its life; those of another are refused and change nothing', async () => {
    const house = new LinkHouse()
    const keys = await house.open(until(90_000))
    expect(await house.up(keys, { items: ['1'] }, until(900_000, 'bob'))).toMatchObject({
      status: 403,
      json: { v: 1, error: 'forbidden' },
    })
    expect((await house.down(keys, {}, until(900_000, 'bob'))).status).toBe(403)
    expect(house.seen).toHaveLength(0)
    expect((await house.down(keys, {}, until(200_000))).status).toBe(200)
    for (let i = 0; i < 5; i++) {
      await house.clock.advance(30_000)
      await house.up(keys, {})
    }
    expect(house.first.ends).toEqual([])
    await house.clock.advance(51_000)
    expect(house.first.ends).toEqual([{ code: 4401, reason: '' }])
  })

  it('are watched over by an application that wants to be told of each renewal', async () => {
    const house = new LinkHouse()
    const told: unknown[] = []
    house.accepting = (link) =>
      link.attach({
        message: () => {},
        drained: () => {},
        renewed: (lifeMs, admission) => told.push([lifeMs, admission]),
        closed: (code) => told.push(code),
      })
    const keys = await house.open(until(90_000))
    await house.down(keys, {}, until(200_000, 'ann', 'second'))
    expect([told, house.first.link.admission]).toEqual([[], 'second'])
    await house.up(keys, {}, until(300_000))
    await house.up(keys, {}, until(1_000))
    await house.up(keys, {}, until(900_000, 'bob'))
    expect(told).toEqual([
      [300_000, 'x'],
      [1_000, 'x'],
    ])
    await house.clock.advance(20_000)
    expect((await house.up(keys, {})).json).toMatchObject({ expires: 0 })
    expect(told).toHaveLength(2)
  })

  it('are asked of the application for a new link and where a request carries them, after the proof', async () => {
    const house = new LinkHouse()
    let asked = 0
    const admit = () => {
      asked++
      return Promise.resolve({ admission: 'x', subject: 'ann' })
    }
    const keys = await house.open({ admit })
    await house.up(keys, {}, { admit })
    expect(asked).toBe(1)
    await house.up({ ...keys, key: 'x' }, {}, { admit, hasCredentials: true })
    expect(asked).toBe(1)
    await house.up(keys, {}, { admit, hasCredentials: true })
    expect(asked).toBe(2)
  })

  it.each([
    [401, 'credentials'],
    [403, 'forbidden'],
    [429, 'slow'],
    [503, 'busy'],
  ])('refused with %d are answered so, on an open and on an up', async (statusCode, error) => {
    const house = new LinkHouse()
    const admit = () => Promise.reject(Object.assign(new Error('secret'), { statusCode }))
    const opened = await house.ask({ door: 'open', body: { v: 1, protocols: [] }, admit })
    expect(opened).toMatchObject({ status: statusCode, json: { v: 1, error } })
    const keys = await house.open()
    const up = await house.up(keys, { items: ['1'] }, { admit, hasCredentials: true })
    expect(up).toMatchObject({ status: statusCode, json: { v: 1, error } })
    expect(JSON.stringify([opened.json, up.json])).not.toContain('secret')
    expect((await house.up(keys, { items: ['1'] })).json).toMatchObject({ ack: 1 })
  })

  it('on a socket must be of the subject that opened the link', async () => {
    const house = new LinkHouse()
    const keys = await house.open({ admit: () => Promise.resolve({ admission: 'x', subject: 'ann' }) })
    const refused = house.socket({ admitted: { admission: 'x', subject: 'bob' } })
    refused.say('a', { v: 1, ...keys, attach: 1, ack: 0 })
    await settled()
    expect(refused.controls('e')).toEqual([{ v: 1, error: 'forbidden', status: 403 }])
    for (const [at, subject] of [undefined, 'ann'].entries()) {
      const socket = house.socket({ admitted: { admission: 'x', subject } })
      socket.say('a', { v: 1, ...keys, attach: at + 1, ack: 0 })
      await settled()
      expect(socket.controls('o')).toHaveLength(2)
    }
  })

  it('bind the link to the page that opened it', async () => {
    const house = new LinkHouse()
    const keys = await house.open({ origin: 'https://one.example' })
    expect((await house.up(keys, {}, { origin: 'https://two.example' })).status).toBe(403)
    expect((await house.down(keys, {}, { origin: 'https://two.example' })).status).toBe(403)
    const socket = house.socket({ origin: 'https://two.example' })
    socket.say('a', { v: 1, ...keys, attach: 1, ack: 0 })
    expect(socket.controls('e')).toEqual([{ v: 1, error: 'forbidden', status: 403 }])
    expect((await house.up(keys, {}, { origin: 'https://one.example' })).status).toBe(200)
  })
})

describe('what a link may retain', () => {
  it('is told by false, and by drained when half of it is acknowledged', async () => {
    const house = new LinkHouse({ maxRetainedBytes: 1000 })
    const keys = await house.open()
    await house.up(keys, {})
    const seen = house.first
    for (let i = 0; i < 10; i++) expect(seen.write('x'.repeat(100))).toBe(true)
    expect(seen.write('x'.repeat(100))).toBe(false)
    await house.up(keys, { ack: 5 })
    expect(seen.drains).toBe(0)
    await house.up(keys, { ack: 6 })
    expect(seen.drains).toBe(1)
    await house.up(keys, { ack: 7 })
    expect(seen.drains).toBe(1)
    expect(seen.write('x')).toBe(true)
  })

  it('is twice that at most: then it ends with 4429, and what it has is still replayed', async () => {
    const house = new LinkHouse({ maxRetainedBytes: 1000 })
    const keys = await house.open()
    await house.up(keys, {})
    for (let i = 0; i < 30; i++) house.first.write('x'.repeat(100))
    await house.clock.advance(0)
    expect(house.first.ends).toEqual([{ code: 4429, reason: '' }])
    expect(house.links.counts).toMatchObject({ closing: 1, retainedBytes: 2100 })
    const poll = await house.down(keys, { hold: 0 })
    expect(eventsOf(poll.events ?? '').at(-1)).toEqual({ event: 'c', data: { code: 4429, reason: '', sent: 21 } })
  })

  it('is bounded over all links without an attach: the longest without one end with 4429', async () => {
    const house = new LinkHouse({ maxRetainedBytesTotal: 1000 })
    const all = [await house.open(), await house.open(), await house.open(), await house.open()]
    for (const keys of all) await house.down(keys, {})
    const [first, second, third, fourth] = house.seen
    // The first goes on being attached, the others lose their attach: third, second, fourth.
    const [, two, three, four] = all
    if (two === undefined || three === undefined || four === undefined) throw new Error('not opened')
    for (const keys of [three, two, four]) {
      const poll = await house.down(keys, { attach: 2, hold: 1 })
      await house.clock.advance(100)
      expect(poll.isAnswered).toBe(true)
    }
    for (const seen of [first, second, third, fourth]) seen?.write('x'.repeat(300))
    first?.write('x'.repeat(5000))
    await house.clock.advance(0)
    expect(house.seen.map(({ ends }) => ends)).toEqual([[], [], [], []])
    fourth?.write('x'.repeat(200))
    await house.clock.advance(0)
    expect(house.seen.map(({ ends }) => ends.map(({ code }) => code))).toEqual([[], [], [4429], []])
    expect(await house.down(three, { attach: 3 })).toMatchObject({ status: 410, json: { code: 4429 } })
    // What was freed, or is carried again, waits no more.
    await house.down(four, { attach: 3 })
    second?.write('x'.repeat(690))
    await house.clock.advance(0)
    expect(second?.ends).toEqual([])
    second?.write('x'.repeat(20))
    await house.clock.advance(0)
    expect(second?.ends).toEqual([{ code: 4429, reason: '' }])
  })

  it('waits from the moment in which the attach is lost, until it is acknowledged', async () => {
    const house = new LinkHouse({ maxRetainedBytesTotal: 1000 })
    const [one, two, three] = [house.takenSocket(), house.takenSocket(), await house.open()]
    await house.up(three, {})
    const [first, second, third] = house.seen
    // Never attached: it waits, too.
    third?.write('x'.repeat(600))
    first?.write('x'.repeat(300))
    first?.write('x'.repeat(300))
    second?.write('x'.repeat(900))
    await house.up(keysOf(one), { ack: 1 })
    one.cut()
    await house.up(keysOf(one), { ack: 2 })
    await house.clock.advance(0)
    expect(house.seen.map(({ ends }) => ends.length)).toEqual([0, 0, 0])
    two.cut()
    await house.clock.advance(0)
    expect(house.seen.map(({ ends }) => ends.length)).toEqual([0, 0, 1])
  })

  it('shares one turn between all links', async () => {
    const house = new LinkHouse()
    const sockets = [house.takenSocket(), house.takenSocket()]
    const turn = createDownTurn(['1', '2'])
    for (const { link } of house.seen) link.write(turn)
    for (const socket of sockets) expect(socket.buffers).toEqual([turn.bytes('link')])
    expect(sockets[0]?.buffers[0]).toBe(sockets[1]?.buffers[0])
  })
})
