import { HttpLink } from '@hoofbeat/sse/client'
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import hoofbeat, {
  type HoofbeatOptions,
  type RawClose,
  type RawConnection,
  type RawEndpoint,
  type RawEndpointOptions,
  type User,
} from '../src/index.js'

type Data = string | Uint8Array
type Carrier = 'plain WebSocket' | 'websocket' | 'stream' | 'poll'
const CARRIERS: readonly Carrier[] = ['plain WebSocket', 'websocket', 'stream', 'poll']

const apps: FastifyInstance[] = []
const clients: Client[] = []

afterEach(async () => {
  for (const client of clients.splice(0)) client.terminate()
  await Promise.all(apps.splice(0).map((app) => app.close()))
})

interface LogLine {
  readonly level: number
  readonly msg: string
  readonly connection?: string
  readonly err?: { readonly message: string }
}

interface Settings {
  readonly options?: HoofbeatOptions
  readonly paths?: string | readonly string[]
  readonly prepare?: (app: FastifyInstance) => unknown
}

/** An application with one raw endpoint. */
async function start(handlers: RawEndpointOptions, { options = {}, paths = '/chat', prepare }: Settings = {}) {
  const lines: LogLine[] = []
  const app = Fastify({
    logger: { level: 'warn', stream: { write: (line) => lines.push(JSON.parse(line)) } },
    return503OnClosing: false,
    forceCloseConnections: true,
  })
  apps.push(app)
  await app.register(hoofbeat, { drainMs: 0, ...options })
  const endpoint = app.stomp.endpoint(paths, handlers)
  await prepare?.(app)
  const origin = await app.listen({ port: 0, host: '127.0.0.1' })
  return { app, origin, endpoint, lines }
}

/** What comes, one after another, to be awaited. */
function createQueue<T>() {
  const items: T[] = []
  const waiting: ((item: T) => void)[] = []
  return {
    push(item: T): void {
      const resolve = waiting.shift()
      if (resolve === undefined) items.push(item)
      else resolve(item)
    },
    next(): Promise<T> {
      return new Promise((resolve) => {
        const [item] = items.splice(0, 1)
        if (item === undefined) waiting.push(resolve)
        else resolve(item)
      })
    },
  }
}

/** One client, whatever carries it: both carriers have the shape of a browser's WebSocket. */
interface Client {
  readonly protocol: string
  send(data: Data): void
  next(): Promise<Data>
  close(code?: number, reason?: string): void
  terminate(): void
  readonly closed: Promise<RawClose>
}

type Wanted = { readonly protocols?: string[]; readonly headers?: Record<string, string> }

/** Rejects with the close if it cannot be opened. */
function connect(url: string, carrier: Carrier, { protocols = [], headers = {} }: Wanted = {}): Promise<Client> {
  class WithHeaders extends WebSocket {
    constructor(address: string, offered: string[]) {
      super(address, offered, { headers })
    }
  }
  const socket =
    carrier === 'plain WebSocket'
      ? new WithHeaders(url.replace('http', 'ws'), protocols)
      : new HttpLink(url, { rungs: [carrier], WebSocket: WithHeaders as never, protocols, headers: () => headers })
  socket.binaryType = 'arraybuffer'
  const messages = createQueue<Data>()
  socket.onmessage = ({ data }: { readonly data: unknown }) =>
    messages.push(data instanceof ArrayBuffer ? new Uint8Array(data) : String(data))
  socket.onerror = () => {}
  const closed = new Promise<RawClose>((resolve) => {
    socket.onclose = ({ code, reason }: RawClose) => resolve({ code, reason })
  })
  const client: Client = {
    get protocol() {
      return socket.protocol
    },
    send: (data) => socket.send(data),
    next: () => messages.next(),
    close: (code, reason) => socket.close(code, reason),
    terminate: () => socket.terminate(),
    closed,
  }
  clients.push(client)
  return new Promise((resolve, reject) => {
    socket.onopen = () => resolve(client)
    closed.then(reject)
  })
}

