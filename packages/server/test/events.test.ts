import { channel } from 'node:diagnostics_channel'
import Fastify from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import hoofbeat, {
  embeddedBroker,
  type RefusedEvent,
  type SlowReaderEvent,
  StompError,
  type StompEvent,
} from '../src/index.js'
import { createFakeClock } from '../src/testing/fake-clock.js'
import { connectTestClient } from '../src/testing/stomp-client.js'
import { send, turn, usePlugin } from './plugin-application.js'

const open = usePlugin()

const unsubscribes: (() => void)[] = []
afterEach(() => {
  for (const unsubscribe of unsubscribes.splice(0)) unsubscribe()
})

/** What is told on a channel from now on. */
function listen(...names: readonly string[]): {
  readonly events: StompEvent[]
  readonly names: string[]
  stop(): void
} {
  const events: StompEvent[] = []
  const heard: string[] = []
  const each = (event: unknown, name: string | symbol): void => {
    events.push(event as StompEvent)
    heard.push(String(name))
  }
  const stop = (): void => {
    for (const name of names) channel(`hoofbeat:${name}`).unsubscribe(each)
  }
  for (const name of names) channel(`hoofbeat:${name}`).subscribe(each)
  unsubscribes.push(stop)
  return { events, names: heard, stop }
}

describe('channels', () => {
  it('tell the life of a session in its order', async () => {
    const { connect } = await open()
    const heard = listen('connect', 'connected', 'subscribed', 'unsubscribed', 'disconnected')
    const alice = await connect('alice')
    await alice.subscribe('news', '/topic/news')
    await alice.subscribe('more', '/topic/more')
    alice.send({ command: 'UNSUBSCRIBE', headers: { id: 'news', receipt: 'r' } })
    await alice.next()
    alice.link.close(1001, 'gone')
    await turn()
    expect(heard.names.map((name) => name.slice('hoofbeat:'.length))).toEqual([
      'connect',
      'connected',
      'subscribed',
      'subscribed',
      'unsubscribed',
      'unsubscribed',
      'disconnected',
    ])
    const [first, connected, , , ended, , last] = heard.events
    expect(first).toEqual({ type: 'connect', session: expect.any(String), transport: 'linked' })
    const session = first?.type === 'connect' ? first.session : ''
    expect(connected).toMatchObject({ session, user: 'alice', version: '1.2', transport: 'linked' })
    expect(ended).toEqual({ type: 'unsubscribed', session, user: 'alice', id: 'news', destination: '/topic/news' })
    expect(last).toMatchObject({ session, user: 'alice', code: 1001, reason: 'gone', wasConnected: true })
  })

  it('tell those who come late of what begins then, and its end', async () => {
    // Without a log nobody else wants to know.
    const app = Fastify()
    await app.register(hoofbeat, { authenticate: ({ login }) => login, drainMs: 0 })
    await app.ready()
    const alice = connectTestClient(app)
    await alice.connect({ login: 'alice' })
    await alice.subscribe('before', '/topic/before')
    const heard = listen('subscribed', 'unsubscribed')
    await alice.subscribe('after', '/topic/after')
    alice.link.close()
    await turn()
    expect(heard.events.map((event) => [event.type, 'destination' in event && event.destination])).toEqual([
      ['subscribed', '/topic/after'],
      ['unsubscribed', '/topic/after'],
    ])
    await app.close()
  })

  it('tell nobody of a connection that never became a session, but of its refusal', async () => {
    const clock = createFakeClock()
    const { app } = await open({ clock })
    const heard = listen('connected', 'disconnected', 'refused')
    const client = connectTestClient(app)
    clock.advance(11_000)
    await client.rest()
    expect(heard.events).toMatchObject([{ type: 'refused', code: 'STOMP_ERR_CONNECT_TIMEOUT', user: undefined }])
  })

  it('tell of requests that the doors turn away, before there is a session', async () => {
    const { app } = await open({
      identify: (request) => {
        if (request.headers.authorization === 'Bearer bad') throw new StompError('STOMP_ERR_NOT_AUTHENTICATED')
        return 'alice'
      },
    })
    const heard = listen('refused')
    const get = (headers: Record<string, string>) =>
      app.inject({ method: 'GET', url: '/stomp/events?destination=/topic/a', headers })
    expect((await get({ origin: 'https://evil.example' })).statusCode).toBe(403)
    expect((await get({ authorization: 'Bearer bad' })).statusCode).toBeGreaterThanOrEqual(400)
    expect(heard.events).toMatchObject([
      { type: 'refused', session: undefined, code: 'STOMP_ERR_ORIGIN_REFUSED' },
      { type: 'refused', session: undefined, code: 'STOMP_ERR_NOT_AUTHENTICATED' },
    ])
  })

  it('tell that a queue is full once, until it has had room', async () => {
    const { connect } = await open({ broker: embeddedBroker({ maxQueueMessages: 1 }), refusals: 'soft' })
    const heard = listen('queue-full')
    const sender = await connect('sender')
    await sender.subscribe('errors', '/user/queue/errors')
    for (const body of ['1', '2', '3']) sender.send(send('/queue/full', body))
    await sender.rest()
    expect(heard.events).toEqual([
      { type: 'queue-full', destination: '/queue/full', depth: 1, bytes: expect.any(Number) },
    ])
    const reader = await connect('reader')
    await reader.subscribe('1', '/queue/full')
    reader.send({ command: 'UNSUBSCRIBE', headers: { id: '1' } })
    await reader.rest()
    for (const body of ['4', '5']) sender.send(send('/queue/full', body))
    await sender.rest()
    expect(heard.events.length).toBe(2)
  })
})

