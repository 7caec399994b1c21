import { decode, encode } from '@msgpack/msgpack'
import { describe, expect, it, vi } from 'vitest'
import type { StompCodec } from '../src/index.js'
import { createRoutesApplication, readable } from './routes-application.js'

const TYPE = 'application/msgpack'
const msgpack: StompCodec = { contentTypes: TYPE, parse: (bytes) => decode(bytes), serialize: (value) => encode(value) }
const msgpackOnly = { contentType: TYPE, sendTo: '/topic/x' } as const
const asks = { 'content-type': TYPE }
const nameSchema = { type: 'object', required: ['name'], properties: { name: { type: 'string' } } } as const

/** A codec that can be told from others. */
const tagged = (tag: string, ...contentTypes: string[]): StompCodec => ({
  contentTypes,
  parse: (bytes) => `${tag}<${Buffer.from(bytes)}`,
  serialize: (value) => `${tag}>${JSON.stringify(value)}`,
})

describe('a codec', () => {
  it('reads the bodies of its content type, and the schema checks what it has made of them', async () => {
    const { app, send } = createRoutesApplication()
    const seen: unknown[] = []
    app.stomp.addCodec(msgpack)
    app.stomp.message('/x', { schema: { body: nameSchema } }, ({ body, contentType }) => seen.push(body, contentType))
    await app.ready()
    await send('/app/x', encode({ name: 'Ada' }), { 'content-type': 'Application/MsgPack;v=1' })
    expect(seen).toEqual([{ name: 'Ada' }, TYPE])
    await expect(send('/app/x', encode({ name: {} }), asks)).rejects.toMatchObject({
      code: 'STOMP_ERR_BODY_INVALID',
      message: expect.stringContaining('body/name must be string'),
    })
  })

  it('refuses a body that it cannot read, in words that show nothing of it', async () => {
    const { app, send } = createRoutesApplication()
    app.stomp.addCodec(msgpack)
    app.stomp.addCodec({
      ...tagged('x', 'application/shown'),
      parse: () => {
        throw Object.assign(new Error('the third field is missing'), { statusCode: 400 })
      },
    })
    app.stomp.message('/x', () => undefined)
    await app.ready()
    await expect(send('/app/x', new Uint8Array([0xc1]), asks)).rejects.toMatchObject({
      code: 'STOMP_ERR_BODY_INVALID',
      message: `The body is not what this destination takes: it is not valid ${TYPE}`,
      cause: expect.any(Error),
    })
    await expect(send('/app/x', 'a', { 'content-type': 'application/shown' })).rejects.toMatchObject({
      message: 'The body is not what this destination takes: the third field is missing',
    })
  })

  it('is not asked about empty bodies', async () => {
    const { app, send } = createRoutesApplication()
    const seen: unknown[] = []
    app.stomp.addCodec(msgpack)
    app.stomp.message('/x', ({ body }) => seen.push(body))
    await app.ready()
    await send('/app/x', undefined, asks)
    expect(seen).toEqual([undefined])
  })

  it('that gives a promise is a fault of the server', async () => {
    const { app, send } = createRoutesApplication()
    app.stomp.addCodec({ ...msgpack, parse: () => Promise.reject(new Error('later')) })
    app.stomp.message('/x', () => undefined)
    await app.ready()
    await expect(send('/app/x', 'a', asks)).rejects.toMatchObject({
      code: 'STOMP_ERR_HANDLER_FAILED',
      cause: { message: expect.stringContaining('at once') },
    })
  })

  it('writes what handlers return as its content type: objects and strings, not bytes', async () => {
    const { app, send, subscribe } = createRoutesApplication()
    app.stomp.addCodec(msgpack)
    app.stomp.message('/object', msgpackOnly, () => ({ at: new Date(0) }))
    app.stomp.message('/string', msgpackOnly, () => 'text')
    app.stomp.message('/bytes', msgpackOnly, () => encode(17))
    app.stomp.message('/asked', { sendTo: '/topic/x' }, (_message, reply) => {
      reply.type(`${TYPE};v=1`)
      return [1]
    })
    app.stomp.subscription('/object', { contentType: TYPE }, () => ({ a: 1 }))
    await app.ready()
    const read = async (to: string) => decode((await send(to))?.[0]?.body ?? [])
    expect(await read('/app/object')).toEqual({ at: new Date(0) })
    expect(await read('/app/string')).toBe('text')
    expect(await read('/app/bytes')).toBe(17)
    expect(await read('/app/asked')).toEqual([1])
    expect((await send('/app/asked'))?.[0]?.headers.get('content-type')).toBe(`${TYPE};v=1`)
    expect(decode((await subscribe('/app/object'))?.body ?? [])).toEqual({ a: 1 })
  })

  it('gets what the response schema has left of a value', async () => {
    const { app, send } = createRoutesApplication()
    app.stomp.addCodec(msgpack)
    const response = { type: 'object', properties: { id: { type: 'string' } } }
    app.stomp.message('/x', { ...msgpackOnly, schema: { response } }, () => ({ id: 7, password: 'hunter2' }))
    await app.ready()
    expect(decode((await send('/app/x'))?.[0]?.body ?? [])).toEqual({ id: '7' })
  })

  it('writes what the application publishes, by the options or the headers', async () => {
    const { app, published } = createRoutesApplication()
    app.stomp.addCodec(msgpack)
    await app.stomp.publish('/topic/x', { a: 1 }, { contentType: TYPE })
    await app.ready()
    await app.stomp.publish('/topic/x', { a: 2 }, { headers: { 'content-type': TYPE } })
    await app.stomp.publish('/topic/x', { a: 3 })
    await expect(app.stomp.publish('/topic/x', {}, { contentType: 'application/x-none' })).rejects.toThrow(
      "There is no codec for 'application/x-none'",
    )
    expect(published.slice(0, 2).map(({ body }) => decode(body))).toEqual([{ a: 1 }, { a: 2 }])
    expect(readable(published[2])).toEqual({ type: 'application/json', text: '{"a":3}' })
  })

  it('belongs to its plugin and the plugins within; the nearest one counts', async () => {
    const { app, send, published } = createRoutesApplication()
    const seen: unknown[] = []
    const route = (instance: typeof app, name: string) => {
      const options = { contentType: 'application/a', sendTo: '/topic/x' }
      instance.stomp.message(`/${name}`, options, ({ body }) => {
        seen.push(body)
        return { n: 1 }
      })
    }
    route(app, 'outside')
    await app.register(async (plugin) => {
      route(plugin, 'plugin')
      plugin.stomp.addCodec(tagged('outer', 'application/a', 'application/b'))
      await plugin.register(async (inner) => {
        inner.stomp.addCodec(tagged('inner', 'application/a'))
        route(inner, 'inner')
        await inner.stomp.publish('/topic/x', 1, { contentType: 'application/a' })
        await inner.stomp.publish('/topic/x', 1, { contentType: 'application/b' })
      })
    })
    await app.ready()
    const exchange = async (to: string) =>
      readable((await send(to, 'x', { 'content-type': 'application/a' }))?.[0])?.text
    expect(await exchange('/app/plugin')).toBe('outer>{"n":1}')
    expect(await exchange('/app/inner')).toBe('inner>{"n":1}')
    await expect(exchange('/app/outside')).rejects.toMatchObject({ code: 'STOMP_ERR_HANDLER_FAILED' })
    expect(seen).toEqual(['outer<x', 'inner<x', Buffer.from('x')])
    expect(published.map((one) => readable(one)?.text)).toEqual(['inner>1', 'outer>1'])
  })

  it('may take the place of JSON, save where a response schema writes it', async () => {
    const { app, send, published } = createRoutesApplication()
    const seen: unknown[] = []
    app.stomp.addCodec(tagged('own', 'application/json'))
    const response = { type: 'object', properties: { a: { type: 'integer' } } }
    app.stomp.message('/plain', { sendTo: '/topic/x' }, ({ body }) => {
      seen.push(body)
      return { a: 1 }
    })
    app.stomp.message('/shaped', { sendTo: '/topic/x', schema: { response } }, () => ({ a: 1, b: 2 }))
    app.stomp.message('/ready', { sendTo: '/topic/x', contentType: 'application/json' }, () => '{"ready":true}')
    await app.ready()
    expect(readable((await send('/app/plain', 'x'))?.[0])).toEqual({ type: 'application/json', text: 'own>{"a":1}' })
    await send('/app/plain', 'y', { 'content-type': 'application/vnd.api+json' })
    expect(seen).toEqual(['own<x', 'own<y'])
    expect(readable((await send('/app/shaped'))?.[0])?.text).toBe('{"a":1}')
    expect(readable((await send('/app/ready'))?.[0])?.text).toBe('{"ready":true}')
    await app.stomp.publish('/topic/x', [1])
    expect(readable(published[0])?.text).toBe('own>[1]')
  })

  it('may read text, which is in UTF-8 without one', async () => {
    const { app, send } = createRoutesApplication()
    const seen: unknown[] = []
    app.stomp.addCodec({
      contentTypes: ['text/csv', 'text/plain'],
      parse: (bytes, { type, parameters }) =>
        type === 'text/csv' ? Buffer.from(bytes).toString('latin1').split(';') : parameters.charset,
      serialize: (value) => (Array.isArray(value) ? value.join(';') : String(value)),
    })
    app.stomp.message('/x', { assumedContentType: 'text/plain;charset=latin1' }, ({ body }) => seen.push(body))
    await app.ready()
    await send('/app/x', Buffer.from('ü;b', 'latin1'), { 'content-type': 'text/csv;charset=latin1' })
    await send('/app/x', 'x')
    expect(seen).toEqual([['ü', 'b'], 'latin1'])
  })

  it.each([
    ['no functions', {}, 'a codec has the functions parse and serialize'],
    ['no content type', { ...msgpack, contentTypes: [] }, 'contentTypes names none'],
    ['a content type that is none', { ...msgpack, contentTypes: 'msgpack' }, "'msgpack' is no media type"],
    ['parameters', { ...msgpack, contentTypes: 'text/csv;charset=utf-8' }, 'is no media type'],
    ['a type that is taken', { ...msgpack, contentTypes: ['application/MSGPACK'] }, `a codec for '${TYPE}' already`],
  ])('with %s is refused', (_name, codec, why) => {
    const { app } = createRoutesApplication()
    app.stomp.addCodec(msgpack)
    expect(() => app.stomp.addCodec(Object(codec))).toThrow(why)
  })

  it('cannot be added when the application is ready', async () => {
    const { app } = createRoutesApplication()
    await app.ready()
    expect(() => app.stomp.addCodec(msgpack)).toThrow('before the application is ready')
  })

  it.each(['a codec', 'sendTo'])(
    '%s that gives a promise fails, and what becomes of the promise ends nothing',
    async (who) => {
      const { app, send } = createRoutesApplication()
      const promise = Promise.reject(new Error('nobody has awaited this'))
      const then = vi.spyOn(promise, 'then')
      // As plain JavaScript may do it, and the types do not allow.
      const given: () => never = Object(() => promise)
      app.stomp.addCodec({ ...msgpack, serialize: given })
      app.stomp.message('/x', who === 'sendTo' ? { sendTo: given } : msgpackOnly, () => ({}))
      await app.ready()
      await expect(send('/app/x')).rejects.toMatchObject({ code: 'STOMP_ERR_HANDLER_FAILED' })
      expect(then).toHaveBeenCalledWith(undefined, expect.any(Function))
    },
  )

  it('that gives neither bytes nor a string is a fault of the server', async () => {
    const { app, send } = createRoutesApplication()
    app.stomp.addCodec({ ...msgpack, serialize: () => Object(17) })
    app.stomp.message('/x', msgpackOnly, () => ({}))
    await app.ready()
    await expect(send('/app/x')).rejects.toMatchObject({
      code: 'STOMP_ERR_HANDLER_FAILED',
      cause: { message: expect.stringContaining('neither bytes nor a string') },
    })
  })
})

describe('assumedContentType', () => {
  it.each(['text/plain;charset=latin1', 'text/csv;charset=utf-16'])(
    '%s, which is never read, fails the start',
    async (type) => {
      const { app } = createRoutesApplication()
      app.stomp.message('/x', { assumedContentType: type }, () => undefined)
      await expect(app.ready()).rejects.toThrow(
        `stomp.message('/x'): assumedContentType: text is read in UTF-8 only, not as '${type}'`,
      )
    },
  )
})
