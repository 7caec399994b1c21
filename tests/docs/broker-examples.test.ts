import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectTestClient, type StompTestClient } from '@hoofbeat/server/testing'
import type { FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runExample } from './example.js'

let app: FastifyInstance
let opened: StompTestClient[]

beforeEach(() => {
  opened = []
})

afterEach(async () => {
  for (const client of opened) client.link.close()
  await app.close()
})

async function connectAs(login?: string): Promise<StompTestClient> {
  const client = connectTestClient(app)
  opened.push(client)
  await client.connect(login === undefined ? {} : { login })
  return client
}

/** Sends and waits for the RECEIPT; a store on disk takes more turns than a test client waits. */
async function send(client: StompTestClient, destination: string, body: string, headers: Record<string, string> = {}) {
  client.send({ command: 'SEND', headers: { destination, receipt: 'sent', ...headers }, body })
  await expect.poll(() => client.next().catch(() => undefined)).toMatchObject({ command: 'RECEIPT' })
}

describe('docs/destinations.md', () => {
  it('reaches a user in every session, and answers a request through a temporary queue', async () => {
    app = await runExample('destinations')
    const [ada, bob] = [await connectAs('ada'), await connectAs('bob')]
    await ada.subscribe('1', '/user/queue/notices')
    expect((await app.inject('/announce')).json()).toEqual({ users: 2 })
    const notice = await ada.next()
    expect(notice.headers.get('destination')).toBe('/user/queue/notices')
    expect(JSON.parse(notice.text)).toEqual({ text: 'For your eyes only.' })

    await ada.subscribe('2', '/queue/price-requests')
    await bob.subscribe('1', '/temp-queue/prices')
    const asking = { 'reply-to': '/temp-queue/prices', 'correlation-id': '7' }
    await send(bob, '/queue/price-requests', 'gold?', asking)
    const request = await ada.next()
    const replyTo = request.headers.get('reply-to') ?? ''
    expect(replyTo).toMatch(/^\/reply-queue\/.{36}$/)
    await send(ada, replyTo, '42', { 'correlation-id': request.headers.get('correlation-id') ?? '' })
    const reply = await bob.next()
    expect([reply.text, reply.headers.get('correlation-id')]).toEqual(['42', '7'])
    expect(reply.headers.get('destination')).toBe('/temp-queue/prices')
  })
})

describe('docs/queues.md', () => {
  it('gives a message back until it is a dead letter, and moves that back', async () => {
    app = await runExample('queues')
    const client = await connectAs()
    await client.subscribe('1', '/queue/jobs/a', { ack: 'client-individual' })
    await send(client, '/queue/jobs/a', 'hard')
    for (const count of [undefined, '2', '3']) {
      const message = await client.next()
      expect(message.headers.get('delivery-count')).toBe(count)
      client.send({ command: 'NACK', headers: { id: message.headers.get('ack') ?? '' } })
    }
    expect(await client.rest()).toEqual([])
    expect((await app.inject('/queues')).json()).toEqual(
      expect.arrayContaining([expect.objectContaining({ destination: '/queue/dead-letters', depth: 1 })]),
    )
    expect((await app.inject({ method: 'POST', url: '/retry' })).json()).toEqual({ moved: 1 })
    expect(await client.next()).toMatchObject({ command: 'MESSAGE', text: 'hard' })
  })
})

describe('docs/transactions.md', () => {
  it('sends an invoice and acknowledges an order together', async () => {
    app = await runExample('transactions')
    const client = await connectAs()
    await client.subscribe('1', '/queue/orders', { ack: 'client-individual' })
    await client.subscribe('2', '/queue/invoices')
    await send(client, '/queue/orders', 'order')
    const order = await client.next()
    client.send({ command: 'BEGIN', headers: { transaction: 't' } })
    await send(client, '/queue/invoices', 'invoice', { transaction: 't' })
    client.send({ command: 'ACK', headers: { id: order.headers.get('ack') ?? '', transaction: 't' } })
    expect(await client.rest()).toEqual([])
    client.send({ command: 'COMMIT', headers: { transaction: 't', receipt: 'done' } })
    expect((await client.next()).headers.get('receipt-id')).toBe('done')
    expect((await client.next()).text).toBe('invoice')
  })
})

