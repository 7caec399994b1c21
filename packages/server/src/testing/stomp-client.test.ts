import { type Frame, type FrameInit, VERSIONS } from '@hoofbeat/codec'
import { describe, expect, it } from 'vitest'
import type { Connection } from '../connection/connection.js'
import { createTurn } from '../message/turn.js'
import { createWireFrame, HEART_BEAT_FRAME } from '../message/wire-frame.js'
import { openTestClient } from './stomp-client.js'

/** A server that answers as the test says: what it hears it notes, what it says goes out in one write. */
function setUp() {
  const heard: string[] = []
  let connection: Connection | undefined
  let onMessage: () => void = () => {}
  const client = openTestClient((accepted) => {
    connection = accepted
    accepted.attach({
      message: (data) => {
        heard.push(Buffer.from(data).toString())
        onMessage()
      },
      drained: () => {},
      ended: () => {},
      broken: () => {},
      closed: () => {},
    })
  })
  const say = (...frames: readonly (FrameInit | 'heart-beat')[]): void => {
    let turn = createTurn()
    for (const frame of frames)
      turn = turn.append(frame === 'heart-beat' ? HEART_BEAT_FRAME : createWireFrame(frame, '1.2'))
    connection?.write(turn)
  }
  return {
    client,
    heard,
    say,
    close: (code: number, reason: string) => connection?.close(code, reason),
    answer: (...frames: readonly FrameInit[]) => {
      onMessage = () => say(...frames)
    },
  }
}

const receipt = (id: string): FrameInit => ({ command: 'RECEIPT', headers: { 'receipt-id': id } })

describe('the test client', () => {
  it.each(VERSIONS)(
    'connects, and speaks version %s from CONNECTED on, also within the same chunk',
    async (version) => {
      const { client, heard, answer } = setUp()
      const backslash: FrameInit = { command: 'RECEIPT', headers: { 'receipt-id': 'a\\b' } }
      answer({ command: 'CONNECTED', headers: { version } }, backslash)
      const connected = await client.connect({ login: 'alice' })
      expect(connected.headers.get('version')).toBe(version)
      expect(client.version).toBe(version)
      expect(heard[0]).toBe('CONNECT\naccept-version:1.0,1.1,1.2\nhost:test\nlogin:alice\n\n\0')
      // Written as a\\b by the 1.2 server of this test: only STOMP 1.0 takes both backslashes as they are.
      expect((await client.next()).headers.get('receipt-id')).toBe(version === '1.0' ? 'a\\\\b' : 'a\\b')
    },
  )

  it('takes a CONNECTED without a version for STOMP 1.0', async () => {
    const { client, answer } = setUp()
    answer({ command: 'CONNECTED' })
    await client.connect()
    expect(client.version).toBe('1.0')
  })

  it('rejects where something else than CONNECTED or RECEIPT comes, with what the server has said', async () => {
    const { client, answer } = setUp()
    answer({ command: 'ERROR', headers: { message: 'not today' } })
    await expect(client.connect()).rejects.toThrow('ERROR came instead of CONNECTED: not today')
    await expect(client.subscribe('1', '/topic/a')).rejects.toThrow('ERROR came instead of a RECEIPT: not today')
    answer(receipt('of another'))
    await expect(client.subscribe('1', '/topic/a')).rejects.toThrow('RECEIPT came instead of a RECEIPT')
  })

  it('subscribes and waits for the RECEIPT', async () => {
    const { client, heard, answer } = setUp()
    answer(receipt('subscribed 1'))
    await client.subscribe('1', '/topic/a', { ack: 'auto' })
    expect(heard[0]).toBe('SUBSCRIBE\nid:1\ndestination:/topic/a\nreceipt:subscribed 1\nack:auto\n\n\0')
  })

  it('keeps frames in order until they are asked for, and counts heart-beats apart', async () => {
    const { client, say } = setUp()
    say(receipt('1'), 'heart-beat', receipt('2'), receipt('3'))
    say('heart-beat')
    const idOf = (frame: Frame): string | undefined => frame.headers.get('receipt-id')
    expect(idOf(await client.next())).toBe('1')
    expect((await client.rest()).map(idOf)).toEqual(['2', '3'])
    expect(await client.rest()).toEqual([])
    expect(client.heartBeats).toBe(2)
  })

  it('waits for a frame that comes some turns later, and rejects if none comes', async () => {
    const { client, say, close } = setUp()
    setImmediate(() => setImmediate(() => say(receipt('late'))))
    expect((await client.next()).headers.get('receipt-id')).toBe('late')
    await expect(client.next()).rejects.toThrow(new Error('no frame came'))
    expect(await client.closed()).toBeUndefined()
    close(1002, 'bad')
    expect(await client.closed()).toEqual({ code: 1002, reason: 'bad' })
    await expect(client.next()).rejects.toThrow('no frame came; closed with 1002')
  })

  it('sends bytes and text as they are, legal or not', async () => {
    const { client, heard } = setUp()
    client.sendRaw('NONSENSE')
    client.sendRaw(Buffer.from('\n'))
    await client.rest()
    expect(heard).toEqual(['NONSENSE', '\n'])
  })
})
