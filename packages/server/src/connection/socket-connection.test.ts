import { once } from 'node:events'
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createTurn, type Turn } from '../message/turn.js'
import { readyWireFrame } from '../message/wire-frame.js'
import type { Connection } from './connection.js'
import { LINGER_MS, socketConnection } from './socket-connection.js'

const servers: Server[] = []
const sockets: Socket[] = []

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))))
})

interface Closed {
  readonly code: number
  readonly reason: string
}

/** Both ends of a TCP connection on this machine; the timers of the server's end are fired by hand. */
async function open() {
  const timers = new Map<() => void, number>()
  const told: string[] = []
  let closedCount = 0
  let drain: () => void = () => {}
  const drained = new Promise<void>((resolve) => {
    drain = resolve
  })
  let close: (closed: Closed) => void = () => {}
  const closed = new Promise<Closed>((resolve) => {
    close = resolve
  })
  let arrived: () => void = () => {}
  let hasPeerEnded: () => void = () => {}
  const peerEnded = new Promise<void>((resolve) => {
    hasPeerEnded = () => {
      told.push('|')
      resolve()
    }
  })
  let connection: Connection | undefined
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket)
    connection = socketConnection(socket, (delayMs, run) => {
      timers.set(run, delayMs)
      return { cancel: () => timers.delete(run) }
    })
    connection.attach({
      message(data) {
        told.push(Buffer.from(data).toString())
        arrived()
      },
      ended: () => hasPeerEnded(),
      drained: () => drain(),
      broken: () => told.push('broken'),
      closed(code, reason) {
        closedCount++
        close({ code, reason })
      },
    })
  })
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const client = createConnection({ port, host: '127.0.0.1', allowHalfOpen: true })
  // What breaks is told by `close`.
  client.on('error', () => {})
  sockets.push(client)
  await Promise.all([once(client, 'connect'), once(server, 'connection')])
  if (connection === undefined) throw new Error('no connection came')
  return {
    client,
    connection,
    closed,
    drained,
    peerEnded,
    timers: () => [...timers.values()],
    fire() {
      for (const run of [...timers.keys()]) {
        timers.delete(run)
        run()
      }
    },
    closedCount: () => closedCount,
    told: () => told.join(''),
    /** Resolves when all of `text` has been told. */
    async hears(text: string) {
      while (told.join('').length < text.length) {
        await new Promise<void>((resolve) => {
          arrived = resolve
        })
      }
      expect(told.join('')).toBe(text)
    },
  }
}

const turn = (...texts: (string | Uint8Array)[]): Turn =>
  texts.reduce((grown: Turn, text) => grown.append(readyWireFrame(Buffer.from(text), true)), createTurn())

/** All that the client reads until the server ends its side. Rejects if the connection breaks before. */
async function readAll(client: Socket): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of client.iterator({ destroyOnReturn: false })) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

/** Writes until the system takes no more: the client does not read. */
function fill(connection: Connection): void {
  const megabyte = turn(Buffer.alloc(1_048_576))
  for (let i = 0; i < 16; i++) if (!connection.write(megabyte)) return
  throw new Error('the connection never was full')
}

describe('a connection on a socket', () => {
  it('tells who the other end is', async () => {
    const { connection, client } = await open()
    expect(connection.peer).toEqual({
      transport: 'tcp',
      ownsLiveness: false,
      protocol: undefined,
      identity: undefined,
      request: undefined,
      remoteAddress: `127.0.0.1:${client.localPort}`,
    })
  })

  it('carries bytes both ways, in order', async () => {
    const { connection, client, hears } = await open()
    client.write('one')
    client.write('two')
    await hears('onetwo')
    expect(connection.write(turn('three', 'four'))).toBe(true)
    expect(connection.write(turn('five'))).toBe(true)
    connection.close(1000, '')
    expect(await readAll(client)).toBe('threefourfive')
  })

  it('is full when the peer does not read, and tells when there is room again', async () => {
    const { connection, client, drained } = await open()
    client.pause()
    fill(connection)
    client.resume()
    await drained
    expect(connection.write(turn('x'))).toBe(true)
  })

  it('tells nothing while it is paused, and the end only behind what came before', async () => {
    const { connection, client, told, peerEnded } = await open()
    connection.setPaused(true)
    client.end('before the end')
    await once(client, 'finish')
    expect(told()).toBe('')
    connection.setPaused(false)
    await peerEnded
    expect(told()).toBe('before the end|')
  })
})

