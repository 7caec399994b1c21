import { describe, expect, it } from 'vitest'
import { embeddedBroker } from '../src/index.js'
import { createFakeClock } from '../src/testing/fake-clock.js'
import { answer, createWaitingStore, frames, rest, send, usePlugin } from './plugin-application.js'

const start = usePlugin()

const numbers = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, i) => `${from + i}`)

describe('queues', () => {
  it('give each message to one consumer, by turns', async () => {
    const { connect } = await start()
    const [one, two, producer] = [await connect(), await connect(), await connect()]
    for (const consumer of [one, two]) await consumer.subscribe('s', '/queue/a')
    for (const body of numbers(1, 6)) producer.send(send('/queue/a', body))
    const [ones, twos] = [await rest(one), await rest(two)]
    expect([ones.length, twos.length]).toEqual([3, 3])
    expect([...ones, ...twos].sort()).toEqual(numbers(1, 6))
  })

  it('keep their messages while nobody listens, in order', async () => {
    const { app, connect } = await start()
    const producer = await connect()
    for (const body of numbers(1, 3)) producer.send(send('/queue/a', body))
    await app.stomp.publish('/queue/a', '4')
    const consumer = await connect()
    await consumer.subscribe('s', '/queue/a')
    expect(await frames(consumer, 4)).toEqual(numbers(1, 4))
  })

  it('refuse a SEND that finds no room with an ERROR and its receipt-id', async () => {
    const { connect } = await start({ broker: embeddedBroker({ maxQueueMessages: 2 }) })
    const producer = await connect()
    for (const body of numbers(1, 3)) producer.send(send('/queue/a', body, { receipt: body }))
    expect(await frames(producer, 3)).toEqual(['RECEIPT 1', 'RECEIPT 2', 'ERROR STOMP_ERR_QUEUE_FULL 3'])
  })

  it.each([
    ['one queue', '/queue/a'],
    ['all queues', '/queue/**'],
  ])('need a rule to subscribe to %s', async (_what, destination) => {
    const { connect } = await start({ allow: {} })
    const client = await connect()
    client.send({ command: 'SUBSCRIBE', headers: { id: 's', destination, receipt: '1' } })
    expect(await frames(client, 1)).toEqual(['ERROR STOMP_ERR_FORBIDDEN 1'])
  })

  it('are named exactly even where a rule allows more', async () => {
    const { connect } = await start()
    const client = await connect()
    client.send({ command: 'SUBSCRIBE', headers: { id: 's', destination: '/queue/*', receipt: '1' } })
    expect(await frames(client, 1)).toEqual(['ERROR STOMP_ERR_DESTINATION_INVALID 1'])
  })
})