/** Each step of all connections, as a line. */
function createDiary() {
  const diary = createQueue<string>()
  const name = (connection: RawConnection): string => String(connection.attributes.get('name'))
  let count = 0
  const handlers: RawEndpointOptions = {
    open(connection) {
      connection.attributes.set('name', `client ${++count}`)
      diary.push(`${name(connection)} open`)
    },
    message: (connection, data) => diary.push(`${name(connection)} ${data}`),
    close: (connection, { code, reason }) => diary.push(`${name(connection)} closed ${code} ${reason}`.trim()),
  }
  return { handlers, next: () => diary.next() }
}

function fail(): never {
  throw new Error('secret')
}

/** What a handler waits for until the test lets it go on. */
function createGate() {
  let open: () => void = () => {}
  const passed = new Promise<void>((resolve) => {
    open = resolve
  })
  return { open: () => open(), passed }
}

const echo: RawEndpointOptions = { message: (connection, data) => connection.send(data) }

/** The status and the body with which an upgrade is refused. */
function refusal(url: string, headers: Record<string, string> = {}): Promise<{ status: number; body: unknown }> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url.replace('http', 'ws'), { headers })
    socket.on('error', () => {})
    socket.on('open', () => reject(new Error('it was let in')))
    socket.on('unexpected-response', (_request, response) => {
      let text = ''
      response.on('data', (chunk) => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) }))
    })
  })
}

