import { connect as connectH2 } from 'node:http2'
import { connect, type Socket } from 'node:net'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from './clock.js'
import { createDownTurn } from './down-message.js'
import { openHttpDoors } from './http-doors.js'
import type { Link } from './link.js'
import { createLinks } from './link-table.js'
import type { LinkLimits } from './links.js'

const apps: FastifyInstance[] = []
const sockets: Socket[] = []

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await Promise.all(apps.splice(0).map((app) => app.close()))
})

interface Set {
  readonly server?: FastifyServerOptions & { readonly http2?: true }
  readonly limits?: Partial<LinkLimits>
  readonly bodyTimeoutMs?: number
}

/** Doors on real sockets, and the links that were opened through them. */
async function start({ server = {}, limits = {}, bodyTimeoutMs = 15_000 }: Set = {}) {
  const logged: string[] = []
  const log = { level: 'trace', stream: { write: (line: string) => logged.push(line) } }
  const app = Fastify({ forceCloseConnections: true, logger: log, ...server } as FastifyServerOptions)
  apps.push(app)
  const opened: Link[] = []
  const drains: string[] = []
  const received: (string | Uint8Array)[] = []
  const links = createLinks<undefined>({
    clock: systemClock,
    limits,
    selectProtocol: ([first]) => first,
    accept(link) {
      opened.push(link)
      link.attach({
        message: (data) => received.push(data),
        drained: () => drains.push(link.id),
        closed: () => {},
      })
    },
  })
  await openHttpDoors(app, {
    path: '/base',
    links,
    clock: systemClock,
    bodyTimeoutMs,
    checkOrigin: async () => {},
    admit: async () => ({ admission: undefined, subject: undefined }),
  })
  app.get('/other', async () => 'other')
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as { port: number }
  return { port, links, opened, drains, received, logged }
}

/** A connection on which a test writes and reads bytes. */
async function dial(
  port: number,
): Promise<{ socket: Socket; read(end: string): Promise<string>; ended: Promise<void> }> {
  const socket = connect(port, '127.0.0.1')
  sockets.push(socket)
  let text = ''
  let arrived = (): void => {}
  socket.on('data', (data) => {
    text += data.toString('latin1')
    arrived()
  })
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()))
  return {
    socket,
    ended,
    async read(end) {
      while (!text.includes(end)) {
        await new Promise<void>((resolve) => {
          arrived = resolve
        })
      }
      const at = text.indexOf(end) + end.length
      const got = text.slice(0, at)
      text = text.slice(at)
      return got
    },
  }
}

const post = (path: string, body: object | string, head = ''): string => {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return `POST /base${path} HTTP/1.1\r\nhost: x\r\ncontent-length: ${Buffer.byteLength(text)}\r\n${head}\r\n${text}`
}

async function openLink(port: number): Promise<{ readonly link: string; readonly key: string }> {
  const client = await dial(port)
  client.socket.write(post('/open', { v: 1, protocols: ['any'] }))
  const text = await client.read('}}')
  client.socket.destroy()
  return JSON.parse(text.slice(text.indexOf('{')))
}

