import { describe, expect, it } from 'vitest'
import { event, linkedBySocket, linkedByStream } from './testing/linked.js'

describe('closing a link on a WebSocket', () => {
  it('waits until all is acknowledged, asking for it, and ends when the server says `c` in return', async () => {
    const { link, socket, told, network } = await linkedBySocket()
    link.send('last')
    await socket.say('k', { ack: 0, sent: 0 })
    socket.take()
    link.close(3001, 'done')
    expect(link.readyState).toBe(2)
    expect(socket.take()).toEqual(['\u0001k{"ack":0,"sent":1,"ping":1}'])
    link.send('too late')
    await socket.say('k', { ack: 1, sent: 0 })
    expect(socket.take()).toEqual(['\u0001c{"code":3001,"reason":"done"}'])
    // This may answer an older question: that the close was read is proved by `c` alone.
    await socket.say('k', { ack: 1, sent: 0 })
    expect(link.readyState).toBe(2)
    await socket.say('c', { code: 3001, reason: 'done', sent: 0 })
    expect(told.at(-1)).toBe('close 3001 done')
    expect([link.readyState, network.time.pending, network.sockets.length]).toEqual([3, 0, 1])
    expect(network.requests).toEqual([])
  })

  it('tells it again by a request when the socket went before the server had answered', async () => {
    for (const status of [200, 404, 410]) {
      const { link, socket, told, network } = await linkedBySocket()
      link.close()
      expect(socket.take()).toEqual(['\u0001c{"code":1000,"reason":""}'])
      await socket.cut()
      await network.time.pass(3_000)
      const up = network.request('up')
      expect(up.body.close).toEqual({ code: 1000, reason: '' })
      await up.reply(status, { v: 1, ack: 0, attach: 0, sent: 0, error: 'closed', code: 4408 })
      expect(told.at(-1)).toBe('close 1000')
    }
  })

  it('ends after 5 s whatever comes, and still tells the server', async () => {
    const { link, socket, told, network } = await linkedBySocket()
    link.send('a')
    link.close()
    socket.take()
    await network.time.pass(4_999)
    expect(link.readyState).toBe(2)
    await network.time.pass(1)
    expect(told.at(-1)).toBe('close 1000 (unclean)')
    expect(network.time.pending).toBeLessThanOrEqual(1)
  })

  it('ends with the close of the server, behind its messages, and acknowledges them', async () => {
    const { socket, told, network } = await linkedBySocket()
    await socket.message('ERROR')
    await socket.say('c', { code: 4200, reason: 'bye', sent: 1 })
    await network.time.pass(0)
    expect(told.slice(2)).toEqual(['< ERROR', 'close 4200 bye'])
    expect(socket.take()).toEqual(['\u0001k{"ack":1,"sent":0}'])
    expect(socket.closedWith).toBe(1000)
  })

  it('ends at once by terminate, and tells the server', async () => {
    const { link, socket, told, network } = await linkedBySocket()
    link.send('a')
    socket.take()
    link.terminate()
    expect(told.slice(2)).toEqual(['error', 'close 1006 terminated (unclean)'])
    expect(socket.take()).toEqual(['\u0001c{"code":1001,"reason":"terminated"}'])
    expect([socket.closedWith, network.time.pending, network.isWatched]).toEqual([1000, 0, false])
  })

  it('ends at once when the page is left', async () => {
    const { socket, told, network } = await linkedBySocket()
    await network.sign('left')
    expect(socket.take()).toEqual(['\u0001c{"code":1001,"reason":"page left"}'])
    expect(told.at(-1)).toMatch('close 1001')
  })

  it('refuses a message above the limit with 1009, behind those before it', async () => {
    const { link, socket, told } = await linkedBySocket()
    link.send('x'.repeat(1_000))
    await socket.say('k', { ack: 1, sent: 0 })
    socket.take()
    link.send('é'.repeat(501))
    expect(link.readyState).toBe(2)
    expect(socket.take()[0]).toMatch('\u0001c{"code":1009')
    const reason = 'message of 1002 bytes, limit 1000'
    await socket.say('c', { code: 1009, reason, sent: 0 })
    expect(told.at(-1)).toBe('close 1009 message of 1002 bytes, limit 1000')
  })

  it('ends with 4429 rather than keep more than it may', async () => {
    const { link, told } = await linkedBySocket({ maxBufferedBytes: 10 })
    link.send('12345')
    link.send('123456')
    expect(told.at(-1)).toMatch('close 4429')
  })
})

describe('closing a link on a stream', () => {
  it('tells it with the last messages', async () => {
    const { link, network, told } = await linkedByStream()
    link.send('last')
    await network.time.pass(0)
    link.close(1000, 'bye')
    await network.request('up').reply(200, { v: 1, ack: 1, attach: 1, sent: 0 })
    const up = network.request('up')
    expect(up.body).toMatchObject({ seq: 2, items: [], close: { code: 1000, reason: 'bye' } })
    await up.reply(200, { v: 1, ack: 1, attach: 0, sent: 0 })
    expect(told.at(-1)).toBe('close 1000 bye')
    expect(network.time.pending).toBe(0)
  })

  it('keeps its close behind all batches', async () => {
    const { link, network } = await linkedByStream()
    for (let at = 0; at < 5; at++) link.send('x'.repeat(900))
    link.close()
    await network.time.pass(0)
    const first = network.request('up')
    expect(first.body.close).toBeUndefined()
    await first.reply(200, { v: 1, ack: 3, attach: 1, sent: 0 })
    expect(network.request('up').body).toMatchObject({ seq: 4, close: { code: 1000 } })
  })

  it('takes what is queued along by a request that outlives the page', async () => {
    const { link, network, told } = await linkedByStream()
    link.send('a')
    await network.time.pass(0)
    link.send('b')
    await network.sign('left')
    const [last] = network.requests.filter((request) => request.init.keepalive)
    expect(last?.body).toMatchObject({ seq: 1, items: ['a', 'b'], close: { code: 1001 } })
    expect(told.at(-1)).toMatch('close 1001')
  })

  it('sends what a WebSocket may have lost with its page once more by such a request', async () => {
    const { link, socket, network } = await linkedBySocket()
    link.send('a')
    await network.sign('left')
    expect(socket.take().at(-1)).toMatch('\u0001c{"code":1001')
    const [last] = network.requests.filter((request) => request.init.keepalive)
    expect(last?.body).toMatchObject({ seq: 1, items: ['a'], close: { code: 1001 } })
  })

  it('leaves it to the WebSocket where it is too much for such a request', async () => {
    const limits = { message: 100_000, batch: 300_000, retain: 1_000_000 }
    const { link, network } = await linkedBySocket({}, {}, { limits })
    for (let i = 0; i < 2; i++) link.send('x'.repeat(40_000))
    await network.sign('left')
    expect(network.requests).toEqual([])
  })

  it('leaves without what is too much for such a request', async () => {
    const limits = { message: 100_000, batch: 300_000, retain: 1_000_000 }
    const { network, link } = await linkedByStream({}, {}, { limits })
    link.send('x'.repeat(70_000))
    await network.sign('left')
    const [last] = network.requests.filter((request) => request.init.keepalive)
    expect(last?.body).toMatchObject({ seq: 1, items: [], close: { code: 1001 } })
  })

  it('hands nothing over after the end', async () => {
    const { link, network, down, told } = await linkedByStream()
    await down.write(event('', ['one', 'two']))
    link.onmessage = () => {
      told.push('<')
      link.terminate()
    }
    await network.time.pass(0)
    expect(told.slice(2)).toEqual(['<', 'error', 'close 1006 terminated (unclean)'])
  })
})
