import { describe, expect, it } from 'vitest'
import { attachFieldsOf, closeOf, messageOf, protocolsOf, upFieldsOf } from './request-shape.js'

describe('the shape of requests', () => {
  it.each([
    { seq: 0, ack: 0, items: [] },
    { seq: 1.5, ack: 0, items: [] },
    { seq: '1', ack: 0, items: [] },
    { seq: 1, ack: -1, items: [] },
    { seq: 1, ack: 2 ** 53, items: [] },
    { seq: 1, ack: 0 },
    { seq: 1, ack: 0, items: [1] },
    { seq: 1, ack: 0, items: [{ b: 1 }] },
    { seq: 1, ack: 0, items: [], close: 1 },
    { seq: 1, ack: 0, items: [], close: { code: 'x' } },
  ])('refuses as an up: %j', (fields) => expect(upFieldsOf(fields)).toBeUndefined())

  it.each([
    { attach: 0, ack: 0 },
    { attach: 1 },
    { attach: 1, ack: null },
    { attach: 1, ack: 0, hold: -1 },
    { attach: 1, ack: 0, hold: 'x' },
  ])('refuses as an attach: %j', (fields) => expect(attachFieldsOf(fields)).toBeUndefined())

  it.each([
    {},
    { protocols: 'x' },
    { protocols: [1] },
    { protocols: ['x'.repeat(65)] },
    { protocols: Array(17).fill('x') },
  ])('refuses as an open: %j', (fields) => expect(protocolsOf(fields)).toBeUndefined())

  it('ignores what it does not know', () => {
    expect(upFieldsOf({ seq: 1, ack: 2, items: ['a'], more: 1 })).toEqual({
      seq: 1,
      ack: 2,
      items: ['a'],
      close: undefined,
    })
  })

  it('takes a close without a code for 1005, and bounds the reason', () => {
    expect(closeOf({})).toEqual({ code: 1005, reason: '' })
    expect(closeOf({ code: 3000, reason: 'x' })).toEqual({ code: 3000, reason: 'x' })
    for (const bad of [{ code: 999 }, { code: 5000 }, { reason: 1 }, { reason: 'ä'.repeat(62) }, null])
      expect(closeOf(bad)).toBeUndefined()
  })

  it('takes messages out of items, and refuses lone surrogates and base64 that is not canonical', () => {
    expect(messageOf('ä😀')).toEqual({ data: 'ä😀', byteLength: 6 })
    expect(messageOf({ b: 'AP8=' })).toEqual({ data: Buffer.from([0, 255]), byteLength: 2 })
    for (const item of ['a\ud83d', '\ude00', { b: 'AP8' }, { b: 'AP9=' }, { b: 'A P8=' }, { b: 'AP_=' }, { b: '*' }])
      expect(messageOf(item)).toBeUndefined()
  })
})
