import { describe, expect, it } from 'vitest'
import { event, GREETING, linkedBySocket } from './testing/linked.js'

const attached = (attach: number, from = 1, ack = 0) => ({ v: 1, attach, from, ack })

describe('a link on a WebSocket', () => {
  it('marks data that look like control messages, and takes the mark off', async () => {
    const { link, socket, told, network } = await linkedBySocket()
    link.send('\u0001x')
    expect(socket.take()[0]).toBe('\u0001\u0001x')
    await socket.message('\u0001\u0001k{}')
    await network.time.pass(0)
    expect(told.pop()).toBe('< \u0001k{}')
  })

  it('makes texts well-formed and keeps its own copy of bytes', async () => {
    const { link, socket } = await linkedBySocket()
    const bytes = new Uint8Array([1, 2])
    link.send(bytes)
    link.send('\ud800')
    bytes[0] = 9
    expect(socket.take()).toEqual([new Uint8Array([1, 2]), '\u0001k{"ack":0,"sent":1,"ping":1}', '\ufffd'])
  })

  it('resumes by a WebSocket first, with its own number and everything from there', async () => {
    const { link, network, told } = await linkedBySocket()
    link.send('a')
    link.send('b')
    await network.socket(0).say('k', { ack: 1, sent: 0 })
    await network.socket(0).message('one')
    await network.time.pass(0)
    await network.socket(0).cut()
    await network.time.pass(0)
    expect(link.readyState).toBe(1)
    link.send('c')
    const socket = network.socket(1)
    socket.open()
    expect(socket.take()).toEqual([])
    await socket.say('o', { ...GREETING, link: 'other~2' })
    expect(socket.take()).toEqual(['\u0001a{"link":"owner~1","v":1,"key":"secret","attach":2,"ack":1}'])
    await socket.say('o', attached(2, 1, 1))
    expect(socket.take()).toEqual(['\u0001s{"seq":2}', 'b', 'c', '\u0001k{"ack":1,"sent":3,"ping":1}'])
    await socket.message('one')
    await socket.message('two')
    await network.time.pass(0)
    expect(told.filter((line) => line.startsWith('<'))).toEqual(['< one', '< two'])
    expect([link.attaches, link.resumes]).toEqual([2, 1])
    expect(network.requests).toEqual([])
  })

  it('goes on by stream when the second WebSocket fails', async () => {
    const { link, network, socket, told } = await linkedBySocket()
    link.send('a')
    await socket.cut()
    await network.time.pass(0)
    await network.socket(1).cut()
    await network.time.pass(0)
    expect(network.request('down').body).toMatchObject({ attach: 2 })
    expect(network.request('up').body).toMatchObject({ seq: 1, items: ['a'] })
    expect(told).toEqual(['open', '= websocket', '= undefined'])
  })

  it('begins the stream beside a second WebSocket that takes long, and lets the WebSocket take over', async () => {
    const { network, socket, told } = await linkedBySocket()
    await socket.cut()
    await network.time.pass(3_000)
    const down = network.request('down')
    await down.stream(event('o', attached(2)), event('k', { ack: 0, sent: 0 }))
    expect(told.pop()).toBe('= stream')
    network.socket(1).open()
    await network.socket(1).say('o', { v: 1 })
    await network.socket(1).say('o', attached(3))
    expect(told.pop()).toBe('= websocket')
    expect(down.isAborted).toBe(true)
  })

  it('uses streams for 10 minutes when it was lost twice within 30 s', async () => {
    const { network } = await linkedBySocket()
    for (const at of [0, 1]) {
      await network.socket(at).cut()
      await network.time.pass(0)
      if (at > 0) break
      network.socket(1).open()
      await network.socket(1).say('o', { v: 1 })
      await network.socket(1).say('o', attached(2))
    }
    await network.request('down').stream(event('o', attached(3)), event('k', { ack: 0, sent: 0 }))
    expect(network.sockets.length).toBe(2)
    // The stream is kept alive by nothing here, so it is renewed; the WebSocket is not.
    await network.time.pass(30_000)
    expect(network.sockets.length).toBe(2)
  })

  it('asks with a ping when data get no acknowledgement, and leaves a WebSocket that is mute upwards', async () => {
    const { link, network, socket } = await linkedBySocket()
    link.send('a')
    await socket.say('k', { ack: 1, sent: 0 })
    socket.take()
    link.send('b')
    expect(socket.take()).toEqual(['b'])
    await network.time.pass(2_000)
    expect(socket.take()).toEqual(['\u0001k{"ack":0,"sent":2,"ping":1}'])
    await network.time.pass(1_000)
    expect(network.count('down')).toBe(0)
    await network.time.pass(1_000)
    expect(network.request('down').body).toMatchObject({ attach: 2 })
    expect(network.request('up').body).toMatchObject({ seq: 2, items: ['b'] })
    expect(socket.closedWith).toBeUndefined()
  })

  it('does not take a slow way out for a mute one', async () => {
    const { link, network, socket } = await linkedBySocket()
    socket.bufferedAmount = 100
    link.send('a')
    for (let left = 90; left >= 0; left -= 10) {
      await network.time.pass(1_000)
      socket.bufferedAmount = left
    }
    expect(network.count('down')).toBe(0)
    await network.time.pass(4_000)
    expect(network.count('down')).toBe(1)
  })

  it('leaves a mute one though it goes on sending and the server beats', async () => {
    const { link, network, socket } = await linkedBySocket()
    link.send('a')
    await socket.say('k', { ack: 1, sent: 0 })
    for (let sent = 0; sent < 50; sent++) {
      link.send('b')
      // What was just sent is still buffered at one look and gone at the next; whoever swallows it takes all.
      socket.bufferedAmount = sent % 2
      await network.time.pass(100)
      if (sent % 10 === 9) await socket.say('k', { ack: 1, sent: 0 })
    }
    expect(network.count('down')).toBe(1)
    expect(network.request('up').body).toMatchObject({ seq: 2 })
  })

  it('acknowledges on a beat, after a quarter of what is retained, and after 15 s', async () => {
    const { network, socket } = await linkedBySocket()
    await socket.message('one')
    await network.time.pass(0)
    expect(socket.take()).toEqual([])
    await socket.say('k', { ack: 0, sent: 1 })
    expect(socket.take()).toEqual(['\u0001k{"ack":1,"sent":0}'])
    await socket.message('x'.repeat(999))
    await network.time.pass(0)
    expect(socket.take()).toEqual([])
    await socket.message('x')
    await network.time.pass(0)
    expect(socket.take()).toEqual(['\u0001k{"ack":3,"sent":0}'])
    await network.time.pass(15_000)
    await socket.message('x')
    await network.time.pass(0)
    expect(socket.take()).toEqual(['\u0001k{"ack":4,"sent":0}'])
  })

  it('says something on a beat when it was silent for 25 s', async () => {
    const { network, socket } = await linkedBySocket()
    await network.time.pass(15_000)
    await socket.say('k', { ack: 0, sent: 0 })
    expect(socket.take()).toEqual([])
    await network.time.pass(15_000)
    await socket.say('k', { ack: 0, sent: 0 })
    expect(socket.take()).toEqual(['\u0001k{"ack":0,"sent":0}'])
  })

  it('calls a WebSocket stalled after two beats and 2 s', async () => {
    const { network } = await linkedBySocket()
    await network.time.pass(31_999)
    expect(network.sockets.length).toBe(1)
    await network.time.pass(1)
    expect(network.sockets.length).toBe(2)
  })

  it('asks instead of judging when its own timers came too late', async () => {
    const { network, socket } = await linkedBySocket()
    network.time.sleep(100_000)
    await network.time.pass(0)
    expect(socket.take()).toEqual(['\u0001k{"ack":0,"sent":0,"ping":1}'])
    await socket.say('k', { ack: 0, sent: 0 })
    await network.time.pass(31_000)
    expect(network.sockets.length).toBe(1)
    await network.time.pass(1_000)
    expect(network.sockets.length).toBe(2)
  })

  it('checks by a ping when the page tells that something changed', async () => {
    for (const sign of ['online', 'restored', 'visible', 'suspended'] as const) {
      const { network, socket } = await linkedBySocket()
      await network.sign(sign)
      expect(socket.take()).toEqual(['\u0001k{"ack":0,"sent":0,"ping":1}'])
      await network.time.pass(1_999)
      await socket.say('k', { ack: 0, sent: 0 })
      await network.time.pass(10_000)
      expect(network.count('down')).toBe(0)
      await network.sign(sign)
      await network.time.pass(5_000)
      expect(network.count('down')).toBe(1)
    }
  })

  it.each([
    ['a count that differs', 'k', { ack: 0, sent: 1 }],
    ['an acknowledgement of what was never sent', 'k', { ack: 1, sent: 0 }],
    ['a second opening', 'o', attached(1)],
  ])('ends with 4400 for %s', async (_, letter, data) => {
    const { socket, told } = await linkedBySocket()
    await socket.say(letter, data)
    expect(told.pop()).toMatch('close 4400')
    expect(socket.take().pop()).toMatch('\u0001c{"code":4400')
  })

  it('ends with 4400 when an attach goes on behind what has come', async () => {
    const { network, socket, told } = await linkedBySocket()
    await socket.cut()
    await network.time.pass(0)
    network.socket(1).open()
    await network.socket(1).say('o', { v: 1 })
    await network.socket(1).say('o', attached(2, 2))
    expect(told.pop()).toMatch('close 4400')
  })

  it('attaches with a higher number when a repeated attach was refused', async () => {
    const { network, socket } = await linkedBySocket()
    await socket.cut()
    await network.time.pass(0)
    network.socket(1).open()
    await network.socket(1).say('o', { v: 1 })
    await network.socket(1).say('e', { v: 1, status: 409, error: 'attach', attach: 7 })
    network.socket(2).open()
    await network.socket(2).say('o', { v: 1 })
    expect(network.socket(2).take()[0]).toMatch('"attach":8')
  })

  it('ends with the verdict of a refused attach', async () => {
    for (const [status, line] of [
      [404, 'close 4404'],
      [410, 'close 4200 done'],
      [403, 'close 4403'],
    ] as const) {
      const { network, socket, told } = await linkedBySocket()
      await socket.cut()
      await network.time.pass(0)
      network.socket(1).open()
      await network.socket(1).say('o', { v: 1 })
      await network.socket(1).say('e', { v: 1, status, error: 'closed', code: 4200, reason: 'done' })
      expect(told.pop()).toMatch(line)
      expect(network.time.pending).toBe(0)
    }
  })

  it('waits between attempts where there is no other rung', async () => {
    const { network, socket, link } = await linkedBySocket({ rungs: ['websocket'] })
    await socket.cut()
    await network.time.pass(0)
    for (const [at, delay] of [125, 250, 500, 1_000].entries()) {
      await network.socket(at + 1).cut()
      await network.time.pass(delay - 1)
      expect(network.sockets.length).toBe(at + 2)
      await network.time.pass(1)
      expect(network.sockets.length).toBe(at + 3)
    }
    link.send('kept')
    expect([link.readyState, network.requests.length]).toEqual([1, 0])
  })
})