describe.each(CARRIERS)('a raw endpoint by %s', (carrier) => {
  it('carries text and bytes both ways, unharmed and in order', async () => {
    const { origin } = await start(echo)
    const client = await connect(`${origin}/chat`, carrier)
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i)
    const sent: Data[] = ['a', '', '\u0001{"mark"}', '\u0001', 'ünï 🐎\r\n\0', '\ufeffbom', bytes, Uint8Array.of(1, 2)]
    for (const data of sent) client.send(data)
    for (const data of sent) expect(await client.next()).toEqual(data)
  })

  it('makes ill-formed text well-formed', async () => {
    const { origin } = await start({ open: (connection) => connection.send('a\ud800b') })
    const client = await connect(`${origin}/chat`, carrier)
    expect(await client.next()).toBe('a\ufffdb')
  })

  it('tells open, each message, and the close of the client, in this order', async () => {
    const { handlers, next } = createDiary()
    const { origin } = await start(handlers)
    const client = await connect(`${origin}/chat`, carrier)
    client.send('hello')
    client.send('again')
    client.close(4001, 'bye')
    expect(await next()).toBe('client 1 open')
    expect(await next()).toBe('client 1 hello')
    expect(await next()).toBe('client 1 again')
    expect(await next()).toBe('client 1 closed 4001 bye')
  })

  it('closes behind what was sent, and tells both sides the same', async () => {
    const ends = createQueue<RawClose>()
    const after = createQueue<unknown>()
    const { origin, endpoint } = await start({
      open(connection) {
        connection.send('one')
        connection.send('two')
        connection.close(4321, 'enough')
        connection.close(4322, 'too late')
        after.push([connection.isOpen, connection.send('three'), endpoint.size])
      },
      close: (_connection, status) => ends.push(status),
    })
    const client = await connect(`${origin}/chat`, carrier)
    expect(await after.next()).toEqual([false, 'dropped', 0])
    expect(await client.next()).toBe('one')
    expect(await client.next()).toBe('two')
    expect(await client.closed).toEqual({ code: 4321, reason: 'enough' })
    expect(await ends.next()).toEqual({ code: 4321, reason: 'enough' })
  })

  it('tells the next message when the handler of the last one has settled', async () => {
    const gate = createGate()
    const steps: string[] = []
    const { origin } = await start({
      async open(connection) {
        steps.push('opening')
        await gate.passed
        steps.push('opened')
        connection.send('welcome')
      },
      async message(connection, data) {
        steps.push(`begin ${data}`)
        await new Promise((resolve) => setImmediate(resolve))
        steps.push(`end ${data}`)
        connection.send(data)
      },
    })
    const client = await connect(`${origin}/chat`, carrier)
    const numbers = Array.from({ length: 100 }, (_, i) => String(i))
    for (const number of numbers) client.send(number)
    await expect.poll(() => steps).toEqual(['opening'])
    gate.open()
    expect(await client.next()).toBe('welcome')
    for (const number of numbers) expect(await client.next()).toBe(number)
    expect(steps).toEqual(['opening', 'opened', ...numbers.flatMap((number) => [`begin ${number}`, `end ${number}`])])
  })

  it.each([
    ['throws', (): never => fail()],
    ['rejects', async (): Promise<never> => fail()],
  ])('closes with 1011 when a handler %s, logs it, and lets others be', async (_how, failing) => {
    const { origin, lines, endpoint } = await start({
      open: (connection) => connection.send(connection.id),
      message: (connection, data) => (data === 'fail' ? failing() : connection.send(data)),
    })
    const other = await connect(`${origin}/chat`, carrier)
    await other.next()
    const client = await connect(`${origin}/chat`, carrier)
    const id = await client.next()
    client.send('fail')
    client.send('unheard')
    expect(await client.closed).toEqual({ code: 1011, reason: 'the server could not go on' })
    expect(lines).toMatchObject([{ level: 50, connection: id, err: { message: 'secret' } }])
    other.send('still here')
    expect(await other.next()).toBe('still here')
    expect(endpoint.size).toBe(1)
  })

  it('closes with 1011 when open fails, and tells the close', async () => {
    const ends = createQueue<RawClose>()
    const { origin, lines } = await start({
      open: async () => fail(),
      close: (_connection, status) => ends.push(status),
    })
    const client = await connect(`${origin}/chat`, carrier)
    expect((await client.closed).code).toBe(1011)
    expect((await ends.next()).code).toBe(1011)
    expect(lines).toHaveLength(1)
  })

  it('closes with 1009 on a message that is larger than allowed, measured in bytes', async () => {
    const { origin } = await start({ ...echo, maxMessageBytes: 10 })
    const client = await connect(`${origin}/chat`, carrier)
    client.send('0123456789')
    expect(await client.next()).toBe('0123456789')
    client.send('ééééé+')
    expect(await client.closed).toEqual({ code: 1009, reason: 'the largest message has 10 bytes' })
  })

  it('takes messages of the size that it allows', async () => {
    const maxMessageBytes = 300_000
    const { origin } = await start({ ...echo, maxMessageBytes })
    const client = await connect(`${origin}/chat`, carrier)
    const text = 'x'.repeat(maxMessageBytes)
    client.send(text)
    expect(await client.next()).toBe(text)
  })

  it('agrees on the first sub-protocol of the client that it speaks', async () => {
    const { origin } = await start({
      protocols: ['v2.chat', 'v1.chat'],
      open: (connection) => connection.send(String(connection.protocol)),
    })
    const client = await connect(`${origin}/chat`, carrier, { protocols: ['v3.chat', 'v1.chat', 'v2.chat'] })
    expect(client.protocol).toBe('v1.chat')
    expect(await client.next()).toBe('v1.chat')
    const plain = await connect(`${origin}/chat`, carrier)
    expect(await plain.next()).toBe('undefined')
  })

  it('knows who connects and by which request, and what the handshake has found', async () => {
    const asked: (User | undefined)[] = []
    const opened = createQueue<RawConnection>()
    const { origin } = await start(
      {
        handshake(request, attributes, user) {
          asked.push(user)
          attributes.set('room', request.headers['x-room'])
        },
        open: (connection) => opened.push(connection),
      },
      { options: { identify: (request) => request.headers.authorization } },
    )
    await connect(`${origin}/chat`, carrier, { headers: { authorization: 'ada', 'x-room': 'tea' } })
    const connection = await opened.next()
    expect(connection.user).toEqual({ name: 'ada' })
    expect(connection.request.url).toMatch(/^\/chat/)
    expect(connection.remoteAddress).toBe('127.0.0.1')
    expect(connection.transport).toBe(carrier === 'plain WebSocket' ? 'websocket' : 'link')
    expect([...connection.attributes]).toEqual([['room', 'tea']])
    expect(asked).toContainEqual({ name: 'ada' })
  })

  it('sends a broadcast to all, or to some, and says how many have taken it', async () => {
    const { origin, endpoint } = await start({
      message(connection, data) {
        const count = endpoint.broadcast(data, (other) => other !== connection)
        connection.send(`${count} have it`)
      },
    })
    const [ada, bob, cyd] = [
      await connect(`${origin}/chat`, carrier),
      await connect(`${origin}/chat`, carrier),
      await connect(`${origin}/chat`, carrier),
    ]
    await expect.poll(() => endpoint.size).toBe(3)
    ada.send('to the others')
    expect(await ada.next()).toBe('2 have it')
    expect([await bob.next(), await cyd.next()]).toEqual(['to the others', 'to the others'])
    expect(endpoint.broadcast(Uint8Array.of(1, 2, 3))).toBe(3)
    for (const client of [ada, bob, cyd]) expect(await client.next()).toEqual(Uint8Array.of(1, 2, 3))
    expect(new Set([...endpoint.connections].map(({ id }) => id)).size).toBe(3)
  })

  it.each([
    [0, 1001],
    [50, 1012],
  ])('with drainMs %i ends with %i when the application closes', async (drainMs, code) => {
    const { handlers, next } = createDiary()
    const { app, origin } = await start(handlers, { options: { drainMs } })
    const [ada, bob] = [await connect(`${origin}/chat`, carrier), await connect(`${origin}/chat`, carrier)]
    expect([await next(), await next()]).toEqual(['client 1 open', 'client 2 open'])
    const closing = app.close()
    expect((await ada.closed).code).toBe(code)
    expect((await bob.closed).code).toBe(code)
    await closing
    expect([await next(), await next()]).toEqual([`client 1 closed ${code}`, `client 2 closed ${code}`])
  })
})

