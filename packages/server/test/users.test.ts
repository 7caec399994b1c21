import { get } from 'node:http'
import type { Frame } from '@hoofbeat/codec'
import { HttpLink } from '@hoofbeat/sse/client'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import hoofbeat, { embeddedBroker, type HoofbeatOptions, type StompHooks } from '../src/index.js'
import { EventClient } from './event-client.js'
import { createWaitingStore, frames, gate, send, turn, usePlugin } from './plugin-application.js'
import { openTcpClient, type TcpClient } from './tcp-client.js'

const start = usePlugin()
const tcpClients: TcpClient[] = []
const readers: EventClient[] = []
const apps: FastifyInstance[] = []

afterEach(async () => {
  for (const { socket } of tcpClients.splice(0)) socket.destroy()
  for (const reader of readers.splice(0)) reader.close()
  await Promise.all(apps.splice(0).map((app) => app.close()))
})

const idOf = (connected: Frame): string => connected.headers.get('session') ?? ''
const ERROR = ['ERROR', 'STOMP_ERR_DISCONNECTED', 'Enough']
const told = (frame: Frame): unknown[] => [frame.command, frame.headers.get('code'), frame.headers.get('message')]

/** Notes each event in a few words. */
function noteEvents(app: FastifyInstance): string[] {
  const noted: string[] = []
  const note = (words: readonly unknown[]): void => void noted.push(words.join(' '))
  const add: <Name extends keyof StompHooks>(name: Name, hook: StompHooks[Name]) => void = (name, hook) =>
    app.stomp.addHook(name, hook)
  add('onConnected', ({ user, transport, isFirst }) => note(['connected', user?.name, transport, isFirst]))
  add('onDisconnected', ({ user, code, reason, isLast }) => note(['gone', user?.name, code, reason, isLast]))
  add('onSubscribed', ({ user, id, destination }) => note(['subscribed', user?.name, id, destination]))
  add('onUnsubscribed', ({ user, id, destination }) => note(['unsubscribed', user?.name, id, destination]))
  return noted
}

describe('stomp.users', () => {
  it('shows the subscriptions of each session as its client wrote them, when it is asked', async () => {
    const { app, connect } = await start()
    const ada = await connect('ada')
    const old = await connect('ada', { 'accept-version': '1.0' })
    await ada.subscribe('news', '/topic/news/*')
    await ada.subscribe('q', '/user/queue/notices')
    await ada.subscribe('t', '/temp-queue/answers')
    old.send({ command: 'SUBSCRIBE', headers: { destination: '/queue/work', receipt: 'r' } })
    expect(await frames(old, 1)).toEqual(['RECEIPT r'])
    const { users } = app.stomp
    const before = users.get('ada')
    expect(before?.sessions.map(({ subscriptions }) => subscriptions)).toEqual([
      [
        { id: 'news', destination: '/topic/news/*' },
        { id: 'q', destination: '/user/queue/notices' },
        { id: 't', destination: '/temp-queue/answers' },
      ],
      [{ id: undefined, destination: '/queue/work' }],
    ])
    ada.send({ command: 'UNSUBSCRIBE', headers: { id: 'q', receipt: 'r' } })
    expect(await frames(ada, 1)).toEqual(['RECEIPT r'])
    expect(users.get('ada')?.sessions[0]?.subscriptions.map(({ id }) => id)).toEqual(['news', 't'])
    expect(before?.sessions[0]?.subscriptions).toHaveLength(3)
  })

  it('finds sessions by id and subscriptions by destination, of anonymous sessions too', async () => {
    const { app, connect } = await start()
    const [ada, nobody] = [await connect('ada'), await connect()]
    for (const client of [ada, nobody]) await client.subscribe('1', '/user/queue/x')
    await nobody.subscribe('2', '/topic/a')
    const { users } = app.stomp
    const found = users.subscriptions('/user/queue/x')
    expect(found.map(({ id, user }) => [id, user?.name])).toEqual([
      ['1', 'ada'],
      ['1', undefined],
    ])
    expect(users.session(found[1]?.sessionId ?? '')).toEqual({
      id: found[1]?.sessionId,
      user: undefined,
      subscriptions: [
        { id: '1', destination: '/user/queue/x' },
        { id: '2', destination: '/topic/a' },
      ],
    })
    expect(users.subscriptions(({ destination }) => destination.startsWith('/topic/')).map(({ id }) => id)).toEqual([
      '2',
    ])
    nobody.link.close()
    await nobody.closed()
    expect([users.subscriptions('/topic/a'), users.session(found[1]?.sessionId ?? '')]).toEqual([[], undefined])
  })

  it('shows no subscription that was refused, waits for a hook, or was answered by a route', async () => {
    const { open, opened } = gate()
    const { app, connect } = await start({}, (instance) => {
      instance.stomp.subscription('/now', () => 'now')
      instance.stomp.addHook('authorizeSubscribe', ({ destination }) =>
        destination === '/topic/slow' ? opened : undefined,
      )
    })
    const ada = await connect('ada')
    ada.send({ command: 'SUBSCRIBE', headers: { id: '1', destination: '/app/now' } })
    expect(await frames(ada, 1)).toEqual(['now'])
    ada.send({ command: 'SUBSCRIBE', headers: { id: '2', destination: '/topic/slow', receipt: 'r' } })
    await turn()
    expect(app.stomp.users.get('ada')?.sessions[0]?.subscriptions).toEqual([])
    open()
    expect(await frames(ada, 1)).toEqual(['RECEIPT r'])
    expect(app.stomp.users.subscriptions(() => true).map(({ id }) => id)).toEqual(['2'])
    ada.send({ command: 'SUBSCRIBE', headers: { id: '3', destination: '/elsewhere' } })
    expect((await ada.next()).command).toBe('ERROR')
    expect(app.stomp.users.subscriptions(() => true)).toEqual([])
  })
})

