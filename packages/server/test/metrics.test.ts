import type { AddressInfo } from 'node:net'
import { connect as connectTcp } from 'node:net'
import { HttpLink } from '@hoofbeat/sse/client'
import Fastify, { type FastifyInstance } from 'fastify'
import { Registry } from 'prom-client'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import hoofbeat, { embeddedBroker, memoryStore } from '../src/index.js'
import { type PrometheusMetrics, prometheusMetrics } from '../src/observe/metrics.js'
import { createFakeClock } from '../src/testing/fake-clock.js'
import { connectTestClient } from '../src/testing/stomp-client.js'
import { gate, send, turn, usePlugin } from './plugin-application.js'

const open = usePlugin()

/** All series of a metric by their labels, as in `transport=tcp,rung=tcp`. */
async function read(metrics: PrometheusMetrics, name: string): Promise<Record<string, number>> {
  const told = await metrics.register.getMetricsAsJSON()
  const found = told.find((metric) => metric.name === `hoofbeat_${name}`)
  if (found === undefined) throw new Error(`there is no metric ${name}`)
  const series: Record<string, number> = {}
  for (const value of found.values) {
    const suffix = 'metricName' in value ? String(value.metricName).slice(found.name.length) : ''
    if (suffix === '_bucket') continue
    const labels = Object.entries(value.labels).map(([label, text]) => `${label}=${text}`)
    series[[suffix, ...labels].filter((part) => part !== '').join(',')] = value.value
  }
  return series
}

/** Something that carries STOMP, and what has come over it. */
interface Carrier {
  say(text: string): unknown
  received: string
  close(): void
}

const carriers: Carrier[] = []
const apps: FastifyInstance[] = []
afterEach(async () => {
  for (const carrier of carriers.splice(0)) carrier.close()
  await Promise.all(apps.splice(0).map((app) => app.close()))
})

async function overWebSocket(origin: string): Promise<Carrier> {
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/stomp`, ['v12.stomp'])
  const carrier: Carrier = { say: (text) => socket.send(text), received: '', close: () => socket.terminate() }
  socket.on('message', (data) => {
    carrier.received += String(data)
  })
  await new Promise((resolve) => socket.once('open', resolve))
  return carrier
}

async function overTcp(_origin: string, port: number): Promise<Carrier> {
  const socket = connectTcp(port, '127.0.0.1')
  const carrier: Carrier = { say: (text) => socket.write(text), received: '', close: () => socket.destroy() }
  socket.on('data', (data) => {
    carrier.received += String(data)
  })
  await new Promise((resolve) => socket.once('connect', resolve))
  return carrier
}

const overLink =
  (rung: 'websocket' | 'stream' | 'poll') =>
  async (origin: string): Promise<Carrier> => {
    const link = new HttpLink(`${origin}/stomp`, { rungs: [rung], WebSocket: WebSocket as never })
    const carrier: Carrier = { say: (text) => link.send(text), received: '', close: () => link.close() }
    link.onmessage = ({ data }: { readonly data: unknown }) => {
      carrier.received += String(data)
    }
    await new Promise<void>((resolve) => {
      link.onopen = () => resolve()
    })
    return carrier
  }

async function overSockJsWebSocket(origin: string): Promise<Carrier> {
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/stomp/1/socket/websocket`)
  const carrier: Carrier = {
    say: (text) => socket.send(JSON.stringify([text])),
    received: '',
    close: () => socket.terminate(),
  }
  socket.on('message', (data) => {
    const text = String(data)
    if (text.startsWith('a')) carrier.received += JSON.parse(text.slice(1)).join('')
  })
  await new Promise((resolve) => socket.once('open', resolve))
  return carrier
}

async function overSockJsPolls(origin: string): Promise<Carrier> {
  const url = `${origin}/stomp/1/polls`
  let isOver = false
  const carrier: Carrier = {
    say: (text) => fetch(`${url}/xhr_send`, { method: 'POST', body: JSON.stringify([text]) }),
    received: '',
    close() {
      isOver = true
    },
  }
  const poll = async (): Promise<void> => {
    while (!isOver) {
      const text = await fetch(`${url}/xhr`, { method: 'POST' }).then((response) => response.text())
      if (text.startsWith('a')) carrier.received += JSON.parse(text.slice(1)).join('')
      if (text.startsWith('c')) return
    }
  }
  poll().catch(() => {})
  return carrier
}