describe('the handshake of a raw endpoint', () => {
  const refused = (origin: string) =>
    Promise.all([
      refusal(`${origin}/chat`),
      fetch(`${origin}/chat/open`, {
        method: 'POST',
        body: JSON.stringify({ v: 1, protocols: [] }),
        headers: { connection: 'close' },
      }),
    ])

  it.each([
    ['returns false', () => false, 0],
    ['resolves with false', async () => false, 0],
    ['throws', fail, 2],
    ['rejects', async () => fail(), 2],
  ])('that %s refuses WebSockets and links with 403', async (_how, handshake, logged) => {
    const { origin, endpoint, lines } = await start({ handshake })
    const [socket, link] = await refused(origin)
    expect(socket).toEqual({
      status: 403,
      body: {
        statusCode: 403,
        error: 'Forbidden',
        code: 'STOMP_ERR_FORBIDDEN',
        message: 'The connection was refused. Ask the operator of the service for the right to connect.',
      },
    })
    expect([link.status, await link.json()]).toEqual([403, { v: 1, error: 'forbidden' }])
    expect(endpoint.size).toBe(0)
    expect(lines).toHaveLength(logged)
    for (const line of lines) expect(line).toMatchObject({ level: 40, err: { message: 'secret' } })
  })

  it.each([401, 404, 499])('that throws an error with the statusCode %i refuses with that', async (statusCode) => {
    const { origin, lines } = await start({
      handshake() {
        throw Object.assign(new Error('for everybody to see'), { statusCode })
      },
    })
    const { status, body } = await refusal(`${origin}/chat`)
    expect(status).toBe(statusCode)
    expect(body).toMatchObject({ message: 'for everybody to see' })
    const [, link] = await refused(origin)
    expect(link.status).toBe(statusCode === 401 ? 401 : 403)
    expect(lines).toEqual([])
  })

  it('keeps a statusCode that is not for clients to itself', async () => {
    const { origin } = await start({
      handshake() {
        throw Object.assign(new Error('secret'), { statusCode: 502 })
      },
    })
    const { status, body } = await refusal(`${origin}/chat`)
    expect(status).toBe(403)
    expect(JSON.stringify(body)).not.toContain('secret')
  })

  it('is not asked where the Origin or identify refuses', async () => {
    const asked: FastifyRequest[] = []
    const identify = ({ headers }: FastifyRequest): string => headers.authorization ?? fail()
    const { origin } = await start({ handshake: (request) => asked.push(request) }, { options: { identify } })
    expect((await refusal(`${origin}/chat`, { origin: 'http://evil.example' })).status).toBe(403)
    expect((await refusal(`${origin}/chat`)).status).toBe(401)
    expect(asked).toEqual([])
  })
})

