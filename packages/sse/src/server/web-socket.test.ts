import { createServer, type IncomingMessage, type Server } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { createDownTurn } from './down-message.js'
import type { LinkSocket } from './link-socket.js'
import { linkSocket } from './web-socket.js'

const servers: Server[] = []
const clients: WebSocket[] = []

afterEach(async () => {
  for (const client of clients.splice(0)) client.terminate()
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))))
})

/** A carrier on a real WebSocket, and what its other end gets. */
async function start({ compress = false, isRaw = true } = {}) {
  const server = createServer()
  servers.push(server)
  const told: (string | Uint8Array)[] = []
  const got: (string | Uint8Array)[] = []
  let drains = 0
  const wss = new WebSocketServer({ server, perMessageDeflate: compress && { threshold: 0 } })
  const carrier = new Promise<LinkSocket>((resolve) => {
    wss.on('connection', (socket, request: IncomingMessage) => {
      const carrier = linkSocket(socket, isRaw ? request.socket : undefined)
      carrier.attach({ message: (data) => told.push(data), drained: () => drains++, closed: () => told.push('closed') })
      resolve(carrier)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const client = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: compress })
  clients.push(client)
  client.on('message', (data, isBinary) => got.push(isBinary ? new Uint8Array(data as Buffer) : String(data)))
  const closed = new Promise<string>((resolve) => client.once('close', (code, reason) => resolve(`${code} ${reason}`)))
  await new Promise((resolve) => client.once('open', resolve))
  return { socket: await carrier, client, told, got, closed, drains: () => drains }
}

describe.each([
  ['ready frames past ws', {}],
  ['compression negotiated', { compress: true }],
  ['no socket to write to', { isRaw: false }],
])('a WebSocket that carries a link, with %s,', (_name, options) => {
  it('keeps words of its own and ready frames in their order, and their boundaries', async () => {
    const { socket, got } = await start(options)
    const large = 'ö'.repeat(40_000)
    const huge = new Uint8Array(70_000).fill(7)
    socket.writeText('\u0001o{}')
    socket.write(createDownTurn(['one', '', '\u0001marked', new Uint8Array([0, 255])]).bytes('link'))
    socket.writeText('\u0001k{}')
    socket.write(createDownTurn([large, huge, 'last']).bytes('link'))
    await expect.poll(() => got.length).toBe(9)
    const texts = ['\u0001o{}', 'one', '', '\u0001\u0001marked', new Uint8Array([0, 255]), '\u0001k{}']
    expect(got).toEqual([...texts, large, huge, 'last'])
  })

  it('tells messages as text or bytes, and the end once', async () => {
    const { client, told } = await start(options)
    client.send('grüße \u0001')
    client.send(new Uint8Array([1, 2, 255]))
    await expect.poll(() => told.length).toBe(2)
    expect(told[0]).toBe('grüße \u0001')
    expect([...(told[1] as Uint8Array)]).toEqual([1, 2, 255])
    client.terminate()
    await expect.poll(() => told.length).toBe(3)
    expect(told[2]).toBe('closed')
  })

  it('closes behind what was written', async () => {
    const { socket, got, closed } = await start(options)
    socket.write(createDownTurn(['last words']).bytes('link'))
    socket.close(1000, 'done')
    expect(await closed).toBe('1000 done')
    expect(got).toEqual(['last words'])
    expect(socket.write(createDownTurn(['more']).bytes('link'))).toBe(false)
  })

  it('is full while its reader does not read, and tells when there is room', async () => {
    const { socket, client, got, drains } = await start(options)
    client.pause()
    // What cannot be made smaller by compression.
    const bytes = crypto.getRandomValues(new Uint8Array(60_000))
    const frame = createDownTurn([bytes]).bytes('link')
    let written = 1
    while (socket.write(frame) && written < 2_000) written++
    expect(written).toBeLessThan(2_000)
    client.resume()
    await expect.poll(() => got.length).toBe(written)
    expect(drains()).toBeGreaterThan(0)
  })
})
