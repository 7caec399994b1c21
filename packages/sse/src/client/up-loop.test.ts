import { describe, expect, it } from 'vitest'
import { event, linkedBySocket, linkedByStream } from './testing/linked.js'

const taken = (ack: number) => ({ v: 1, ack, attach: 1, sent: 0 })

describe('sending by requests', () => {
  it('has one request in flight and sends what came meanwhile in the next', async () => {
    const { network, link } = await linkedByStream()
    for (const text of ['a', 'b', 'c']) link.send(text)
    await network.time.pass(0)
    const first = network.request('up')
    expect(first.url).toBe('https://host.example/stomp/owner~1/up')
    expect(first.body.items).toEqual(['a', 'b', 'c'])
    link.send(new Uint8Array([1, 2]))
    link.send('d')
    await network.time.pass(0)
    expect(network.count('up')).toBe(0)
    await first.reply(200, taken(3))
    expect(network.request('up').body).toMatchObject({ seq: 4, items: [{ b: 'AQI=' }, 'd'] })
  })

  it('keeps a batch below the limit of the server', async () => {
    const { network, link } = await linkedByStream()
    for (let at = 0; at < 5; at++) link.send('x'.repeat(900))
    await network.time.pass(0)
    const up = network.request('up')
    expect(JSON.stringify(up.body).length).toBeLessThan(4_000)
    expect(up.body.items).toHaveLength(3)
  })

  it('repeats the same messages under the same numbers: at once, then after a growing time', async () => {
    const { network, link } = await linkedByStream()
    link.send('a')
    await network.time.pass(0)
    for (const delay of [0, 125, 250, 500, 1_000, 2_000, 2_500, 2_500]) {
      const up = network.request('up')
      expect(up.body).toMatchObject({ seq: 1, items: ['a'] })
      up.fail()
      if (delay > 0) {
        await network.time.pass(delay - 1)
        expect(network.count('up')).toBe(0)
      }
      await network.time.pass(delay > 0 ? 1 : 0)
    }
    expect(link.readyState).toBe(1)
  })

  it('halves the batch after a timeout, and grows again', async () => {
    const { network, link } = await linkedByStream()
    for (let at = 0; at < 8; at++) link.send(String(at))
    await network.time.pass(15_000)
    expect(network.requests.filter((request) => request.isAborted && request.door === 'up')).toHaveLength(1)
    const half = network.request('up')
    expect(half.body.items).toHaveLength(4)
    await half.reply(200, taken(4))
    expect(network.request('up').body).toMatchObject({ seq: 5, items: ['4', '5', '6', '7'] })
  })

  it('halves the batch when something between finds it too large, and gives a single message three tries over some time', async () => {
    const { network, link, told } = await linkedByStream()
    for (const text of ['a', 'b']) link.send(text)
    await network.time.pass(0)
    await network.request('up').reply(413, '<html>')
    await network.time.pass(0)
    for (let tries = 0; tries < 3; tries++) {
      expect(told.at(-1)).toBe('= stream')
      const up = network.request('up')
      expect(up.body.items).toEqual(['a'])
      await up.reply(413, '<html>')
      await network.time.pass(6_000)
    }
    expect(told.at(-1)).toMatch('close 1009')
  })

  it('ends with 1009 when the server itself refuses a single message for its size', async () => {
    const { network, link, told } = await linkedByStream()
    link.send('a')
    await network.time.pass(0)
    await network.request('up').reply(413, { v: 1, error: 'large' })
    expect(told.at(-1)).toMatch('close 1009')
  })

  it('waits as long as the server asks', async () => {
    const { network, link } = await linkedByStream()
    link.send('a')
    await network.time.pass(0)
    await network.request('up').reply(429, { v: 1, error: 'slow', after: 700 })
    await network.time.pass(699)
    expect(network.count('up')).toBe(0)
    await network.time.pass(1)
    expect(network.count('up')).toBe(1)
  })

  it('sends again from where the server expects, and ends when that was given up', async () => {
    const { network, link, told } = await linkedByStream()
    link.send('a')
    await network.time.pass(0)
    await network.request('up').reply(409, { v: 1, error: 'expect', expect: 1 })
    await network.time.pass(0)
    await network.request('up').reply(200, taken(1))
    link.send('b')
    await network.time.pass(0)
    await network.request('up').reply(409, { v: 1, error: 'expect', expect: 1 })
    expect(told.at(-1)).toMatch('close 4400')
  })

  it.each([
    [400, {}, 'close 4400'],
    [401, {}, 'close 4401'],
    [403, {}, 'close 4403'],
    [404, {}, 'close 4404'],
    [410, { code: 1012, reason: 'restart' }, 'close 1012 restart'],
  ])('ends by the verdict %i of the server', async (status, body, line) => {
    const { network, link, told } = await linkedByStream()
    link.send('a')
    await network.time.pass(0)
    await network.request('up').reply(status, { v: 1, error: 'malformed', ...body })
    expect(told.at(-1)).toMatch(line)
    expect(network.time.pending).toBe(0)
  })

  it('takes the same status without the mark of the server for a failure', async () => {
    for (const status of [400, 401, 403, 404, 410, 500]) {
      const { network, link, told } = await linkedByStream()
      link.send('a')
      await network.time.pass(0)
      await network.request('up').reply(status, '{"error":"page"}')
      await network.time.pass(0)
      expect(told.at(-1)).toBe('= stream')
      expect(network.count('up')).toBe(1)
    }
  })

  it('ignores an acknowledgement that is old, and ends by one of what was never sent', async () => {
    const { network, link, down, told } = await linkedByStream()
    link.send('a')
    await network.time.pass(0)
    await network.request('up').reply(200, taken(1))
    await down.write(event('k', { ack: 0, sent: 0 }))
    expect(link.bufferedAmount).toBe(0)
    link.send('b')
    await network.time.pass(0)
    await network.request('up').reply(200, taken(3))
    expect(told.at(-1)).toMatch('close 4400')
  })

  it('ends with 4408 when nothing gets on for the time of grace, even if the stream is well', async () => {
    const { network, link, down, told } = await linkedByStream()
    link.send('a')
    let seconds = 0
    for (; link.readyState === 1 && seconds < 200; seconds++) {
      await network.time.pass(1_000)
      if (network.count('up') > 0) network.request('up').fail()
      await down.write(': alive\n')
    }
    expect(told.at(-1)).toMatch('close 4408')
    expect(seconds).toBeGreaterThanOrEqual(120)
  })

  it('keeps what was sent after a WebSocket was lost for the requests', async () => {
    const { network, link, socket } = await linkedBySocket()
    link.send('a')
    await socket.cut()
    await network.time.pass(3_000)
    expect(network.request('up').body).toMatchObject({ seq: 1, items: ['a'] })
  })
})