describe('the end of a raw connection', () => {
  it.each([
    ['vanishes', (client: Client) => client.terminate(), 1006],
    ['closes without a code', (client: Client) => client.close(), 1005],
  ])('of a WebSocket that %s is told once, behind the messages before', async (_how, leave, code) => {
    const { handlers, next } = createDiary()
    const gate = createGate()
    const { origin, endpoint } = await start({ ...handlers, open: (connection) => waitFor(connection) })
    const waitFor = async (connection: RawConnection): Promise<void> => {
      handlers.open?.(connection)
      await gate.passed
    }
    const client = await connect(`${origin}/chat`, 'plain WebSocket')
    expect(await next()).toBe('client 1 open')
    client.send('last words')
    leave(client)
    gate.open()
    expect(await next()).toBe('client 1 last words')
    expect(await next()).toBe(`client 1 closed ${code}`)
    expect(endpoint.size).toBe(0)
  })

  it('that the server began is told with the code of the server, even if the client does not answer', async () => {
    const ends = createQueue<RawClose>()
    const opened = createQueue<RawConnection>()
    const { origin } = await start({
      open: (connection) => opened.push(connection),
      close: (_connection, status) => ends.push(status),
    })
    const socket = new WebSocket(`${origin.replace('http', 'ws')}/chat`)
    await new Promise((resolve) => socket.on('open', resolve))
    const connection = await opened.next()
    socket.pause()
    connection.close(4321, 'enough')
    socket.terminate()
    expect(await ends.next()).toEqual({ code: 4321, reason: 'enough' })
  })

  it('is refused for codes that may not be sent, and reasons that are too long', async () => {
    const faults = createQueue<unknown>()
    const { origin } = await start({
      open(connection) {
        for (const code of [999, 1004, 1005, 1006, 1015, 2999, 5000, 3000.5, Number.NaN]) {
          expect(() => connection.close(code)).toThrow(RangeError)
        }
        expect(() => connection.close(1000, 'é'.repeat(62))).toThrow('a close reason has at most 123 bytes')
        faults.push(connection.isOpen)
        connection.close(3000, 'x'.repeat(123))
      },
    })
    const client = await connect(`${origin}/chat`, 'plain WebSocket')
    expect(await faults.next()).toBe(true)
    expect(await client.closed).toEqual({ code: 3000, reason: 'x'.repeat(123) })
  })
})

