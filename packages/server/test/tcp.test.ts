import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, createConnection, createServer, type Server } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { encode } from '@hoofbeat/codec'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import hoofbeat, { type HoofbeatOptions, type TcpOptions } from '../src/index.js'
import { createFakeClock, type FakeClock } from '../src/testing/fake-clock.js'
import { connectTestClient } from '../src/testing/stomp-client.js'
import { openTcpClient, type TcpClient, wrapSocket } from './tcp-client.js'

const apps: FastifyInstance[] = []
const clients: TcpClient[] = []
const strangers: Server[] = []

afterEach(async () => {
  for (const { socket } of clients.splice(0)) socket.destroy()
  await Promise.all(apps.splice(0).map((app) => app.close()))
  await Promise.all(strangers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))))
})

type Step = (app: FastifyInstance) => unknown

const fixture = (name: string): string => readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8')
// Signed by itself, for this machine alone, valid from 2020 to 2120.
const certificate = { key: fixture('localhost-key.pem'), cert: fixture('localhost-cert.pem') }

interface LogLine {
  readonly level: number
  readonly msg: string
  readonly session?: string
}

/** Keeps what is logged. */
function listenToLog() {
  const lines: LogLine[] = []
  const stream = { write: (line: string) => lines.push(JSON.parse(line)) }
  return { logger: { level: 'debug', stream }, lines, warnings: () => lines.filter(({ level }) => level === 40) }
}

/** An application that nobody has made ready yet. */
async function build(options: HoofbeatOptions, before: Step = () => {}, logger: object | false = false) {
  const app = Fastify({ logger })
  apps.push(app)
  const allow = { send: ['/topic/**'], subscribe: ['/topic/**'] }
  await app.register(hoofbeat, { allow, drainMs: 0, ...options })
  await before(app)
  return app
}

/** An application that listens on one TCP port, and no HTTP port. */
async function start(tcp: Partial<TcpOptions> = {}, options: HoofbeatOptions = {}, before?: Step, logger?: object) {
  const app = await build({ ...options, tcp: { port: 0, ...tcp } }, before, logger)
  await app.ready()
  const [address] = app.stomp.tcpAddresses
  if (address === undefined) throw new Error('nothing listens')
  const { port } = address
  const open = async (): Promise<TcpClient> => {
    const client = await openTcpClient(port)
    clients.push(client)
    return client
  }
  const connect = async (): Promise<TcpClient> => {
    const client = await open()
    await client.connect()
    return client
  }
  /** A subscriber to /topic/all. */
  const listen = async (): Promise<TcpClient> => {
    const client = await connect()
    client.send({ command: 'SUBSCRIBE', headers: { id: 's', destination: '/topic/all', receipt: 'r' } })
    expect((await client.next()).command).toBe('RECEIPT')
    return client
  }
  const openTls = async (tlsOptions: ConnectionOptions = {}): Promise<TcpClient> => {
    const options = { port, host: '127.0.0.1', ca: certificate.cert, allowHalfOpen: true, ...tlsOptions }
    const socket = connectTls(options)
    const client = wrapSocket(socket)
    clients.push(client)
    await once(socket, 'secureConnect')
    return client
  }
  return { app, port, open, connect, listen, openTls }
}