describe('stomp.disconnect', () => {
  it('ends all sessions of a user by ERROR and 1008, and nobody else', async () => {
    const { app, connect } = await start()
    const [one, two, bob, nobody] = [await connect('ada'), await connect('ada'), await connect('bob'), await connect()]
    expect(await app.stomp.disconnect({ user: 'ada' }, 'Enough')).toBe(2)
    expect([app.stomp.users.get('ada'), app.stomp.users.sessionCount]).toEqual([undefined, 2])
    for (const client of [one, two]) {
      const error = await client.next()
      expect([...told(error), error.text]).toEqual([
        ...ERROR,
        'The operator of the service can say why. Do not connect again by yourself at once.',
      ])
      expect(await client.rest()).toEqual([])
      expect(await client.closed()).toEqual({ code: 1008, reason: 'STOMP_ERR_DISCONNECTED' })
    }
    for (const client of [bob, nobody]) expect(await client.closed()).toBeUndefined()
    expect(await app.stomp.disconnect({ user: 'ada' })).toBe(0)
  })

  it('ends one session by its id, an anonymous one too; a second call finds nothing', async () => {
    const { app, connect } = await start()
    const nobody = await connect()
    const other = await connect()
    await nobody.subscribe('1', '/topic/a')
    const session = app.stomp.users.subscriptions('/topic/a')[0]?.sessionId ?? ''
    const counts = [app.stomp.disconnect({ session }), app.stomp.disconnect({ session })]
    expect(await Promise.all(counts)).toEqual([1, 0])
    expect(told(await nobody.next())).toEqual(['ERROR', 'STOMP_ERR_DISCONNECTED', 'The server has ended this session'])
    expect(await other.closed()).toBeUndefined()
  })

  it.each([{ user: 'eve' }, { session: 'eve' }])('ends nobody for %j', async (target) => {
    const { app, connect } = await start()
    const ada = await connect('ada')
    expect(await app.stomp.disconnect(target)).toBe(0)
    expect(await ada.closed()).toBeUndefined()
  })

  it('writes the reason on one line, whatever it holds', async () => {
    const { app, connect } = await start()
    const ada = await connect('ada', { 'accept-version': '1.0' })
    await app.stomp.disconnect({ user: 'ada' }, 'Enough\ncode:FORGED\n\nBody\0')
    expect(told(await ada.next())).toEqual(['ERROR', 'STOMP_ERR_DISCONNECTED', 'Enough code:FORGED Body'])
  })

  it('may be called by a handler and by a hook of the very session, and waits for neither', async () => {
    const ended: (number | undefined)[] = []
    const { app, connect } = await start({}, (instance) => {
      const end = async (user: string | undefined): Promise<void> => {
        ended.push(await instance.stomp.disconnect({ user: user ?? '' }, 'Enough'))
      }
      instance.stomp.message('/end', (message) => end(message.user?.name))
      instance.stomp.addHook('authorizeSend', ({ destination, user }) =>
        destination === '/topic/end' ? end(user?.name) : undefined,
      )
    })
    for (const destination of ['/app/end', '/topic/end']) {
      const ada = await connect('ada')
      ada.send(send(destination, '', { receipt: 'r' }))
      expect(told(await ada.next())).toEqual(ERROR)
      expect(await ada.rest()).toEqual([])
    }
    expect([ended, app.stomp.users.sessionCount]).toEqual([[1, 1], 0])
  })

  it('ends a session whose DISCONNECT waits for what is under way', async () => {
    const { open, opened } = gate()
    const { app, connect } = await start({}, (instance) => {
      instance.stomp.message('/wait', () => opened)
    })
    const ada = await connect('ada')
    ada.send(send('/app/wait', '', { receipt: '1' }))
    ada.send({ command: 'DISCONNECT', headers: { receipt: '2' } })
    await turn()
    expect(await app.stomp.disconnect({ user: 'ada' }, 'Enough')).toBe(1)
    expect(await frames(ada, 1)).toEqual(['ERROR STOMP_ERR_DISCONNECTED'])
    open()
    expect(await ada.rest()).toEqual([])
  })

  it('leaves a session alone that is not connected yet, and one that has said goodbye', async () => {
    const { open, opened } = gate()
    const authenticate: HoofbeatOptions['authenticate'] = async ({ login }) => {
      if (login === 'late') await opened
      return login
    }
    const { app, connect } = await start({ authenticate })
    const late = connect('late')
    await turn()
    const ada = await connect('ada')
    ada.send({ command: 'DISCONNECT', headers: { receipt: 'bye' } })
    expect(await frames(ada, 1)).toEqual(['RECEIPT bye'])
    expect(await app.stomp.disconnect({ user: 'ada' })).toBe(0)
    expect(await app.stomp.disconnect({ user: 'late' })).toBe(0)
    open()
    expect(await (await late).closed()).toBeUndefined()
  })

  describe('over each transport', () => {
    const authenticate: HoofbeatOptions['authenticate'] = () => 'ada'
    const listen = async (options: HoofbeatOptions = {}, prepare: (app: FastifyInstance) => unknown = () => {}) => {
      // fetch, when a request is aborted, opens another connection in its place and keeps it.
      const app = Fastify({ forceCloseConnections: true })
      apps.push(app)
      const allow = { send: ['/topic/**'], subscribe: ['/topic/**'] }
      await app.register(hoofbeat, { authenticate, allow, drainMs: 0, ...options })
      await prepare(app)
      return { app, origin: await app.listen({ port: 0, host: '127.0.0.1' }) }
    }
    const CONNECT = 'CONNECT\naccept-version:1.2\nhost:test\n\n\0'

    /** What a client is told that looks like a WebSocket: its frames in short, its close; and how many have ended. */
    const talk = async (app: FastifyInstance, client: Pick<WebSocket, 'send' | 'onopen' | 'onmessage' | 'onclose'>) => {
      const seen: string[] = []
      let ended: Promise<number> | undefined
      await new Promise<void>((resolve) => {
        client.onopen = () => client.send(CONNECT)
        client.onmessage = ({ data }) => {
          const text = String(data)
          seen.push(text.slice(0, text.startsWith('ERROR') ? 20 : 9))
          if (text.startsWith('CONNECTED')) ended = app.stomp.disconnect({ user: 'ada' }, 'Enough')
        }
        client.onclose = ({ code, reason }) => {
          seen.push(`${code} ${reason}`)
          resolve()
        }
      })
      return [...seen, await ended]
    }
    const EXPECTED = ['CONNECTED', 'ERROR\nmessage:Enough', '1008 STOMP_ERR_DISCONNECTED', 1]

    it('WebSocket', async () => {
      const { app, origin } = await listen()
      const socket = new WebSocket(`${origin.replace('http', 'ws')}/stomp`, ['v12.stomp'])
      expect(await talk(app, socket)).toEqual(EXPECTED)
    })

    it.each(['websocket', 'stream', 'poll'] as const)('the fallback by %s', async (rung) => {
      const { app, origin } = await listen()
      const link = new HttpLink(`${origin}/stomp`, { rungs: [rung], WebSocket: WebSocket as never })
      expect(await talk(app, link as never)).toEqual(EXPECTED)
    })

    it('SockJS', async () => {
      const { app, origin } = await listen({ endpoints: [{ path: '/stomp', sockjs: true }] })
      const path = `${origin}/stomp/1/a`
      const poll = async () => (await fetch(`${path}/xhr`, { method: 'POST' })).text()
      expect(await poll()).toBe('o\n')
      await fetch(`${path}/xhr_send`, { method: 'POST', body: JSON.stringify([CONNECT]) })
      expect(await poll()).toContain('CONNECTED')
      const ended = app.stomp.disconnect({ user: 'ada' }, 'Enough')
      expect(await poll()).toContain('ERROR\\nmessage:Enough')
      expect(await poll()).toBe('c[1008,"STOMP_ERR_DISCONNECTED"]\n')
      expect(await ended).toBe(1)
    })

    it('TCP', async () => {
      const { app } = await listen({ tcp: { port: 0 } })
      const client = await openTcpClient(app.stomp.tcpAddresses[0]?.port ?? 0)
      tcpClients.push(client)
      const session = idOf(await client.connect())
      const ended = app.stomp.disconnect({ session }, 'Enough')
      expect(told(await client.next())).toEqual(ERROR)
      await client.ended
      client.socket.end()
      expect(await ended).toBe(1)
    })

    it('a reader without STOMP', async () => {
      const { app, origin } = await listen()
      const reader = await EventClient.open(`${origin}/stomp/events?destination=/topic/a`)
      readers.push(reader)
      expect(app.stomp.users.get('ada')?.sessions[0]?.subscriptions).toEqual([{ id: '0', destination: '/topic/a' }])
      const ended = app.stomp.disconnect({ user: 'ada' }, 'Enough')
      expect(await reader.next()).toBeUndefined()
      expect([await ended, app.stomp.users.size]).toEqual([1, 0])
    })

    it('a reader without STOMP that has not begun, and a sender', async () => {
      const { open, opened } = gate()
      const { app, origin } = await listen({}, (instance) => {
        instance.stomp.addHook('authorizeSubscribe', () => opened)
        instance.stomp.addHook('authorizeSend', () => opened)
      })
      const ask = (path: string, method: string): Promise<Response> =>
        fetch(`${origin}/stomp${path}?destination=/topic/a`, { method, headers: { connection: 'close' } })
      const answers = [ask('/events', 'GET'), ask('/send', 'POST')]
      await expect.poll(() => app.stomp.users.sessionCount).toBe(2)
      expect(await app.stomp.disconnect({ user: 'ada' }, 'Enough')).toBe(2)
      for (const answer of await Promise.all(answers)) {
        expect([answer.status, await answer.json()]).toMatchObject([
          403,
          { code: 'STOMP_ERR_DISCONNECTED', message: 'Enough' },
        ])
      }
      open()
    })
  })
})

