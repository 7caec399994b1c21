import { createRequire } from 'node:module'
import type { Writable } from 'node:stream'
import { createDecoder } from '@hoofbeat/codec'
import { describe, expect, it } from 'vitest'
import { createWireFrame, HEART_BEAT_FRAME, readyWireFrame } from './wire-frame.js'

// What ws itself reads with; its types leave it out.
const { Receiver } = createRequire(import.meta.url)('ws') as { Receiver: new () => Writable }

interface ReadMessage {
  readonly data: Buffer
  readonly isBinary: boolean
}

function readWebSocket(bytes: Uint8Array): ReadMessage[] {
  const messages: ReadMessage[] = []
  const receiver = new Receiver()
  receiver.on('message', (data: Buffer, isBinary: boolean) => messages.push({ data, isBinary }))
  receiver.on('error', (error) => {
    throw error
  })
  receiver.write(bytes)
  return messages
}

describe('a wire frame', () => {
  it.each([0, 1, 125, 126, 127, 65_535, 65_536, 70_000])(
    'of %i bytes is one WebSocket message, as the ws library reads it',
    (byteLength) => {
      const payload = Buffer.alloc(byteLength, 'a')
      for (const isText of [true, false]) {
        const frame = readyWireFrame(payload, isText)
        expect(frame.byteLength).toBe(byteLength)
        const [message, ...others] = readWebSocket(frame.bytes('websocket'))
        expect(message?.isBinary).toBe(!isText)
        expect(message?.data.equals(payload)).toBe(true)
        expect(others).toEqual([])
      }
    },
  )

  it.each([
    [125, 127],
    [126, 130],
    [65_535, 65_539],
    [65_536, 65_546],
  ])('of %i bytes has the shortest head there is: %i bytes in all', (byteLength, whole) => {
    expect(readyWireFrame(new Uint8Array(byteLength), true).bytes('websocket')).toHaveLength(whole)
  })

  it('is made once in each form', () => {
    const frame = readyWireFrame(Buffer.from('abc\0'), true)
    expect(Buffer.from(frame.bytes('stream')).toString()).toBe('abc\0')
    expect(readWebSocket(frame.bytes('websocket'))).toEqual([{ data: Buffer.from('abc\0'), isBinary: false }])
    expect(frame.bytes('link')).toBe(frame.bytes('websocket'))
    expect(Buffer.from(frame.bytes('event')).toString()).toBe('data: ["abc\\u0000"]\n\n')
    expect(Buffer.from(frame.bytes('chunk')).toString()).toBe('15\r\ndata: ["abc\\u0000"]\n\n\r\n')
    for (const form of ['stream', 'websocket', 'event', 'chunk'] as const) {
      expect(frame.bytes(form)).toBe(frame.bytes(form))
      expect(frame.size(form)).toBe(frame.bytes(form).length)
    }
  })

  it('that is no text travels as base64 in an event', () => {
    const frame = readyWireFrame(Buffer.from([0, 255]), false)
    expect(Buffer.from(frame.bytes('event')).toString()).toBe('data: [{"b":"AP8="}]\n\n')
  })

  it('of a frame the server speaks is what the codec reads', () => {
    const frame = createWireFrame({ command: 'RECEIPT', headers: { 'receipt-id': 'a:b' } }, '1.2')
    const decoder = createDecoder({ from: 'server' })
    decoder.push(frame.bytes('stream'))
    const read = decoder.next()
    expect(read).toMatchObject({ command: 'RECEIPT' })
    expect(read === 'heart-beat' ? undefined : read?.headers.get('receipt-id')).toBe('a:b')
    expect(frame.isText).toBe(true)
  })

  it('is text where its body is valid UTF-8, and binary where it is not', () => {
    const isText = (body: string | Uint8Array): boolean => createWireFrame({ command: 'ERROR', body }, '1.2').isText
    expect(isText('ä')).toBe(true)
    expect(isText(Buffer.from('ä'))).toBe(true)
    expect(isText(new Uint8Array())).toBe(true)
    expect(isText(Buffer.from('ä').subarray(0, 1))).toBe(false)
  })

  it('is refused where the version cannot write a header', () => {
    const unwritable = { command: 'RECEIPT', headers: { 'receipt-id': 'a\nb' } } as const
    expect(() => createWireFrame(unwritable, '1.0')).toThrow(expect.objectContaining({ name: 'ProtocolError' }))
    expect(() => createWireFrame(unwritable, '1.1')).not.toThrow()
  })

  it('for a heart-beat is one line feed, as text', () => {
    expect([...HEART_BEAT_FRAME.bytes('stream')]).toEqual([10])
    expect(readWebSocket(HEART_BEAT_FRAME.bytes('websocket'))).toEqual([{ data: Buffer.from('\n'), isBinary: false }])
  })
})
