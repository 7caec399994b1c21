import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { type BrokerAddress, createDial } from '../../src/broker/relay/dialer.js'
import { createLeg } from '../../src/broker/relay/lasting-leg.js'
import type { Leg } from '../../src/broker/relay/leg.js'
import { systemClock } from '../../src/clock/clock.js'
import { createWheel, type Wheel } from '../../src/clock/wheel.js'
import type { Connection } from '../../src/connection/connection.js'
import { createTurns } from '../../src/framing/turns.js'
import hoofbeat from '../../src/index.js'
import type { StompEvent } from '../../src/observe/events.js'
import { createListener, send } from './leg-scene.js'

const fixture = (name: string): string => readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8')
// Signed by itself, for this machine alone, valid from 2020 to 2120.
const certificate = { key: fixture('localhost-key.pem'), cert: fixture('localhost-cert.pem') }

const apps: FastifyInstance[] = []
const servers: Server[] = []
const sockets: Socket[] = []
const legs: Leg[] = []
const wheels: Wheel[] = []

afterEach(async () => {
  await Promise.all(legs.splice(0).map((leg) => leg.close()))
  for (const wheel of wheels.splice(0)) wheel.stop()
  for (const socket of sockets.splice(0)) socket.destroy()
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))))
  await Promise.all(apps.splice(0).map((app) => app.close()))
})

function openWheel(): Wheel {
  const wheel = createWheel(systemClock)
  wheels.push(wheel)
  return wheel
}

/** A port of this machine behind which somebody takes sockets. */
async function listen(accept: (socket: Socket) => void = () => {}): Promise<BrokerAddress> {
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    accept(socket)
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { host: '127.0.0.1', port }
}

/** How one attempt ends. */
function dial(address: BrokerAddress, timeoutMs = 10_000): Promise<Connection | string> {
  const wheel = openWheel()
  return new Promise((resolve) => {
    createDial({ after: (delayMs, run) => wheel.after(delayMs, run), timeoutMs })(address, {
      connected: resolve,
      failed: resolve,
    })
  })
}

/** A leg to a Hoofbeat server that listens on a port of this machine. */
async function openOver(tls: boolean, ca: boolean = tls) {
  const app = Fastify()
  apps.push(app)
  const allow = { send: ['/topic/**', '/queue/**'], subscribe: ['/topic/**', '/queue/**'] }
  await app.register(hoofbeat, { allow, drainMs: 0, tcp: { port: 0, ...(tls ? { tls: certificate } : {}) } })
  await app.ready()
  const [address] = app.stomp.tcpAddresses
  const wheel = openWheel()
  const events: StompEvent[] = []
  let changed: () => void = () => {}
  const told = new Promise<void>((resolve) => {
    changed = resolve
  })
  const leg = createLeg({
    name: 'pool-1',
    addresses: [
      { host: tls ? 'localhost' : '127.0.0.1', port: address?.port ?? 0, tls: ca ? { ca: certificate.cert } : tls },
    ],
    dial: createDial({ after: (delayMs, run) => wheel.after(delayMs, run) }),
    connect: { host: '/', heartBeat: { sendMs: 10_000, receiveMs: 10_000 } },
    clock: systemClock,
    wheel,
    turns: createTurns(systemClock),
    observe: (event) => {
      events.push(event)
      changed()
    },
  })
  legs.push(leg)
  return { leg, events, told }
}

describe('a dialled connection', () => {
  it('tells in words why it could not be made', async () => {
    const address = await listen()
    await new Promise((resolve) => servers.pop()?.close(resolve))
    expect(await dial(address)).toContain('ECONNREFUSED')
    expect(await dial({ ...address, port: 70_000 })).toContain('70000')
    expect(await dial({ ...address, tls: { cert: 'none', key: 'none' } })).toContain('PEM')
    expect(await dial({ host: 'no-such-host.invalid', port: 61613 })).toMatch(/ENOTFOUND|EAI_AGAIN/)
  })

  it('takes no longer than it may', async () => {
    // Takes the socket, and never shakes hands.
    const address = await listen()
    expect(await dial({ ...address, tls: true }, 100)).toBe('not connected within 100 ms')
  })

  it('fails where the other end closes during the handshake', async () => {
    const address = await listen((socket) => socket.destroy())
    expect(typeof (await dial({ ...address, tls: true }))).toBe('string')
  })

  it('is not told of when it was given up', async () => {
    const address = await listen()
    const wheel = openWheel()
    const told: string[] = []
    const { port } = address
    const gone = new Promise<void>((resolve) => {
      servers[0]?.on('connection', (socket: Socket) => socket.on('close', () => resolve()))
    })
    let attempt: { cancel(): void } | undefined
    servers[0]?.on('connection', () => attempt?.cancel())
    attempt = createDial({ after: (delayMs, run) => wheel.after(delayMs, run) })(
      { host: '127.0.0.1', port, tls: true },
      { connected: () => told.push('connected'), failed: (reason) => told.push(reason) },
    )
    await gone
    attempt.cancel()
    expect(told).toEqual([])
  })
})

describe('a leg over a network', () => {
  it.each([
    ['TCP', false],
    ['TLS', true],
  ])('sends, subscribes, delivers and ends by %s', async (_, tls) => {
    const { leg } = await openOver(tls)
    const { subscriber, told } = createListener()
    const subscription = leg.subscribe([['destination', '/topic/a']], subscriber)
    await subscription.settled
    const large = 'x'.repeat(60_000)
    await Promise.all(['1', '2', large].map((body) => leg.send([send('/topic/a', body)], true)))
    await leg.send([send('/topic/a', 'last')], true)
    await subscription.end()
    expect(told).toEqual(['1 by 1', '2 by 1', `${large} by 1`, 'last by 1'])
    expect(leg.report).toMatchObject({ state: 'up', server: 'hoofbeat', connects: 1 })
    await leg.close()
    expect(leg.report.state).toBe('down')
  })

  it('does not trust a certificate that it was not given', async () => {
    const { events, told, leg } = await openOver(true, false)
    await told
    expect(events).toMatchObject([{ type: 'leg-down', reason: expect.stringMatching(/self.signed/i) }])
    expect(leg.isUp).toBe(false)
  })
})
