import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { connect as connectTcp } from 'node:net'
import fastifyWebsocket from '@fastify/websocket'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import hoofbeat, { type HoofbeatOptions } from '../src/index.js'
import { openRawClient, type RawClient } from './raw-client.js'

const apps: FastifyInstance[] = []
const sockets: WebSocket[] = []

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate()
  await Promise.all(apps.splice(0).map((app) => app.close()))
})

type Step = (app: FastifyInstance) => unknown

async function start(options: HoofbeatOptions = {}, before: Step = () => {}, after: Step = () => {}) {
  const app = Fastify()
  apps.push(app)
  await before(app)
  await app.register(hoofbeat, { allow: { send: ['/topic/**'], subscribe: ['/topic/**'] }, drainMs: 0, ...options })
  await after(app)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const open = (protocols: string[] = ['v12.stomp'], headers: Record<string, string> = {}, path = '/stomp') => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols, { headers })
    sockets.push(socket)
    return openRawClient(socket)
  }
  const connect = async (): Promise<RawClient> => {
    const client = await open()
    client.send('CONNECT\naccept-version:1.2\nhost:x\n\n\0')
    expect((await client.next()).command).toBe('CONNECTED')
    return client
  }
  /** A subscriber whose continued service shows that others are not hurt. */
  const listen = async (destination = '/topic/all'): Promise<RawClient> => {
    const client = await connect()
    client.send({ command: 'SUBSCRIBE', headers: { id: 's', destination, receipt: 'r' } })
    expect((await client.next()).command).toBe('RECEIPT')
    return client
  }
  return { app, port, open, connect, listen }
}

