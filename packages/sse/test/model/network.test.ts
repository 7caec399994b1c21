import { describe, expect, it } from 'vitest'
import type { CarrierSocket } from '../../src/client/surroundings.js'
import { encodeLinkFrame } from '../../src/server/down-message.js'
import type { LinkSocket } from '../../src/server/link-socket.js'
import { LINK_PROTOCOL } from '../../src/wire/protocol.js'
import { createChance } from './chance.js'
import { type Fault, GOOD_TERRAIN, type Terrain } from './faults.js'
import { Scheduler } from './scheduler.js'
import type { VirtualExchange } from './virtual-exchange.js'
import { createFetch } from './virtual-fetch.js'
import { VirtualNetwork } from './virtual-network.js'
import { openSocket } from './virtual-socket.js'

const plain: Terrain = { ...GOOD_TERRAIN, latencyMs: 10 }

/** A network with one scripted server that answers requests with what it read, and streams the time. */
function network(terrain: Partial<Terrain> = {}, faults: readonly Fault[] = []) {
  const scheduler = new Scheduler()
  const parts = {
    scheduler,
    chance: createChance(1),
    terrain: { ...plain, ...terrain },
    faults,
    trace: () => {},
    count: () => {},
  }
  const virtual = new VirtualNetwork(parts)
  const seen: string[] = []
  let accepted: LinkSocket | undefined
  const host = () => ({
    serve(exchange: VirtualExchange): boolean {
      exchange.body(1_000_000).then(
        (body) => {
          seen.push(body)
          if (exchange.door !== 'down') return exchange.reply(200, { v: 1, body })
          const stream = exchange.stream({
            filled: () => seen.push('filled'),
            drained: () => seen.push('drained'),
            closed: () => seen.push('closed'),
          })
          const tick = (left: number): void => {
            if (left === 0) return stream?.end()
            stream?.writeEvent(`data: ${left}\n\n`)
            scheduler.after(100, 'host', () => tick(left - 1))
          }
          tick(3)
        },
        () => seen.push('no body'),
      )
      return true
    },
    acceptSocket(socket: LinkSocket): boolean {
      accepted = socket
      socket.attach({
        message: (data) => {
          seen.push(String(data))
          socket.write(encodeLinkFrame(Buffer.from(String(data)), true))
        },
        drained: () => seen.push('drained'),
        closed: () => seen.push('closed'),
      })
      socket.writeText('hello')
      return true
    },
  })
  const fetch = createFetch(virtual, host, 'page')
  return {
    scheduler,
    seen,
    network: virtual,
    fetch: (door: string, body: string, signal?: AbortSignal) =>
      fetch(`https://server.example/stomp/${door}`, { method: 'POST', body, ...(signal && { signal }) }),
    open: (): CarrierSocket => openSocket(virtual, host, 'page', [LINK_PROTOCOL]),
    server: () => accepted,
    pass: (untilMs: number) => scheduler.runUntil(untilMs, () => false),
  }
}

const always = (kind: Fault['kind']): Fault => ({ kind, fromMs: 0, lengthMs: 60_000, chance: 1 })

/** What a socket tells, as it comes. */
function told(socket: CarrierSocket): string[] {
  const lines: string[] = []
  socket.onopen = () => lines.push(`open ${socket.protocol}`)
  socket.onmessage = (event) => lines.push(String(event.data))
  socket.onclose = (event) => lines.push(`close ${event.code}`)
  return lines
}