describe('presence hooks', () => {
  it('are told what has happened to a session, in order', async () => {
    let noted: string[] = []
    const { connect } = await start({}, (app) => {
      noted = noteEvents(app)
    })
    const ada = await connect('ada')
    await ada.subscribe('1', '/topic/a')
    await ada.subscribe('2', '/user/queue/x')
    ada.send({ command: 'UNSUBSCRIBE', headers: { id: '1', receipt: 'r' } })
    await ada.next()
    ada.send({ command: 'DISCONNECT', headers: {} })
    await ada.closed()
    await turn()
    expect(noted).toEqual([
      'connected ada linked true',
      'subscribed ada 1 /topic/a',
      'subscribed ada 2 /user/queue/x',
      'unsubscribed ada 1 /topic/a',
      'unsubscribed ada 2 /user/queue/x',
      'gone ada 1000  true',
    ])
  })

  it('are told of anonymous sessions, of the first and last of a user, and how a session ended', async () => {
    let noted: string[] = []
    const { app, connect } = await start({}, (instance) => {
      noted = noteEvents(instance)
    })
    await connect()
    const [one] = [await connect('ada'), await connect('ada')]
    one.link.close()
    await one.closed()
    await app.stomp.disconnect({ user: 'ada' })
    await turn()
    expect(noted).toEqual([
      'connected  linked false',
      'connected ada linked true',
      'connected ada linked false',
      'gone ada 1000  false',
      'gone ada 1008 STOMP_ERR_DISCONNECTED true',
    ])
  })

  it('run behind CONNECTED, when the session can be reached', async () => {
    const { connect } = await start({}, (app) => {
      app.stomp.addHook('onConnected', ({ sessionId }) => app.stomp.disconnect({ session: sessionId }, 'Enough'))
    })
    // `connect` throws where anything else comes first.
    const ada = await connect('ada')
    expect(told(await ada.next())).toEqual(ERROR)
  })

  it('are told of a subscription when it is active, and of none that is refused', async () => {
    const { store, commits } = createWaitingStore()
    let noted: string[] = []
    const { connect } = await start({ broker: embeddedBroker({ store }) }, (app) => {
      app.stomp.subscription('/now', () => 'now')
      noted = noteEvents(app)
    })
    const ada = await connect('ada', { 'client-id': 'c' })
    ada.send({ command: 'SUBSCRIBE', headers: { id: '0', destination: '/app/now' } })
    ada.send({ command: 'SUBSCRIBE', headers: { id: '1', destination: '/topic/a', durable: 'true' } })
    await turn()
    expect([commits.length, noted.slice(1)]).toEqual([1, []])
    commits[0]?.resolve()
    await turn()
    expect(noted.slice(1)).toEqual(['subscribed ada 1 /topic/a'])
    ada.send({ command: 'SUBSCRIBE', headers: { id: '2', destination: '/elsewhere' } })
    await ada.closed()
    await turn()
    expect(noted.slice(2)).toEqual(['unsubscribed ada 1 /topic/a', 'gone ada 1002 STOMP_ERR_FORBIDDEN true'])
  })

  it('hurt no session by what they throw, and it is logged', async () => {
    const { app, connect, log } = await start({}, (instance) => {
      instance.stomp.addHook('onConnected', () => {
        throw new Error('thrown by a hook')
      })
      instance.stomp.addHook('onSubscribed', () => Promise.reject(new Error('rejected by a hook')))
    })
    const ada = await connect('ada')
    await ada.subscribe('1', '/topic/a')
    await app.stomp.publish('/topic/a', 'alive')
    expect(await frames(ada, 1)).toEqual(['alive'])
    const errors = log.map((line) => JSON.parse(line)).filter(({ level }) => level === 50)
    const session = app.stomp.users.get('ada')?.sessions[0]?.id
    expect(errors.map(({ msg, err, session: of }) => [msg, err.message, of === session])).toEqual([
      ['a hook onConnected failed', 'thrown by a hook', true],
      ['a hook onSubscribed failed', 'rejected by a hook', true],
    ])
  })

  it('are told of all sessions wherever they were added, but not later than the application is ready', async () => {
    let noted: string[] = []
    const { app, connect } = await start({}, (instance) =>
      instance.register(async (plugin) => {
        noted = noteEvents(plugin)
      }),
    )
    await connect('ada')
    expect(noted).toEqual(['connected ada linked true'])
    expect(() => app.stomp.addHook('onConnected', () => {})).toThrow('before the application is ready')
  })

  it('are told of readers without STOMP, and of no single request', async () => {
    let noted: string[] = []
    const { app } = await start({}, (instance) => {
      noted = noteEvents(instance)
    })
    const origin = await app.listen({ port: 0, host: '127.0.0.1' })
    await fetch(`${origin}/stomp/send?destination=/topic/a`, { method: 'POST', headers: { connection: 'close' } })
    await new Promise<void>((resolve) => {
      get(`${origin}/stomp/events?destination=/elsewhere`, { agent: false }, (response) => {
        response.resume().once('close', resolve)
      })
    })
    const reader = await EventClient.open(`${origin}/stomp/events?destination=/topic/a`)
    readers.push(reader)
    reader.close()
    const refused = ['connected  events false', 'gone  1000  false']
    const read = ['connected  events false', 'subscribed  0 /topic/a', 'unsubscribed  0 /topic/a', 'gone  1000  false']
    await expect.poll(() => noted).toEqual([...refused, ...read])
  })
})
