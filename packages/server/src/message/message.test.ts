import { createDecoder, createHeaders, type Frame, type HeadersInit, VERSIONS, type Version } from '@hoofbeat/codec'
import { describe, expect, it } from 'vitest'
import type { Delivery } from './delivery.js'
import { createMessage, type Message, type MessageInit } from './message.js'
import type { WireFrame } from './wire-frame.js'

const toSub = (subscription: string | undefined): Delivery => ({ subscription })

interface Draft {
  readonly destination?: string
  readonly headers?: HeadersInit
  readonly body?: string | Uint8Array
  readonly onHeaderLeftOut?: MessageInit['onHeaderLeftOut']
}

function messageOf({ destination = '/topic/a', headers = {}, body = 'hi', onHeaderLeftOut }: Draft = {}): Message {
  const init = { id: 'm-1', destination, headers: createHeaders(headers), body: Buffer.from(body) }
  return createMessage(onHeaderLeftOut === undefined ? init : { ...init, onHeaderLeftOut })
}

function read(frame: WireFrame, version: Version = '1.2'): Frame {
  const decoder = createDecoder({ version, from: 'server' })
  decoder.push(frame.bytes('stream'))
  const read = decoder.next()
  if (read === undefined || read === 'heart-beat') throw new Error('no whole frame')
  expect(decoder.pendingBytes).toBe(0)
  return read
}

