import { createDecoder, DEFAULT_LIMITS, encode, type Frame, type FrameInit, type ProtocolError } from '@hoofbeat/codec'
import { describe, expect, it } from 'vitest'
import { createWheel } from '../clock/wheel.js'
import { createFakeClock } from '../testing/fake-clock.js'
import { type LinkedEnd, linkConnection } from '../testing/linked-connection.js'
import {
  type FramedConnection,
  type FrameListener,
  type FramingLimits,
  type FramingParts,
  frameConnection,
} from './framed-connection.js'
import { createTurns } from './turns.js'

const LIMITS: FramingLimits = {
  ...DEFAULT_LIMITS,
  maxOutboxBytes: 1_000,
  sendTimeoutMs: 10_000,
  frameTimeoutMs: 30_000,
}

type OnFrame = (frame: Frame, framed: FramedConnection) => void

function setUp(onFrame: OnFrame = () => {}, limits: FramingLimits = LIMITS) {
  const clock = createFakeClock()
  const parts: FramingParts = { clock, wheel: createWheel(clock), turns: createTurns(clock), limits }
  /** All that the listener was told, in order; frames by command and body. */
  const told: string[] = []
  const errors: ProtocolError[] = []
  const written: string[] = []
  const link: LinkedEnd = linkConnection({
    bytes: (data) => written.push(Buffer.from(data).toString()),
    closed: (code, reason) => written.push(`closed ${code} ${reason}`.trim()),
  })
  const listener: FrameListener = {
    frame(frame) {
      told.push(`${frame.command} ${frame.text}`.trim())
      onFrame(frame, framed)
    },
    malformed(error) {
      told.push('malformed')
      errors.push(error)
    },
    broken: (code) => told.push(`broken ${code}`),
    ended: () => told.push('ended'),
    unfinished: () => told.push('unfinished'),
    silent: () => told.push('silent'),
    ready: () => {},
    renewed: () => {},
    overflowed: () => told.push('overflowed'),
    closed: (code, reason) => told.push(`closed ${code} ${reason}`.trim()),
  }
  const framed = frameConnection(link.connection, 'client', listener, parts)
  return { clock, framed, link, told, errors, written }
}

const bytesOf = (frame: FrameInit): Uint8Array => encode(frame, '1.2')
const send = (body: string): Uint8Array => bytesOf({ command: 'SEND', headers: { destination: '/topic/a' }, body })
const together = (...chunks: readonly Uint8Array[]): Uint8Array => Buffer.concat(chunks)
const NOT_STOMP = Buffer.from('HELLO\n\n\0')
/** After the present turn: all microtasks and the flush of the outboxes have run. */
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('reading', () => {
  it('tells frames one by one and in order, however they are cut', async () => {
    const whole = together(send('1'), Buffer.from('\n'), send('2'), send('3'))
    for (const size of [1, 7, 50, whole.length]) {
      const { link, told } = setUp()
      await nextTurn()
      for (let at = 0; at < whole.length; at += size) link.send(whole.subarray(at, at + size))
      expect(told).toEqual(['SEND 1', 'SEND 2', 'SEND 3'])
    }
  })

  it('tells nothing while the connection is being attached', async () => {
    const { link, told } = setUp()
    link.send(send('at once'))
    await nextTurn()
    expect(told).toEqual(['SEND at once'])
  })

  it('tells the frames before a bad one, then what is wrong with that, then nothing more', async () => {
    const { link, told, errors } = setUp()
    await nextTurn()
    link.send(together(send('1'), send('2'), NOT_STOMP, send('3')))
    link.send(send('4'))
    expect(told).toEqual(['SEND 1', 'SEND 2', 'malformed'])
    expect(errors[0]?.code).toBe('STOMP_ERR_UNKNOWN_COMMAND')
    expect(errors[0]?.offset).toBe(send('1').length + send('2').length)
  })

  it('takes no frame that only a server may send', async () => {
    const { link, errors } = setUp()
    await nextTurn()
    link.send(bytesOf({ command: 'RECEIPT', headers: { 'receipt-id': '1' } }))
    expect(errors[0]?.code).toBe('STOMP_ERR_WRONG_DIRECTION')
  })

  it('refuses a body over the limit before it has come', async () => {
    const { link, errors } = setUp(undefined, { ...LIMITS, maxBodyBytes: 1_000 })
    await nextTurn()
    link.send('SEND\ndestination:/topic/a\ncontent-length:1000000\n\n')
    link.send('x'.repeat(100_000))
    expect(errors[0]?.code).toBe('STOMP_ERR_BODY_TOO_LARGE')
  })

  it('reads the next frame of the same chunk in the version that the one before has set', async () => {
    const bodies: (string | undefined)[] = []
    const { link } = setUp((frame, framed) => {
      bodies.push(frame.headers.get('x'))
      framed.version = '1.0'
    })
    await nextTurn()
    const frame = Buffer.from('SEND\ndestination:/a\nx:a\\cb\n\n\0')
    link.send(together(frame, frame))
    expect(bodies).toEqual(['a:b', 'a\\cb'])
  })

  it('does not take an error of its own listener for one of the peer', async () => {
    const { framed, link, told } = setUp((_, own) => own.send({ command: 'RECEIPT', headers: { 'receipt-id': 'a\0' } }))
    await nextTurn()
    expect(() => link.send(send('1'))).toThrow(expect.objectContaining({ code: 'STOMP_ERR_UNWRITABLE_HEADER' }))
    expect(told).toEqual(['SEND 1'])
    framed.close(1011, '')
  })
})

