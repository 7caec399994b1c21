import type { FastifyInstance } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { type AppOptions, buildApp } from '../src/app.js'
import { connect, type Session } from './session.js'

let app: FastifyInstance
const sessions: Session[] = []

afterEach(async () => {
  for (const session of sessions.splice(0)) await session.end()
  await app.close()
})

const start = async (options: AppOptions = { greetingDelayMs: 0 }): Promise<string> => {
  app = await buildApp({ drainMs: 0, ...options })
  const address = await app.listen({ port: 0, host: '127.0.0.1' })
  return `${address.replace('http', 'ws')}/stomp`
}

const join = async (url: string, login?: string): Promise<Session> => {
  const session = await connect(url, login === undefined ? {} : { login })
  sessions.push(session)
  return session
}

describe('sessions', () => {
  it('names a session after its login', async () => {
    const url = await start()
    expect((await join(url, 'Ada')).connected['user-name']).toBe('Ada')
  })

  it('leaves a session without a login anonymous', async () => {
    const url = await start()
    expect((await join(url)).connected).not.toHaveProperty('user-name')
  })

  it('refuses the passcode wrong and says why', async () => {
    const url = await start()
    await expect(connect(url, { login: 'Ada', passcode: 'wrong' })).rejects.toMatchObject({
      command: 'ERROR',
      headers: { message: 'The passcode is wrong', code: 'STOMP_ERR_NOT_AUTHENTICATED' },
      body: "Any passcode but 'wrong' is right here.",
    })
  })

  it('takes any other passcode', async () => {
    const url = await start()
    const session = await connect(url, { login: 'Ada', passcode: 'right' })
    sessions.push(session)
    expect(session.connected['user-name']).toBe('Ada')
  })

  it('lets everybody send to topics and subscribe to them, by wildcard too', async () => {
    const url = await start()
    const reader = await join(url)
    const news = await reader.subscribe('/topic/news/**')
    const writer = await join(url)
    await writer.send('/topic/news/sport', 'goal')
    expect(await news.next()).toBe('goal')
  })

  it('refuses a body above maxBodyBytes and takes one of just that size', async () => {
    const url = await start({ maxBodyBytes: 100 })
    const session = await join(url)
    const topic = await session.subscribe('/topic/x')
    session.sendText('/topic/x', JSON.stringify('a'.repeat(98)))
    expect(await topic.next()).toBe('a'.repeat(98))
    session.sendText('/topic/x', JSON.stringify('a'.repeat(99)))
    expect((await session.errors.next()).headers.message).toMatch(/body/i)
    await session.closed
  })
})

describe('the greeting', () => {
  it('greets everybody who listens, escaped for HTML', async () => {
    const url = await start()
    const reader = await join(url)
    const greetings = await reader.subscribe('/topic/greetings')
    const writer = await join(url)
    await writer.send('/app/hello', { name: '<b>O\'Hara & "Sons"</b>' })
    expect(await greetings.next()).toEqual({
      content: 'Hello, &lt;b&gt;O&#39;Hara &amp; &quot;Sons&quot;&lt;/b&gt;!',
    })
  })

  it('greets after a second', async () => {
    const url = await start({})
    const session = await join(url)
    const greetings = await session.subscribe('/topic/greetings')
    const begin = performance.now()
    await session.send('/app/hello', { name: 'Ada' })
    await greetings.next()
    // A timer may fire within the millisecond before it is due.
    expect(performance.now() - begin).toBeGreaterThan(998)
  })

  it('refuses a body without a name', async () => {
    const url = await start()
    const session = await join(url)
    session.sendText('/app/hello', '{}')
    expect((await session.errors.next()).headers.code).toBe('STOMP_ERR_BODY_INVALID')
    await session.closed
  })
})