describe('a message', () => {
  it.each(VERSIONS)('is read as a MESSAGE with all its parts in STOMP %s', (version) => {
    const message = messageOf({ headers: { 'content-type': 'text/plain', url: 'http://a' }, body: 'a\0ä' })
    const frame = read(message.frame(version, toSub('sub-0')), version)
    expect(frame.command).toBe('MESSAGE')
    expect([...frame.headers]).toEqual([
      ['subscription', 'sub-0'],
      ['destination', '/topic/a'],
      ['message-id', 'm-1'],
      ['content-type', 'text/plain'],
      ['url', 'http://a'],
      ['content-length', '4'],
    ])
    expect(frame.text).toBe('a\0ä')
  })

  it('carries a content-length even without a body, and never invents a content-type', () => {
    const { headers } = read(messageOf({ body: '' }).frame('1.2', toSub('s')))
    expect(headers.get('content-length')).toBe('0')
    expect(headers.has('content-type')).toBe(false)
  })

  it('keeps repeated headers in their order and drops those that the server alone may set', () => {
    const message = messageOf({
      headers: [
        ['x', '1'],
        ['receipt', 'r'],
        ['y', '2'],
        ['message-id', 'forged'],
        ['x', '3'],
        ['subscription', 'forged'],
        ['destination', '/topic/forged'],
        ['transaction', 't'],
        ['ack', 'forged'],
        ['redelivered', 'true'],
        ['content-length', '999'],
        ['X', '4'],
      ],
    })
    const { headers } = read(message.frame('1.2', toSub('s')))
    expect([...headers]).toEqual([
      ['subscription', 's'],
      ['destination', '/topic/a'],
      ['message-id', 'm-1'],
      ['x', '1'],
      ['y', '2'],
      ['x', '3'],
      ['X', '4'],
      ['content-length', '2'],
    ])
    expect(message.headers.has('message-id')).toBe(false)
  })

  it('gives equal deliveries the very same frame', () => {
    const message = messageOf()
    const frame = message.frame('1.2', toSub('sub-0'))
    expect(message.frame('1.2', toSub('sub-0'))).toBe(frame)
    expect(message.frame('1.2', { subscription: 'sub-0', redelivered: false })).toBe(frame)
    expect(message.frame('1.2', toSub('sub-1'))).not.toBe(frame)
    expect(message.frame('1.1', toSub('sub-0'))).not.toBe(frame)
  })

  it('keeps frames right beyond the number of subscription ids it remembers', () => {
    const message = messageOf()
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 200; i++) {
        expect(read(message.frame('1.2', toSub(`s${i}`))).headers.get('subscription')).toBe(`s${i}`)
      }
    }
    expect(message.frame('1.2', toSub('s0'))).toBe(message.frame('1.2', toSub('s0')))
  })

  it('says what is special about a delivery, and does not share that', () => {
    const message = messageOf()
    const special: Delivery = { subscription: 's', destination: '/user/queue/a', ack: 'a-1', redelivered: true }
    const { headers } = read(message.frame('1.2', special))
    expect(headers.get('destination')).toBe('/user/queue/a')
    expect(headers.get('ack')).toBe('a-1')
    expect(headers.get('redelivered')).toBe('true')
    const plain = read(message.frame('1.2', toSub('s')))
    expect(plain.headers.get('destination')).toBe('/topic/a')
    expect(plain.headers.has('ack')).toBe(false)
    expect(plain.headers.has('redelivered')).toBe(false)
  })

  it.each([
    ['destination', '/user/queue/a'],
    ['ack', 'a-1'],
    ['redelivered', true],
  ])('does not share a frame whose %s is its own, whichever is asked for first', (name, value) => {
    const special: Delivery = { subscription: 's', [name]: value }
    const own = (message: Message): string | undefined => read(message.frame('1.2', special)).headers.get(name)
    const plain = (message: Message): string | undefined => read(message.frame('1.2', toSub('s'))).headers.get(name)
    const [plainFirst, specialFirst] = [messageOf(), messageOf()]
    const usual = name === 'destination' ? '/topic/a' : undefined
    expect([plain(plainFirst), own(plainFirst)]).toEqual([usual, `${value}`])
    expect([own(specialFirst), plain(specialFirst)]).toEqual([`${value}`, usual])
  })

  it('remembers with a delivery that is used again how a MESSAGE begins, and no more than that', () => {
    const delivery: Delivery = { subscription: 's', start: undefined }
    const begins = (message: Message, version: Version, special: Partial<Delivery> = {}): (string | undefined)[] => {
      const { headers } = read(message.frame(version, { ...delivery, ...special }), version)
      return ['subscription', 'destination', 'redelivered', 'history-gap'].map((name) => headers.get(name))
    }
    const [a, b] = [messageOf(), messageOf({ destination: '/topic/b:c' })]
    a.frame('1.2', delivery)
    expect(delivery.start?.head.text).toBe('MESSAGE\nsubscription:s\ndestination:/topic/a\n')
    expect(begins(messageOf(), '1.2')).toEqual(['s', '/topic/a', undefined, undefined])
    expect(begins(a, '1.2', { redelivered: true })).toEqual(['s', '/topic/a', 'true', undefined])
    expect(begins(a, '1.2', { isAfterGap: true })).toEqual(['s', '/topic/a', undefined, 'true'])
    expect(begins(b, '1.2')).toEqual(['s', '/topic/b:c', undefined, undefined])
    b.frame('1.2', delivery)
    expect(begins(b, '1.0')).toEqual(['s', '/topic/b:c', undefined, undefined])
    expect(begins(messageOf(), '1.2')).toEqual(['s', '/topic/a', undefined, undefined])
  })

  it('names no subscription where a STOMP 1.0 client gave none, and does not take an empty id for none', () => {
    const message = messageOf()
    for (let round = 0; round < 2; round++) {
      expect(read(message.frame('1.0', toSub(undefined)), '1.0').headers.has('subscription')).toBe(false)
      expect(read(message.frame('1.0', toSub('')), '1.0').headers.get('subscription')).toBe('')
    }
  })

  it('leaves a header out where the version cannot write it, and tells so once for each version', () => {
    const leftOut: string[] = []
    const message = messageOf({
      headers: { lines: 'a\nb', kept: 'x' },
      onHeaderLeftOut: (header, version) => leftOut.push(`${header} in ${version}`),
    })
    for (const subscription of ['a', 'b']) {
      const old = read(message.frame('1.0', toSub(subscription)), '1.0')
      expect(old.headers.has('lines')).toBe(false)
      expect(old.headers.get('kept')).toBe('x')
      expect(read(message.frame('1.2', toSub(subscription))).headers.get('lines')).toBe('a\nb')
    }
    expect(leftOut).toEqual(['lines in 1.0'])
  })

  it('leaves out what no version can write', () => {
    const leftOut: string[] = []
    const message = messageOf({
      headers: { nul: 'a\0b', '': 'no name' },
      onHeaderLeftOut: (header, version) => leftOut.push(`'${header}' in ${version}`),
    })
    for (const version of VERSIONS) expect(read(message.frame(version, toSub('s')), version).headers.size).toBe(4)
    expect(leftOut).toHaveLength(6)
  })

  it('is text where the body is valid UTF-8, and binary where it is not', () => {
    expect(messageOf({ body: 'ä' }).frame('1.2', toSub('s')).isText).toBe(true)
    expect(messageOf({ body: '' }).frame('1.2', toSub('s')).isText).toBe(true)
    const binary = messageOf({ body: Buffer.from([0, 255, 10]) }).frame('1.2', toSub('s'))
    expect(binary.isText).toBe(false)
    expect([...read(binary).body]).toEqual([0, 255, 10])
  })

  it('escapes subscription ids and destinations as the version has it', () => {
    const message = messageOf({ destination: '/topic/a:b\\c' })
    for (const version of VERSIONS) {
      const { headers } = read(message.frame(version, toSub('a:b\\c')), version)
      expect(headers.get('subscription')).toBe('a:b\\c')
      expect(headers.get('destination')).toBe('/topic/a:b\\c')
    }
  })
})