/** Moves a clock that stands still until `promise` is fulfilled: what waits for time and for sockets takes turns. */
async function passTime<T>(clock: FakeClock, promise: Promise<T>): Promise<T> {
  let isDone = false
  const done = promise.finally(() => {
    isDone = true
  })
  while (!isDone) {
    clock.advance(100)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return done
}

const send = (body: string, headers: Record<string, string> = {}) =>
  ({ command: 'SEND', headers: { destination: '/topic/all', ...headers }, body }) as const

describe('a session over TCP', () => {
  it.each(['CONNECT', 'STOMP'] as const)('begins with %s', async (command) => {
    const { open } = await start()
    const client = await open()
    client.send({ command, headers: { 'accept-version': '1.1,1.2', host: 'x' } })
    const connected = await client.next()
    expect([connected.command, connected.headers.get('version')]).toEqual(['CONNECTED', '1.2'])
  })

  it('is the same as any other: SUBSCRIBE, SEND, RECEIPT and MESSAGE', async () => {
    const { app, listen } = await start()
    const reader = await listen()
    const writer = connectTestClient(app)
    await writer.connect()
    writer.send(send('from elsewhere', { receipt: 'sent' }))
    expect((await writer.next()).headers.get('receipt-id')).toBe('sent')
    expect((await reader.next()).text).toBe('from elsewhere')
    await writer.subscribe('s', '/topic/all')
    reader.send(send('from here', { receipt: 'own' }))
    expect((await reader.next()).headers.get('receipt-id')).toBe('own')
    expect((await reader.next()).text).toBe('from here')
    expect((await writer.rest()).map(({ text }) => text)).toContain('from here')
  })

  it('shows authenticate the address of the client, no request and no identity', async () => {
    const seen: unknown[] = []
    const { connect } = await start({}, { authenticate: ({ identity, request }) => void seen.push(identity, request) })
    await connect()
    expect(seen).toEqual([undefined, undefined])
  })

  it('understands many frames in one chunk, and frames that come a byte at a time', async () => {
    const { open, listen } = await start()
    const reader = await listen()
    const writer = await open()
    const bodies = Array.from({ length: 500 }, (_, i) => `message ${i}`)
    writer.send(
      Buffer.concat([
        Buffer.from('CONNECT\naccept-version:1.2\n\n\0\n\n'),
        ...bodies.map((body) => Buffer.from(encode(send(body), '1.2'))),
      ]),
    )
    expect((await writer.next()).command).toBe('CONNECTED')
    for (const body of bodies) expect((await reader.next()).text).toBe(body)

    const dripping = await open()
    for (const byte of Buffer.from(
      'CONNECT\r\naccept-version:1.2\r\n\r\n\0\nSEND\r\ndestination:/topic/all\r\nø:\\c\r\n\r\n🐎\0',
    )) {
      dripping.send(Uint8Array.of(byte))
      // One packet each, as Nagle's algorithm is off: the write is over before the next begins.
      if (dripping.socket.writableLength > 0) await once(dripping.socket, 'drain')
    }
    const message = await reader.next()
    expect([message.headers.get('ø'), message.text]).toEqual([':', '🐎'])
  })

  it('carries bodies of all sizes and bytes', async () => {
    const { listen, connect } = await start({}, { limits: { maxBodyBytes: 1_000_000, maxOutboxBytes: 4_000_000 } })
    const reader = await listen()
    const writer = await connect()
    for (const size of [0, 1, 65_535, 65_536, 1_000_000]) {
      const body = Buffer.from(Uint8Array.from({ length: size }, (_, i) => i % 251))
      writer.send({ command: 'SEND', headers: { destination: '/topic/all' }, body })
      expect(Buffer.from((await reader.next()).body).equals(body)).toBe(true)
    }
  })
})

describe('the end of a session over TCP', () => {
  it('sends the RECEIPT of DISCONNECT last, then ends its side once the client has had its time', async () => {
    const clock = createFakeClock()
    const { connect } = await start({}, { clock })
    const client = await connect()
    client.send({ command: 'DISCONNECT', headers: { receipt: 'bye' } })
    expect((await client.next()).headers.get('receipt-id')).toBe('bye')
    expect(client.socket.readableEnded).toBe(false)
    await passTime(clock, client.ended)
    client.socket.end()
    expect(await client.closed).toBeUndefined()
  })

  it('ends at once with a client that ends its side after the RECEIPT of DISCONNECT', async () => {
    const { connect } = await start({}, { clock: createFakeClock() })
    const client = await connect()
    client.send({ command: 'DISCONNECT', headers: { receipt: 'bye' } })
    expect((await client.next()).headers.get('receipt-id')).toBe('bye')
    client.socket.end()
    await client.ended
    expect(await client.closed).toBeUndefined()
  })

  it('an ERROR arrives though the client goes on sending a lot', async () => {
    const { connect } = await start()
    const client = await connect()
    client.send('NONSENSE\n\n\0')
    const filler = Buffer.alloc(60_000, 'x')
    for (let i = 0; i < 200; i++) client.send(filler)
    expect((await client.next()).command).toBe('ERROR')
    await client.ended
    client.socket.end()
    expect(await client.closed).toBeUndefined()
  })

  it.each([
    ['an HTTP request', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['the first word of one', 'POST '],
    ['a TLS handshake', Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01])],
    ['a line without end', 'x'.repeat(100_000)],
  ])('%s is answered with ERROR and the end', async (_what, bytes) => {
    const { open } = await start()
    const client = await open()
    client.send(bytes)
    const error = await client.next()
    expect([error.command, error.headers.get('code')]).toEqual(['ERROR', 'STOMP_ERR_UNKNOWN_COMMAND'])
    await client.ended
  })

  it('says why it ends, and ends, when no CONNECT comes in time', async () => {
    const clock = createFakeClock()
    const { open } = await start({}, { clock })
    const client = await open()
    const error = await passTime(clock, client.next())
    expect(error.headers.get('code')).toBe('STOMP_ERR_CONNECT_TIMEOUT')
    await client.ended
  })

  it('answers everything that came before the client ended its side, then ends too', async () => {
    const { open } = await start({}, { clock: createFakeClock(), authenticate: async ({ login }) => login })
    const client = await open()
    const frames = [
      'CONNECT\naccept-version:1.2\n\n\0',
      'SUBSCRIBE\nid:1\ndestination:/topic/all\nreceipt:subscribed\n\n\0',
      'SEND\ndestination:/topic/all\nreceipt:sent\n\nhello\0',
    ]
    client.socket.end(frames.join(''))
    expect((await client.next()).command).toBe('CONNECTED')
    expect((await client.next()).headers.get('receipt-id')).toBe('subscribed')
    expect((await client.next()).headers.get('receipt-id')).toBe('sent')
    expect((await client.next()).text).toBe('hello')
    await client.ended
    expect(await client.closed).toBeUndefined()
  })

  it('a client that has ended its side gets the ERROR that it has earned', async () => {
    const { open } = await start()
    const client = await open()
    client.socket.end('CONNECT\naccept-version:1.2\n\n\0SEND\ndestination:/queue/forbidden\nreceipt:r\n\n\0')
    expect((await client.next()).command).toBe('CONNECTED')
    const error = await client.next()
    expect([error.command, error.headers.get('receipt-id')]).toEqual(['ERROR', 'r'])
    await client.ended
    expect(await client.closed).toBeUndefined()
  })

  it('handles what came before a client ended its side although a hook had paused reading', async () => {
    let release: () => void = () => {}
    let begun: () => void = () => {}
    const isBegun = new Promise<void>((resolve) => {
      begun = resolve
    })
    const { open, listen } = await start({}, {}, (app) => {
      app.stomp.addHook('authorizeSend', ({ destination }) => {
        if (destination !== '/topic/slow') return undefined
        begun()
        return new Promise<void>((resolve) => {
          release = resolve
        })
      })
    })
    const reader = await listen()
    const client = await open()
    const frames = ['CONNECT\naccept-version:1.2\n\n\0', 'SEND\ndestination:/topic/slow\n\n\0']
    const later = Array.from({ length: 3_000 }, (_, i) => `SEND\ndestination:/topic/all\n\n${i}\0`)
    client.socket.end([...frames, ...later].join(''))
    await once(client.socket, 'finish')
    await isBegun
    release()
    for (let i = 0; i < 3_000; i++) expect((await reader.next()).text).toBe(String(i))
  })
})

