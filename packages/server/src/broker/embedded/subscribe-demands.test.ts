import { createHeaders } from '@hoofbeat/codec'
import { describe, expect, it } from 'vitest'
import { readDemands } from './subscribe-demands.js'

const read = (headers: Record<string, string>) =>
  readDemands(createHeaders(headers), { prefetchCount: 100, maxPrefetchCount: 1_000 })
const invalid = (text: string) =>
  expect.objectContaining({ code: 'STOMP_ERR_HEADER_INVALID', message: expect.stringContaining(text) })

describe('what a SUBSCRIBE asks for', () => {
  it('is by default plain delivery', () => {
    expect(read({})).toEqual({
      ...{ mode: 'auto', prefetch: 100, selector: undefined, isDurable: false, clientId: undefined, replay: undefined },
    })
  })

  it.each(['auto', 'client', 'client-individual'])('may be ack:%s', (ack) => {
    expect(read({ ack }).mode).toBe(ack)
  })

  it('may be another ack mode: refused', () => {
    expect(() => read({ ack: 'Client' })).toThrow(invalid("'Client'"))
  })

  it('may be a count of unacknowledged messages, by either name, up to a greatest', () => {
    expect(read({ 'prefetch-count': '7' }).prefetch).toBe(7)
    expect(read({ 'activemq.prefetchSize': '8' }).prefetch).toBe(8)
    expect(read({ 'prefetch-count': '7', 'activemq.prefetchSize': '8' }).prefetch).toBe(7)
    expect(read({ 'prefetch-count': '5000' }).prefetch).toBe(1_000)
  })

  it.each(['0', '-1', '1.5', 'x', '', ' 1', '1'.repeat(10)])('may not be the count %j', (count) => {
    expect(() => read({ 'prefetch-count': count })).toThrow(invalid('prefetch-count'))
    expect(() => read({ replay: count })).toThrow(invalid('replay'))
  })

  it('may be the last messages, or all since one, not both', () => {
    expect(read({ replay: '3' }).replay).toEqual({ last: 3 })
    expect(read({ since: 'm' }).replay).toEqual({ since: 'm' })
    expect(() => read({ replay: '3', since: 'm' })).toThrow(invalid('not both'))
  })

  it('may be durable, with a client of its own', () => {
    expect(read({ durable: 'true', 'client-id': 'c' })).toMatchObject({ isDurable: true, clientId: 'c' })
    expect(read({ durable: 'false' }).isDurable).toBe(false)
  })

  it('may be a selector, which must be well-formed', () => {
    expect(read({ selector: 'a = 1' }).selector?.text).toBe('a = 1')
    expect(() => read({ selector: 'a = ' })).toThrow(expect.objectContaining({ code: 'STOMP_ERR_SELECTOR_INVALID' }))
  })
})
