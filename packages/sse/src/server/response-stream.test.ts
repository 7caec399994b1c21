import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, Socket } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { encodeChunk } from './event-bytes.js'
import type { EventStream } from './exchange.js'
import { startChunkedStream } from './response-stream.js'

const servers: Server[] = []
const clients: Socket[] = []

afterEach(() => {
  for (const client of clients.splice(0)) client.destroy()
  for (const server of servers.splice(0)) server.close()
})

interface Opened {
  readonly stream: EventStream
  readonly socket: Socket
  readonly client: Socket
  /** What the listener was told. */
  readonly told: string[]
  /** The text of each write to the socket since the head. */
  writes(): string[]
  /** All that the client has read. */
  text(): string
}

/** A stream on a response of a real server. */
async function open(): Promise<Opened> {
  const server = createServer()
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const client = connect(port, '127.0.0.1')
  clients.push(client)
  let read = ''
  client.setEncoding('latin1').on('data', (text: string) => {
    read += text
  })
  const asked = once(server, 'request')
  client.write('POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 0\r\n\r\n')
  const [, response] = (await asked) as [unknown, ServerResponse]
  const { socket } = response
  if (!(socket instanceof Socket)) throw new Error('no socket')
  response.writeHead(200, { 'transfer-encoding': 'chunked' })
  response.flushHeaders()
  await expect.poll(() => read).toContain('\r\n\r\n')
  const told: string[] = []
  const stream = startChunkedStream(response, socket, {
    filled: () => told.push('filled'),
    drained: () => told.push('drained'),
    closed: () => told.push('closed'),
  })
  const written = vi.spyOn(socket, 'write')
  return {
    stream,
    socket,
    client,
    told,
    writes: () => written.mock.calls.map(([bytes]) => Buffer.from(bytes).toString('latin1')),
    text: () => read.slice(read.indexOf('\r\n\r\n') + 4),
  }
}

const chunkOf = (text: string): Uint8Array => encodeChunk(Buffer.from(text))
const inTurns = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve))
const MIB = 1_048_576

describe('an event stream in chunks', () => {
  it('writes what may leave soon when all streams of the turn have been given theirs', async () => {
    const [first, second] = [await open(), await open()]
    first.stream.writeSoon(chunkOf('a'))
    second.stream.writeSoon(chunkOf('b'))
    expect([first.writes(), second.writes()]).toEqual([[], []])
    await inTurns()
    expect([first.writes(), second.writes()]).toEqual([['1\r\na\r\n'], ['1\r\nb\r\n']])
    first.stream.writeSoon(chunkOf('c'))
    await inTurns()
    expect(first.writes()).toEqual(['1\r\na\r\n', '1\r\nc\r\n'])
  })

  it('writes in order what may leave soon, what leaves at once, and its end', async () => {
    const { stream, text, told } = await open()
    stream.writeSoon(chunkOf('1'))
    stream.writeSoon(chunkOf('2'))
    stream.writeSoon(chunkOf('3'))
    stream.write(chunkOf('4'))
    stream.writeSoon(chunkOf('5'))
    stream.writeEvent('6')
    stream.writeSoon(chunkOf('7'))
    stream.end()
    stream.writeSoon(chunkOf('8'))
    await expect.poll(text).toContain('0\r\n\r\n')
    expect(text()).toBe(`${[1, 2, 3, 4, 5, 6, 7].map((number) => `1\r\n${number}\r\n`).join('')}0\r\n\r\n`)
    await expect.poll(() => told).toEqual(['closed'])
  })

  it('tells that what left soon has filled it, and when there is room again', async () => {
    const { stream, client, told, text } = await open()
    client.pause()
    stream.writeSoon(chunkOf('small'))
    await inTurns()
    expect(told).toEqual([])
    stream.writeSoon(chunkOf('x'.repeat(32 * MIB)))
    expect(told).toEqual([])
    await inTurns()
    expect(told).toEqual(['filled'])
    stream.writeSoon(chunkOf('y'))
    stream.writeSoon(chunkOf('z'))
    expect(told).toEqual(['filled', 'filled', 'filled'])
    client.resume()
    await expect.poll(() => told.includes('drained'), { timeout: 10_000 }).toBe(true)
    await expect.poll(() => text().endsWith('1\r\nz\r\n'), { timeout: 10_000 }).toBe(true)
  })

  it('drops what was to leave soon where it is destroyed or the client has gone', async () => {
    const [destroyed, gone, other] = [await open(), await open(), await open()]
    for (const { stream } of [destroyed, gone, other]) stream.writeSoon(chunkOf('a'))
    destroyed.stream.destroy()
    gone.socket.destroy()
    await inTurns()
    expect([destroyed.writes(), gone.writes()]).toEqual([[], []])
    expect(other.writes()).toEqual(['1\r\na\r\n'])
    await expect.poll(() => gone.told).toEqual(['closed'])
    await expect.poll(() => destroyed.told).toEqual(['closed'])
  })
})