describe('people', () => {
  it('are told to who asks, and as they come and go; a name with several sessions is one', async () => {
    const url = await start()
    const ada = await join(url, 'Ada')
    const changes = await ada.subscribe('/topic/chat-people')
    const bob = await join(url, 'Bob')
    expect(await changes.next()).toEqual({ name: 'Bob', isHere: true })
    const again = await join(url, 'Bob')
    await join(url)
    expect(await (await ada.subscribe('/app/people')).next()).toEqual(['Ada', 'Bob'])
    await bob.end()
    await again.end()
    expect(await changes.next()).toEqual({ name: 'Bob', isHere: false })
    expect(await (await ada.subscribe('/app/people')).next()).toEqual(['Ada'])
  })

  it('talk to one another alone, and each of both hears it on all pages', async () => {
    const url = await start()
    const [ada, phone, bob, eve] = [
      await join(url, 'Ada'),
      await join(url, 'Ada'),
      await join(url, 'Bob'),
      await join(url, 'Eve'),
    ]
    const heard = await Promise.all([ada, phone, bob, eve].map((one) => one.subscribe('/user/queue/private')))
    await ada.send('/app/private', { to: 'Bob', text: ' psst ', ref: 'r1' })
    const message = { ref: 'r1', name: 'Ada', to: 'Bob', text: 'psst', id: expect.any(String), at: expect.any(String) }
    for (const each of heard.slice(0, 3)) expect(await each?.next()).toEqual(message)
    await bob.send('/app/private', { to: 'Eve', text: 'for Eve' })
    expect(await heard[3]?.next()).toMatchObject({ name: 'Bob', text: 'for Eve' })
  })

  it('are told when nobody of that name is here', async () => {
    const url = await start()
    const ada = await join(url, 'Ada')
    const errors = await ada.subscribe('/user/queue/errors')
    ada.sendText('/app/private', '{"to":"Bob","text":"psst"}', { receipt: 'r1' })
    expect(await errors.next()).toEqual({ message: 'Bob is not here', cure: expect.any(String) })
  })
})

describe('the chat', () => {
  it('tells a room what was said, by whom, and when', async () => {
    const url = await start()
    const ada = await join(url, 'Ada')
    const bob = await join(url, 'Bob')
    const heard = await bob.subscribe('/topic/chat-room/lobby')
    await ada.send('/app/chat/lobby', { text: '  Hello <all>  ', name: 'Bob', ref: 'r1' })
    const message = await heard.next()
    expect(message).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      ref: 'r1',
      name: 'Ada',
      text: 'Hello <all>',
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    })
  })

  it('gives the last 50 messages of a room to whoever asks, oldest first', async () => {
    const url = await start()
    const ada = await join(url, 'Ada')
    for (let n = 1; n <= 51; n++) await ada.send('/app/chat/lobby', { text: `${n}` })
    await ada.send('/app/chat/elsewhere', { text: 'not here' })
    const bob = await join(url, 'Bob')
    const history = await (await bob.subscribe('/app/history/lobby')).next()
    expect(history).toHaveLength(50)
    expect(history).toEqual(Array.from({ length: 50 }, (_, i) => expect.objectContaining({ text: `${i + 2}` })))
  })

  it('has an empty history for a room where nobody has spoken', async () => {
    const url = await start()
    expect(await (await (await join(url)).subscribe('/app/history/lobby')).next()).toEqual([])
  })

  it('tells a message that is sent twice only once', async () => {
    const url = await start()
    const ada = await join(url, 'Ada')
    const heard = await ada.subscribe('/topic/chat-room/lobby')
    await ada.send('/app/chat/lobby', { text: 'once', ref: 'r1' })
    await ada.send('/app/chat/lobby', { text: 'once', ref: 'r1' })
    await ada.send('/app/chat/lobby', { text: 'then', ref: 'r2' })
    expect(await heard.next()).toMatchObject({ text: 'once' })
    expect(await heard.next()).toMatchObject({ text: 'then' })
    expect(await (await ada.subscribe('/app/history/lobby')).next()).toHaveLength(2)
  })

  it('names the rooms in which somebody has spoken, the last active one first', async () => {
    const url = await start()
    const ada = await join(url, 'Ada')
    const rooms = await ada.subscribe('/topic/chat-rooms')
    await ada.send('/app/chat/lobby', { text: 'one' })
    await ada.send('/app/chat/caf\u00e9-2', { text: 'two' })
    await ada.send('/app/chat/lobby', { text: 'three' })
    expect(await rooms.next()).toEqual(['lobby'])
    expect(await rooms.next()).toEqual(['caf\u00e9-2', 'lobby'])
    expect(await (await ada.subscribe('/app/rooms')).next()).toEqual(['lobby', 'caf\u00e9-2'])
  })

  it.each([
    ['a text of blanks', 'lobby', { text: ' \n ' }],
    ['a text that is too long', 'lobby', { text: 'a'.repeat(1001) }],
    ['no text', 'lobby', {}],
    ['a room that begins with a hyphen', '-lobby', { text: 'x' }],
    ['a room whose name is too long', 'a'.repeat(33), { text: 'x' }],
    ['a room with a blank', 'a b', { text: 'x' }],
  ])('refuses %s', async (_title, room, body) => {
    const url = await start()
    const ada = await join(url, 'Ada')
    ada.sendText(`/app/chat/${room}`, JSON.stringify(body))
    expect((await ada.errors.next()).headers.code).toMatch(/^STOMP_ERR_(BODY|PARAMS)_INVALID$/)
    await ada.closed
  })

  it.each([
    ['no name', undefined],
    ['a name that is too long', 'a'.repeat(41)],
  ])('lets nobody with %s talk', async (_title, login) => {
    const url = await start()
    const session = await join(url, login)
    session.sendText('/app/chat/lobby', '{"text":"x"}')
    expect((await session.errors.next()).headers.message).toBe('Talking needs a name of 1 to 40 characters')
    await session.closed
  })

  it('goes on with who listens for errors, and says which message was refused', async () => {
    const url = await start()
    const ada = await join(url, 'Ada')
    const errors = await ada.subscribe('/user/queue/errors')
    const heard = await ada.subscribe('/topic/chat-room/lobby')
    ada.sendText('/app/chat/lobby', '{"text":" "}', { receipt: 'r1' })
    expect(await errors.next()).toEqual({ message: expect.stringContaining('text'), cure: expect.any(String) })
    await ada.send('/app/chat/lobby', { text: 'still here' })
    expect(await heard.next()).toMatchObject({ text: 'still here' })
  })

  it.each(['/topic/chat-room/lobby', '/topic/chat-rooms', '/topic/chat-people', '/user/Ada/queue/private'])(
    'lets nobody publish on %s past the routes',
    async (topic) => {
      const url = await start()
      const eve = await join(url, 'Eve')
      eve.sendText(topic, '{"name":"Ada","text":"x"}')
      expect((await eve.errors.next()).headers.code).toBe('STOMP_ERR_FORBIDDEN')
      await eve.closed
    },
  )
})