describe('the WebSocket door', () => {
  it.each([
    [['v12.stomp', 'v11.stomp', 'v10.stomp'], 'v12.stomp'],
    [['v10.stomp', 'v11.stomp'], 'v10.stomp'],
    [['mqtt', 'v11.stomp'], 'v11.stomp'],
    [[], ''],
  ])('offered %j it agrees on %j', async (offered, agreed) => {
    const { open } = await start()
    expect((await open(offered)).socket.protocol).toBe(agreed)
  })

  it('loses no frame that comes in the same packet as the upgrade request', async () => {
    const { port } = await start()
    const payload = Buffer.from('CONNECT\naccept-version:1.2\n\n\0')
    const frame = Buffer.concat([Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]), payload])
    const socket = connectTcp(port, '127.0.0.1')
    socket.write(
      Buffer.concat([
        Buffer.from(
          `GET /stomp HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
        ),
        frame,
      ]),
    )
    let received = ''
    await new Promise<void>((resolve) => {
      socket.on('data', (chunk) => {
        received += chunk.toString('latin1')
        if (received.includes('CONNECTED')) resolve()
      })
    })
    expect(received).toMatch(/^HTTP\/1\.1 101 /)
    socket.destroy()
  })

  it('answers a plain GET with 426 and a word on what to do', async () => {
    const { app } = await start()
    const response = await app.inject('/stomp')
    expect(response.statusCode).toBe(426)
    expect(response.headers.upgrade).toBe('websocket')
    expect(response.json()).toMatchObject({ code: 'STOMP_ERR_UPGRADE_REQUIRED' })
  })

  it('refuses pages of another origin with 403, and lets listed ones in', async () => {
    const { open } = await start({ allowedOrigins: ['https://good.example'] })
    await expect(open([], { origin: 'https://evil.example' })).rejects.toThrow('403')
    await expect(open([], { origin: 'null' })).rejects.toThrow('403')
    await open([], { origin: 'https://good.example' })
  })

  it('lets pages of its own host in, by host and port', async () => {
    const { open, port } = await start()
    await open([], { origin: `http://127.0.0.1:${port}` })
    await expect(open([], { origin: `http://127.0.0.1:${port + 1}` })).rejects.toThrow('403')
  })

  it('asks identify before the upgrade and hands the identity to authenticate', async () => {
    const seen: unknown[] = []
    const { open } = await start({
      identify: async (request) => {
        if (request.headers['x-user'] === undefined) throw new Error('secret detail')
        return String(request.headers['x-user'])
      },
      authenticate: (connect) => {
        seen.push(connect.identity, connect.request?.url)
        return connect.identity
      },
    })
    await expect(open()).rejects.toThrow('401')
    const client = await open([], { 'x-user': 'ada' })
    client.send('CONNECT\naccept-version:1.2\n\n\0')
    expect((await client.next()).headers.get('user-name')).toBe('ada')
    expect(seen).toEqual(['ada', '/stomp'])
  })

  it('leaves other WebSocket routes of the application alone', async () => {
    const { open } = await start({}, undefined, (app) => {
      app.get('/echo', { websocket: true }, (socket) => {
        socket.on('message', (data) => socket.send(data))
      })
    })
    expect((await open(['soap', 'wamp'], {}, '/echo')).socket.protocol).toBe('soap')
  })

  it('uses the WebSocket server of the application if it has one', async () => {
    const { connect } = await start({}, (app) => app.register(fastifyWebsocket))
    await connect()
  })

  it('sends text messages for text and binary messages for what is no UTF-8', async () => {
    const { connect, listen } = await start()
    const listener = await listen()
    const kinds: boolean[] = []
    listener.socket.on('message', (_data, isBinary) => kinds.push(isBinary))
    const sender = await connect()
    sender.send({ command: 'SEND', headers: { destination: '/topic/all' }, body: 'æ' })
    await listener.next()
    sender.send({ command: 'SEND', headers: { destination: '/topic/all' }, body: Uint8Array.of(0xff, 0, 0xfe) })
    expect((await listener.next()).body).toEqual(Uint8Array.of(0xff, 0, 0xfe))
    expect(kinds).toEqual([false, true])
  })

  it('works with compression on, where frames go through ws itself', async () => {
    const { connect, listen } = await start({}, (app) =>
      app.register(fastifyWebsocket, { options: { perMessageDeflate: { threshold: 0 } } }),
    )
    const listener = await listen()
    expect(listener.socket.extensions).toContain('permessage-deflate')
    const sender = await connect()
    for (let i = 0; i < 20; i++) {
      sender.send({ command: 'SEND', headers: { destination: '/topic/all' }, body: `${i}`.repeat(1000) })
    }
    for (let i = 0; i < 20; i++) expect((await listener.next()).text).toBe(`${i}`.repeat(1000))
  })

  it('keeps ping, pong and its own frames in order while it writes past ws', async () => {
    const { connect, listen } = await start()
    const listener = await listen()
    const sender = await connect()
    let pongs = 0
    listener.socket.on('pong', () => pongs++)
    for (let round = 0; round < 20; round++) {
      for (let i = 0; i < 10; i++) {
        sender.send({ command: 'SEND', headers: { destination: '/topic/all' }, body: `${round}.${i}` })
        listener.socket.ping(`${i}`)
      }
      for (let i = 0; i < 10; i++) expect((await listener.next()).text).toBe(`${round}.${i}`)
    }
    await expect.poll(() => pongs).toBe(200)
  })

  it('keeps frames, pong, last words and close in order, and whole, for a peer that reads late', async () => {
    const bodies = Array.from({ length: 16 }, (_, i) => String.fromCharCode(97 + i).repeat(1_000_000))
    const limits = { maxOutboxBytes: 64_000_000, maxTransportMessageBytes: 2_000_000, maxBodyBytes: 2_000_000 }
    const { connect, listen } = await start({ limits })
    const listener = await listen()
    const sender = await connect()
    const order: string[] = []
    listener.socket.on('message', (data: Buffer) => order.push(data.toString('latin1', 0, 5)))
    listener.socket.on('pong', (data) => order.push(`pong ${data}`))
    listener.socket.pause()
    // More than any socket buffer takes: what comes behind waits in the server.
    for (const body of bodies) {
      sender.send({ command: 'SEND', headers: { destination: '/topic/all', receipt: 'r' }, body })
      expect((await sender.next()).command).toBe('RECEIPT')
    }
    listener.socket.ping('late')
    listener.send('NONSENSE\n\n\0')
    listener.socket.resume()
    for (const body of bodies) expect((await listener.next()).text === body).toBe(true)
    expect((await listener.next()).command).toBe('ERROR')
    expect((await listener.closed).code).toBe(1002)
    // A pong may overtake messages that wait in the server; it never comes within one.
    expect(order.filter((what) => what !== 'pong late')).toEqual([...bodies.map(() => 'MESSA'), 'ERROR'])
    expect(order.filter((what) => what === 'pong late')).toHaveLength(1)
  })

  it('works on an injected WebSocket, where there is no socket to write to', async () => {
    const { app } = await start()
    const client = await openRawClient((await app.injectWS('/stomp')) as WebSocket)
    client.send('CONNECT\naccept-version:1.2\n\n\0')
    expect((await client.next()).command).toBe('CONNECTED')
    client.socket.terminate()
  })

  it('takes many small frames in one transport message, more bytes than one frame may have', async () => {
    const { connect, listen } = await start()
    const listener = await listen()
    const sender = await connect()
    sender.send('SEND\ndestination:/topic/all\n\nx\0'.repeat(2_000))
    for (let i = 0; i < 2_000; i++) await listener.next()
  })
})

describe('bad input', () => {
  const long = 'x'.repeat(9_000)
  it.each([
    ['a first frame that is not CONNECT', 'SEND\ndestination:/topic/all\n\nx\0', 'STOMP_ERR_NOT_CONNECTED', false],
    ['an unknown version', 'CONNECT\naccept-version:7\n\n\0', 'STOMP_ERR_VERSION_UNSUPPORTED', false],
    ['a heart-beat header that is none', 'CONNECT\naccept-version:1.2\nheart-beat:soon\n\n\0', 'STOMP_ERR_', false],
    ['an unknown command', 'SHOUT\n\n\0', 'STOMP_ERR_', true],
    [
      'a command of the server',
      'MESSAGE\ndestination:/topic/all\nmessage-id:1\nsubscription:s\n\nx\0',
      'STOMP_ERR_',
      true,
    ],
    ['a missing header', 'SEND\n\nx\0', 'STOMP_ERR_HEADER_MISSING', true],
    ['a bad escape', 'SEND\ndestination:/topic/all\nx:\\t\n\nx\0', 'STOMP_ERR_', true],
    ['a header without a colon', 'SEND\ndestination\n\nx\0', 'STOMP_ERR_', true],
    ['too long a header line', `SEND\ndestination:/topic/all\nx:${long}\n\nx\0`, 'STOMP_ERR_', true],
    ['too long a header line without an end', `SEND\ndestination:${long}`, 'STOMP_ERR_', true],
    ['too many headers', `SEND\n${'x:y\n'.repeat(65)}\n\0`, 'STOMP_ERR_', true],
    ['too long a body', `SEND\ndestination:/topic/all\n\n${'x'.repeat(65_537)}\0`, 'STOMP_ERR_', true],
    [
      'too long a body, of which little has come',
      `SEND\ndestination:/topic/all\ncontent-length:65537\n\n${'x'.repeat(1_000)}`,
      'STOMP_ERR_',
      true,
    ],
    [
      'a content-length that is no number',
      'SEND\ndestination:/topic/all\ncontent-length:ten\n\nx\0',
      'STOMP_ERR_',
      true,
    ],
    [
      'a body longer than its content-length',
      'SEND\ndestination:/topic/all\ncontent-length:1\n\nxyz\0',
      'STOMP_ERR_',
      true,
    ],
    ['a second CONNECT', 'CONNECT\naccept-version:1.2\n\n\0', 'STOMP_ERR_ALREADY_CONNECTED', true],
    ['a destination without a slash', 'SEND\ndestination:topic\n\nx\0', 'STOMP_ERR_DESTINATION_INVALID', true],
    ['a SEND to a pattern', 'SEND\ndestination:/topic/*\n\nx\0', 'STOMP_ERR_DESTINATION_INVALID', true],
    ['a transport message beyond all limits', 'x'.repeat(400_000), 'STOMP_ERR_MESSAGE_TOO_LARGE', true],
  ])('%s gets an ERROR and a close; nobody else notices', async (_what, bytes, code, isConnected) => {
    const { open, connect, listen } = await start()
    const bystander = await listen()
    const client = isConnected ? await connect() : await open()
    client.send(bytes)
    const error = await client.next()
    expect(error.command).toBe('ERROR')
    expect(error.headers.get('code')).toContain(code)
    expect(error.headers.get('message')).toMatch(/\w+ \w+/)
    expect(error.text).toMatch(/\w+ \w+ \w+/)
    const { code: closeCode } = await client.closed
    expect(closeCode).toBe(code === 'STOMP_ERR_MESSAGE_TOO_LARGE' ? 1009 : 1002)
    const other = await connect()
    other.send({ command: 'SEND', headers: { destination: '/topic/all' }, body: 'still here' })
    expect((await bystander.next()).text).toBe('still here')
  })

  it('binary rubbish is refused at its first bytes', async () => {
    const { connect } = await start()
    const client = await connect()
    client.send(randomBytes(40).fill(0x80, 0, 20))
    expect((await client.next()).command).toBe('ERROR')
    expect((await client.closed).code).toBe(1002)
  })

  it('text that is no UTF-8 is answered by an ERROR and the close code of the transport', async () => {
    const { connect } = await start()
    const client = await connect()
    client.socket.send(Buffer.from([0xff, 0xfe]), { binary: false })
    expect((await client.next()).headers.get('code')).toBe('STOMP_ERR_TRANSPORT')
    expect((await client.closed).code).toBe(1007)
  })

  it('frames that come one byte at a time are understood', async () => {
    const { open, listen } = await start()
    const listener = await listen()
    const client = await open()
    for (const byte of Buffer.from(
      'CONNECT\r\naccept-version:1.2\r\n\r\n\0\nSEND\r\ndestination:/topic/all\r\nø:\\c\r\n\r\n🐎\0',
    )) {
      client.send(Uint8Array.of(byte))
    }
    expect((await client.next()).command).toBe('CONNECTED')
    const message = await listener.next()
    expect(message.headers.get('ø')).toBe(':')
    expect(message.text).toBe('🐎')
  })

  it('an ERROR arrives though the client goes on sending a lot', async () => {
    const { connect } = await start()
    const client = await connect()
    client.send('NONSENSE\n\n\0')
    const filler = Buffer.alloc(60_000, 'x')
    for (let i = 0; i < 200; i++) client.send(filler)
    expect((await client.next()).command).toBe('ERROR')
    expect((await client.closed).code).toBe(1002)
  })
})
