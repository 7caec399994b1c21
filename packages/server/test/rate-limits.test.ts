import type { FastifyInstance } from 'fastify'
import { describe, expect, it } from 'vitest'
import type { HoofbeatOptions, RateLimit } from '../src/index.js'
import { createFakeClock } from '../src/testing/fake-clock.js'
import { frames, rest, send, transact, turn, usePlugin } from './plugin-application.js'

const plugin = usePlugin()

const slow: RateLimit = { of: 'SEND', count: 1, perMs: 1_000, burst: 2 }

async function start(rateLimits: HoofbeatOptions['rateLimits'], options: HoofbeatOptions = {}) {
  const clock = createFakeClock()
  const application = await plugin({ clock, ...(rateLimits && { rateLimits }), ...options })
  return { clock, ...application }
}

describe('a session beyond a limit that slows down', () => {
  it('is read on when there is room again: nothing is lost, and all is in order', async () => {
    const { clock, connect } = await start([slow])
    const client = await connect('ada')
    for (let i = 1; i <= 5; i++) client.send(send('/topic/a', '', { receipt: `${i}` }))
    expect(await rest(client)).toEqual(['RECEIPT 1', 'RECEIPT 2'])
    expect(client.link.isPaused).toBe(true)
    clock.advance(999)
    expect(await rest(client)).toEqual([])
    clock.advance(101)
    expect(await rest(client)).toEqual(['RECEIPT 3'])
    clock.advance(1_100)
    clock.advance(1_100)
    expect(await rest(client)).toEqual(['RECEIPT 4', 'RECEIPT 5'])
    expect(client.link.isPaused).toBe(true)
    clock.advance(2_000)
    expect(client.link.isPaused).toBe(false)
  })

  it('is held back within one chunk too', async () => {
    const { clock, connect } = await start([slow])
    const client = await connect('ada')
    const one = (id: number): string => `SEND\ndestination:/topic/a\nreceipt:${id}\n\n\0`
    client.sendRaw(one(1) + one(2) + one(3))
    expect(await rest(client)).toEqual(['RECEIPT 1', 'RECEIPT 2'])
    clock.advance(1_100)
    expect(await rest(client)).toEqual(['RECEIPT 3'])
  })

  it('reads its own messages meanwhile, and is not judged by its silence', async () => {
    const { app, clock, connect } = await start([{ ...slow, perMs: 600_000 }])
    const client = await connect('ada', { 'heart-beat': '10000,10000' })
    await client.subscribe('1', '/topic/a')
    client.send(send('/topic/a', 'one'))
    client.send(send('/topic/a', 'two'))
    expect(await frames(client, 2)).toEqual(['one', 'two'])
    expect(client.link.isPaused).toBe(true)
    for (let i = 0; i < 30; i++) {
      clock.advance(10_000)
      await turn()
    }
    await app.stomp.publish('/topic/a', 'three', { contentType: 'text/plain' })
    expect(await frames(client, 1)).toEqual(['three'])
    expect(client.heartBeats).toBeGreaterThan(10)
    expect(await client.closed()).toBeUndefined()
  })

  it('may pay for a large frame afterwards', async () => {
    const { clock, connect } = await start([{ of: 'bytes', count: 100, perMs: 1_000 }])
    const client = await connect('ada')
    client.send(send('/topic/a', 'x'.repeat(1_000), { receipt: '1' }))
    client.send(send('/topic/a', '', { receipt: '2' }))
    expect(await rest(client)).toEqual(['RECEIPT 1'])
    clock.advance(8_000)
    expect(await rest(client)).toEqual([])
    clock.advance(3_000)
    expect(await rest(client)).toEqual(['RECEIPT 2'])
  })

  it('ends in good order: what was sent before a DISCONNECT still counts', async () => {
    const { clock, connect } = await start([slow])
    const client = await connect('ada')
    for (let i = 1; i <= 3; i++) client.send(send('/topic/a', '', { receipt: `${i}` }))
    client.send({ command: 'DISCONNECT', headers: { receipt: 'bye' } })
    expect(await rest(client)).toEqual(['RECEIPT 1', 'RECEIPT 2'])
    clock.advance(1_100)
    expect(await rest(client)).toEqual(['RECEIPT 3'])
    clock.advance(1_100)
    expect(await rest(client)).toEqual(['RECEIPT bye'])
  })

  it('ends at once with the server, and nothing fires afterwards', async () => {
    const { app, clock, connect } = await start([{ ...slow, perMs: 60_000 }])
    const client = await connect('ada')
    for (let i = 1; i <= 3; i++) client.send(send('/topic/a', '', { receipt: `${i}` }))
    expect(await rest(client)).toEqual(['RECEIPT 1', 'RECEIPT 2'])
    await app.close()
    expect(await client.closed()).toEqual({ code: 1001, reason: 'STOMP_ERR_CLOSING' })
    clock.advance(120_000)
    expect(await rest(client)).toEqual([])
  })
})