describe('RECEIPT before MESSAGE', () => {
  it('where a client consumes what it sends', async () => {
    const { connect } = await start()
    const client = await connect()
    await client.subscribe('s', '/queue/a')
    for (const body of numbers(1, 3)) client.send(send('/queue/a', body, { receipt: body }))
    expect(await frames(client, 6)).toEqual(['RECEIPT 1', '1', 'RECEIPT 2', '2', 'RECEIPT 3', '3'])
  })

  it('also for the SUBSCRIBE to a queue that waits, whoever is subscribed by more than one', async () => {
    const { connect } = await start()
    const client = await connect()
    for (const body of numbers(1, 3)) client.send(send('/queue/a', body))
    client.send({ command: 'SUBSCRIBE', headers: { id: 's', destination: '/queue/a', receipt: 's' } })
    expect(await frames(client, 4)).toEqual(['RECEIPT s', '1', '2', '3'])
  })

  it('for ACK, NACK and UNSUBSCRIBE, which make room for others of the same session', async () => {
    const { connect } = await start()
    const client = await connect()
    await client.subscribe('s', '/queue/a', { ack: 'client-individual', 'prefetch-count': '1' })
    for (const body of numbers(1, 2)) client.send(send('/queue/a', body))
    const first = await client.next()
    client.send(answer('NACK', first, { receipt: 'nacked' }))
    expect(await frames(client, 1)).toEqual(['RECEIPT nacked'])
    const again = await client.next()
    client.send(answer('ACK', again, { receipt: 'acked' }))
    expect([again.text, ...(await frames(client, 2))]).toEqual(['1', 'RECEIPT acked', '2'])
    await client.subscribe('other', '/queue/a')
    client.send({ command: 'UNSUBSCRIBE', headers: { id: 's', receipt: 'left' } })
    expect(await frames(client, 2)).toEqual(['RECEIPT left', '2'])
  })

  it('for persistent messages: stored, RECEIPT, MESSAGE; frames behind do not wait', async () => {
    const { store, commits } = createWaitingStore()
    const { connect } = await start({ broker: embeddedBroker({ store }) })
    const client = await connect()
    await client.subscribe('s', '/queue/a', { ack: 'client' })
    client.send(send('/queue/a', '1', { persistent: 'true', receipt: '1' }))
    client.send(send('/queue/a', '2', { receipt: '2' }))
    client.send(send('/topic/none', '', { receipt: 'other' }))
    expect(await rest(client)).toEqual(['RECEIPT other'])
    expect(commits).toHaveLength(1)
    commits[0]?.resolve()
    expect(await rest(client)).toEqual(['RECEIPT 1', 'RECEIPT 2', '1', '2'])
  })

  it('for what a route publishes persistently', async () => {
    const { store, commits } = createWaitingStore()
    const { connect } = await start({ broker: embeddedBroker({ store }) }, (app) => {
      app.stomp.message('/work', async () => {
        await app.stomp.publish('/queue/a', 'kept', { headers: { persistent: 'true' } })
      })
    })
    const client = await connect()
    await client.subscribe('s', '/queue/a')
    client.send(send('/app/work', '', { receipt: 'worked' }))
    expect(await rest(client)).toEqual([])
    commits[0]?.resolve()
    expect((await rest(client)).sort()).toEqual(['RECEIPT worked', 'kept'])
  })

  it('an ACK that is stored is receipted when it is stored', async () => {
    const { store, commits } = createWaitingStore()
    const { connect } = await start({ broker: embeddedBroker({ store }) })
    const client = await connect()
    await client.subscribe('s', '/queue/a', { ack: 'client' })
    client.send(send('/queue/a', 'm', { persistent: 'true' }))
    await client.rest()
    commits[0]?.resolve()
    client.send(answer('ACK', await client.next(), { receipt: 'acked' }))
    expect(await rest(client)).toEqual([])
    commits[1]?.resolve()
    expect(await rest(client)).toEqual(['RECEIPT acked'])
  })

  it('a store that has no room refuses the SEND, and nobody gets the message', async () => {
    const { store, commits } = createWaitingStore()
    const { StompError } = await import('../src/index.js')
    const { connect } = await start({ broker: embeddedBroker({ store }) })
    const [client, consumer] = [await connect(), await connect()]
    await consumer.subscribe('s', '/queue/a')
    client.send(send('/queue/a', 'm', { persistent: 'true', receipt: '1' }))
    await client.rest()
    commits[0]?.reject(new StompError('STOMP_ERR_STORE_FULL'))
    expect(await frames(client, 1)).toEqual(['ERROR STOMP_ERR_STORE_FULL 1'])
    expect(await rest(consumer)).toEqual([])
  })
})

