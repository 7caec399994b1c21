import type { Frame } from '@hoofbeat/codec'
import { describe, expect, it } from 'vitest'
import type { StompTestClient } from '../src/testing/stomp-client.js'
import { answer, frames, rest, send, usePlugin } from './plugin-application.js'

const start = usePlugin()

/** How each version names the message that it answers (STOMP 1.0 and 1.1 "ACK", STOMP 1.2 "ACK"). */
const reference = (version: string, message: Frame): Record<string, string> => {
  const read = (name: string): string => message.headers.get(name) ?? `no ${name}`
  if (version === '1.2') return { id: read('ack') }
  if (version === '1.1') return { 'message-id': read('message-id'), subscription: read('subscription') }
  return { 'message-id': read('message-id') }
}

async function fill(client: StompTestClient, destination: string, bodies: readonly string[]): Promise<void> {
  for (const body of bodies) client.send(send(destination, body))
  client.send(send('/topic/none', '', { receipt: 'filled' }))
  expect(await frames(client, 1)).toEqual(['RECEIPT filled'])
}

describe.each(['1.0', '1.1', '1.2'])('acknowledging with STOMP %s', (version) => {
  const open = async () => {
    const { app, connect } = await start()
    const consumer = await connect('ada', { 'accept-version': version })
    const producer = await connect()
    return { app, consumer, producer, connect: () => connect('bob', { 'accept-version': version }) }
  }

  it('carries the ack header in 1.2 only', async () => {
    const { consumer, producer } = await open()
    await consumer.subscribe('s', '/queue/a', { ack: 'client' })
    await fill(producer, '/queue/a', ['m'])
    expect((await consumer.next()).headers.has('ack')).toBe(version === '1.2')
  })

  it('ACK takes a message away for good', async () => {
    const { app, consumer, producer } = await open()
    await consumer.subscribe('s', '/queue/a', { ack: 'client-individual' })
    await fill(producer, '/queue/a', ['m'])
    const message = await consumer.next()
    consumer.send({ command: 'ACK', headers: { ...reference(version, message), receipt: 'acked' } })
    expect(await frames(consumer, 1)).toEqual(['RECEIPT acked'])
    consumer.link.close()
    await consumer.closed()
    await expect.poll(() => app.stomp.admin?.destinations()).toEqual([])
  })

  it('ACK in the mode client means all before it on that subscription, too', async () => {
    const { consumer, producer, connect } = await open()
    await consumer.subscribe('s', '/queue/a', { ack: 'client' })
    await fill(producer, '/queue/a', ['1', '2', '3'])
    await consumer.next()
    const second = await consumer.next()
    await consumer.next()
    consumer.send({ command: 'ACK', headers: { ...reference(version, second), receipt: 'acked' } })
    expect(await frames(consumer, 1)).toEqual(['RECEIPT acked'])
    consumer.link.close()
    const other = await connect()
    await other.subscribe('s', '/queue/a')
    expect(await rest(other)).toEqual(['3'])
  })

  it('NACK gives the message back at once, as redelivered and under the same message-id', async () => {
    const { consumer, producer } = await open()
    await consumer.subscribe('s', '/queue/a', { ack: 'client-individual' })
    await fill(producer, '/queue/a', ['m'])
    const first = await consumer.next()
    expect(first.headers.has('redelivered')).toBe(false)
    consumer.send({ command: 'NACK', headers: { ...reference(version, first), receipt: 'nacked' } })
    expect(await frames(consumer, 1)).toEqual(['RECEIPT nacked'])
    const again = await consumer.next()
    expect(['redelivered', 'delivery-count', 'message-id'].map((name) => again.headers.get(name))).toEqual([
      'true',
      '2',
      first.headers.get('message-id'),
    ])
  })

  it.each(['ACK', 'NACK'] as const)('%s of what nobody waits for is an ERROR with the receipt-id', async (command) => {
    const { consumer } = await open()
    await consumer.subscribe('s', '/queue/a', { ack: 'client' })
    const headers = { id: 'x', 'message-id': 'x', subscription: 's', receipt: '7' }
    consumer.send({ command, headers })
    expect(await frames(consumer, 1)).toEqual(['ERROR STOMP_ERR_ACK_UNKNOWN 7'])
    expect(await consumer.closed()).toMatchObject({ code: 1002 })
  })

  it('a second ACK of the same message is an ERROR', async () => {
    const { consumer, producer } = await open()
    await consumer.subscribe('s', '/queue/a', { ack: 'client-individual' })
    await fill(producer, '/queue/a', ['m'])
    const ack = { command: 'ACK', headers: reference(version, await consumer.next()) } as const
    consumer.send(ack)
    consumer.send({ ...ack, headers: { ...ack.headers, receipt: '2' } })
    expect(await frames(consumer, 1)).toEqual(['ERROR STOMP_ERR_ACK_UNKNOWN 2'])
  })

  it('a message of another session cannot be acknowledged', async () => {
    const { consumer, producer, connect } = await open()
    await consumer.subscribe('s', '/queue/a', { ack: 'client-individual' })
    await fill(producer, '/queue/a', ['m'])
    const message = await consumer.next()
    const thief = await connect()
    await thief.subscribe('s', '/queue/a', { ack: 'client-individual' })
    thief.send({ command: 'ACK', headers: { ...reference(version, message), receipt: '1' } })
    expect(await frames(thief, 1)).toEqual(['ERROR STOMP_ERR_ACK_UNKNOWN 1'])
    consumer.send({ command: 'ACK', headers: { ...reference(version, message), receipt: '2' } })
    expect(await frames(consumer, 1)).toEqual(['RECEIPT 2'])
  })

  it('an ACK without what names the message is refused by the name of the header', async () => {
    const { consumer } = await open()
    consumer.send({ command: 'ACK', headers: { receipt: '1' } })
    const error = await consumer.next()
    const missing = version === '1.2' ? 'id' : 'message-id'
    expect([error.headers.get('code'), error.headers.get('message')]).toEqual([
      'STOMP_ERR_HEADER_MISSING',
      `ACK needs the header '${missing}'`,
    ])
  })
})

