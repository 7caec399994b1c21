import { createHeaders } from '@hoofbeat/codec'
import Fastify from 'fastify'
import { describe, expect, it } from 'vitest'
import { createBodyParser } from './body-parser.js'

const parse = createBodyParser(Fastify())

function parsed(body: string | Uint8Array, contentType?: string) {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  return parse(bytes, createHeaders(contentType === undefined ? {} : { 'content-type': contentType }))
}

function refusal(body: string | Uint8Array, contentType?: string): unknown {
  try {
    parsed(body, contentType)
  } catch (error) {
    return error
  }
  return undefined
}

describe('createBodyParser', () => {
  it.each([undefined, 'application/json', 'Application/JSON; charset=utf-8', 'application/vnd.api+json'])(
    'parses JSON where the content type is %s',
    (contentType) => {
      expect(parsed('{"a":"ü"}', contentType).value).toEqual({ a: 'ü' })
      expect(parsed('17', contentType).value).toBe(17)
    },
  )

  it('takes a body without content type for what the route assumes', () => {
    const parseText = createBodyParser(Fastify(), 'text/plain')
    expect(parseText(Buffer.from('17'), createHeaders())).toEqual({ value: '17', contentType: undefined })
    expect(parseText(Buffer.from('17'), createHeaders({ 'content-type': 'application/json' })).value).toBe(17)
    const bytes = Buffer.from([0xff])
    expect(createBodyParser(Fastify(), 'application/octet-stream')(bytes, createHeaders()).value).toBe(bytes)
    expect(() => createBodyParser(Fastify(), 'text')).toThrow(/'text' is no content type/)
  })

  it('names the media type in lower case without parameters', () => {
    expect(parsed('1', 'Application/JSON;charset=utf-8').contentType).toBe('application/json')
    expect(parsed('1').contentType).toBeUndefined()
  })

  it.each(['text/plain', 'text/html;charset=UTF-8', 'text/plain;charset="utf-8"', 'text/csv;charset=us-ascii'])(
    'takes %s for a string',
    (contentType) => {
      expect(parsed('{"a":"ü"}', contentType).value).toBe('{"a":"ü"}')
    },
  )

  it.each(['application/octet-stream', 'image/png', 'application/xml'])('gives the very bytes of %s', (contentType) => {
    const bytes = new Uint8Array([0, 255])
    expect(parsed(bytes, contentType).value).toBe(bytes)
  })

  it.each([undefined, 'application/json', 'text/plain', 'image/png'])(
    'gives undefined for an empty body of %s',
    (type) => {
      expect(parsed('', type).value).toBeUndefined()
    },
  )

  it.each([
    ['JSON that is cut off', '{"a":', undefined, 'not valid JSON'],
    ['JSON that is none', 'hello', 'application/json', 'not valid JSON'],
    ['a __proto__ key', '{"__proto__":{"x":1}}', 'application/json', 'not valid JSON'],
    ['a constructor.prototype key', '{"constructor":{"prototype":{"x":1}}}', undefined, 'not valid JSON'],
    ['JSON that is not UTF-8', new Uint8Array([34, 0xff, 34]), undefined, 'not valid UTF-8'],
    ['text that is not UTF-8', new Uint8Array([0xc3]), 'text/plain', 'not valid UTF-8'],
    ['text in another charset', 'x', 'text/plain;charset=iso-8859-1', 'must be in UTF-8'],
    ['a content type that is none', '{}', 'json', 'content-type cannot be read'],
    ['an empty content type', '{}', '', 'content-type cannot be read'],
  ])('refuses %s', (_name, body, contentType, why) => {
    expect(refusal(body, contentType)).toMatchObject({
      code: 'STOMP_ERR_BODY_INVALID',
      message: expect.stringContaining(why),
    })
  })
})