describe('flow', () => {
  it.each(['', 'x'.repeat(1_000)])(
    'a queue with 10,000 messages drains through a healthy auto consumer, in order and without overflow',
    { timeout: 20_000 },
    async (padding) => {
      const { app, connect } = await start()
      for (const body of numbers(1, 10_000)) await app.stomp.publish('/queue/a', body, { headers: { padding } })
      const consumer = await connect()
      await consumer.subscribe('s', '/queue/a')
      for (const body of numbers(1, 10_000)) expect((await consumer.next()).text).toBe(body)
      expect(await rest(consumer)).toEqual([])
      expect(app.stomp.admin?.destinations()).toMatchObject([{ depth: 0, inFlight: 0 }])
    },
  )

  it('a reader that stalls leaves the rest in the queue, for others', async () => {
    const { app, connect } = await start({ clock: createFakeClock() })
    const [stalled, other] = [await connect(), await connect()]
    stalled.link.setStalled(true)
    stalled.send({ command: 'SUBSCRIBE', headers: { id: 's', destination: '/queue/a' } })
    await stalled.rest()
    for (const body of numbers(1, 2_000)) await app.stomp.publish('/queue/a', `${body} ${'x'.repeat(1_000)}`)
    const taken = (await rest(stalled)).length
    expect(taken).toBeLessThan(600)
    expect(app.stomp.admin?.destinations()).toMatchObject([{ depth: expect.any(Number) }])
    await other.subscribe('s', '/queue/a')
    const others = await rest(other)
    expect(taken + others.length).toBeGreaterThan(1_400)
    stalled.link.setStalled(false)
    const late = await rest(stalled)
    const all = [...others, ...late].map((body) => Number.parseInt(body, 10))
    expect(new Set(all).size).toBe(all.length)
    expect(taken + all.length).toBe(2_000)
    expect(await Promise.race([stalled.closed(), 'open'])).toBe('open')
  })

  it('a stalled reader that feeds its own queue keeps it there, and is not ended for it', async () => {
    const { app, connect } = await start({ clock: createFakeClock() })
    const client = await connect()
    await client.subscribe('s', '/queue/a')
    client.link.setStalled(true)
    const big = 'x'.repeat(10_000)
    for (const body of numbers(1, 200)) client.send(send('/queue/a', `${body} ${big}`))
    const read = (await rest(client)).length
    const depth = app.stomp.admin?.destinations()[0]?.depth ?? 0
    expect(depth).toBeGreaterThan(100)
    client.link.setStalled(false)
    const late = await rest(client)
    expect(read + late.length).toBe(200)
  })

  it('what a frame brings to its own session is held to 64, then the rest follows', async () => {
    const { connect } = await start()
    const client = await connect()
    for (const body of numbers(1, 300)) client.send(send('/queue/a', body))
    client.send({ command: 'SUBSCRIBE', headers: { id: 's', destination: '/queue/a', receipt: 's' } })
    expect(await frames(client, 301)).toEqual(['RECEIPT s', ...numbers(1, 300)])
  })
})

describe('a durable subscription', () => {
  const news = (headers: Record<string, string> = {}) =>
    ({ command: 'SUBSCRIBE', headers: { id: 's', destination: '/topic/news', durable: 'true', ...headers } }) as const

  it.each([
    ['1.2', 'laptop'],
    ['1.0', '  laptop '],
  ])('is named by the client-id of CONNECT with STOMP %s', async (version, clientId) => {
    const { app, connect } = await start()
    const first = await connect('ada', { 'accept-version': version, 'client-id': clientId })
    first.send(news({ receipt: 's' }))
    expect(await frames(first, 1)).toEqual(['RECEIPT s'])
    first.link.close()
    await first.closed()
    await app.stomp.publish('/topic/news', 'missed')
    const second = await connect('ada', { 'client-id': 'laptop' })
    second.send(news({ receipt: 's' }))
    expect(await frames(second, 2)).toEqual(['RECEIPT s', 'missed'])
  })

  it('is the user’s own: another user with the same client-id has another', async () => {
    const { app, connect } = await start()
    const ada = await connect('ada', { 'client-id': 'laptop' })
    ada.send(news({ receipt: 's' }))
    await ada.next()
    ada.link.close()
    await ada.closed()
    await app.stomp.publish('/topic/news', 'for ada')
    const bob = await connect('bob', { 'client-id': 'laptop' })
    bob.send(news({ receipt: 's' }))
    expect(await rest(bob)).toEqual(['RECEIPT s'])
  })

  it('needs a client-id', async () => {
    const { connect } = await start()
    const client = await connect('ada')
    client.send(news({ receipt: 's' }))
    expect(await frames(client, 1)).toEqual(['ERROR STOMP_ERR_HEADER_MISSING s'])
  })

  it('ends by UNSUBSCRIBE with durable:true, used or not', async () => {
    const { app, connect } = await start()
    const client = await connect('ada', { 'client-id': 'laptop' })
    const end = { command: 'UNSUBSCRIBE', headers: { id: 's', durable: 'true', receipt: 'ended' } } as const
    client.send(news())
    client.send(end)
    expect(await frames(client, 1)).toEqual(['RECEIPT ended'])
    client.send(news())
    client.send({ command: 'DISCONNECT', headers: {} })
    await client.closed()
    expect(app.stomp.admin?.destinations()).toHaveLength(1)
    const later = await connect('ada', { 'client-id': 'laptop' })
    later.send(end)
    expect(await frames(later, 1)).toEqual(['RECEIPT ended'])
    expect(app.stomp.admin?.destinations()).toEqual([])
    later.send(end)
    expect(await frames(later, 1)).toEqual(['ERROR STOMP_ERR_SUBSCRIPTION_UNKNOWN ended'])
  })
})