describe('the end of a connection on a socket', () => {
  it('still writes to a peer that has ended its side, and is told when both have ended', async () => {
    const { connection, client, peerEnded, timers, closed, closedCount } = await open()
    client.end('last')
    await peerEnded
    expect(connection.write(turn('answer'))).toBe(true)
    connection.close(1000, '')
    expect(await readAll(client)).toBe('answer')
    expect(await closed).toEqual({ code: 1000, reason: '' })
    expect(closedCount()).toBe(1)
    expect(timers()).toEqual([])
  })

  it('brings the last words to a peer that goes on sending, and throws away what comes', async () => {
    const { connection, client, hears, told, closed, timers } = await open()
    client.write('first')
    await hears('first')
    const filler = Buffer.alloc(1_048_576)
    for (let i = 0; i < 8; i++) client.write(filler)
    connection.write(turn('ERROR'))
    connection.close(1002, 'why')
    expect(connection.write(turn('too late'))).toBe(false)
    expect(await readAll(client)).toBe('ERROR')
    // All that was sent before is taken off the line: no reset.
    client.end()
    await once(client, 'close')
    expect(client.errored).toBeNull()
    expect(told()).toBe('first')
    expect(await closed).toEqual({ code: 1002, reason: 'why' })
    expect(timers()).toEqual([])
  })

  it('does not wait for ever for a peer that does not end its side', async () => {
    const { connection, client, closed, fire, timers, closedCount } = await open()
    connection.close(1000, 'bye')
    expect(await readAll(client)).toBe('')
    expect(timers()).toEqual([LINGER_MS])
    fire()
    expect(await closed).toEqual({ code: 1000, reason: 'bye' })
    expect(closedCount()).toBe(1)
  })

  it('does not wait for ever for a peer that does not read', async () => {
    const { connection, client, closed, fire } = await open()
    client.pause()
    fill(connection)
    connection.close(1013, 'slow')
    connection.close(1000, 'a second time')
    fire()
    expect(await closed).toEqual({ code: 1013, reason: 'slow' })
  })

  it('is seen though reading was paused', async () => {
    const { connection, client, closed } = await open()
    connection.setPaused(true)
    client.write('never read')
    connection.close(1001, '')
    expect(await readAll(client)).toBe('')
    client.end()
    expect(await closed).toEqual({ code: 1001, reason: '' })
  })

  it('is told once, with the fault, when the peer resets', async () => {
    const { connection, client, hears, closed, closedCount, timers } = await open()
    client.write('hello')
    await hears('hello')
    client.resetAndDestroy()
    expect(await closed).toEqual({ code: 1006, reason: 'ECONNRESET' })
    expect(connection.write(turn('x'))).toBe(false)
    connection.setPaused(true)
    connection.setPaused(false)
    connection.close(1000, '')
    expect(closedCount()).toBe(1)
    expect(timers()).toEqual([])
  })

  it('is told once when the peer vanishes while much is still to be written', async () => {
    const { connection, client, closed, closedCount, timers } = await open()
    client.pause()
    fill(connection)
    client.resetAndDestroy()
    expect((await closed).code).toBe(1006)
    expect(closedCount()).toBe(1)
    expect(timers()).toEqual([])
  })

  it('is told once when the peer resets after the last word', async () => {
    const { connection, client, closed, closedCount, timers } = await open()
    connection.write(turn('ERROR'))
    connection.close(1002, 'why')
    client.resetAndDestroy()
    expect(await closed).toEqual({ code: 1002, reason: 'why' })
    expect(closedCount()).toBe(1)
    expect(timers()).toEqual([])
  })
})
