import type { Frame } from '@hoofbeat/codec'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import hoofbeat, { type HoofbeatOptions, relayBroker } from '../src/index.js'
import { connectTestClient, type StompTestClient } from '../src/testing/stomp-client.js'
import { gate, send } from './plugin-application.js'

// The broker elsewhere is a server of our own.
let upstream: FastifyInstance
let reader: StompTestClient
const nodes: FastifyInstance[] = []

const OPEN = { send: ['/topic/**', '/queue/**'], subscribe: ['/topic/**', '/queue/**'] }

beforeEach(async () => {
  upstream = Fastify()
  await upstream.register(hoofbeat, { tcp: { port: 0, host: '127.0.0.1' }, allow: OPEN, drainMs: 0 })
  await upstream.ready()
  reader = connectTestClient(upstream)
  await reader.connect()
  await reader.subscribe('1', '/topic/a')
})

afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.close()))
  reader.link.close()
  await upstream.close()
})

interface Node {
  readonly app: FastifyInstance
  readonly log: string[]
  connect(login?: string): Promise<StompTestClient>
}

async function openNode(
  options: HoofbeatOptions = {},
  prepare: (app: FastifyInstance) => void = () => {},
): Promise<Node> {
  const log: string[] = []
  const app = Fastify({ logger: { level: 'warn', stream: { write: (line: string) => log.push(line) } } })
  nodes.push(app)
  await app.register(hoofbeat, {
    allow: OPEN,
    authenticate: ({ login }) => login,
    broker: relayBroker({
      hosts: [`stomp://127.0.0.1:${upstream.stomp.tcpAddresses[0]?.port}`],
      systemLogin: { login: 'node', passcode: 'known to all nodes' },
    }),
    drainMs: 0,
    ...options,
  })
  prepare(app)
  await app.ready()
  return {
    app,
    log,
    async connect(login) {
      const client = connectTestClient(app)
      await client.connect(login === undefined ? {} : { login })
      return client
    },
  }
}

/** The bodies of the next messages at the broker. */
async function arrived(count: number): Promise<string[]> {
  const frames: Frame[] = []
  // Over real sockets it may take more than the few turns that a client waits.
  await vi.waitFor(async () => {
    while (frames.length < count) frames.push(await reader.next())
  })
  return frames.map(({ text }) => text)
}

const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => `${i}`)

describe('a node of a relay that ends', () => {
  it('has handed over what its clients sent before they are gone, with and without a receipt', async () => {
    const { app, log, connect } = await openNode()
    const client = await connect()
    const bodies = numbers(300)
    for (const body of bodies) client.send(send('/topic/a', body, Number(body) % 2 === 0 ? { receipt: body } : {}))
    await app.close()
    expect(await arrived(300)).toEqual(bodies)
    const receipts = (await client.rest()).filter(({ command }) => command === 'RECEIPT')
    expect(receipts.map(({ headers }) => headers.get('receipt-id'))).toEqual(
      bodies.filter((body) => Number(body) % 2 === 0),
    )
    expect(log).toEqual([])
  })

  it('has handed over what handlers that were under way and the application published', async () => {
    const { open, opened } = gate()
    const { app, connect } = await openNode({}, (instance) => {
      instance.stomp.message('/slow', { sendTo: '/topic/a' }, () => opened.then(() => 'of a handler'))
      instance.addHook('preClose', async () => instance.stomp.publish('/topic/a', 'of the application'))
    })
    const client = await connect()
    client.send(send('/app/slow'))
    await client.rest()
    const closed = app.close()
    open()
    await closed
    expect(await arrived(2)).toEqual(['of a handler', 'of the application'])
  })

  it('gives back to its queue what a client has not acknowledged', async () => {
    const { app, connect } = await openNode()
    const client = await connect()
    await client.subscribe('1', '/queue/jobs', { ack: 'client-individual' })
    client.send(send('/queue/jobs', 'a job'))
    expect((await client.next()).text).toBe('a job')
    await app.close()
    reader.send({ command: 'SUBSCRIBE', headers: { id: 'jobs', destination: '/queue/jobs' } })
    const again = await reader.next()
    expect([again.text, again.headers.get('redelivered')]).toEqual(['a job', 'true'])
  })

  it('is gone for the others at once, with its users, and they serve on', async () => {
    const [one, two] = [await openNode(), await openNode()]
    await one.connect('ada')
    const bob = await two.connect('bob')
    await bob.subscribe('1', '/topic/a')
    await expect.poll(() => two.app.stomp.users.get('ada')?.name).toBe('ada')
    await one.app.close()
    await expect.poll(() => two.app.stomp.users.get('ada')).toBeUndefined()
    await two.app.stomp.publish('/topic/a', 'go on')
    expect((await bob.next()).text).toBe('go on')
  })

  it('ends within its deadlines where the broker is away, and receipts nothing that it has not handed over', async () => {
    const { app, connect } = await openNode({ limits: { settleTimeoutMs: 100 } })
    const client = await connect()
    await upstream.close()
    await expect.poll(() => app.stomp.broker.isAvailable).toBe(false)
    client.send(send('/topic/a', 'lost', { receipt: 'r' }))
    await app.close()
    expect((await client.rest()).filter(({ command }) => command === 'RECEIPT')).toEqual([])
  })
})