describe('a session beyond a limit that refuses', () => {
  const refusing: RateLimit = { of: 'SEND', count: 2, perMs: 10_000, over: 'refuse' }

  it('gets an ERROR that tells when to try again, and is closed', async () => {
    const { connect } = await start([refusing])
    const client = await connect('ada')
    for (let i = 1; i <= 3; i++) client.send(send('/topic/a', '', { receipt: `${i}` }))
    expect(await frames(client, 2)).toEqual(['RECEIPT 1', 'RECEIPT 2'])
    const error = await client.next()
    expect(error.headers.get('code')).toBe('STOMP_ERR_RATE_LIMIT')
    expect(error.headers.get('receipt-id')).toBe('3')
    expect(error.headers.get('message')).toBe('At most 2 SEND frames are taken every 10000 ms')
    expect(error.headers.get('retry-after')).toBe('5')
    expect(error.text).toBe('Send it again in 5 seconds: nothing was done for it.')
    expect(await client.closed()).toEqual({ code: 1002, reason: 'STOMP_ERR_RATE_LIMIT' })
  })

  it('is told softly where refusals are soft, and lives on', async () => {
    const { clock, connect } = await start([refusing], { refusals: 'soft' })
    const client = await connect('ada')
    await client.subscribe('1', '/user/queue/errors')
    await client.subscribe('2', '/topic/a')
    for (const body of ['one', 'two', 'three']) client.send(send('/topic/a', body, { receipt: body }))
    expect(await frames(client, 4)).toEqual(['RECEIPT one', 'one', 'RECEIPT two', 'two'])
    const refusal = await client.next()
    expect(refusal.headers.get('code')).toBe('STOMP_ERR_RATE_LIMIT')
    expect(refusal.headers.get('retry-after')).toBe('5')
    expect(refusal.headers.get('receipt-id')).toBe('three')
    clock.advance(5_000)
    client.send(send('/topic/a', 'four'))
    expect(await rest(client)).toEqual(['four'])
  })

  it('may still acknowledge, unsubscribe, commit and say goodbye', async () => {
    const { connect } = await start([{ ...refusing, of: 'frames', count: 5 }])
    const client = await connect('ada')
    await client.subscribe('1', '/queue/a', { ack: 'client-individual' })
    client.send(send('/queue/a', 'one'))
    const message = await client.next()
    client.send(transact('BEGIN', 't'))
    client.send(send('/queue/a', 'two', { transaction: 't' }))
    client.send({ command: 'ACK', headers: { id: message.headers.get('ack') ?? '', receipt: 'acked' } })
    client.send(transact('COMMIT', 't', 'committed'))
    client.send({ command: 'UNSUBSCRIBE', headers: { id: '1', receipt: 'gone' } })
    client.send({ command: 'DISCONNECT', headers: { receipt: 'bye' } })
    const seen = await rest(client)
    expect(seen.filter((each) => each !== 'two')).toEqual([
      'RECEIPT acked',
      'RECEIPT committed',
      'RECEIPT gone',
      'RECEIPT bye',
    ])
  })

  it('is refused SUBSCRIBE and SEND by the destinations that the limit names, and no others', async () => {
    const { connect } = await start([
      { ...refusing, of: 'frames', count: 1, destinations: ['/topic/chat/*', '/app/**'] },
    ])
    const client = await connect('ada')
    await client.subscribe('1', '/topic/other')
    await client.subscribe('2', '/topic/chat/a')
    client.send(send('/topic/other', 'free'))
    expect(await frames(client, 1)).toEqual(['free'])
    client.send(send('/topic/chat/b', ''))
    expect(await rest(client)).toEqual(['ERROR STOMP_ERR_RATE_LIMIT'])
  })
})

