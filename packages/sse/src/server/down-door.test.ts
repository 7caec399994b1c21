import { describe, expect, it } from 'vitest'
import type { FakeExchange } from './testing/fake-exchange.js'
import { settled } from './testing/fake-link-clock.js'
import { eventsOf, LinkHouse } from './testing/link-house.js'

const names = (exchange: FakeExchange): string[] =>
  eventsOf(exchange.events ?? exchange.opened?.text ?? '').map(({ event }) => event)

describe('an attach by HTTP', () => {
  it('that is not above the highest accepted is refused, and changes nothing', async () => {
    const house = new LinkHouse()
    const keys = await house.open()
    const stream = await house.down(keys, { attach: 5 })
    house.first.write('1')
    for (const attach of [5, 4]) {
      const late = await house.down(keys, { attach, ack: 1 })
      expect(late).toMatchObject({ status: 409, json: { v: 1, error: 'attach', attach: 5 } })
    }
    expect(stream.opened?.end_).toBeUndefined()
    expect(house.links.counts).toMatchObject({ stream: 1, retainedBytes: 1 })
  })

  it('ends the one before at a message border, and brings all that came meanwhile', async () => {
    const house = new LinkHouse()
    const keys = await house.open()
    const first = await house.down(keys, {})
    house.first.write('1')
    const second = await house.down(keys, { attach: 2, ack: 1 })
    house.first.write('2')
    expect(first.opened?.end_).toBe('ended')
    await settled()
    expect(house.first.link.isSuspended).toBe(false)
    expect(eventsOf(second.opened?.text ?? '').map(({ data }) => data)).toEqual([
      { v: 1, attach: 2, from: 2, ack: 0 },
      ['2'],
    ])
  })

  it('answers the poll before it at once, empty', async () => {
    const house = new LinkHouse()
    const keys = await house.open()
    const poll = await house.down(keys, { hold: 10_000 })
    await house.down(keys, { attach: 2 })
    expect(eventsOf(poll.events ?? '')).toEqual([
      { event: 'o', data: { v: 1, attach: 1, from: 1, ack: 0 } },
      { event: 'k', data: { ack: 0, sent: 0 } },
    ])
  })

  it('acknowledging what was never sent ends the link', async () => {
    const house = new LinkHouse()
    const keys = await house.open()
    await house.down(keys, {})
    expect(await house.down(keys, { attach: 2, ack: 1 })).toMatchObject({ status: 410, json: { code: 4400 } })
  })

  it('is refused when it is malformed, large, or without proof, and changes nothing', async () => {
    const house = new LinkHouse()
    const keys = await house.open()
    expect((await house.down(keys, { attach: 0 })).status).toBe(400)
    expect((await house.down(keys, { hold: 'x' })).status).toBe(400)
    expect((await house.down(keys, { more: 'x'.repeat(5000) })).status).toBe(413)
    expect((await house.down({ ...keys, key: 'x' }, {})).status).toBe(404)
    expect(await house.down({ link: 'x', key: 'x' }, {})).toMatchObject({ status: 404, wasRead: false })
    expect(house.seen).toHaveLength(0)
    expect((await house.down(keys, {})).status).toBe(200)
  })

  it.each([{}, { hold: 1000 }])(
    'of a client that has gone while it was held back takes nothing away: %j',
    async (kind) => {
      const house = new LinkHouse({ maxAttachesPerSecond: 1 })
      const keys = await house.open()
      const present = await house.down(keys, {})
      const late = await house.down(keys, { attach: 2, ...kind })
      expect(late.isAnswered).toBe(false)
      late.leave()
      await house.clock.advance(1000)
      expect(present.opened?.isOver).toBe(false)
      expect((await house.up(keys, {})).json).toMatchObject({ attach: 1 })
    },
  )

  it('is paced by holding it back', async () => {
    const house = new LinkHouse({ maxRequestsPerLink: 100 })
    const keys = await house.open()
    const attaches: FakeExchange[] = []
    for (let attach = 1; attach <= 10; attach++) attaches.push(await house.down(keys, { attach }))
    const accepted = (): number => attaches.filter(({ opened }) => opened !== undefined).length
    expect(accepted()).toBe(6)
    await house.clock.advance(200)
    expect(accepted()).toBe(10)
  })

  it('as a fast poll is answered 50 ms after the one before, with all that came until then', async () => {
    const house = new LinkHouse()
    const keys = await house.open()
    const first = await house.down(keys, { hold: 10_000 })
    house.first.write('1')
    expect(first.isAnswered).toBe(true)
    const second = await house.down(keys, { attach: 2, ack: 1, hold: 10_000 })
    house.first.write('2')
    await house.clock.advance(49)
    house.first.write('3')
    expect(second.isAnswered).toBe(false)
    await house.clock.advance(1)
    expect(eventsOf(second.events ?? '').map(({ data }) => data)).toEqual([
      { v: 1, attach: 2, from: 2, ack: 0 },
      ['2'],
      ['3'],
      { ack: 0, sent: 3 },
    ])
  })

  it('as a poll that another carrier has outrun while it was paced begins behind what that has brought', async () => {
    const house = new LinkHouse()
    const keys = await house.open()
    const stream = await house.down(keys, {})
    house.first.write('1')
    house.first.write('2')
    const poll = await house.down(keys, { attach: 2, hold: 1000 })
    expect(stream.opened?.end_).toBe('ended')
    await house.up(keys, { ack: 1 })
    await house.clock.advance(50)
    expect(eventsOf(poll.events ?? '')).toEqual([
      { event: 'o', data: { v: 1, attach: 2, from: 2, ack: 0 } },
      { event: 'message', data: ['2'] },
      { event: 'k', data: { ack: 0, sent: 2 } },
    ])
  })

  it('as a poll without hold is answered at once', async () => {
    const house = new LinkHouse()
    const keys = await house.open()
    const poll = await house.down(keys, { hold: 0 })
    await house.clock.advance(0)
    expect(names(poll)).toEqual(['o', 'k'])
  })

  it('as a poll takes no more than a batch at a time', async () => {
    const house = new LinkHouse({ maxMessageBytes: 100, maxBatchBytes: 1000 })
    const keys = await house.open()
    await house.up(keys, {})
    for (let i = 0; i < 30; i++) house.first.write('x'.repeat(90))
    const poll = await house.down(keys, { hold: 0 })
    const told = eventsOf(poll.events ?? '')
    expect(told).toHaveLength(12)
    expect(told.at(-1)).toEqual({ event: 'k', data: { ack: 0, sent: 10 } })
    const next = await house.down(keys, { attach: 2, ack: 10, hold: 0 })
    await house.clock.advance(50)
    expect(eventsOf(next.events ?? '')[0]).toMatchObject({ data: { from: 11 } })
    house.first.link.close(4001, '')
    const part = await house.down(keys, { attach: 3, ack: 19, hold: 0 })
    await house.clock.advance(50)
    expect(eventsOf(part.events ?? '').at(-1)).toEqual({ event: 'k', data: { ack: 0, sent: 29 } })
    const last = await house.down(keys, { attach: 4, ack: 29, hold: 0 })
    await house.clock.advance(50)
    expect(eventsOf(last.events ?? '').at(-1)).toMatchObject({ event: 'c', data: { code: 4001, sent: 30 } })
  })

  it('as a poll whose client leaves leaves the link without an attach', async () => {
    const house = new LinkHouse()
    const keys = await house.open()
    const poll = await house.down(keys, { hold: 1000 })
    poll.leave()
    expect(house.first.link.isSuspended).toBe(true)
    house.first.write('1')
    await house.clock.advance(2000)
    const next = await house.down(keys, { attach: 2, hold: 0 })
    expect(names(next)).toEqual(['o', 'message', 'k'])
  })

  it('keeps back what the carrier does not take, and sends it when it drains', async () => {
    const house = new LinkHouse()
    const keys = await house.open()
    const { opened } = await house.down(keys, {})
    if (opened === undefined) throw new Error('no stream')
    opened.isFull = true
    house.first.write('1')
    expect(house.first.write('2')).toBe(true)
    house.first.write('3')
    await house.clock.advance(250)
    expect(eventsOf(opened.text).map(({ data }) => data)).toEqual([{ v: 1, attach: 1, from: 1, ack: 0 }, ['1']])
    expect((await house.up(keys, {})).json).toMatchObject({ sent: 1 })
    opened.drain()
    expect(eventsOf(opened.text).slice(2)).toEqual([
      { event: 'k', data: { ack: 0, sent: 1 } },
      { event: 'message', data: ['2'] },
      { event: 'message', data: ['3'] },
    ])
  })

  it('writes the shared bytes of a turn, once for each of them', async () => {
    const house = new LinkHouse()
    const keys = await house.open()
    const { opened } = await house.down(keys, {})
    const { createDownTurn } = await import('./down-message.js')
    const turn = createDownTurn(['1', '2'])
    house.first.link.write(turn)
    expect(opened?.buffers).toHaveLength(1)
    expect(opened?.buffers[0]).toBe(turn.bytes('event'))
  })

  it('ends at once when it has fallen behind what another has brought', async () => {
    const house = new LinkHouse()
    const keys = await house.open()
    await house.down(keys, {})
    house.first.write('1')
    house.first.write('2')
    const next = await house.down(keys, { attach: 2 }, {})
    if (next.opened === undefined) throw new Error('no stream')
    next.opened.isFull = true
    house.first.write('3')
    house.first.write('4')
    // The client reads the older stream on, and acknowledges all.
    await house.up(keys, { ack: 4 })
    next.opened.drain()
    expect(next.opened.end_).toBe('destroyed')
    expect(house.first.link.isSuspended).toBe(true)
    const last = await house.down(keys, { attach: 3, ack: 4 })
    expect(eventsOf(last.opened?.text ?? '')).toEqual([{ event: 'o', data: { v: 1, attach: 3, from: 5, ack: 0 } }])
  })

  it('says something every beat, and nothing more while there is traffic', async () => {
    const house = new LinkHouse()
    const keys = await house.open()
    const { opened } = await house.down(keys, {})
    await house.clock.advance(300)
    for (let second = 0; second < 30; second++) {
      house.first.write('x')
      await house.up(keys, { ack: house.first.drains })
      await house.clock.advance(1000)
    }
    expect(eventsOf(opened?.text ?? '').filter(({ event }) => event === 'k')).toHaveLength(1)
    let last = house.clock.now()
    for (let tenth = 0; tenth < 600; tenth++) {
      const before = opened?.writes.length
      await house.clock.advance(100)
      if (opened?.writes.length !== before) last = house.clock.now()
      expect(house.clock.now() - last).toBeLessThanOrEqual(15_000)
    }
    expect(eventsOf(opened?.text ?? '').filter(({ event }) => event === 'k').length).toBeLessThan(7)
  })
})