describe('the listeners', () => {
  it('listen once the application is ready, and are gone with it', async () => {
    const app = await build({ tcp: [{ port: 0 }, { port: 0 }] })
    expect(app.stomp.tcpAddresses).toEqual([])
    await app.ready()
    const ports = app.stomp.tcpAddresses.map(({ port }) => port)
    expect(app.stomp.tcpAddresses).toEqual(ports.map((port) => ({ address: '127.0.0.1', family: 'IPv4', port })))
    expect(new Set(ports).size).toBe(2)
    for (const port of ports) {
      const client = await openTcpClient(port)
      clients.push(client)
      await client.connect()
      client.socket.end()
    }
    await app.close()
    expect(app.stomp.tcpAddresses).toEqual([])
    for (const port of ports) await expect(openTcpClient(port)).rejects.toThrow('ECONNREFUSED')
  })

  it('share sessions with an HTTP port', async () => {
    const app = await build({ tcp: { port: 0 } })
    await app.listen({ port: 0, host: '127.0.0.1' })
    expect(app.stomp.tcpAddresses).toHaveLength(1)
    expect((await app.inject('/stomp')).statusCode).toBe(426)
  })

  it('are none unless asked for', async () => {
    const app = await build({})
    await app.ready()
    expect(app.stomp.tcpAddresses).toEqual([])
  })

  const takePort = async (): Promise<number> => {
    const stranger = createServer()
    strangers.push(stranger)
    stranger.listen(0, '127.0.0.1')
    await once(stranger, 'listening')
    return (stranger.address() as AddressInfo).port
  }

  it('keep the application from starting when a port is taken, and leave the others free', async () => {
    const port = await takePort()
    const first = await build({ tcp: { port: 0 } })
    await first.ready()
    const free = first.stomp.tcpAddresses[0]?.port ?? 0
    await first.close()

    const app = await build({ tcp: [{ port: free }, { port }] })
    await expect(app.ready()).rejects.toMatchObject({
      code: 'EADDRINUSE',
      message: expect.stringContaining(`STOMP over TCP cannot listen at tcp://127.0.0.1:${port}: `),
    })
    expect(app.stomp.tcpAddresses).toEqual([])
    await expect(openTcpClient(free)).rejects.toThrow('ECONNREFUSED')
  })

  it('that are optional are done without when their port is taken, with a warning', async () => {
    const port = await takePort()
    const { logger, warnings } = listenToLog()
    const app = await build({ tcp: [{ port, optional: true }, { port: 0 }] }, undefined, logger)
    await app.ready()
    expect(app.stomp.tcpAddresses).toHaveLength(1)
    expect(warnings().map(({ msg }) => msg)).toEqual([
      expect.stringMatching(`STOMP over TCP cannot listen at tcp://127.0.0.1:${port}: .*: going on without`),
    ])
  })

  it('warn once where frames without TLS can be reached from other machines', async () => {
    const { logger, warnings } = listenToLog()
    const host = '0.0.0.0'
    const open = { port: 0, host }
    const app = await build({ tcp: [{ port: 0 }, open, open, { ...open, tls: certificate }] }, undefined, logger)
    await app.ready()
    const [, ...ports] = app.stomp.tcpAddresses.map(({ port }) => port)
    expect(warnings()).toMatchObject([
      { addresses: [`tcp://0.0.0.0:${ports[0]}`, `tcp://0.0.0.0:${ports[1]}`], msg: expect.stringContaining('TLS') },
    ])
  })

  it.each([
    [{ port: -1 }, 'tcp.port must be a whole number from 0 to 65535, not -1'],
    [{ port: 65_536 }, 'tcp.port'],
    [{ port: 1.5 }, 'tcp.port'],
    [{ port: 0, maxConnections: 0 }, 'tcp.maxConnections must be a whole number above 0'],
    [{ port: 0, tls: { cert: 'no certificate', key: 'no key' } }, 'PEM'],
  ])('refuse options that cannot work: %j', async (tcp, text) => {
    const app = Fastify()
    apps.push(app)
    await expect(app.register(hoofbeat, { tcp })).rejects.toThrow(text)
  })

  it('close connections beyond their limit at once, and take new ones when others have gone', async () => {
    const { open, connect } = await start({ maxConnections: 1 })
    const first = await connect()
    const refused = await open()
    await refused.over
    first.send(send('still here', { receipt: 'r' }))
    expect((await first.next()).command).toBe('RECEIPT')
    first.send({ command: 'DISCONNECT' })
    await first.ended
    first.socket.end()
    await first.closed
    // The server may see the end of the first one after the client does.
    for (;;) {
      const client = await open()
      const connected = await client.connect().catch(() => undefined)
      if (connected !== undefined) break
    }
  })

  it('end with the application: open sessions, silent connections and all', async () => {
    const clock = createFakeClock()
    const { app, port, connect, open } = await start({}, { clock })
    const polite = await connect()
    polite.ended.then(() => polite.socket.end())
    const stubborn = await connect()
    const silent = await open()
    await passTime(clock, app.close())
    await Promise.all([polite.ended, stubborn.ended, silent.ended])
    await expect(openTcpClient(port)).rejects.toThrow('ECONNREFUSED')
  })

  it('survive connections that open and close quickly, in every way', async () => {
    const { logger, lines } = listenToLog()
    const { app, port, connect } = await start({}, {}, undefined, logger)
    const endings = [
      (client: TcpClient) => client.socket.destroy(),
      (client: TcpClient) => client.socket.resetAndDestroy(),
      (client: TcpClient) => client.socket.end(),
      (client: TcpClient) => client.socket.end('CONNECT\naccept-version:1.2\n\n\0'),
      (client: TcpClient) => {
        client.send('CONNECT\naccept-version:1.2\n\n\0SUBSCRIBE\nid:1\ndestination:/topic/all\n\n\0SEND\n')
        client.socket.resetAndDestroy()
      },
    ]
    await Promise.all(
      Array.from({ length: 500 }, async (_, i) => {
        const client = wrapSocket(createConnection({ port, host: '127.0.0.1' }))
        // Some of them even before they are open.
        if (i % 3 !== 0) await Promise.race([once(client.socket, 'connect'), client.closed])
        endings[i % endings.length]?.(client)
        client.socket.resume()
        await client.closed
      }),
    )
    const client = await connect()
    client.send(send('alive', { receipt: 'r' }))
    expect((await client.next()).command).toBe('RECEIPT')
    client.send({ command: 'DISCONNECT' })
    await client.ended
    client.socket.end()
    await app.close()
    // Each session that was begun has ended, once; nothing went wrong in the server.
    const closed = lines.filter(({ msg }) => msg === 'session-closed').map(({ session }) => session)
    expect(closed.length).toBeGreaterThan(300)
    expect(new Set(closed).size).toBe(closed.length)
    expect(lines.filter(({ level }) => level > 30)).toEqual([])
  })
})