describe.each([
  { how: 'a WebSocket', transport: 'websocket', rungs: ['websocket'], begin: overWebSocket },
  { how: 'TCP', transport: 'tcp', rungs: ['tcp'], begin: overTcp },
  { how: 'a link by WebSocket', transport: 'link', rungs: ['websocket'], begin: overLink('websocket') },
  { how: 'a link by stream', transport: 'link', rungs: ['stream'], begin: overLink('stream') },
  { how: 'a link by polls', transport: 'link', rungs: ['poll', 'detached'], begin: overLink('poll') },
  { how: 'SockJS by WebSocket', transport: 'sockjs', rungs: ['websocket'], begin: overSockJsWebSocket },
  { how: 'SockJS by polls', transport: 'sockjs', rungs: ['poll', 'detached'], begin: overSockJsPolls },
])('over $how', ({ transport, rungs, begin }) => {
  it('every figure is that of the traffic', async () => {
    const metrics = prometheusMetrics()
    const app = Fastify({ forceCloseConnections: true, return503OnClosing: false })
    apps.push(app)
    await app.register(hoofbeat, {
      metrics,
      endpoints: [{ path: '/stomp', sockjs: true }],
      tcp: { port: 0 },
      allow: { send: ['/topic/**'] },
      authenticate: ({ login }) => login,
      heartBeat: { sendMs: 0, receiveMs: 0 },
      drainMs: 0,
    })
    const origin = await app.listen({ port: 0, host: '127.0.0.1' })
    const [address] = app.stomp.tcpAddresses as readonly AddressInfo[]
    const carrier = await begin(origin, address?.port ?? 0)
    carriers.push(carrier)
    let said = 0
    const say = async (text: string, answer: string): Promise<void> => {
      said += Buffer.byteLength(text)
      await carrier.say(text)
      await expect.poll(() => carrier.received, { timeout: 5_000, interval: 5 }).toContain(answer)
    }
    await say('CONNECT\naccept-version:1.2\nhost:x\nlogin:alice\n\n\0', 'CONNECTED\n')
    await say('SUBSCRIBE\nid:1\ndestination:/topic/a\nreceipt:s\n\n\0', 'receipt-id:s\n')
    for (const body of ['first ünï', 'second', 'third']) {
      await app.stomp.publish('/topic/a', body)
      await expect.poll(() => carrier.received, { timeout: 5_000, interval: 5 }).toContain(body)
    }
    await say('SEND\ndestination:/topic/b\n\nün\0SEND\ndestination:/topic/b\nreceipt:e\n\n\0', 'receipt-id:e\n')

    const sessions = await read(metrics, 'sessions')
    expect(rungs.map((rung) => `transport=${transport},rung=${rung}`)).toContain(Object.keys(sessions).join(' '))
    expect(Object.values(sessions)).toEqual([1])
    expect(await read(metrics, 'sessions_opened_total')).toEqual({ [`transport=${transport}`]: 1 })
    expect(await read(metrics, 'users')).toEqual({ '': 1 })
    expect(await read(metrics, 'subscriptions')).toEqual({ '': 1 })
    expect(await read(metrics, 'frames_received_total')).toEqual({
      'command=CONNECT': 1,
      'command=SUBSCRIBE': 1,
      'command=SEND': 2,
    })
    expect(await read(metrics, 'frames_sent_total')).toEqual({
      'command=CONNECTED': 1,
      'command=RECEIPT': 2,
      'command=MESSAGE': 3,
    })
    expect(await read(metrics, 'received_bytes_total')).toEqual({ '': said })
    expect(await read(metrics, 'sent_bytes_total')).toEqual({ '': Buffer.byteLength(carrier.received) })
    expect(await read(metrics, 'deliveries_total')).toEqual({ '': 3 })
    expect(await read(metrics, 'deliveries_dropped_total')).toEqual({ '': 0 })
    expect(await read(metrics, 'publish_to_write_seconds')).toMatchObject({ _count: 3 })
    expect(await read(metrics, 'refusals_total')).toEqual({})
    await say('DISCONNECT\nreceipt:d\n\n\0', 'receipt-id:d\n')
    await expect.poll(() => read(metrics, 'sessions')).toEqual({})
    expect(await read(metrics, 'users')).toEqual({ '': 0 })
  })
})