describe('a page', () => {
  it('is told that the broker inside the process is there', async () => {
    const url = await start()
    const ada = await join(url, 'Ada')
    expect(await (await ada.subscribe('/app/broker')).next()).toEqual({ isAvailable: true })
  })
})

describe('over HTTP', () => {
  it('is healthy', async () => {
    await start()
    const response = await app.inject('/health')
    expect(response.statusCode).toBe(200)
    expect(response.json()).toEqual({ status: 'ok' })
  })

  it('is alive', async () => {
    await start()
    const response = await app.inject('/health/live')
    expect(response.statusCode).toBe(200)
    expect(response.json()).toEqual({ status: 'ok' })
  })

  it('is not ready while it drains, which those who are connected are told by and by', async () => {
    const url = await start({ greetingDelayMs: 0, drainMs: 3_000 })
    const sessions = [await join(url, 'Ada'), await join(url, 'Bob')]
    const health = url.replace('ws', 'http').replace('/stomp', '/health')
    const closing = app.close()
    await Promise.race(sessions.map(({ closed }) => closed))
    const asked = await Promise.all(
      [health, `${health}/live`, health.replace('/health', '/')].map((each) => fetch(each)),
    )
    expect(asked.map(({ status }) => status)).toEqual([503, 503, 200])
    expect(await asked[0]?.json()).toEqual({ status: 'ending' })
    await closing
    expect(await Promise.all(sessions.map(({ closed }) => closed))).toEqual([1012, 1012])
  })

  it('tells Prometheus how it does', async () => {
    const url = await start()
    const ada = await join(url, 'Ada')
    await ada.send('/app/chat/lobby', { text: 'hello' })
    const response = await app.inject('/metrics')
    expect(response.statusCode).toBe(200)
    expect(response.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/)
    expect(response.body).toContain('hoofbeat_sessions{transport="websocket",rung="websocket"} 1\n')
    expect(response.body).toMatch(/^hoofbeat_handler_seconds_count\{.*route="\/chat\/:room".*\} 1$/m)
  })

  it.each([
    ['/', 'text/html'],
    ['/greeting.html', 'text/html'],
    ['/chat/main.js', 'application/javascript'],
    ['/logo.svg', 'image/svg+xml'],
    ['/vendor/stomp.umd.min.js', 'application/javascript'],
    ['/vendor/hoofbeat.client.js', 'application/javascript'],
  ])('serves %s under a policy that forbids other hosts and inline code', async (path, type) => {
    await start()
    const response = await app.inject(path)
    expect(response.statusCode).toBe(200)
    expect(response.headers['content-type']).toContain(type)
    expect(response.headers['content-security-policy']).toMatch(/^default-src 'none'/)
    expect(response.headers['content-security-policy']).not.toMatch(/unsafe|\*|https?:/)
  })
})