describe('a reader that does not read', () => {
  it('is told of with what waited for it, before it is refused and gone', async () => {
    const told: (SlowReaderEvent | RefusedEvent)[] = []
    const heard = listen('slow-reader', 'refused', 'disconnected')
    const { app, connect } = await open({ limits: { maxOutboxBytes: 2_000 } }, (instance) => {
      instance.stomp.addHook('onSlowReader', (event) => told.push(event))
      instance.stomp.addHook('onRefused', (event) => told.push(event))
    })
    const slow = await connect('slow')
    await slow.subscribe('1', '/topic/load')
    slow.link.setStalled(true)
    for (let i = 0; i < 8; i++) {
      await app.stomp.publish('/topic/load', 'x'.repeat(500))
      await turn()
    }
    await turn()
    expect(heard.events.map(({ type }) => type)).toEqual(['slow-reader', 'refused', 'session-closed'])
    expect(heard.events[0]).toMatchObject({ user: 'slow', transport: 'linked' })
    const [first, second] = told
    expect(first).toMatchObject({ user: { name: 'slow' }, transport: 'linked', waitingBytes: expect.any(Number) })
    expect(first && 'waitingBytes' in first && first.waitingBytes).toBeGreaterThan(1_000)
    expect(first && 'waitingBytes' in first && first.waitingBytes).toBeLessThanOrEqual(2_000)
    expect(second).toMatchObject({ user: { name: 'slow' }, code: 'STOMP_ERR_SLOW_READER' })
    expect(first?.sessionId).toBe(second?.sessionId)
  })
})

describe('hooks that look on', () => {
  it('are told of CONNECT and of refusals with the user, wherever they were added', async () => {
    const told: unknown[] = []
    const { connect } = await open({ allow: {} }, async (app) => {
      await app.register(async (plugin) => {
        plugin.stomp.addHook('onConnect', (event) => told.push(['connect', event.transport]))
        plugin.stomp.addHook('onRefused', ({ user, code, message }) => told.push([user?.name, code, message]))
      })
    })
    const alice = await connect('alice')
    alice.send(send('/topic/closed', 'secret body'))
    await alice.rest()
    expect(told).toEqual([
      ['connect', 'linked'],
      ['alice', 'STOMP_ERR_FORBIDDEN', expect.stringContaining('/topic/closed')],
    ])
  })

  it('never hurt a session, whether they throw or reject', async () => {
    const { connect, log } = await open({}, (app) => {
      app.stomp.addHook('onConnect', () => {
        throw new Error('thrown by a hook')
      })
      app.stomp.addHook('onConnect', async () => {
        throw new Error('rejected by a hook')
      })
    })
    const alice = await connect('alice')
    alice.send(send('/topic/a', '', { receipt: 'r' }))
    expect((await alice.next()).command).toBe('RECEIPT')
    const lines = log.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'a hook onConnect failed')
    expect(lines.map(({ err }) => err.message)).toEqual(['thrown by a hook', 'rejected by a hook'])
  })
})