describe('pausing', () => {
  it('stops between two frames of one chunk, and the resumption goes on with the next', async () => {
    const { framed, link, told } = setUp((frame) => frame.text === '1' && framed.setPaused(true))
    await nextTurn()
    link.send(together(send('1'), send('2'), send('3')))
    expect(told).toEqual(['SEND 1'])
    expect(link.isPaused).toBe(true)
    framed.setPaused(false)
    expect(told).toEqual(['SEND 1', 'SEND 2', 'SEND 3'])
    expect(link.isPaused).toBe(false)
  })

  it('keeps what arrives meanwhile, bad frames too, for the resumption', async () => {
    const { framed, link, told } = setUp()
    await nextTurn()
    framed.setPaused(true)
    link.send(send('1'))
    link.send(together(send('2'), NOT_STOMP))
    await nextTurn()
    expect(told).toEqual([])
    framed.setPaused(false)
    await nextTurn()
    expect(told).toEqual(['SEND 1', 'SEND 2', 'malformed'])
  })

  it('may be undone inside the same frame, as often as one likes, without telling a frame inside another', async () => {
    let depth = 0
    const { link, told } = setUp((_, framed) => {
      expect(++depth).toBe(1)
      for (let i = 0; i < 3; i++) {
        framed.setPaused(true)
        framed.setPaused(false)
      }
      depth--
    })
    await nextTurn()
    link.send(together(send('1'), send('2'), send('3')))
    expect(told).toEqual(['SEND 1', 'SEND 2', 'SEND 3'])
  })

  it('works frame by frame', async () => {
    const { framed, link, told } = setUp((_, own) => own.setPaused(true))
    await nextTurn()
    link.send(together(send('1'), send('2'), send('3')))
    for (const count of [1, 2, 3]) {
      expect(told).toHaveLength(count)
      framed.setPaused(false)
    }
    expect(told).toEqual(['SEND 1', 'SEND 2', 'SEND 3'])
  })
})

describe('a peer that ends its side', () => {
  it('is told behind the frames that came before, though reading was paused', async () => {
    const { framed, link, told, written } = setUp((_frame, self) => self.setPaused(true))
    link.send(together(send('1'), send('2')))
    link.end()
    await nextTurn()
    expect(told).toEqual(['SEND 1'])
    framed.setPaused(false)
    await nextTurn()
    expect(told).toEqual(['SEND 1', 'SEND 2'])
    framed.setPaused(false)
    await nextTurn()
    expect(told).toEqual(['SEND 1', 'SEND 2', 'ended'])
    framed.send({ command: 'RECEIPT', headers: { 'receipt-id': '1' } })
    framed.close(1000, '')
    expect(written).toEqual([expect.stringMatching(/^RECEIPT/), 'closed 1000'])
  })

  it('is held against it within a frame', async () => {
    const { link, told } = setUp()
    link.send(together(send('1'), send('2').subarray(0, 20)))
    link.end()
    await nextTurn()
    expect(told).toEqual(['SEND 1', 'unfinished'])
  })

  it('is not judged for its silence', async () => {
    const { clock, framed, link, told } = setUp()
    framed.startHeartBeat({ sendEveryMs: 0, expectEveryMs: 1_000 })
    await nextTurn()
    link.end()
    clock.advance(60_000)
    expect(told).toEqual(['ended'])
  })
})