describe('credentials', () => {
  it('are renewed when the server tells of their end, not more often than it can know', async () => {
    let asked = 0
    const { network, down } = await linkedByStream({ headers: () => ({ authorization: `Bearer ${++asked}` }) })
    await down.write(event('k', { ack: 0, sent: 0, expires: 59_000 }))
    await down.write(event('k', { ack: 0, sent: 0, expires: 58_000 }))
    const up = network.request('up')
    expect(up.init.headers).toEqual({ authorization: 'Bearer 2' })
    await up.reply(200, { ...taken(0), expires: 58_000 })
    expect(network.count('up')).toBe(0)
    await network.time.pass(10_000)
    await down.write(event('k', { ack: 0, sent: 0, expires: 48_000 }))
    expect(network.request('up').init.headers).toEqual({ authorization: 'Bearer 3' })
  })

  it('are shown by a request beside a WebSocket', async () => {
    const { network, socket } = await linkedBySocket({ headers: () => ({ authorization: 'x' }) })
    await socket.say('k', { ack: 0, sent: 0, expires: 59_000 })
    expect(network.request('up').init.headers).toEqual({ authorization: 'x' })
  })

  it('are shown once more when a request is refused for want of them', async () => {
    const { network, link, told } = await linkedByStream({ headers: () => ({ authorization: 'x' }) })
    link.send('a')
    await network.time.pass(0)
    await network.request('up').reply(401, { v: 1, error: 'credentials' })
    const again = network.request('up')
    expect(again.init.headers).toEqual({ authorization: 'x' })
    expect(again.body.items).toEqual(['a'])
    await again.reply(401, { v: 1, error: 'credentials' })
    expect(told.at(-1)).toMatch('close 4401')
  })

  it('go with every request if the application wants that', async () => {
    const { network, link, down } = await linkedByStream({
      headers: () => ({ a: 'b' }),
      headersAlways: true,
      credentials: 'include',
    })
    link.send('a')
    await network.time.pass(0)
    const up = network.request('up')
    for (const { init } of [down, up]) expect(init).toMatchObject({ headers: { a: 'b' }, credentials: 'include' })
  })
})