describe('docs/durability.md', () => {
  const started = process.env.DATA_DIR
  let folder = ''

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hoofbeat-docs-'))
    process.env.DATA_DIR = folder
  })

  afterEach(async () => {
    if (started === undefined) delete process.env.DATA_DIR
    else process.env.DATA_DIR = started
    await rm(folder, { recursive: true, force: true })
  })

  it('brings back queues and durable subscriptions after a restart', async () => {
    const durable = { durable: 'true', 'client-id': 'till-4', ack: 'client-individual' }
    app = await runExample('durability')
    const before = await connectAs('ada')
    before.send({ command: 'SUBSCRIBE', headers: { id: 'prices', destination: '/topic/prices/**', ...durable } })
    await send(before, '/queue/a', 'one', { persistent: 'true' })
    before.link.close()
    const other = await connectAs('bob')
    await send(other, '/topic/prices/gold', '42', { persistent: 'true' })
    await app.close()

    app = await runExample('durability')
    const after = await connectAs('ada')
    await after.subscribe('1', '/queue/a')
    expect(await after.next()).toMatchObject({ command: 'MESSAGE', text: 'one' })
    await after.subscribe('prices', '/topic/prices/**', durable)
    expect(await after.next()).toMatchObject({ command: 'MESSAGE', text: '42' })
  })
})

describe('docs/history.md', () => {
  it('replays what was missed, and says where more was', async () => {
    app = await runExample('history')
    const client = await connectAs()
    for (const price of ['1', '2', '3']) await send(client, '/topic/prices/gold', price)
    await client.subscribe('1', '/topic/prices/gold', { replay: '2' })
    const [two, three] = [await client.next(), await client.next()]
    expect([two.text, three.text]).toEqual(['2', '3'])
    await client.subscribe('2', '/topic/prices/*', { since: two.headers.get('message-id') ?? '' })
    const again = await client.next()
    expect([again.text, again.headers.has('history-gap')]).toEqual(['3', false])
    await client.subscribe('3', '/topic/prices/gold', { since: 'forgotten' })
    expect((await client.next()).headers.get('history-gap')).toBe('true')
  })
})

describe('docs/selectors.md', () => {
  it('gives what a selector lets through', async () => {
    app = await runExample('selectors')
    const client = await connectAs()
    await client.subscribe('1', '/topic/orders', { selector: 'amount > 1000' })
    const other = await connectAs()
    for (const amount of ['10', '2000', 'many']) await send(other, '/topic/orders', amount, { amount })
    expect((await client.rest()).map(({ text }) => text)).toEqual(['2000'])
  })
})

describe('docs/tcp.md', () => {
  it('takes frames from a client that closes its writing side, and refuses who it does not know', async () => {
    app = await runExample('tcp')
    const talk = (passcode: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const socket = connect({ port: app.stomp.tcpAddresses[0]?.port ?? 0, host: '127.0.0.1', allowHalfOpen: true })
        let heard = ''
        socket.setEncoding('utf8')
        socket.on('data', (text) => {
          heard += text
        })
        socket.on('end', () => resolve(heard))
        socket.on('error', reject)
        const frames = [
          `STOMP\naccept-version:1.2\nhost:x\nlogin:meter\npasscode:${passcode}\n\n\0`,
          'SEND\ndestination:/topic/readings/1\nreceipt:r\n\n7\0',
        ]
        socket.end(frames.join(''))
      })
    expect(await talk('secret')).toMatch(/^CONNECTED\n[^\0]*\0RECEIPT\nreceipt-id:r\n/)
    expect(await talk('guessed')).toMatch(/^ERROR\nmessage:Unknown login or passcode\n/)
  })
})