describe('an unfinished frame', () => {
  it('is told when no further byte came in time', async () => {
    const { clock, link, told } = setUp()
    await nextTurn()
    link.send(send('1').subarray(0, 10))
    clock.advance(29_999)
    expect(told).toEqual([])
    clock.advance(101)
    expect(told).toEqual(['unfinished'])
  })

  it('has the whole time again after each byte', async () => {
    const { clock, link, told } = setUp()
    await nextTurn()
    const bytes = send('1')
    for (let i = 0; i < bytes.length; i++) {
      link.send(bytes.subarray(i, i + 1))
      clock.advance(29_000)
    }
    expect(told).toEqual(['SEND 1'])
    clock.advance(100_000)
    expect(told).toEqual(['SEND 1'])
  })

  it('is watched anew for each frame that is begun', async () => {
    const { clock, link, told } = setUp()
    await nextTurn()
    const half = send('1').subarray(0, 10)
    link.send(half)
    clock.advance(20_000)
    link.send(together(send('1').subarray(10), half))
    clock.advance(29_000)
    expect(told).toEqual(['SEND 1'])
    clock.advance(1_100)
    expect(told).toEqual(['SEND 1', 'unfinished'])
  })

  it('is not held against a peer that is paused', async () => {
    const { clock, framed, link, told } = setUp()
    await nextTurn()
    link.send(send('1').subarray(0, 10))
    framed.setPaused(true)
    clock.advance(100_000)
    framed.setPaused(false)
    clock.advance(29_999)
    expect(told).toEqual([])
    clock.advance(101)
    expect(told).toEqual(['unfinished'])
  })

  it('is no concern between frames, nor after the close', async () => {
    const { clock, framed, link, told } = setUp()
    await nextTurn()
    link.send(together(send('1'), Buffer.from('\n\n')))
    clock.advance(100_000)
    expect(told).toEqual(['SEND 1'])
    link.send(send('2').subarray(0, 10))
    framed.close(1000, '')
    await nextTurn()
    clock.advance(100_000)
    expect(told).toEqual(['SEND 1', 'closed 1000'])
  })
})

describe('writing', () => {
  it('sends the frames of a turn in one write', async () => {
    const { framed, link, written } = setUp()
    for (const id of ['1', '2', '3']) framed.send({ command: 'RECEIPT', headers: { 'receipt-id': id } })
    expect(written).toEqual([])
    await nextTurn()
    expect(written).toEqual(['RECEIPT\nreceipt-id:1\n\n\0RECEIPT\nreceipt-id:2\n\n\0RECEIPT\nreceipt-id:3\n\n\0'])
    expect(link.writeCount).toBe(1)
  })

  it('writes in the version set last', async () => {
    const { framed, written } = setUp()
    framed.version = '1.0'
    framed.send({ command: 'RECEIPT', headers: { 'receipt-id': 'a:b' } })
    framed.version = '1.2'
    framed.send({ command: 'RECEIPT', headers: { 'receipt-id': 'a:b' } })
    await nextTurn()
    expect(written).toEqual(['RECEIPT\nreceipt-id:a:b\n\n\0RECEIPT\nreceipt-id:a\\cb\n\n\0'])
  })

  it('tells once of a peer that does not read what it is owed, and reads nothing from it any more', async () => {
    const { framed, link, told } = setUp()
    await nextTurn()
    link.setStalled(true)
    for (let i = 0; i < 4; i++) {
      framed.send({ command: 'ERROR', body: 'x'.repeat(500) })
      await nextTurn()
    }
    link.send(send('1'))
    expect(told).toEqual(['overflowed'])
  })
})

