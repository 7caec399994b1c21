import type { AddressInfo } from 'node:net'
import hoofbeat from '@hoofbeat/server'
import { createFakeClock, type FakeClock } from '@hoofbeat/server/testing'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { faultOf, textOf } from './sockjs/numbered-text.js'

/** Enough for several streams. */
const COUNT = 5_000
const STREAM_LIMIT_BYTES = 131_072

/** How each streaming transport shows its frames. */
const STREAMS = [
  { transport: 'xhr_streaming', method: 'POST', framesOf: (text: string) => text.split('\n').slice(1, -1) },
  {
    transport: 'eventsource',
    method: 'GET',
    framesOf: (text: string) =>
      Array.from(text.matchAll(/data: (.*)\r\n/g), ([, data]) => decodeURIComponent(data ?? '')),
  },
  {
    transport: 'htmlfile?c=callback',
    method: 'GET',
    framesOf: (text: string) =>
      Array.from(text.matchAll(/p\((".*")\);\n/g), ([, data]) => String(JSON.parse(data ?? '""'))),
  },
]

describe('a SockJS session', () => {
  let app: FastifyInstance
  let clock: FakeClock
  let session: string
  const ends: number[] = []

  const request = (transport: string, init: RequestInit = { method: 'POST' }): Promise<Response> =>
    fetch(`${session}/${transport}`, init)
  const text = async (transport: string, init?: RequestInit): Promise<string> => (await request(transport, init)).text()
  const send = async (message: string): Promise<number> => {
    const { status } = await request('xhr_send', { method: 'POST', body: JSON.stringify([message]) })
    return status
  }

  beforeEach(async () => {
    ends.length = 0
    clock = createFakeClock()
    app = Fastify()
    await app.register(hoofbeat, { endpoints: [], drainMs: 0, clock })
    app.stomp.endpoint('/raw', {
      sockjs: true,
      message(connection, data) {
        if (data !== 'flood') return void connection.send(data)
        for (let number = 1; number <= COUNT; number++) connection.send(textOf(number))
        connection.close(4000, 'that was all')
      },
      close: (_connection, { code }) => void ends.push(code),
    })
    await app.listen({ port: 0, host: '127.0.0.1' })
    session = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/raw/000/session`
  })
  afterEach(() => app.close())

  it('is gone when nobody has polled for longer than the disconnect delay', async () => {
    expect(await text('xhr')).toBe('o\n')
    clock.advance(4_900)
    expect(await send('still there')).toBe(204)
    expect(ends).toEqual([])
    clock.advance(300)
    await expect.poll(() => ends).toHaveLength(1)
    expect(await send('too late')).toBe(404)
    clock.advance(5_200)
    expect(await text('xhr')).toBe('o\n')
    expect(ends).toHaveLength(1)
  })

  it('goes on for as long as it is polled', async () => {
    expect(await text('xhr')).toBe('o\n')
    for (let round = 0; round < 5; round++) {
      clock.advance(4_900)
      expect(await send(`round ${round}`)).toBe(204)
      expect(await text('xhr')).toBe(`a["round ${round}"]\n`)
    }
    expect(ends).toEqual([])
  })

  it.each(['xhr', 'xhr_streaming'])('has one receiver at a time: a second %s is told 2010', async (transport) => {
    expect(await text('xhr')).toBe('o\n')
    // Whichever comes in second is the second: the first one is held.
    const both = [request(transport), request(transport)].map(async (response) => readLast(await response))
    const second = await Promise.race(both)
    expect(second).toBe('c[2010,"Another connection still open"]')
    expect(await send('for the first')).toBe(204)
    if (transport === 'xhr') {
      expect((await Promise.all(both)).sort()).toEqual(['a["for the first"]', second])
      expect(ends).toEqual([])
    }
  })

  it.each(STREAMS)('takes a new $transport after 128 KiB and loses nothing in between', async (stream) => {
    const { transport, method, framesOf } = stream
    expect(await text('xhr')).toBe('o\n')
    expect(await send('flood')).toBe(204)
    const received: string[] = []
    const sizes: number[] = []
    for (let last = ''; !last.startsWith('c'); ) {
      const response = await text(transport, { method })
      sizes.push(Buffer.byteLength(response))
      const frames = framesOf(response)
      for (const frame of frames) if (frame.startsWith('a')) received.push(...(JSON.parse(frame.slice(1)) as string[]))
      last = frames.at(-1) ?? 'c'
      if (last.startsWith('c')) expect(last).toBe('c[4000,"that was all"]')
    }
    expect(faultOf(received, COUNT)).toBeUndefined()
    // The last one says the close alone, or ends with it.
    for (const size of sizes.slice(0, -2)) expect(size).toBeGreaterThanOrEqual(STREAM_LIMIT_BYTES)
  })
})

const readLast = async (response: Response): Promise<string | undefined> =>
  (await response.text()).trimEnd().split('\n').at(-1)