describe('stomp.admin', () => {
  it('tells of destinations, and purges', async () => {
    const { app, connect } = await start()
    const client = await connect()
    await client.subscribe('t', '/topic/a')
    await client.subscribe('q', '/queue/held', { ack: 'client', 'prefetch-count': '1' })
    for (const body of numbers(1, 3)) client.send(send('/queue/held', body))
    client.send(send('/queue/left', 'x', { receipt: 'sent' }))
    expect((await rest(client)).sort()).toEqual(['1', 'RECEIPT sent'])
    const { admin } = app.stomp
    const brief = (): unknown =>
      admin?.destinations().map(({ destination, kind, depth, consumers, inFlight }) => {
        return [destination, kind, depth, consumers, inFlight]
      })
    expect(brief()).toEqual([
      ['/queue/held', 'queue', 2, 1, 1],
      ['/queue/left', 'queue', 1, 0, 0],
      ['/topic/a', 'topic', 0, 1, 0],
    ])
    expect(await admin?.purge('/queue/held')).toBe(2)
    expect(await admin?.purge('/queue/left')).toBe(1)
    expect(brief()).toEqual([
      ['/queue/held', 'queue', 0, 1, 1],
      ['/topic/a', 'topic', 0, 1, 0],
    ])
    await expect(admin?.purge('/queue/left')).rejects.toMatchObject({ code: 'STOMP_ERR_DESTINATION_UNKNOWN' })
  })

  it('moves messages to another queue, and dead letters back to where they came from', async () => {
    const { app, connect } = await start({ broker: embeddedBroker({ maxDeliveries: 1 }) })
    const client = await connect()
    const { admin } = app.stomp
    for (const body of numbers(1, 3)) client.send(send('/queue/a', body))
    client.send(send('/topic/none', '', { receipt: 'sent' }))
    await client.next()
    expect(await admin?.move('/queue/a', { to: '/queue/b', limit: 2 })).toBe(2)
    await client.subscribe('b', '/queue/b', { ack: 'client-individual' })
    client.send(answer('NACK', await client.next(), { receipt: 'nacked' }))
    expect(await rest(client)).toEqual(['2', 'RECEIPT nacked'])
    expect(admin?.destinations().map(({ destination, depth }) => [destination, depth])).toEqual([
      ['/queue/a', 1],
      ['/queue/b', 0],
      ['/queue/dead-letters', 1],
    ])
    expect(await admin?.move('/queue/dead-letters')).toBe(1)
    const back = await client.next()
    expect([back.text, back.headers.get('destination'), back.headers.has('dead-letter-reason')]).toEqual([
      '1',
      '/queue/b',
      false,
    ])
  })
})