describe.each(['1.0', '1.1'])('STOMP %s', (version) => {
  it('lets a client acknowledge what it need not: a queue and a topic with ack:auto, the answer of a route', async () => {
    const { connect } = await start({}, (app) => app.stomp.subscription('/now', async () => 'noon'))
    const consumer = await connect('ada', { 'accept-version': version })
    await consumer.subscribe('q', '/queue/a')
    await consumer.subscribe('t', '/topic/a')
    await consumer.subscribe('r', '/app/now')
    consumer.send(send('/queue/a', 'm'))
    consumer.send(send('/topic/a', 'm'))
    for (const answered of [await consumer.next(), await consumer.next(), await consumer.next()]) {
      const headers = { 'message-id': answered.headers.get('message-id') ?? '' }
      const subscription = answered.headers.get('subscription') ?? ''
      consumer.send({ command: 'ACK', headers: { ...headers, subscription, receipt: `${subscription} acked` } })
    }
    expect((await rest(consumer)).sort()).toEqual(['RECEIPT q acked', 'RECEIPT r acked', 'RECEIPT t acked'])
  })
})

it('STOMP 1.1 does not take the subscription of another message for it', async () => {
  const { connect } = await start()
  const consumer = await connect('ada', { 'accept-version': '1.1' })
  await consumer.subscribe('a', '/queue/a', { ack: 'client' })
  await consumer.subscribe('b', '/queue/b', { ack: 'client' })
  consumer.send(send('/queue/a', 'm'))
  const messageId = (await consumer.next()).headers.get('message-id') ?? ''
  consumer.send({ command: 'ACK', headers: { 'message-id': messageId, subscription: 'b', receipt: '1' } })
  expect(await frames(consumer, 1)).toEqual(['ERROR STOMP_ERR_ACK_UNKNOWN 1'])
})

it('STOMP 1.0 acknowledges on a subscription without an id, too', async () => {
  const { app, connect } = await start()
  const consumer = await connect('ada', { 'accept-version': '1.0' })
  consumer.send({ command: 'SUBSCRIBE', headers: { destination: '/queue/a', ack: 'client', receipt: 's' } })
  consumer.send(send('/queue/a', 'm'))
  expect(await frames(consumer, 1)).toEqual(['RECEIPT s'])
  const message = await consumer.next()
  expect(message.headers.has('subscription')).toBe(false)
  consumer.send({ command: 'ACK', headers: { 'message-id': message.headers.get('message-id') ?? '', receipt: 'a' } })
  expect(await frames(consumer, 1)).toEqual(['RECEIPT a'])
  expect(app.stomp.admin?.destinations()).toMatchObject([{ destination: '/queue/a', depth: 0, inFlight: 0 }])
})

it('a subscription holds no more than prefetch-count; each ACK brings the next', async () => {
  const { connect } = await start()
  const consumer = await connect()
  await consumer.subscribe('s', '/queue/a', { ack: 'client-individual', 'prefetch-count': '2' })
  for (const body of ['1', '2', '3', '4']) consumer.send(send('/queue/a', body))
  const first = await consumer.next()
  expect([first.text, ...(await rest(consumer))]).toEqual(['1', '2'])
  consumer.send(answer('ACK', first, { receipt: 'a' }))
  expect(await rest(consumer)).toEqual(['RECEIPT a', '3'])
})

it('UNSUBSCRIBE gives back what was not acknowledged, and its messages cannot be acknowledged any more', async () => {
  const { connect } = await start()
  const [consumer, other] = [await connect(), await connect()]
  await consumer.subscribe('s', '/queue/a', { ack: 'client' })
  consumer.send(send('/queue/a', 'm'))
  const message = await consumer.next()
  consumer.send({ command: 'UNSUBSCRIBE', headers: { id: 's', receipt: 'u' } })
  expect(await frames(consumer, 1)).toEqual(['RECEIPT u'])
  await other.subscribe('s', '/queue/a')
  const again = await other.next()
  expect([again.text, again.headers.get('redelivered')]).toEqual(['m', 'true'])
  consumer.send(answer('ACK', message, { receipt: 'late' }))
  expect(await frames(consumer, 1)).toEqual(['ERROR STOMP_ERR_ACK_UNKNOWN late'])
})