describe('limits of a user', () => {
  it('are asked for once, at CONNECT, with undefined for an anonymous session', async () => {
    const asked: (string | undefined)[] = []
    const { connect } = await start((user) => {
      asked.push(user?.name)
      return user?.name === 'paying' ? [] : [{ ...slow, burst: 1 }]
    })
    for (const [login, isPaused] of [
      ['paying', false],
      ['guest', true],
      [undefined, true],
    ] as const) {
      const client = await connect(login)
      client.send(send('/topic/a'))
      client.send(send('/topic/a'))
      await rest(client)
      expect(client.link.isPaused).toBe(isPaused)
    }
    expect(asked).toEqual(['paying', 'guest', undefined])
  })

  it('are those of one session: another of the same user has its own', async () => {
    const { connect } = await start([{ ...slow, burst: 1 }])
    const [first, second] = [await connect('ada'), await connect('ada')]
    first.send(send('/topic/a', '', { receipt: '1' }))
    second.send(send('/topic/a', '', { receipt: '1' }))
    expect(await frames(first, 1)).toEqual(['RECEIPT 1'])
    expect(await frames(second, 1)).toEqual(['RECEIPT 1'])
  })

  it('refuse the session where the function fails, and say nothing of why', async () => {
    const { connect, log } = await start(() => {
      throw new Error('no such plan')
    })
    await expect(connect('ada')).rejects.toThrow('ERROR came instead of CONNECTED: The message could not be processed')
    expect(log.join('')).toContain('no such plan')
  })
})

describe('limits that cannot be', () => {
  it('are told when the plugin is registered', async () => {
    await expect(start([{ ...slow, count: 0 }])).rejects.toThrow('rateLimits: count is a whole number above 0')
  })
})

describe('POST {path}/send', () => {
  const post = (app: FastifyInstance, name: string, remoteAddress = '10.0.0.1') =>
    app.inject({
      method: 'POST',
      url: '/stomp/send?destination=/topic/a',
      headers: name === '' ? {} : { authorization: `Basic ${Buffer.from(`${name}:x`).toString('base64')}` },
      remoteAddress,
      payload: 'x',
    })

  it('is counted by user, else by address, and answers 429 with Retry-After', async () => {
    const { app, clock } = await start([{ ...slow, perMs: 10_000 }])
    expect((await post(app, 'ada')).statusCode).toBe(204)
    expect((await post(app, 'ada', '10.0.0.2')).statusCode).toBe(204)
    const refused = await post(app, 'ada', '10.0.0.3')
    expect(refused.statusCode).toBe(429)
    expect(refused.headers['retry-after']).toBe('10')
    expect(refused.json()).toMatchObject({ code: 'STOMP_ERR_RATE_LIMIT' })
    expect((await post(app, 'bob')).statusCode).toBe(204)
    expect((await post(app, '')).statusCode).toBe(204)
    expect((await post(app, '')).statusCode).toBe(204)
    expect((await post(app, '')).statusCode).toBe(429)
    clock.advance(10_000)
    expect((await post(app, 'ada')).statusCode).toBe(204)
  })
})