describe('closing', () => {
  it('writes what waits first, also to a peer that does not read', async () => {
    const { framed, link, written, told } = setUp()
    link.setStalled(true)
    framed.send({ command: 'RECEIPT', headers: { 'receipt-id': '1' } })
    await nextTurn()
    framed.send({ command: 'ERROR', headers: { message: 'no' } })
    framed.close(1002, 'bad')
    expect(written).toHaveLength(3)
    expect(written[1]).toContain('message:no')
    expect(written[2]).toBe('closed 1002 bad')
    await nextTurn()
    expect(told).toEqual(['closed 1002 bad'])
  })

  it('inside a frame leaves the rest of the chunk unread', async () => {
    const { link, told } = setUp((_, framed) => framed.close(1000, ''))
    await nextTurn()
    link.send(together(send('1'), send('2'), NOT_STOMP))
    await nextTurn()
    expect(told).toEqual(['SEND 1', 'closed 1000'])
  })

  it('ends the heart-beats: nothing is written or told after', async () => {
    const { clock, framed, written, told } = setUp()
    framed.startHeartBeat({ sendEveryMs: 1_000, expectEveryMs: 1_000 })
    framed.close(1000, '')
    expect(framed.send({ command: 'RECEIPT', headers: { 'receipt-id': '1' } })).toBe('dropped')
    await nextTurn()
    clock.advance(60_000)
    await nextTurn()
    expect(written).toEqual(['closed 1000'])
    expect(told).toEqual(['closed 1000'])
  })

  it('by the peer is told once, and ends everything', async () => {
    const { clock, framed, link, told, written } = setUp()
    framed.startHeartBeat({ sendEveryMs: 1_000, expectEveryMs: 1_000 })
    framed.send({ command: 'RECEIPT', headers: { 'receipt-id': '1' } })
    link.close(1001, 'gone')
    await nextTurn()
    clock.advance(60_000)
    await nextTurn()
    expect(told).toEqual(['closed 1001 gone'])
    expect(written).toEqual(['closed 1001 gone'])
  })
})

describe('a peer that breaks the rules of its transport', () => {
  it('still gets what is said in answer, before the transport closes', async () => {
    const { framed, link, told, written } = setUp()
    await nextTurn()
    framed.send({ command: 'ERROR', headers: { message: 'last words' } })
    link.break(1009, 'too large')
    await nextTurn()
    expect(told).toEqual(['broken 1009', 'closed 1009 too large'])
    expect(written[0]).toContain('last words')
    expect(written[1]).toBe('closed 1009 too large')
  })

  it('is not told of after its bytes were found bad: nothing of it is read any more', async () => {
    const { link, told } = setUp()
    await nextTurn()
    link.send(NOT_STOMP)
    link.break(1007, 'no UTF-8')
    await nextTurn()
    expect(told).toEqual(['malformed', 'closed 1007 no UTF-8'])
  })

  it('is not told of again once the connection is being closed', async () => {
    const { framed, link, told } = setUp()
    await nextTurn()
    framed.close(1000, '')
    link.break(1009, 'too large')
    await nextTurn()
    expect(told).toEqual(['closed 1000'])
  })
})

describe('heart-beats', () => {
  it('are one line feed each, and any frame stands for one', async () => {
    const { clock, framed, written } = setUp()
    framed.startHeartBeat({ sendEveryMs: 1_000, expectEveryMs: 0 })
    for (let i = 0; i < 4; i++) {
      clock.advance(400)
      framed.send({ command: 'RECEIPT', headers: { 'receipt-id': '1' } })
      await nextTurn()
    }
    expect(written.join('').split('\0').slice(0, -1)).toHaveLength(4)
    expect(written.join('')).not.toContain('\0\n')
    clock.advance(1_000)
    await nextTurn()
    expect(written.at(-1)).toBe('\n')
  })

  it('of the peer, and any byte of it, count as life', async () => {
    const { clock, framed, link, told } = setUp()
    await nextTurn()
    framed.startHeartBeat({ sendEveryMs: 0, expectEveryMs: 1_000 })
    for (const chunk of ['\n', 'S', 'END\n', '\n']) {
      clock.advance(1_500)
      link.send(chunk)
    }
    expect(told).toEqual([])
    clock.advance(3_000)
    expect(told).toEqual(['silent'])
  })

  it('that begin while reading is paused are not expected before it goes on', async () => {
    const { clock, framed, told } = setUp()
    framed.setPaused(true)
    framed.startHeartBeat({ sendEveryMs: 0, expectEveryMs: 1_000 })
    clock.advance(60_000)
    framed.setPaused(false)
    clock.advance(1_900)
    expect(told).toEqual([])
    clock.advance(1_100)
    expect(told).toEqual(['silent'])
  })
})

it('passes on what is known of the peer', () => {
  const { framed, link } = setUp()
  expect(framed.peer).toBe(link.connection.peer)
})

it('writes what a decoder reads, also where text and bytes follow one another in one turn', async () => {
  const { framed, written } = setUp()
  framed.send({ command: 'ERROR', body: 'ä' })
  framed.send({ command: 'ERROR', body: 'b' })
  await nextTurn()
  const decoder = createDecoder({ from: 'server' })
  decoder.push(written.join(''))
  const bodies = [decoder.next(), decoder.next()].map((next) => (next === 'heart-beat' ? '' : next?.text))
  expect(bodies).toEqual(['ä', 'b'])
})