describe('TLS', () => {
  it('carries the same sessions', async () => {
    const { openTls } = await start({ tls: certificate }, { clock: createFakeClock() })
    const client = await openTls()
    await client.connect()
    client.send({ command: 'SUBSCRIBE', headers: { id: 's', destination: '/topic/all' } })
    const body = 'x'.repeat(60_000)
    client.send(send(body))
    expect((await client.next()).text).toBe(body)
    client.send({ command: 'DISCONNECT', headers: { receipt: 'bye' } })
    expect((await client.next()).headers.get('receipt-id')).toBe('bye')
    client.socket.end()
    await client.ended
  })

  it('says what is wrong to a client that has ended its side within a frame', async () => {
    const { open } = await start()
    const client = await open()
    client.socket.end('CONNECT\naccept-version:1.2\n\n\0SEND\ndestination:/topic/all\n\nno NUL')
    expect((await client.next()).command).toBe('CONNECTED')
    expect((await client.next()).headers.get('code')).toBe('STOMP_ERR_FRAME_TIMEOUT')
    await client.ended
  })

  it('answers a client that has ended its side, and brings it its ERROR', async () => {
    const { openTls } = await start({ tls: certificate })
    const client = await openTls()
    client.socket.end('CONNECT\naccept-version:1.2\n\n\0SEND\n\n\0')
    expect((await client.next()).command).toBe('CONNECTED')
    expect((await client.next()).command).toBe('ERROR')
    await client.ended
  })

  it('lets in only clients with a certificate where one is asked for', async () => {
    const { openTls } = await start({ tls: { ...certificate, ca: certificate.cert, requestCert: true } })
    const client = await openTls(certificate)
    await client.connect()
    const stranger = await openTls()
    await expect(stranger.connect()).rejects.toThrow()
  })

  it('turns away who speaks without it, and others go on', async () => {
    const { open, openTls } = await start({ tls: certificate })
    const client = await openTls()
    await client.connect()
    const plain = await open()
    await expect(plain.connect()).rejects.toThrow()
    await plain.over
    client.send(send('x', { receipt: 'r' }))
    expect((await client.next()).command).toBe('RECEIPT')
  })

  it('ends a handshake that never ends', async () => {
    const { open } = await start({ tls: { ...certificate, handshakeTimeout: 20 } })
    const client = await open()
    await client.over
  })

  it('does not keep the application from its end by a handshake that is under way', async () => {
    const { app, open } = await start({ tls: certificate })
    const silent = await open()
    const cut = await open()
    cut.socket.resetAndDestroy()
    await app.close()
    await silent.over
  })
})