describe('the HTTP doors', () => {
  it('leave the connection of a stream to further requests, in good order', async () => {
    const { port, opened } = await start()
    const { link, key } = await openLink(port)
    const client = await dial(port)
    client.socket.write(post(`/${link}/down`, { v: 1, key, attach: 1, ack: 0 }))
    await client.read('"ack":0}')
    opened[0]?.write(createDownTurn(['one', 'zwei \n', 'drei']))
    expect(await client.read('drei"]\n\n\r\n')).toMatch(/\r\nf\r\ndata: \["one"\]\n\n\r\n13\r\ndata: \["zwei \\n"\]/)
    opened[0]?.close(1000, 'enough')
    expect(await client.read('0\r\n\r\n')).toContain('event: c\ndata: {"code":1000,"reason":"enough","sent":3}')
    client.socket.write('GET /other HTTP/1.1\r\nhost: x\r\n\r\n')
    expect(await client.read('other')).toContain('HTTP/1.1 200 OK')
  })

  it('write no more than a reader takes, and the rest when it reads again', async () => {
    const { port, opened } = await start({ limits: { maxRetainedBytes: 64_000_000 } })
    const { link, key } = await openLink(port)
    const client = await dial(port)
    client.socket.write(post(`/${link}/down`, { v: 1, key, attach: 1, ack: 0 }))
    await client.read('"ack":0}')
    client.socket.pause()
    const turn = createDownTurn(['x'.repeat(500_000)])
    for (let i = 0; i < 40; i++) opened[0]?.write(turn)
    opened[0]?.write(createDownTurn(['last']))
    let byteCount = 0
    let tail = ''
    client.socket.removeAllListeners('data').on('data', (data) => {
      byteCount += data.length
      tail = (tail + data.subarray(-200).toString('latin1')).slice(-200)
    })
    client.socket.resume()
    await expect.poll(() => tail, { timeout: 8_000 }).toMatch(/"last"\]\n\n\r\n/)
    expect(byteCount).toBeGreaterThan(40 * 500_000)
  })

  it('end what is sent too slowly, and only that', async () => {
    const { port } = await start({ bodyTimeoutMs: 30 })
    const { link, key } = await openLink(port)
    const slow = await dial(port)
    slow.socket.write(`POST /base/${link}/up HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{"v":1,`)
    expect(await slow.read('}')).toMatch(/^HTTP\/1.1 503[\s\S]*connection: close[\s\S]*"v":1/)
    await slow.ended
    const other = await dial(port)
    other.socket.write(post(`/${link}/up`, { v: 1, key, seq: 1, ack: 0, items: [] }))
    expect(await other.read('}')).toContain('HTTP/1.1 200')
  })

  it('do not read what claims to be too large, nor more than is allowed where nothing is claimed', async () => {
    const { port } = await start()
    const { link } = await openLink(port)
    const claims = await dial(port)
    claims.socket.write(`POST /base/${link}/up HTTP/1.1\r\nhost: x\r\ncontent-length: 100000000\r\n\r\n`)
    expect(await claims.read('}')).toMatch(/^HTTP\/1.1 413[\s\S]*connection: close/)
    const chunked = await dial(port)
    chunked.socket.on('error', () => {})
    chunked.socket.write(`POST /base/${link}/up HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n`)
    const block = `10000\r\n${'x'.repeat(65_536)}\r\n`
    for (let i = 0; i < 40; i++) chunked.socket.write(block)
    expect(await chunked.read('}')).toMatch(/^HTTP\/1.1 413[\s\S]*connection: close/)
  })

  it('free what a client that has gone had asked for', async () => {
    const { port, links, opened } = await start()
    const { link, key } = await openLink(port)
    for (const body of [
      { v: 1, key, attach: 1, ack: 0 },
      { v: 1, key, attach: 2, ack: 0, hold: 20_000 },
    ]) {
      const client = await dial(port)
      client.socket.write(post(`/${link}/down`, body))
      await expect.poll(() => opened[0]?.rung).toBe('hold' in body ? 'poll' : 'stream')
      client.socket.destroy()
      await expect.poll(() => links.counts.detached).toBe(1)
    }
  })

  it('keep keys and bodies out of the log, at every level', async () => {
    const { port, logged, received } = await start()
    const { link, key } = await openLink(port)
    const client = await dial(port)
    client.socket.write(post(`/${link}/up`, { v: 1, key, seq: 1, ack: 0, items: ['a secret message'] }))
    await client.read('}')
    client.socket.write(post(`/${link}/up`, { v: 1, key: 'a wrong key', seq: 1, ack: 0, items: ['a secret message'] }))
    await client.read('}')
    client.socket.write(post(`/${link}/up`, `{"v":1,"key":"${key}","items":"a secret message"}`))
    await client.read('}')
    expect(received).toEqual(['a secret message'])
    const text = logged.join('')
    expect(text).toContain(link)
    for (const secret of [key, 'a wrong key', 'secret message']) expect(text).not.toContain(secret)
  })

  it('stream over HTTP/2', async () => {
    const { port, opened } = await start({ server: { http2: true } })
    const session = connectH2(`http://127.0.0.1:${port}`)
    const ask = (path: string, body: object) => {
      const request = session.request({ ':method': 'POST', ':path': `/base${path}` })
      request.setEncoding('utf8')
      request.end(JSON.stringify(body))
      return request
    }
    const text = async (stream: AsyncIterable<string>, end: string): Promise<string> => {
      let got = ''
      for await (const part of stream) {
        got += part
        if (got.includes(end)) break
      }
      return got
    }
    const { link, key } = JSON.parse(await text(ask('/open', { v: 1, protocols: [] }), '}}'))
    const stream = ask(`/${link}/down`, { v: 1, key, attach: 1, ack: 0 })
    await expect.poll(() => opened[0]?.rung).toBe('stream')
    opened[0]?.write(createDownTurn([Buffer.from([1, 2, 255])]))
    const got = await text(stream, '"b"')
    expect(got).toMatch(/^event: o\n/)
    expect(got).toContain('data: [{"b":"AQL/"}]\n\n')
    session.destroy()
  })
})