describe('the virtual network', () => {
  it('carries a request there and its reply back in virtual time', async () => {
    const { scheduler, seen, fetch, pass } = network()
    let text = ''
    let atMs = 0
    fetch('open', 'hello').then(async (response) => {
      text = await response.text()
      atMs = scheduler.now
    })
    await pass(5_000)
    expect(seen).toEqual(['hello'])
    expect(text).toBe('{"v":1,"body":"hello"}')
    expect(atMs).toBeGreaterThan(19)
    expect(atMs).toBeLessThan(400)
  })

  it('hands on a stream as it is written, and only at its end where a proxy buffers it', async () => {
    for (const streamBufferBytes of [0, Number.POSITIVE_INFINITY]) {
      const { scheduler, fetch, pass } = network({ streamBufferBytes })
      const times: number[] = []
      let text = ''
      fetch('a/down', '').then(async (response) => {
        const reader = response.body?.getReader()
        for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
          times.push(scheduler.now)
          text += new TextDecoder().decode(part.value)
        }
      })
      await pass(5_000)
      expect(text).toBe('data: 3\n\ndata: 2\n\ndata: 1\n\n')
      expect((times.at(-1) ?? 0) - (times[0] ?? 0) > 100).toBe(streamBufferBytes === 0)
    }
  })

  it('tells the server when the page gives a stream up', async () => {
    const { scheduler, seen, fetch, pass } = network()
    const controller = new AbortController()
    let error: unknown
    fetch('a/down', '', controller.signal).then((response) =>
      response.text().catch((reason: unknown) => {
        error = reason
      }),
    )
    scheduler.after(400, 'page', () => controller.abort())
    await pass(200)
    expect(seen).toEqual([''])
    await pass(5_000)
    expect(error === undefined).toBe(seen.indexOf('closed') < 0)
    expect(seen).toContain('closed')
  })

  it('has the server act twice on a request that a proxy repeats', async () => {
    const { seen, fetch, pass } = network({}, [always('repeat-requests')])
    let replies = 0
    fetch('open', 'once').then(() => replies++)
    await pass(60_000)
    expect(seen).toEqual(['once', 'once'])
    expect(replies).toBe(1)
  })

  it('loses a reply after the server has acted', async () => {
    const { seen, fetch, pass } = network({}, [always('lose-replies')])
    let hasFailed = false
    fetch('open', 'once').catch(() => {
      hasFailed = true
    })
    await pass(200_000)
    expect(seen).toEqual(['once'])
    expect(hasFailed).toBe(true)
  })

  it('carries messages on a WebSocket both ways and in order', async () => {
    const { open, seen, pass } = network({ jitterMs: 50 })
    const socket = open()
    const lines = told(socket)
    await pass(500)
    for (let number = 0; number < 20; number++) socket.send(`m${number}`)
    await pass(5_000)
    const sent = Array.from({ length: 20 }, (_, number) => `m${number}`)
    expect(seen).toEqual(sent)
    expect(lines).toEqual([`open ${LINK_PROTOCOL}`, 'hello', ...sent])
    socket.close()
    await pass(10_000)
    expect(seen.at(-1)).toBe('closed')
    expect(lines.at(-1)).toBe('close 1005')
  })

  it('tells both ends of a WebSocket when it is cut', async () => {
    const { open, seen, network: virtual, pass } = network()
    const lines = told(open())
    await pass(500)
    virtual.resetAll()
    await pass(1_000)
    expect(lines.at(-1)).toBe('close 1006')
    expect(seen).toEqual(['closed'])
    expect(virtual.ends.size).toBe(0)
  })

  it.each([
    ['refused', ['close 1006']],
    ['swallowed', []],
    ['stripped', ['open ', 'hello']],
    ['plain', ['open ']],
    ['mute-down', [`open ${LINK_PROTOCOL}`]],
  ] as const)('gives what is expected of a WebSocket that is %s', async (sockets, expected) => {
    const { open, pass } = network({ sockets })
    const lines = told(open())
    await pass(30_000)
    expect(lines).toEqual(expected)
  })

  it('says that a slow stream is full, and later that it has drained', async () => {
    const { open, server, seen, pass } = network()
    const lines = told(open())
    await pass(500)
    const frame = encodeLinkFrame(new Uint8Array(30_000), false)
    const accepted = server()
    expect([accepted?.write(frame), accepted?.write(frame), accepted?.write(frame)]).toEqual([true, true, false])
    await pass(5_000)
    expect(seen).toEqual(['drained'])
    expect(lines.length).toBe(5)
  })

  it('keeps what is due for a page that sleeps until it wakes', async () => {
    const { scheduler, open, pass } = network()
    const lines = told(open())
    scheduler.hold('page.arrivals', 60_000)
    await pass(59_000)
    expect(lines).toEqual([])
    await pass(61_000)
    expect(lines).toEqual([`open ${LINK_PROTOCOL}`, 'hello'])
  })
})