describe('a reader without STOMP', () => {
  it('is a session that is given messages, and whose requests count no frames', async () => {
    const metrics = prometheusMetrics()
    const app = Fastify({ forceCloseConnections: true })
    apps.push(app)
    await app.register(hoofbeat, { metrics, drainMs: 0, allow: { send: ['/topic/**'] } })
    const origin = await app.listen({ port: 0, host: '127.0.0.1' })
    const response = await fetch(`${origin}/stomp/events?destination=/topic/a`)
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    await fetch(`${origin}/stomp/send?destination=/topic/a`, { method: 'POST', body: 'hello' })
    let text = ''
    while (!text.includes('data: hello')) text += (await reader?.read())?.value ?? ''
    expect(await read(metrics, 'sessions')).toEqual({ 'transport=events,rung=events': 1 })
    expect(await read(metrics, 'deliveries_total')).toEqual({ '': 1 })
    expect(await read(metrics, 'frames_received_total')).toEqual({})
    await reader?.cancel()
    await expect.poll(() => read(metrics, 'sessions')).toEqual({})
  })
})

describe('what goes wrong', () => {
  it('is counted by code: refused frames, sessions and requests', async () => {
    const metrics = prometheusMetrics()
    const { app, connect } = await open({ metrics, allow: {} })
    for (const name of ['alice', 'bob']) {
      const client = await connect(name)
      client.send(send('/topic/closed'))
      await client.rest()
    }
    await app.inject({ url: '/stomp/events?destination=/topic/a', headers: { origin: 'https://evil.example' } })
    expect(await read(metrics, 'refusals_total')).toEqual({
      'code=STOMP_ERR_FORBIDDEN': 2,
      'code=STOMP_ERR_ORIGIN_REFUSED': 1,
    })
    expect(await read(metrics, 'frames_sent_total')).toMatchObject({ 'command=ERROR': 2 })
  })

  it('tells the codes of the server apart, however many an application makes up', async () => {
    const metrics = prometheusMetrics()
    let made = 0
    const { connect } = await open({ metrics }, (app) => {
      app.stomp.addHook('authorizeSend', ({ destination }) => {
        if (destination !== '/topic/made-up') return
        throw Object.assign(new Error('no'), { name: 'StompError', code: `CODE_${++made}`, cure: 'none' })
      })
    })
    for (let i = 0; i < 110; i++) {
      const client = await connect(`user-${i}`)
      client.send(send('/topic/made-up'))
      await client.next()
    }
    const client = await connect('alice')
    client.send(send('/nowhere'))
    await client.next()
    const counted = await read(metrics, 'refusals_total')
    expect(Object.keys(counted)).toHaveLength(102)
    expect(counted).toMatchObject({ 'code=CODE_100': 1, 'code=other': 10, 'code=STOMP_ERR_FORBIDDEN': 1 })
  })

  it('shows what waits for a slow reader, and counts it when it is closed', async () => {
    const metrics = prometheusMetrics()
    const { app, connect } = await open({ metrics, limits: { maxOutboxBytes: 2_000 } })
    const [slow, quick] = [await connect('slow'), await connect('quick')]
    for (const client of [slow, quick]) await client.subscribe('1', '/topic/load')
    slow.link.setStalled(true)
    const publish = async (): Promise<void> => {
      await app.stomp.publish('/topic/load', 'x'.repeat(500))
      await turn()
    }
    // The first is taken by the connection, which is full then; the second waits.
    await publish()
    await publish()
    const waiting = await read(metrics, 'outbox_bytes')
    expect(waiting['']).toBeGreaterThan(500)
    expect(waiting['']).toBeLessThan(700)
    expect(await read(metrics, 'outbox_largest_bytes')).toEqual(waiting)
    for (let i = 0; i < 4; i++) await publish()
    await turn()
    expect(await read(metrics, 'slow_readers_total')).toEqual({ 'transport=linked': 1 })
    expect(await read(metrics, 'refusals_total')).toEqual({ 'code=STOMP_ERR_SLOW_READER': 1 })
    expect(await read(metrics, 'deliveries_dropped_total')).toEqual({ '': 1 })
    expect(await read(metrics, 'outbox_bytes')).toEqual({ '': 0 })
    // All six to the quick one; to the slow one the first, and those that found room behind it.
    expect(await read(metrics, 'deliveries_total')).toEqual({ '': 6 + 4 })
  })

  it('counts sessions that fall silent', async () => {
    const metrics = prometheusMetrics()
    const clock = createFakeClock()
    const { connect } = await open({ metrics, clock })
    const client = await connect('alice', { 'heart-beat': '1000,0' })
    clock.advance(60_000)
    await client.rest()
    expect(await read(metrics, 'heart_beat_losses_total')).toEqual({ '': 1 })
    expect(await read(metrics, 'refusals_total')).toEqual({ 'code=STOMP_ERR_SILENT': 1 })
  })
})

