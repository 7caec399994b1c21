import { describe, expect, it } from 'vitest'
import type { FakeExchange } from './testing/fake-exchange.js'
import { withStatus } from './testing/fake-exchange.js'
import { settled } from './testing/fake-link-clock.js'
import { eventsOf, LinkHouse } from './testing/link-house.js'

describe('an up', () => {
  it('skips repeats and hands on the rest, once and in order', async () => {
    const house = new LinkHouse()
    const keys = await house.open()
    await house.up(keys, { seq: 1, items: ['1', '2'] })
    const again = await house.up(keys, { seq: 1, items: ['1', '2', '3'] })
    await house.up(keys, { seq: 2, items: ['2'] })
    expect(again.json).toMatchObject({ ack: 3 })
    expect(house.first.messages).toEqual(['1', '2', '3'])
  })

  it('is refused with what is expected when one before it is missing, and nothing happens', async () => {
    const house = new LinkHouse()
    const keys = await house.open()
    await house.up(keys, { items: ['1'] })
    house.first.write('x')
    const { status, json } = await house.up(keys, { seq: 3, ack: 1, items: ['3'], close: { code: 1000 } })
    expect({ status, json }).toEqual({ status: 409, json: { v: 1, error: 'expect', expect: 2 } })
    expect(house.first.messages).toEqual(['1'])
    expect(house.links.counts.retainedBytes).toBe(1)
    expect(house.first.ends).toEqual([])
  })

  it('is refused before its body is read when the link is unknown', async () => {
    const house = new LinkHouse()
    const exchange = await house.up({ link: 'owner~unknown', key: 'x' }, {})
    expect(exchange).toMatchObject({ status: 404, json: { v: 1, error: 'unknown' }, wasRead: false })
  })

  it('is told the same of a wrong key as of an unknown link', async () => {
    const house = new LinkHouse()
    const keys = await house.open()
    const wrong = await house.up({ ...keys, key: `${keys.key.slice(0, -1)}_` }, { items: ['a'] })
    expect(wrong).toMatchObject({ status: 404, json: { v: 1, error: 'unknown' } })
    expect(house.seen).toHaveLength(0)
  })

  it.each(['', '[]', '{"v":2}', '{"v":1}', '{"v":1,"key":1}', 'x'.repeat(100)])(
    'is malformed without proof: %j',
    async (body) => {
      const house = new LinkHouse()
      const keys = await house.open()
      const { status, json } = await house.ask({ door: 'up', link: keys.link, body })
      expect({ status, json }).toEqual({ status: 400, json: { v: 1, error: 'malformed' } })
      expect((await house.up(keys, { items: ['a'] })).status).toBe(200)
    },
  )

  it.each([['a\ud800'], [{ b: 'AP8' }]])('with ill-formed items ends the link: %j', async (item) => {
    const house = new LinkHouse()
    const keys = await house.open()
    await house.up(keys, { items: ['1'] })
    expect((await house.up(keys, { seq: 2, items: ['2', item] })).status).toBe(400)
    await house.clock.advance(0)
    expect(house.first).toMatchObject({ messages: ['1'], ends: [{ code: 4400 }] })
  })

  it('acknowledging what was never sent ends the link', async () => {
    const house = new LinkHouse()
    const keys = await house.open()
    await house.up(keys, {})
    house.first.write('1')
    expect(await house.up(keys, { ack: 2, items: ['a'] })).toMatchObject({ status: 410, json: { code: 4400 } })
    await house.clock.advance(0)
    expect(house.first).toMatchObject({ messages: [], ends: [{ code: 4400 }] })
  })

  it('is refused when a message, the batch, or the number of items is above its limit', async () => {
    const house = new LinkHouse({ maxMessageBytes: 100, maxBatchBytes: 300, maxBatchItems: 3 })
    const keys = await house.open()
    const status = async (items: unknown[]): Promise<unknown> => (await house.up(keys, { items })).status
    expect(await status(['x'.repeat(101)])).toBe(413)
    expect(await status(['ä'.repeat(51)])).toBe(413)
    expect(await status(['', '', '', ''])).toBe(413)
    expect(await status(['x'.repeat(90), 'x'.repeat(90), 'x'.repeat(90)])).toBe(413)
    expect(await status(['x'.repeat(5000)])).toBe(413)
    expect(house.seen).toHaveLength(0)
  })

  it('takes the greatest message, also where every character of it is escaped', async () => {
    const house = new LinkHouse({ maxMessageBytes: 10_000, maxBatchBytes: 20_000 })
    const keys = await house.open()
    const message = '\u0000'.repeat(10_000)
    expect((await house.up(keys, { items: [message] })).status).toBe(200)
    expect(house.first.messages).toEqual([message])
    expect((await house.up(keys, { seq: 2, items: [message, ''] })).status).toBe(413)
  })

  it('answers "again later" when its body did not come in time', async () => {
    const house = new LinkHouse()
    const keys = await house.open()
    const slow = await house.up(keys, {}, { readBody: () => Promise.reject(withStatus(408)) })
    expect(slow).toMatchObject({ status: 503, json: { v: 1, error: 'busy', after: 1000 } })
  })

  it('holds its reply while too much waits for a paused application, and refuses more', async () => {
    const house = new LinkHouse({ maxInboxBytes: 200 })
    const keys = await house.open()
    await house.up(keys, {})
    house.first.link.setPaused(true)
    house.first.write('down')
    const small = await house.up(keys, { items: ['a'] })
    expect(small.status).toBe(200)
    const held = await house.up(keys, { seq: 2, items: ['b'.repeat(100)] })
    expect(held.isAnswered).toBe(false)
    // Acknowledgements pass, and so do repeats: they need no room.
    expect(await house.up(keys, { seq: 3, ack: 1, items: ['c'] })).toMatchObject({
      status: 429,
      json: { v: 1, error: 'slow', after: 1000 },
    })
    expect(house.links.counts.retainedBytes).toBe(0)
    house.first.link.setPaused(false)
    expect(house.first.messages).toEqual([])
    await house.clock.advance(0)
    expect(house.first.messages).toEqual(['a', 'b'.repeat(100)])
    expect(held.json).toMatchObject({ ack: 2 })
    expect((await house.up(keys, { seq: 3, items: ['c'] })).status).toBe(200)
  })

  it('holds its reply at most 5 s', async () => {
    const house = new LinkHouse({ maxInboxBytes: 10 })
    const keys = await house.open()
    await house.up(keys, {})
    house.first.link.setPaused(true)
    const held = await house.up(keys, { items: ['a'] })
    await house.clock.advance(4999)
    expect(held.isAnswered).toBe(false)
    await house.clock.advance(1)
    expect(held).toMatchObject({ status: 200, json: { ack: 1 } })
  })

  it('keeps the order when the application pauses within a batch, and goes on only when told', async () => {
    const house = new LinkHouse()
    const keys = await house.open()
    await house.up(keys, {})
    const seen = house.first
    seen.onMessage = (data) => seen.link.setPaused(data === '2')
    await house.up(keys, { items: ['1', '2', '3'] })
    await house.up(keys, { seq: 4, items: ['4'] })
    expect(seen.messages).toEqual(['1', '2'])
    seen.link.setPaused(false)
    await house.up(keys, { seq: 5, items: ['5'] })
    await house.clock.advance(0)
    expect(seen.messages).toEqual(['1', '2', '3', '4', '5'])
  })

  it('is paced by holding, not by refusing', async () => {
    const house = new LinkHouse({ maxUpsPerSecond: 10, maxRequestsPerLink: 100 })
    const keys = await house.open()
    const ups: FakeExchange[] = []
    for (let i = 0; i < 8; i++) ups.push(await house.up(keys, {}))
    const answered = (): number => ups.filter((up) => up.isAnswered).length
    expect(answered()).toBe(3)
    await house.clock.advance(50)
    expect(answered()).toBe(4)
    await house.clock.advance(400)
    expect(answered()).toBe(8)
  })

  it('is refused while too many requests of the link are under way; those that prove nothing do not count', async () => {
    const house = new LinkHouse({ maxRequestsPerLink: 2, maxInboxBytes: 10 })
    const keys = await house.open()
    for (let i = 0; i < 5; i++) await house.up(keys, {}, { readBody: () => new Promise(() => {}) })
    await house.down(keys, { hold: 1000 })
    house.first.link.setPaused(true)
    const held = await house.up(keys, { items: ['a'] })
    expect(held.isAnswered).toBe(false)
    expect(await house.up(keys, {})).toMatchObject({ status: 429, json: { error: 'slow', after: 1000 } })
    expect((await house.down(keys, { attach: 2 })).status).toBe(429)
    await house.clock.advance(1000)
    // Nothing of this one is new: it is not held.
    expect((await house.up(keys, {})).status).toBe(200)
  })

  it('closes the link behind its items, and the application is told the code of the client', async () => {
    const house = new LinkHouse()
    const keys = await house.open()
    const stream = await house.down(keys, {})
    house.first.write('never acknowledged')
    const { json } = await house.up(keys, { items: ['last'], close: { code: 3001, reason: 'bye' } })
    expect(json).toEqual({ v: 1, ack: 1, attach: 0, sent: 0 })
    expect(house.first).toMatchObject({ messages: ['last'], ends: [] })
    await house.clock.advance(0)
    expect(house.first.ends).toEqual([{ code: 3001, reason: 'bye' }])
    expect(stream.opened?.end_).toBe('ended')
    expect(house.first.write('x')).toBe(false)
    expect(house.links.counts).toMatchObject({ stream: 0, detached: 0, closing: 0, retainedBytes: 0 })
    expect(await house.up(keys, {})).toMatchObject({
      status: 410,
      json: { v: 1, error: 'closed', code: 3001, reason: 'bye' },
    })
    expect((await house.up({ ...keys, key: 'x' }, {})).status).toBe(404)
    await house.clock.advance(122_000)
    expect((await house.up(keys, {})).status).toBe(404)
  })

  it('that closes has its items handed to a paused application before the end', async () => {
    const house = new LinkHouse()
    const keys = await house.open()
    await house.up(keys, {})
    house.first.link.setPaused(true)
    await house.up(keys, { items: ['1', '2'], close: {} })
    await house.clock.advance(1000)
    expect(house.first).toMatchObject({ messages: [], ends: [] })
    house.first.link.setPaused(false)
    await house.clock.advance(0)
    await house.clock.advance(0)
    expect(house.first).toMatchObject({ messages: ['1', '2'], ends: [{ code: 1005, reason: '' }] })
    await house.clock.advance(200_000)
    expect(house.first.ends).toHaveLength(1)
  })

  it('that closes tells an application that stays paused after the grace', async () => {
    const house = new LinkHouse()
    const keys = await house.open()
    await house.up(keys, {})
    house.first.link.setPaused(true)
    await house.up(keys, { items: ['1'], close: {} })
    await house.clock.advance(119_999)
    expect(house.first.ends).toEqual([])
    await house.clock.advance(2)
    expect(house.first).toMatchObject({ messages: [], ends: [{ code: 1005 }] })
  })

  it('that closes an unused link tells nobody', async () => {
    const house = new LinkHouse()
    const keys = await house.open()
    expect((await house.up(keys, { close: { code: 1000, reason: '' } })).status).toBe(200)
    expect(house.seen).toHaveLength(0)
    expect((await house.up(keys, {})).status).toBe(410)
  })

  it('costs its link, no more, when the application throws', async () => {
    const house = new LinkHouse()
    const [keys, other] = [await house.open(), await house.open()]
    await house.up(keys, {})
    await house.up(other, {})
    house.first.onMessage = () => {
      throw new Error('of the application')
    }
    await house.up(keys, { items: ['1', '2'] })
    await house.clock.advance(0)
    expect(house.first).toMatchObject({ messages: ['1'], ends: [{ code: 1011 }] })
    expect(await house.up(other, { items: ['1'] })).toMatchObject({ status: 200 })
  })

  it('costs its link, no more, when the application throws as it is handed the link', async () => {
    const house = new LinkHouse()
    house.accepting = () => {
      throw new Error('of the application')
    }
    const keys = await house.open()
    expect(await house.up(keys, { items: ['1'] })).toMatchObject({ status: 410, json: { code: 1011 } })
    await settled()
    expect(house.links.counts).toMatchObject({ detached: 0, closing: 0 })
  })

  it('that arrives while the link closes brings its acknowledgement, and no message', async () => {
    const house = new LinkHouse()
    const keys = await house.open()
    await house.up(keys, {})
    house.first.write('1', '2')
    house.first.link.close(4001, 'why')
    expect(await house.up(keys, { items: ['a'], ack: 1 })).toMatchObject({ status: 200, json: { ack: 0 } })
    expect(await house.up(keys, { ack: 2 })).toMatchObject({ status: 410, json: { code: 4001, reason: 'why' } })
    expect(house.first.messages).toEqual([])
  })

  it('frees in the middle of a turn', async () => {
    const house = new LinkHouse()
    const keys = await house.open()
    const stream = await house.down(keys, {})
    house.first.write('1', '2', '3')
    await house.up(keys, { ack: 2 })
    stream.leave()
    const next = await house.down(keys, { attach: 2 })
    expect(eventsOf(next.opened?.text ?? '').map(({ data }) => data)).toEqual([
      { v: 1, attach: 2, from: 3, ack: 0 },
      ['3'],
    ])
  })
})