describe('an observer that always throws', () => {
  it('is logged once, and nobody is hurt', async () => {
    const metrics = {
      join: () => ({
        figures: undefined as never,
        observe: () => {
          throw new Error('broken observer')
        },
        watch: { around: <T>(_call: unknown, run: () => Promise<T>) => run() },
        leave: () => {},
      }),
    }
    const { connect, log } = await open({ metrics })
    for (const name of ['alice', 'bob']) {
      const client = await connect(name)
      client.send(send('/topic/a', '', { receipt: 'r' }))
      expect((await client.next()).command).toBe('RECEIPT')
    }
    const lines = log.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'an observer of events failed')
    expect(lines).toMatchObject([{ level: 50, event: 'connect', err: { message: 'broken observer' } }])
  })
})

describe('the log', () => {
  it('tells of subscriptions as soon as its level is debug, and no longer', async () => {
    const { app, connect, log } = await open()
    const told = (): string[] =>
      log.map((line) => JSON.parse(line)).flatMap(({ msg, id }) => (id ? [`${msg} ${id}`] : []))
    app.log.level = 'info'
    const alice = await connect('alice')
    await alice.subscribe('1', '/topic/a')
    app.log.level = 'debug'
    await alice.subscribe('2', '/topic/a')
    app.log.level = 'info'
    await alice.subscribe('3', '/topic/a')
    expect(told()).toEqual(['subscribed 2'])
  })

  it('names session and user in every line about a session, and never credentials or bodies', async () => {
    const { connect, log } = await open({ allow: { send: ['/queue/**'] } }, (app) => {
      app.stomp.message('/fail', () => {
        throw new Error('the database is down')
      })
      app.stomp.message('/note', (message) => {
        message.log.info('noted')
      })
    })
    const headers = { passcode: 'passcode-secret', authorization: 'Bearer token-secret' }
    const secrets = /passcode-secret|token-secret|body-secret/
    const alice = await connect('alice', headers)
    await alice.subscribe('1', '/topic/a')
    alice.send(send('/app/note', '"body-secret"'))
    alice.send(send('/app/fail', '"body-secret"', { authorization: 'Bearer token-secret' }))
    await alice.rest()
    const anonymous = await connect(undefined, headers)
    anonymous.send(send('/topic/closed', 'body-secret'))
    await anonymous.rest()
    const lines = log.map((line) => JSON.parse(line)).filter((line) => 'session' in line)
    expect(lines.map(({ msg, user }) => [msg, user])).toEqual([
      ['connect', undefined],
      ['session-connected', 'alice'],
      ['subscribed', 'alice'],
      ['noted', 'alice'],
      [expect.any(String), 'alice'],
      ['unsubscribed', 'alice'],
      ['session-closed', 'alice'],
      ['connect', undefined],
      ['session-connected', undefined],
      [expect.stringMatching(/^refused: /), undefined],
      ['session-closed', undefined],
    ])
    expect(new Set(lines.slice(0, 7).map(({ session }) => session)).size).toBe(1)
    expect(lines[4]).toMatchObject({ level: 50, err: { message: 'the database is down' } })
    expect(log.some((line) => line.includes('sessionId'))).toBe(false)
    expect(log.filter((line) => secrets.test(line))).toEqual([])
  })
})