describe('queues', () => {
  it('are told one by one up to a bound, the deepest first, and all together by kind', async () => {
    const metrics = prometheusMetrics({ queues: 2 })
    const { connect } = await open({ metrics })
    const client = await connect('alice')
    for (const [queue, depth] of Object.entries({ small: 1, large: 3, middle: 2 })) {
      for (let i = 0; i < depth; i++) client.send(send(`/queue/${queue}`, 'x'))
    }
    client.send({ command: 'SUBSCRIBE', headers: { id: '1', destination: '/queue/small', ack: 'client-individual' } })
    await client.rest()
    await client.subscribe('2', '/topic/a')
    expect(await read(metrics, 'queue_depth')).toEqual({
      'destination=/queue/large': 3,
      'destination=/queue/middle': 2,
    })
    expect(await read(metrics, 'kept_messages')).toEqual({ 'kind=queue': 5, 'kind=topic': 0 })
    expect(await read(metrics, 'unacknowledged_messages')).toEqual({ 'kind=queue': 1, 'kind=topic': 0 })
    expect(await read(metrics, 'destinations')).toEqual({ 'kind=queue': 3, 'kind=topic': 1 })
    expect((await read(metrics, 'kept_bytes'))['']).toBeGreaterThan(0)
  })

  it('are told by name where names are given', async () => {
    const metrics = prometheusMetrics({ queues: ['/queue/small'] })
    const { connect } = await open({ metrics })
    const client = await connect('alice')
    for (const queue of ['small', 'large', 'large']) client.send(send(`/queue/${queue}`, 'x'))
    await client.rest()
    expect(await read(metrics, 'queue_depth')).toEqual({ 'destination=/queue/small': 1 })
  })

  it('cannot have a bound that is no number', () => {
    expect(() => prometheusMetrics({ queues: -1 })).toThrow(/queues takes a whole number/)
  })
})

describe('the time from publishing to writing', () => {
  it('is taken of one message a turn, for each of its readers', async () => {
    const metrics = prometheusMetrics()
    const { app, connect } = await open({ metrics })
    for (const name of ['a', 'b', 'c']) await (await connect(name)).subscribe('1', '/topic/a')
    await Promise.all([1, 2, 3, 4].map((body) => app.stomp.publish('/topic/a', body)))
    await turn()
    await app.stomp.publish('/topic/a', 5)
    await turn()
    await turn()
    expect(await read(metrics, 'publish_to_write_seconds')).toMatchObject({ _count: 6 })
    expect(await read(metrics, 'deliveries_total')).toEqual({ '': 15 })
  })

  it('counts what waits for a reader that is behind, and not what a history tells again', async () => {
    const metrics = prometheusMetrics()
    const clock = createFakeClock()
    const broker = embeddedBroker({ history: [{ topics: '/topic/**' }] })
    const { app, connect } = await open({ metrics, clock, broker, heartBeat: { sendMs: 0, receiveMs: 0 } })
    const behind = await connect('behind')
    await behind.subscribe('1', '/topic/a')
    behind.link.setStalled(true)
    await app.stomp.publish('/topic/a', 'fills the connection')
    await turn()
    await app.stomp.publish('/topic/a', 'waits')
    await turn()
    clock.advance(3_000)
    behind.link.setStalled(false)
    await behind.rest()
    const told = await read(metrics, 'publish_to_write_seconds')
    expect(told._count).toBe(2)
    expect(told._sum).toBeGreaterThanOrEqual(3)
    const late = await connect('late')
    await late.subscribe('1', '/topic/a', { replay: '10' })
    await late.rest()
    expect(await read(metrics, 'publish_to_write_seconds')).toEqual(told)
  })

  it('counts the time that storing takes', async () => {
    const metrics = prometheusMetrics()
    const { connect } = await open({ metrics, broker: embeddedBroker({ store: memoryStore() }) })
    const client = await connect('alice')
    await client.subscribe('1', '/queue/a')
    client.send(send('/queue/a', 'x', { persistent: 'true' }))
    await client.rest()
    expect(await read(metrics, 'publish_to_write_seconds')).toMatchObject({ _count: 1 })
  })
})