describe('a raw connection whose peer is faster than the server', () => {
  it('is not read while a handler is at work, and loses nothing', async () => {
    const gate = createGate()
    const opened = createQueue<RawConnection>()
    const told: string[] = []
    const { origin } = await start({
      open: (connection) => opened.push(connection),
      async message(_connection, data) {
        told.push(String(data))
        if (told.length === 1) await gate.passed
      },
    })
    const client = await connect(`${origin}/chat`, 'plain WebSocket')
    const { request } = await opened.next()
    const numbers = Array.from({ length: 20_000 }, (_, i) => String(i))
    for (const number of numbers) client.send(number)
    await expect.poll(() => request.raw.socket.isPaused()).toBe(true)
    expect(told).toEqual(['0'])
    gate.open()
    await expect.poll(() => told.length).toBe(numbers.length)
    expect(told).toEqual(numbers)
    expect(request.raw.socket.isPaused()).toBe(false)
  })
})

describe('a raw connection whose peer reads slowly', () => {
  const PIECE = 'x'.repeat(16_384)

  it('tells full, and drained when there is room again', async () => {
    const drained = createQueue<RawConnection>()
    const opened = createQueue<RawConnection>()
    const { origin } = await start({
      open: (connection) => opened.push(connection),
      drained: (connection) => drained.push(connection),
    })
    const socket = new WebSocket(`${origin.replace('http', 'ws')}/chat`)
    await new Promise((resolve) => socket.on('open', resolve))
    const connection = await opened.next()
    socket.pause()
    let count = 0
    while (connection.send(PIECE) !== 'full') count++
    expect(count).toBeGreaterThan(0)
    // The burst of one turn: it was only much at once.
    expect(await drained.next()).toBe(connection)
    while (connection.send(PIECE) !== 'full' || !isStuck(connection)) await new Promise((go) => setImmediate(go))
    socket.resume()
    expect(await drained.next()).toBe(connection)
    expect(connection.send('more')).toBe('taken')
    socket.terminate()
  })

  it('ends with 1013 where more waits than may, and others are served on', async () => {
    const { origin, endpoint } = await start(echo, { options: { limits: { maxOutboxBytes: 100_000 } } })
    const socket = new WebSocket(`${origin.replace('http', 'ws')}/chat`)
    const closed = new Promise<number>((resolve) => socket.on('close', resolve))
    await new Promise((resolve) => socket.on('open', resolve))
    socket.pause()
    const other = await connect(`${origin}/chat`, 'plain WebSocket')
    await expect.poll(() => endpoint.size).toBe(2)
    const [slow] = endpoint.connections
    while (slow?.isOpen) {
      slow.send(PIECE)
      await new Promise((go) => setImmediate(go))
    }
    expect(slow?.send('late')).toBe('dropped')
    expect(endpoint.size).toBe(1)
    socket.resume()
    expect(await closed).toBe(1013)
    other.send('still here')
    expect(await other.next()).toBe('still here')
  })
})

/** Nothing more goes to its socket for now. */
const isStuck = ({ request }: RawConnection): boolean => request.raw.socket.writableNeedDrain

