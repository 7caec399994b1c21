import { describe, expect, it } from 'vitest'
import { settled } from './testing/fake-link-clock.js'
import type { FakeSocket } from './testing/fake-socket.js'
import { eventsOf, keysOf, LinkHouse } from './testing/link-house.js'

/** A link opened by HTTP that a socket has attached, and said `s` on. */
async function attached(
  house: LinkHouse,
): Promise<{ readonly socket: FakeSocket; readonly keys: ReturnType<typeof keysOf> }> {
  const keys = await house.open()
  const socket = house.socket()
  socket.say('a', { v: 1, ...keys, attach: 1, ack: 0 })
  await settled()
  socket.say('s', { seq: 1 })
  return { socket, keys }
}

describe('a WebSocket', () => {
  it.each([
    ['text', (socket: FakeSocket) => socket.send('a')],
    ['bytes', (socket: FakeSocket) => socket.send(new Uint8Array([1]))],
    ['marked text', (socket: FakeSocket) => socket.send('\u0001\u0001')],
    ['k', (socket: FakeSocket) => socket.say('k', { ack: 0, sent: 0 })],
    ['c', (socket: FakeSocket) => socket.say('c', { code: 1000 })],
    ['s that skips', (socket: FakeSocket) => socket.say('s', { seq: 2 })],
    ['s without a number', (socket: FakeSocket) => socket.say('s', {})],
    ['a without a key', (socket: FakeSocket) => socket.say('a', { v: 1, link: 'x', attach: 1, ack: 0 })],
    ['a letter nobody knows', (socket: FakeSocket) => socket.say('x', {})],
    ['no JSON', (socket: FakeSocket) => socket.send('\u0001s{')],
  ])('whose first word is %s breaches the protocol, and its fresh link is gone', async (_name, speak) => {
    const house = new LinkHouse()
    const socket = house.socket()
    const fresh = keysOf(socket)
    speak(socket)
    await house.clock.advance(0)
    expect(socket.closedBy).toEqual({ code: 4400 })
    expect(house.seen.flatMap(({ messages }) => messages)).toEqual([])
    expect(house.links.counts).toMatchObject({ websocket: 0, detached: 0 })
    expect([404, 410]).toContain((await house.up(fresh, {})).status)
  })

  it('is greeted without a link when nobody is known, and may attach one within 5 s', async () => {
    const house = new LinkHouse()
    const keys = await house.open()
    const socket = house.socket({ admitted: undefined })
    expect(socket.controls('o')).toEqual([{ v: 1 }])
    await house.clock.advance(4999)
    socket.say('a', { v: 1, ...keys, attach: 1, ack: 0 })
    await house.clock.advance(0)
    expect(socket.controls('o')[1]).toEqual({ v: 1, attach: 1, from: 1, ack: 0 })
    const late = house.socket({ admitted: undefined })
    await house.clock.advance(5000)
    expect(late.closedBy).toEqual({ code: 4408 })
    const fresh = house.socket({ admitted: undefined })
    fresh.say('s', { seq: 1 })
    expect(fresh.closedBy).toEqual({ code: 4400 })
  })

  it('hears nothing but its greeting before its first word, which may be on the way and mean another link', async () => {
    const house = new LinkHouse({}, { beatMs: 1000 })
    const admitted = { admission: 'x', subject: undefined, expiresMs: 10_000 }
    const [expiring, silent, closed] = [house.socket({ admitted }), house.socket(), house.socket()]
    await house.clock.advance(14_000)
    await house.links.close(0)
    for (const socket of [expiring, silent, closed]) {
      expect(socket.got).toEqual([['o', expect.anything()]])
      expect(socket.closedBy).toBeDefined()
    }
  })

  it('that says nothing is closed, and its fresh link discarded', async () => {
    const house = new LinkHouse()
    const socket = house.socket()
    const keys = keysOf(socket)
    await house.clock.advance(29_999)
    expect(socket.closedBy).toBeUndefined()
    await house.clock.advance(1001)
    expect(socket.closedBy).toBeDefined()
    expect((await house.up(keys, {})).status).toBe(404)
    expect(house.seen).toHaveLength(0)
  })

  it('that is lost before its first word leaves the link to be attached', async () => {
    const house = new LinkHouse()
    const socket = house.socket()
    socket.cut()
    const stream = await house.down(keysOf(socket), { attach: 2 })
    expect(eventsOf(stream.opened?.text ?? '')).toEqual([{ event: 'o', data: { v: 1, attach: 2, from: 1, ack: 0 } }])
    expect(house.seen).toHaveLength(1)
  })

  it('skips what it repeats, and ends the link when one is missing', async () => {
    const house = new LinkHouse()
    const { socket, keys } = await attached(house)
    await house.up(keys, { items: ['1', '2'] })
    socket.send('1')
    socket.send('2')
    socket.send('3')
    expect(house.first.messages).toEqual(['1', '2', '3'])
    socket.say('s', { seq: 5 })
    expect(socket.controls('c')).toEqual([{ code: 4400, reason: '', sent: 0 }])
  })

  it('counts from where the client says, not from what was acknowledged to it', async () => {
    const house = new LinkHouse()
    const keys = await house.open()
    await house.up(keys, { items: ['1', '2'] })
    const socket = house.socket()
    socket.say('a', { v: 1, ...keys, attach: 1, ack: 0 })
    await settled()
    socket.say('s', { seq: 2 })
    for (const text of ['2', '3']) socket.send(text)
    expect(house.first.messages).toEqual(['1', '2', '3'])
  })

  it.each([{ v: 1 }, { v: 2 }])('refuses an attach with e, and leaves the link alone: %j', async (version) => {
    const house = new LinkHouse()
    const keys = await house.open()
    const stream = await house.down(keys, { attach: 5 })
    const socket = house.socket()
    socket.say('a', { ...version, ...keys, attach: 5, ack: 0 })
    await settled()
    if (version.v === 1) {
      expect(socket.controls('e')).toEqual([{ v: 1, error: 'attach', attach: 5, status: 409 }])
      expect(socket.closedBy).toEqual({ code: 1000 })
    } else expect(socket.closedBy).toEqual({ code: 4400 })
    expect(stream.opened?.isOver).toBe(false)
    expect(house.links.counts).toMatchObject({ websocket: 0, stream: 1 })
  })

  it('refuses an attach of an unknown, a foreign or a closed link', async () => {
    const house = new LinkHouse()
    const keys = await house.open()
    const refusal = async (asked: object): Promise<unknown> => {
      const socket = house.socket()
      socket.say('a', { v: 1, ...keys, attach: 1, ack: 0, ...asked })
      await settled()
      return socket.controls('e')[0]
    }
    expect(await refusal({ link: 'x' })).toEqual({ v: 1, error: 'unknown', status: 404 })
    expect(await refusal({ key: 'x' })).toEqual({ v: 1, error: 'unknown', status: 404 })
    expect(await refusal({ ack: 3 })).toEqual({ v: 1, error: 'closed', code: 4400, reason: '', status: 410 })
    expect(await refusal({})).toEqual({ v: 1, error: 'closed', code: 4400, reason: '', status: 410 })
  })

  it('that is refused a second word while its attach is held back takes nothing', async () => {
    const house = new LinkHouse({ maxAttachesPerSecond: 1 })
    const keys = await house.open()
    const stream = await house.down(keys, {})
    const socket = house.socket()
    socket.say('a', { v: 1, ...keys, attach: 2, ack: 0 })
    socket.send('too early')
    await house.clock.advance(2000)
    expect(socket.closedBy).toEqual({ code: 4400 })
    expect(stream.opened?.isOver).toBe(false)
  })

  it('answers a ping in the same turn', () => {
    const house = new LinkHouse()
    const socket = house.takenSocket()
    socket.send('1')
    socket.say('k', { ack: 0, sent: 1, ping: 1 })
    expect(socket.controls('k')).toEqual([{ ack: 1, sent: 0 }])
    socket.say('k', { ack: 0, sent: 1 })
    expect(socket.controls('k')).toHaveLength(1)
  })

  it('answers a ping behind what fills it, once', () => {
    const house = new LinkHouse()
    const socket = house.takenSocket()
    socket.isFull = true
    house.first.write('1')
    for (let i = 0; i < 100; i++) socket.say('k', { ack: 0, sent: 0, ping: 1 })
    expect(socket.controls('k')).toHaveLength(0)
    socket.drain()
    expect(socket.controls('k')).toEqual([{ ack: 0, sent: 1 }])
  })

  it('acknowledges after 64 messages', () => {
    const house = new LinkHouse()
    const socket = house.takenSocket()
    for (let i = 0; i < 130; i++) socket.send('x')
    expect(socket.controls('k').map(({ ack }) => ack)).toEqual([64, 128])
  })

  it('acknowledges after 64 KiB', () => {
    const house = new LinkHouse()
    const socket = house.takenSocket()
    for (let i = 0; i < 3; i++) socket.send('x'.repeat(33_000))
    expect(socket.controls('k').map(({ ack }) => ack)).toEqual([2])
  })

  it('checks the count of the client', async () => {
    const house = new LinkHouse()
    const socket = house.takenSocket()
    socket.send('1')
    socket.say('k', { ack: 0, sent: 2 })
    expect(socket.controls('c')).toEqual([{ code: 4400, reason: '', sent: 0 }])
    await house.clock.advance(0)
    expect(house.first.ends).toEqual([{ code: 4400, reason: '' }])
  })

  it('ends the link when a message is too large', () => {
    const house = new LinkHouse({ maxMessageBytes: 10 })
    const socket = house.takenSocket()
    socket.send('ä'.repeat(5))
    expect(house.first.messages).toHaveLength(1)
    socket.send('ä'.repeat(6))
    expect(house.first.messages).toHaveLength(1)
    expect(socket.controls('c')).toEqual([{ code: 1009, reason: '', sent: 0 }])
  })

  it('is not read while too much waits for a paused application; silence means nothing then', async () => {
    const house = new LinkHouse({ maxInboxBytes: 100 }, { silenceMs: 5000 })
    const socket = house.takenSocket()
    const seen = house.first
    seen.link.setPaused(true)
    socket.send('1')
    expect(socket.isPaused).toBe(false)
    socket.send('2')
    expect(socket.isPaused).toBe(true)
    await house.clock.advance(20_000)
    expect(socket.closedBy).toBeUndefined()
    seen.link.setPaused(false)
    await house.clock.advance(0)
    expect(seen.messages).toEqual(['1', '2'])
    expect(socket.isPaused).toBe(false)
    await house.clock.advance(7000)
    expect(socket.closedBy).toBe('destroyed')
    expect(seen.link.isSuspended).toBe(true)
  })

  it('is read again when the link closes: its acknowledgements are wanted', () => {
    const house = new LinkHouse({ maxInboxBytes: 100 })
    const socket = house.takenSocket()
    house.first.write('1')
    house.first.link.setPaused(true)
    for (const text of ['1', '2']) socket.send(text)
    expect(socket.isPaused).toBe(true)
    house.first.link.close(4001, '')
    expect(socket.isPaused).toBe(false)
    for (const text of ['3', '4', '5']) socket.send(text)
    socket.say('k', { ack: 1, sent: 5 })
    expect(socket.closedBy).toEqual({ code: 1000 })
  })

  it('is not read from the start where too much waits already', async () => {
    const house = new LinkHouse({ maxInboxBytes: 100 })
    const first = house.takenSocket()
    house.first.link.setPaused(true)
    for (const text of ['1', '2']) first.send(text)
    const socket = house.socket()
    socket.say('a', { v: 1, ...keysOf(first), attach: 2, ack: 0 })
    await settled()
    expect(socket.isPaused).toBe(true)
  })

  it('hands the application a close of the client behind all before it, and says goodbye', async () => {
    const house = new LinkHouse()
    const socket = house.takenSocket()
    house.first.write('x')
    socket.send('1')
    socket.say('c', { code: 3000, reason: 'bye' })
    socket.send('behind')
    await house.clock.advance(0)
    expect(house.first).toMatchObject({ messages: ['1'], ends: [{ code: 3000, reason: 'bye' }] })
    expect(socket.got.at(-1)).toEqual(['c', { code: 3000, reason: 'bye', sent: 1 }])
    expect(socket.closedBy).toEqual({ code: 1000 })
    expect(await house.up(keysOf(socket), {})).toMatchObject({ status: 410, json: { code: 3000 } })
  })

  it('is closed 1000 once the last acknowledgement has come behind c', async () => {
    const house = new LinkHouse()
    const socket = house.takenSocket()
    house.first.write('ERROR')
    house.first.link.close(4001, 'why')
    expect(socket.got.slice(-2)).toEqual(['ERROR', ['c', { code: 4001, reason: 'why', sent: 1 }]])
    expect(socket.closedBy).toBeUndefined()
    expect(house.links.counts).toMatchObject({ closing: 1, websocket: 0 })
    socket.say('k', { ack: 1, sent: 0 })
    expect(socket.closedBy).toEqual({ code: 1000 })
    expect(house.links.counts.closing).toBe(0)
  })

  it('waits 5 s for it, and the link is replayed on', async () => {
    const house = new LinkHouse()
    const socket = house.takenSocket()
    house.first.write('ERROR')
    house.first.link.close(4001, 'why')
    await house.clock.advance(4999)
    expect(socket.closedBy).toBeUndefined()
    await house.clock.advance(1)
    expect(socket.closedBy).toEqual({ code: 1000 })
    const poll = await house.down(keysOf(socket), { attach: 2, hold: 0 })
    expect(eventsOf(poll.events ?? '')).toEqual([
      { event: 'o', data: { v: 1, attach: 2, from: 1, ack: 0 } },
      { event: 'message', data: ['ERROR'] },
      { event: 'c', data: { code: 4001, reason: 'why', sent: 1 } },
    ])
  })

  it('only detaches when it closes without c', async () => {
    const house = new LinkHouse()
    const socket = house.takenSocket()
    socket.cut()
    await settled()
    expect(house.first).toMatchObject({ ends: [], link: { isSuspended: true } })
  })

  it('that was superseded is of no account any more', async () => {
    const house = new LinkHouse()
    const socket = house.takenSocket()
    socket.send('1')
    await house.down(keysOf(socket), { attach: 2 })
    expect(socket.closedBy).toEqual({ code: 1000 })
    socket.say('c', { code: 3000 })
    socket.send('2')
    await settled()
    expect(house.first).toMatchObject({ messages: ['1'], ends: [], link: { rung: 'stream' } })
  })

  it('that is full is destroyed, not ended, when another takes over', async () => {
    const house = new LinkHouse()
    const socket = house.takenSocket()
    socket.isFull = true
    house.first.write('1')
    await house.down(keysOf(socket), { attach: 2 })
    expect(socket.closedBy).toBe('destroyed')
  })
})