describe('handlers', () => {
  it('are counted while they run, and measured by route with what has failed', async () => {
    const metrics = prometheusMetrics()
    const { open: release, opened } = gate()
    const { connect } = await open({ metrics, refusals: 'soft' }, async (app) => {
      await app.register(
        async (plugin) => {
          plugin.stomp.message('/slow/:id', () => opened)
          plugin.stomp.message('/fail', () => {
            throw new Error('no')
          })
        },
        { prefix: '/room' },
      )
      app.stomp.subscription('/history', () => 'old')
    })
    const client = await connect('alice')
    await client.subscribe('errors', '/user/queue/errors')
    for (const id of [1, 2]) client.send(send(`/app/room/slow/${id}`))
    client.send(send('/app/room/fail'))
    client.send({ command: 'SUBSCRIBE', headers: { id: 'h', destination: '/app/history' } })
    await client.rest()
    expect(await read(metrics, 'handlers_running')).toEqual({ '': 2 })
    release()
    await client.rest()
    expect(await read(metrics, 'handlers_running')).toEqual({ '': 0 })
    expect(await read(metrics, 'handler_seconds')).toMatchObject({
      '_count,command=SEND,route=/room/slow/:id': 2,
      '_count,command=SEND,route=/room/fail': 1,
      '_count,command=SUBSCRIBE,route=/history': 1,
    })
    expect(await read(metrics, 'handler_failures_total')).toEqual({ 'command=SEND,route=/room/fail': 1 })
  })
})

describe('several applications', () => {
  it('are added up where they are given the same metrics, also when one of them has ended', async () => {
    const metrics = prometheusMetrics()
    const [one, two] = [await open({ metrics }), await open({ metrics })]
    for (const each of [one, two]) {
      const client = await each.connect('alice')
      client.send(send('/topic/a'))
      await client.rest()
    }
    expect(await read(metrics, 'sessions')).toEqual({ 'transport=linked,rung=linked': 2 })
    await one.app.close()
    expect(await read(metrics, 'sessions')).toEqual({ 'transport=linked,rung=linked': 1 })
    expect(await read(metrics, 'frames_received_total')).toMatchObject({ 'command=SEND': 2 })
  })

  it('can be looked at while one of them has no broker yet, and when it never gets one', async () => {
    const metrics = prometheusMetrics()
    const { connect } = await open({ metrics })
    await connect('alice')
    const text = await new Promise<string>((resolve, reject) => {
      const app = Fastify()
      apps.push(app)
      app.register(hoofbeat, {
        metrics,
        broker: async () => {
          await metrics.register.metrics().then(resolve, reject)
          throw new Error('no disk')
        },
      })
      app.ready(() => {})
    })
    expect(text).toContain('hoofbeat_sessions{transport="linked",rung="linked"} 1')
    expect(await read(metrics, 'sessions')).toEqual({ 'transport=linked,rung=linked': 1 })
  })

  it('keep to themselves where each has its own', async () => {
    const [first, second] = [prometheusMetrics(), prometheusMetrics()]
    const { connect } = await open({ metrics: first })
    await open({ metrics: second })
    await connect('alice')
    expect(await read(first, 'sessions')).toEqual({ 'transport=linked,rung=linked': 1 })
    expect(await read(second, 'sessions')).toEqual({})
  })

  it('may share a registry under different prefixes, not under the same', async () => {
    const register = new Registry()
    const metrics = prometheusMetrics({ register })
    prometheusMetrics({ register, prefix: 'other_' })
    expect(metrics.register).toBe(register)
    expect(() => prometheusMetrics({ register })).toThrow(/prefix/)
    const text = await register.metrics()
    expect(text).toContain('# TYPE hoofbeat_sessions gauge')
    expect(text).toContain('# TYPE other_publish_to_write_seconds histogram')
  })

  it('count nothing without metrics', async () => {
    const app = Fastify()
    apps.push(app)
    await app.register(hoofbeat, { drainMs: 0 })
    await app.ready()
    const client = connectTestClient(app)
    await client.connect()
    expect(app.stomp.users.sessionCount).toBe(1)
  })
})
