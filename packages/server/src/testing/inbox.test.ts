import { encode, type FrameInit } from '@hoofbeat/codec'
import { describe, expect, it, vi } from 'vitest'
import type { Connection } from '../connection/connection.js'
import { createTurn } from '../message/turn.js'
import { readyWireFrame } from '../message/wire-frame.js'
import { linkedCarrier } from './carrier.js'
import { createFakeClock } from './fake-clock.js'
import { createTestClient } from './kit-client.js'

/** A client whose server says and does what the test says. */
function setUp() {
  let connection: Connection | undefined
  const clock = createFakeClock()
  const client = createTestClient({
    openCarrier: (reader) =>
      linkedCarrier(
        (accepted) => {
          connection = accepted
          accepted.attach({ message() {}, drained() {}, ended() {}, broken() {}, closed() {} })
        },
        reader,
        {},
      ),
    fakeClock: clock,
    clock,
    patienceMs: 0,
  })
  const sayRaw = (text: string | Uint8Array): void => {
    connection?.write(createTurn().append(readyWireFrame(Buffer.from(text), true)))
  }
  return {
    client,
    clock,
    sayRaw,
    say: (...frames: readonly FrameInit[]) => sayRaw(Buffer.concat(frames.map((frame) => encode(frame, '1.2')))),
    close: (code: number, reason: string) => connection?.close(code, reason),
  }
}

const message = (subscription: string, body: string): FrameInit => ({
  command: 'MESSAGE',
  headers: { subscription, destination: '/topic/a', 'message-id': '1' },
  body,
})

describe('what has come', () => {
  it('is read in the version of CONNECTED, also within the same chunk; without a version in that of STOMP 1.0', async () => {
    const { client, say } = setUp()
    const backslash: FrameInit = { command: 'RECEIPT', headers: { 'receipt-id': 'a\\b' } }
    say({ command: 'CONNECTED', headers: { session: 's' } }, backslash)
    expect(client.version).toBe('1.0')
    expect(client.sessionId).toBe('s')
    expect((await client.next()).command).toBe('CONNECTED')
    expect((await client.next()).headers.get('receipt-id')).toBe('a\\\\b')
  })

  it('that is no STOMP rejects whoever waits, and is not thrown into the server', async () => {
    const { client, sayRaw } = setUp()
    const waiting = client.receipt('1')
    expect(() => sayRaw('HTTP/1.1 400 Bad Request\r\n\r\n\0')).not.toThrow()
    sayRaw('more')
    await expect(waiting).rejects.toThrow("The RECEIPT '1' did not come: what the server has sent is no STOMP.")
    await expect(waiting).rejects.toHaveProperty('cause.name', 'ProtocolError')
    await expect(client.error()).rejects.toThrow('An ERROR did not come: what the server has sent is no STOMP.')
  })

  it('is told with the end, its code and its reason', async () => {
    const { client, say, close } = setUp()
    const waiting = client.receipt('1')
    say({ command: 'RECEIPT', headers: { 'receipt-id': '2' } }, message('s', 'hi'))
    close(1012, 'restart')
    await expect(waiting).rejects.toThrow(
      new Error(
        "The RECEIPT '1' did not come. The connection was closed with 1012 (restart). There came instead: RECEIPT '2'; MESSAGE from /topic/a for 's': hi.",
      ),
    )
    expect(client.unread.map(({ command }) => command)).toEqual(['RECEIPT', 'MESSAGE'])
  })

  it('may be an ERROR without message or code, or with nothing but a body', async () => {
    const { client, say } = setUp()
    const next = client.next()
    say({ command: 'ERROR', body: 'all I say' })
    expect((await next).text).toBe('all I say')
    expect(await client.error()).toMatchObject({ message: 'all I say', code: undefined, cure: 'all I say' })
    const other = setUp()
    other.say({ command: 'ERROR' })
    await expect(other.client.expectNothing()).rejects.toThrow('there came ERROR')
  })

  it('counts as a heart-beat where it is one, alone or behind a frame', () => {
    const { client, sayRaw } = setUp()
    sayRaw('\n')
    sayRaw('RECEIPT\nreceipt-id:1\n\n\0\n')
    expect(client.heartBeats).toBe(2)
  })
})

describe('waiting', () => {
  it('does not end while virtual time passes', async () => {
    const { client, clock, say } = setUp()
    clock.after(60_000, () => say(message('s', 'late')))
    clock.every(100, () => {})
    const [next] = await Promise.all([client.next(), clock.pass(60_000)])
    expect(next.text).toBe('late')
  })

  it('ends although the timers of the runner stand still', async () => {
    vi.useFakeTimers({ toFake: ['setImmediate', 'setTimeout', 'performance'] })
    try {
      await expect(setUp().client.next()).rejects.toThrow('A frame did not come')
    } finally {
      vi.useRealTimers()
    }
  })
})