describe('where a raw endpoint is', () => {
  it('answers at several paths, as one endpoint', async () => {
    const { origin, endpoint, app } = await start(echo, { paths: ['/chat', '/talk'] })
    await connect(`${origin}/chat`, 'plain WebSocket')
    const talk = await connect(`${origin}/talk`, 'poll')
    await expect.poll(() => endpoint.size).toBe(2)
    expect(endpoint.broadcast('to both paths')).toBe(2)
    expect(await talk.next()).toBe('to both paths')
    expect(app.stomp.endpoint('/talk')).toBe(endpoint)
  })

  it('lies below the prefix of its plugin, and is found there', async () => {
    const found: (RawEndpoint | undefined)[] = []
    const { origin, app } = await start(echo, {
      prepare: (root) =>
        root.register(
          async (scope) => {
            found.push(scope.stomp.endpoint('/chat', { open: (connection) => connection.send('inner') }))
            found.push(scope.stomp.endpoint('/chat'))
          },
          { prefix: '/inner' },
        ),
    })
    const inner = await connect(`${origin}/inner/chat`, 'plain WebSocket')
    expect(await inner.next()).toBe('inner')
    expect(found[1]).toBe(found[0])
    expect(app.stomp.endpoint('/inner/chat')).toBe(found[0])
    expect(app.stomp.endpoint('/chat')).not.toBe(found[0])
  })

  it('can be opened by a plugin that waits, and in after', async () => {
    const { origin } = await start(echo, {
      async prepare(app) {
        await app.register(async (scope) => {
          await new Promise((resolve) => setImmediate(resolve))
          scope.stomp.endpoint('/late', echo)
        })
        app.after(() => app.stomp.endpoint('/after', echo))
      },
    })
    for (const path of ['/late', '/after']) {
      const client = await connect(`${origin}${path}`, 'plain WebSocket')
      client.send(path)
      expect(await client.next()).toBe(path)
    }
  })

  it('runs under the hooks of its plugin', async () => {
    const { origin } = await start(echo, {
      prepare: (root) =>
        root.register(async (scope) => {
          scope.stomp.endpoint('/members', echo)
          scope.addHook('onRequest', async (request, reply) => {
            if (request.headers.authorization !== 'member') return reply.code(402).send({ pay: true })
          })
        }),
    })
    expect(await refusal(`${origin}/members`)).toEqual({ status: 402, body: { pay: true } })
    const headers = { authorization: 'member' }
    const client = await connect(`${origin}/members`, 'plain WebSocket', { headers })
    client.send('hello')
    expect(await client.next()).toBe('hello')
  })

  it('is one for each path, and known only once it was opened', async () => {
    const { app } = await start(echo)
    expect(() => app.stomp.endpoint('/chat', echo)).toThrow('a raw endpoint is open at /chat already')
    expect(() => app.stomp.endpoint('/other')).toThrow('no raw endpoint was opened at /other')
  })

  it('cannot be opened once the application has started', async () => {
    const { app, origin } = await start(echo)
    expect(() => app.stomp.endpoint('/late', echo)).toThrow(/already (booted|started|listening)/i)
    expect(() => app.stomp.endpoint('/late')).toThrow('no raw endpoint was opened at /late')
    expect((await fetch(`${origin}/late`, { headers: { connection: 'close' } })).status).toBe(404)
  })

  it.each([0, 1.5, -1, Number.NaN, 10_000_000])(
    'does not take %d for the size of a message',
    async (maxMessageBytes) => {
      await expect(start({ maxMessageBytes })).rejects.toThrow('maxMessageBytes takes a whole number')
    },
  )

  it('can be without WebSocket, or without the fallback', async () => {
    const { origin } = await start(
      { ...echo, websocket: false },
      { prepare: (app) => app.stomp.endpoint('/socket', { ...echo, fallback: false }) },
    )
    expect((await refusal(`${origin}/chat`)).status).toBe(404)
    const polling = await connect(`${origin}/chat`, 'poll')
    polling.send('by polls')
    expect(await polling.next()).toBe('by polls')
    expect((await fetch(`${origin}/socket/open`, { method: 'POST', headers: { connection: 'close' } })).status).toBe(
      404,
    )
    const socket = await connect(`${origin}/socket`, 'plain WebSocket')
    socket.send('by socket')
    expect(await socket.next()).toBe('by socket')
  })

  it('takes its handlers from an instance of a class', async () => {
    class Counter implements RawEndpointOptions {
      readonly protocols = ['counter']
      #count = 0

      message(connection: RawConnection): void {
        connection.send(String(++this.#count))
      }
    }
    const { origin } = await start(new Counter())
    const client = await connect(`${origin}/chat`, 'plain WebSocket', { protocols: ['counter'] })
    client.send('')
    client.send('')
    expect([await client.next(), await client.next()]).toEqual(['1', '2'])
  })
})

describe('a raw endpoint for clients of SockJS', () => {
  const opened = async (handlers: RawEndpointOptions, options: HoofbeatOptions = {}) => {
    const started = await start({ ...handlers, sockjs: true }, { options })
    const ask = async (path: string, body = ''): Promise<{ status: number; text: string }> => {
      const response = await fetch(`${started.origin}/chat/000/session/${path}`, {
        method: 'POST',
        body,
        headers: { connection: 'close' },
      })
      return { status: response.status, text: await response.text() }
    }
    return { ...started, ask }
  }

  it('is told by the same handlers, beside all other clients', async () => {
    const { handlers, next } = createDiary()
    const { ask, endpoint, origin } = await opened(handlers)
    expect((await ask('xhr')).text).toBe('o\n')
    expect(await next()).toBe('client 1 open')
    await ask('xhr_send', '["\\u0001a","b"]')
    expect([await next(), await next()]).toEqual(['client 1 \u0001a', 'client 1 b'])
    const other = await connect(`${origin}/chat`, 'plain WebSocket')
    expect(await next()).toBe('client 2 open')
    expect(endpoint.broadcast('to both')).toBe(2)
    expect(await other.next()).toBe('to both')
    expect((await ask('xhr')).text).toBe('a["to both"]\n')
    const [sockJs] = endpoint.connections
    expect(sockJs).toMatchObject({ transport: 'sockjs', remoteAddress: '127.0.0.1', isOpen: true })
    sockJs?.close(4321, 'enough')
    expect((await ask('xhr')).text).toBe('c[4321,"enough"]\n')
    expect(await next()).toBe('client 1 closed 4321 enough')
  })

  it('passes bytes by in a broadcast, and refuses to send them', async () => {
    const { ask, endpoint, lines, origin } = await opened({
      message: (connection) => connection.send(Uint8Array.of(1, 2)),
    })
    await ask('xhr')
    const other = await connect(`${origin}/chat`, 'plain WebSocket')
    await expect.poll(() => endpoint.size).toBe(2)
    expect(endpoint.broadcast(Uint8Array.of(7))).toBe(1)
    expect(await other.next()).toEqual(Uint8Array.of(7))
    await ask('xhr_send', '["x"]')
    expect((await ask('xhr')).text).toMatch(/^c\[1011,/)
    expect(lines).toMatchObject([{ level: 50, err: { message: 'This client is reached by text only' } }])
  })

  it('is refused where the handshake refuses', async () => {
    const { ask, endpoint } = await opened({ handshake: () => false })
    expect((await ask('xhr')).status).toBe(403)
    expect(endpoint.size).toBe(0)
  })

  it('takes a great many messages at once in order, while each handler takes its time', async () => {
    const count = 50_000
    const told: number[] = []
    const { origin } = await opened({
      async message(connection, data) {
        await undefined
        if (told.push(Number(data)) === count) connection.send('all')
      },
    })
    const client = await connect(`${origin}/chat/000/many/websocket`, 'plain WebSocket')
    expect(await client.next()).toBe('o')
    const numbers = Array.from({ length: count }, (_, i) => i)
    client.send(JSON.stringify(numbers.map(String).slice(0, count / 2)))
    client.send(JSON.stringify(numbers.map(String).slice(count / 2)))
    expect(await client.next()).toBe('a["all"]')
    expect(told).toEqual(numbers)
  })

  it.each([0, 50])('is told to come back with 1001 when the application closes, with drainMs %i', async (drainMs) => {
    const ends = createQueue<RawClose>()
    const handlers: RawEndpointOptions = { close: (_connection, status) => ends.push(status) }
    const { app, origin, endpoint } = await opened(handlers, { drainMs })
    const stream = await fetch(`${origin}/chat/000/session/xhr_streaming`, {
      method: 'POST',
      headers: { connection: 'close' },
    })
    await expect.poll(() => endpoint.size).toBe(1)
    const closing = app.close()
    expect(await stream.text()).toMatch(/\no\nc\[1001,""\]\n$/)
    await closing
    expect(await ends.next()).toMatchObject({ code: drainMs === 0 ? 1001 : 1012 })
  })
})
