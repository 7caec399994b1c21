import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox'
import type { InjectOptions } from 'fastify'
import { Type } from 'typebox'
import { describe, expect, it } from 'vitest'
import type { RoutedMessage } from '../src/routes/frame-views.js'
import { CALLER, createFrame, createRoutesApplication, readable } from './routes-application.js'

const nameSchema = { type: 'object', required: ['name'], properties: { name: { type: 'string' } } } as const

describe('a message route', () => {
  it('gives its handler body, params, headers and who sent it', async () => {
    const { app, send } = createRoutesApplication()
    const seen: RoutedMessage[] = []
    app.stomp.message('/hello/:room', (message) => seen.push(message))
    await app.ready()

    await send('/app/hello/a%20b', { name: 'Ada' }, { 'content-type': 'application/json;charset=utf-8', 'x-y': 'z' })
    const [message] = seen
    expect(message).toMatchObject({
      body: { name: 'Ada' },
      params: { room: 'a%20b' },
      destination: '/app/hello/a%20b',
      user: CALLER.user,
      sessionId: CALLER.sessionId,
      contentType: 'application/json',
    })
    expect(message?.headers.get('x-y')).toBe('z')
  })

  it('logs with session and user, through the logger of the application', async () => {
    const lines: string[] = []
    const { app, send } = createRoutesApplication({
      fastify: { logger: { level: 'info', stream: { write: (line: string) => lines.push(line) } } },
    })
    app.stomp.message('/hello', ({ log }) => log.info('hello there'))
    await app.ready()
    await send('/app/hello')
    expect(lines.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ msg: 'hello there', session: 's1', user: 'ada' }),
    )
  })

  it('publishes what the handler returns to every destination, without the headers of the message', async () => {
    const { app, send } = createRoutesApplication()
    app.stomp.message('/hello/:room', { sendTo: ['/topic/greetings/:room', '/topic/all'] }, async (message) => ({
      to: message.params.room,
    }))
    await app.ready()

    const publications = (await send('/app/hello/attic', {}, { 'x-own': '1', receipt: 'r' })) ?? []
    expect(publications.map((publication) => publication.destination)).toEqual(['/topic/greetings/attic', '/topic/all'])
    for (const publication of publications) {
      expect(readable(publication)).toEqual({ type: 'application/json', text: '{"to":"attic"}' })
      expect(publication.headers.size).toBe(1)
    }
  })

  it('gives text that names no content type to a route that assumes it, and fails the start for what is no type', async () => {
    const { app, send } = createRoutesApplication()
    const seen: unknown[] = []
    app.stomp.message('/say', { assumedContentType: 'text/plain' }, ({ body }) => void seen.push(body))
    await app.ready()
    await send('/app/say', 'hello')
    expect(seen).toEqual(['hello'])
    const mistaken = createRoutesApplication()
    mistaken.app.stomp.message('/say', { assumedContentType: 'text' }, () => 1)
    await expect(mistaken.app.ready()).rejects.toThrow(/stomp.message\('\/say'\): assumedContentType/)
  })

  it('asks a sendTo function for one destination or several, after the handler', async () => {
    const { app, send } = createRoutesApplication()
    app.stomp.message('/one/:x', { sendTo: (message) => `/topic/${message.params.x}` }, () => 1)
    app.stomp.message('/many', { sendTo: () => ['/topic/a', '/topic/b'] }, () => 1)
    app.stomp.message('/none', { sendTo: () => [] }, () => 1)
    await app.ready()
    const destinations = async (to: string) => (await send(to))?.map((publication) => publication.destination)
    expect(await destinations('/app/one/y')).toEqual(['/topic/y'])
    expect(await destinations('/app/many')).toEqual(['/topic/a', '/topic/b'])
    expect(await destinations('/app/none')).toEqual([])
  })

  it.each(['topic/x', '/topic/*', '/topic//x', undefined, 7])(
    'fails when a sendTo function gives %j, which is no destination',
    async (destination) => {
      const { app, send } = createRoutesApplication()
      // @ts-expect-error: what plain JavaScript may do
      app.stomp.message('/x', { sendTo: () => destination }, () => 1)
      await app.ready()
      await expect(send('/app/x')).rejects.toMatchObject({
        code: 'STOMP_ERR_HANDLER_FAILED',
        cause: expect.any(TypeError),
      })
    },
  )

  it('publishes nothing for null and undefined', async () => {
    const { app, send } = createRoutesApplication()
    app.stomp.message('/null', { sendTo: '/topic/x' }, () => null)
    app.stomp.message('/undefined', { sendTo: '/topic/x' }, async () => undefined)
    await app.ready()
    expect(await send('/app/null')).toEqual([])
    expect(await send('/app/undefined')).toEqual([])
  })

  it('drops a value that has nowhere to go, and reports that once for each route', async () => {
    const { app, send, events } = createRoutesApplication()
    app.stomp.message('/a/:x', () => 'lost')
    app.stomp.message('/b', () => 0)
    app.stomp.message('/c', () => undefined)
    await app.ready()
    for (const to of ['/app/a/1', '/app/a/2', '/app/b', '/app/c', '/app/b']) expect(await send(to)).toEqual([])
    expect(events).toEqual([
      { type: 'handler-value-dropped', route: '/a/:x' },
      { type: 'handler-value-dropped', route: '/b' },
    ])
  })

  it('refuses a param that cannot stand in sendTo before the handler runs', async () => {
    const { app, send } = createRoutesApplication()
    let calls = 0
    app.stomp.message('/hello/:room', { sendTo: '/topic/:room' }, () => ++calls)
    await app.ready()
    await expect(send('/app/hello/*', {})).rejects.toMatchObject({ code: 'STOMP_ERR_PARAMS_INVALID' })
    expect(calls).toBe(0)
  })

  it('starts handlers in the order of their frames, whatever schemas their routes have', async () => {
    const { app, send } = createRoutesApplication()
    const started: string[] = []
    const params = { type: 'object', properties: { x: { type: 'integer' } } }
    app.stomp.message('/checked/:x', { schema: { params, body: nameSchema, headers: { type: 'object' } } }, () => {
      started.push('checked')
    })
    app.stomp.message('/plain', () => {
      started.push('plain')
    })
    await app.ready()
    const running = [send('/app/checked/1', { name: 'x' }), send('/app/plain'), send('/app/checked/2', { name: 'y' })]
    expect(started).toEqual(['checked', 'plain', 'checked'])
    await Promise.all(running)
  })

  it('validates first and calls its handler when it is asked to, in the order of asking', async () => {
    const { app, prepare } = createRoutesApplication()
    const started: unknown[] = []
    app.stomp.message('/x', { schema: { body: nameSchema }, sendTo: '/topic/x' }, ({ body }) => {
      started.push(body)
      return 1
    })
    await app.ready()
    const first = prepare('/app/x', { name: 'first' })
    const second = prepare('/app/x', { name: 'second' })
    const never = prepare('/app/x', { name: 'never' })
    if (!(first instanceof Function && second instanceof Function && never instanceof Function)) {
      throw new Error('nothing here is asynchronous')
    }
    expect(started).toEqual([])
    const running = [second(), first()]
    expect(started).toEqual([{ name: 'second' }, { name: 'first' }])
    for (const publications of await Promise.all(running)) {
      expect(publications).toMatchObject([{ destination: '/topic/x' }])
    }
  })

  it('throws at once for a frame that does not fit, before anything is asked of the handler', async () => {
    const { app, prepare } = createRoutesApplication()
    const params = { type: 'object', properties: { id: { type: 'integer' } } }
    const headers = { type: 'object', required: ['x-tenant'] }
    app.stomp.message('/x/:id', { schema: { params, body: nameSchema, headers } }, () => undefined)
    await app.ready()
    const tenant = { 'x-tenant': 't' }
    const code = (name: string) => expect.objectContaining({ code: `STOMP_ERR_${name}_INVALID` })
    expect(() => prepare('/app/x/a', { name: 'a' }, tenant)).toThrow(code('PARAMS'))
    expect(() => prepare('/app/x/1', { name: {} }, tenant)).toThrow(code('BODY'))
    expect(() => prepare('/app/x/1', '{', tenant)).toThrow(code('BODY'))
    expect(() => prepare('/app/x/1', { name: 'a' })).toThrow(code('HEADERS'))
    expect(prepare('/app/x/1', { name: 'a' }, tenant)).toBeInstanceOf(Function)
  })

  it('can be invoked long after a promise of its validator, which calls no handler either', async () => {
    const { app, prepare } = createRoutesApplication()
    app.setValidatorCompiler(
      () => (data) => Object.assign(Promise.resolve(data), { __linterBrands: 'SafePromiseLike' as const }),
    )
    let calls = 0
    app.stomp.message('/x', { schema: { params: {}, body: {}, headers: {} } }, () => ++calls)
    await app.ready()
    const prepared = prepare('/app/x', {})
    expect(prepared).toBeInstanceOf(Promise)
    const invoke = await prepared
    expect(calls).toBe(0)
    await invoke?.()
    expect(calls).toBe(1)
  })

  describe('whose handler fails', () => {
    it.each(['throws', 'rejects'])('refuses without telling why, and keeps the cause, when it %s', async (how) => {
      const { app, send } = createRoutesApplication()
      const cause = new Error('password is hunter2')
      app.stomp.message('/x', () => {
        if (how === 'throws') throw cause
        return Promise.reject(cause)
      })
      await app.ready()
      await expect(send('/app/x')).rejects.toMatchObject({
        code: 'STOMP_ERR_HANDLER_FAILED',
        message: 'The message could not be processed',
        cause,
      })
    })

    it('shows an error that is meant for the client', async () => {
      const { app, send } = createRoutesApplication()
      app.stomp.message('/x', () => {
        throw Object.assign(new Error('The room is full'), { statusCode: 409 })
      })
      await app.ready()
      await expect(send('/app/x')).rejects.toMatchObject({ message: 'The room is full' })
    })

    it('counts a value that cannot be encoded as a failure', async () => {
      const { app, send } = createRoutesApplication()
      app.stomp.message('/x', { sendTo: '/topic/x' }, () => 1n)
      await app.ready()
      await expect(send('/app/x')).rejects.toMatchObject({
        code: 'STOMP_ERR_HANDLER_FAILED',
        cause: expect.any(TypeError),
      })
    })
  })
})

describe('a schema', () => {
  it('refuses body, params and headers that do not fit, names the path, and does not run the handler', async () => {
    const { app, send } = createRoutesApplication()
    let calls = 0
    const schema = {
      body: nameSchema,
      params: { type: 'object', properties: { id: { type: 'integer' } } },
      headers: { type: 'object', required: ['x-tenant'] },
    }
    app.stomp.message('/orders/:id', { schema }, () => ++calls)
    await app.ready()

    const tenant = { 'x-tenant': 't' }
    await expect(send('/app/orders/17', { name: {} }, tenant)).rejects.toMatchObject({
      code: 'STOMP_ERR_BODY_INVALID',
      message: 'The body is not what this destination takes: body/name must be string',
    })
    await expect(send('/app/orders/17', undefined, tenant)).rejects.toMatchObject({ code: 'STOMP_ERR_BODY_INVALID' })
    await expect(send('/app/orders/17', '{', tenant)).rejects.toMatchObject({ code: 'STOMP_ERR_BODY_INVALID' })
    await expect(send('/app/orders/x', { name: 'a' }, tenant)).rejects.toMatchObject({
      code: 'STOMP_ERR_PARAMS_INVALID',
      message: expect.stringContaining('params/id must be integer'),
    })
    await expect(send('/app/orders/17', { name: 'a' })).rejects.toMatchObject({
      code: 'STOMP_ERR_HEADERS_INVALID',
      message: expect.stringContaining("headers must have required property 'x-tenant'"),
    })
    expect(calls).toBe(0)
    await send('/app/orders/17', { name: 'a' }, tenant)
    expect(calls).toBe(1)
  })

  it('gives the handler what it has coerced and filled in, and sendTo the params as they were written', async () => {
    const { app, send } = createRoutesApplication()
    const seen: unknown[] = []
    const schema = {
      body: { type: 'object', properties: { n: { type: 'integer' }, lang: { type: 'string', default: 'en' } } },
      params: { type: 'object', properties: { id: { type: 'integer' } } },
    }
    app.stomp.message('/orders/:id', { schema, sendTo: '/topic/:id' }, (message) => {
      seen.push(message.body, message.params)
      return 1
    })
    await app.ready()
    expect((await send('/app/orders/017', { n: '1' }))?.[0]?.destination).toBe('/topic/017')
    expect(seen).toEqual([{ n: 1, lang: 'en' }, { id: 17 }])
  })

  it('can replace a body that is no object', async () => {
    const { app, send } = createRoutesApplication()
    const seen: unknown[] = []
    app.stomp.message('/n', { schema: { body: { type: 'integer' } } }, (message) => seen.push(message.body))
    await app.ready()
    await send('/app/n', '"17"')
    expect(seen).toEqual([17])
  })

  it('sees null where the body is empty, as in HTTP routes', async () => {
    const { app, send } = createRoutesApplication()
    const seen: unknown[] = []
    const body = { type: ['object', 'null'] }
    app.stomp.message('/x', { schema: { body } }, (message) => seen.push(message.body))
    await app.ready()
    await send('/app/x')
    expect(seen).toEqual([undefined])
  })

  it('shapes what is published', async () => {
    const { app, send, subscribe } = createRoutesApplication()
    const response = { type: 'object', properties: { id: { type: 'string' } } }
    const secretive = () => ({ id: 'x', password: 'hunter2' })
    app.stomp.message('/x', { schema: { response }, sendTo: '/topic/x' }, secretive)
    app.stomp.subscription('/x', { schema: { response } }, secretive)
    await app.ready()
    expect(readable((await send('/app/x'))?.[0])?.text).toBe('{"id":"x"}')
    expect(readable(await subscribe('/app/x'))?.text).toBe('{"id":"x"}')
  })

  it('leaves no trace that HTTP could see', async () => {
    const { app } = createRoutesApplication()
    const routes: { url: string; hide: unknown }[] = []
    app.addHook('onRoute', (route) => {
      routes.push({ url: route.url, hide: Object(route.schema).hide })
    })
    app.stomp.message('/x', { schema: { body: nameSchema, response: { type: 'string' } } }, () => undefined)
    app.stomp.message('/y', { schema: { body: nameSchema } }, () => undefined)
    app.stomp.message('/z', () => undefined)
    await app.ready()
    expect(routes).toHaveLength(1)
    for (const { url, hide } of routes) {
      expect(hide).toBe(true)
      // By way of JSON, as the types of inject() leave TRACE out.
      const trace: InjectOptions = JSON.parse('{"method":"TRACE"}')
      const response = await app.inject({ ...trace, url })
      expect(response.statusCode).toBe(404)
      expect(response.json()).toEqual({ statusCode: 404, error: 'Not Found', message: `Route TRACE:${url} not found` })
      expect((await app.inject({ method: 'GET', url })).statusCode).toBe(404)
    }
  })

  it('finds both compilers when one route has only a body and another only a response', async () => {
    const { app, send, subscribe } = createRoutesApplication()
    app.stomp.message('/x', { schema: { body: nameSchema } }, () => undefined)
    app.stomp.subscription('/x', { schema: { response: { type: 'object', properties: {} } } }, () => ({ a: 1 }))
    await app.ready()
    await expect(send('/app/x', {})).rejects.toMatchObject({ code: 'STOMP_ERR_BODY_INVALID' })
    expect(readable(await subscribe('/app/x'))?.text).toBe('{}')
  })

  it('that does not compile fails the start of the application', async () => {
    const { app } = createRoutesApplication()
    app.stomp.message('/good', { schema: { body: nameSchema } }, () => undefined)
    app.stomp.message('/bad', { schema: { body: { $ref: 'nowhere#' } } }, () => undefined)
    await expect(app.ready()).rejects.toThrow(/stomp\.message\('\/bad'\).*nowhere/)
  })

  it('by content type is refused, since it would check nothing', () => {
    const { app } = createRoutesApplication()
    const body = { content: { 'application/json': { schema: nameSchema } } }
    expect(() => app.stomp.message('/x', { schema: { body } }, () => undefined)).toThrow(
      'one schema for all content types',
    )
  })
})

describe('a validator compiler of the application', () => {
  it('may be that of TypeBox', async () => {
    const { app, send } = createRoutesApplication()
    app.setValidatorCompiler(TypeBoxValidatorCompiler)
    const seen: unknown[] = []
    const schema = { body: Type.Object({ name: Type.String() }), params: Type.Object({ id: Type.Integer() }) }
    app.stomp.message('/x/:id', { schema }, (message) => seen.push(message.params))
    await app.ready()
    await send('/app/x/17', { name: 'a' })
    expect(seen).toEqual([{ id: 17 }])
    await expect(send('/app/x/17', { name: 1 })).rejects.toMatchObject({
      code: 'STOMP_ERR_BODY_INVALID',
      message: expect.stringContaining('body/name must be string'),
    })
  })

  it('may speak another language of schemas, and answer with value or error', async () => {
    const { app, send } = createRoutesApplication()
    // Knows its own schemas only, as compilers for Zod and the like.
    app.setValidatorCompiler<{ parse(data: unknown): unknown }>(({ schema }) => {
      const parse = schema.parse.bind(schema)
      return (data) => {
        try {
          return { value: parse(data) }
        } catch (error) {
          return { error: error instanceof Error ? error : new Error('no') }
        }
      }
    })
    const upper = {
      parse(data: unknown): string {
        if (typeof data !== 'string') {
          throw Object.assign(new Error('[{...}]'), { issues: [{ path: ['deep', 0], message: 'Expected string' }] })
        }
        return data.toUpperCase()
      },
    }
    const seen: unknown[] = []
    app.stomp.message('/x', { schema: { body: upper } }, (message) => seen.push(message.body))
    await app.ready()
    await send('/app/x', 'abc', { 'content-type': 'text/plain' })
    expect(seen).toEqual(['ABC'])
    await expect(send('/app/x', 17)).rejects.toMatchObject({
      code: 'STOMP_ERR_BODY_INVALID',
      message: expect.stringMatching(/: body\/deep\/0 Expected string$/),
    })
  })

  it('may be asynchronous', async () => {
    const { app, send } = createRoutesApplication()
    app.setValidatorCompiler(() => (data) => {
      // As Ajv's $async schemas: resolves with the data, rejects with a list.
      const isGood = Object(data).name === 'good'
      const promise = isGood
        ? Promise.resolve({ ...data, error: 'not for the route', value: 'neither' })
        : Promise.reject(
            Object.assign(new Error('validation failed'), { errors: [{ instancePath: '/name', message: 'is bad' }] }),
          )
      return Object.assign(promise, { __linterBrands: 'SafePromiseLike' as const })
    })
    const seen: unknown[] = []
    app.stomp.message('/x', { schema: { body: {} } }, (message) => seen.push(message.body))
    await app.ready()
    await send('/app/x', { name: 'good' })
    expect(seen).toEqual([{ name: 'good' }])
    await expect(send('/app/x', { name: 'bad' })).rejects.toMatchObject({
      code: 'STOMP_ERR_BODY_INVALID',
      message: expect.stringContaining('body/name is bad'),
    })
  })

  it('whose validator breaks is a fault of the server, not of the client', async () => {
    const { app, send } = createRoutesApplication()
    const cause = new Error('out of order')
    app.setValidatorCompiler(() => () => {
      throw cause
    })
    app.stomp.message('/x', { schema: { body: {} } }, () => undefined)
    await app.ready()
    await expect(send('/app/x', {})).rejects.toMatchObject({ code: 'STOMP_ERR_HANDLER_FAILED', cause })
  })
})

describe('a subscription route', () => {
  it('answers with what its handler returns', async () => {
    const { app, subscribe } = createRoutesApplication()
    app.stomp.subscription('/history/:room', async (subscription) => [
      subscription.params.room,
      subscription.user?.name,
    ])
    app.stomp.subscription('/text', () => 'hello')
    app.stomp.subscription('/nothing', () => undefined)
    await app.ready()
    expect(readable(await subscribe('/app/history/attic'))).toEqual({
      type: 'application/json',
      text: '["attic","ada"]',
    })
    expect(readable(await subscribe('/app/text'))).toEqual({ type: 'text/plain;charset=utf-8', text: 'hello' })
    expect(await subscribe('/app/nothing')).toBeUndefined()
  })

  it('checks params and headers', async () => {
    const { app, subscribe } = createRoutesApplication()
    const schema = {
      params: { type: 'object', properties: { n: { type: 'integer' } } },
      headers: { type: 'object', properties: { limit: { type: 'integer' } } },
    }
    app.stomp.subscription('/last/:n', { schema }, (subscription) => subscription.params)
    await app.ready()
    expect(readable(await subscribe('/app/last/3', { limit: '5' }))?.text).toBe('{"n":3}')
    await expect(subscribe('/app/last/x')).rejects.toMatchObject({ code: 'STOMP_ERR_PARAMS_INVALID' })
    await expect(subscribe('/app/last/3', { limit: 'x' })).rejects.toMatchObject({ code: 'STOMP_ERR_HEADERS_INVALID' })
  })

  it('fails as a message route does', async () => {
    const { app, subscribe } = createRoutesApplication()
    const cause = new Error('secret')
    app.stomp.subscription('/x', async () => Promise.reject(cause))
    await app.ready()
    await expect(subscribe('/app/x')).rejects.toMatchObject({ code: 'STOMP_ERR_HANDLER_FAILED', cause })
  })

  it('is not found by SEND, nor a message route by SUBSCRIBE; one pattern may have both', async () => {
    const { app, send, subscribe } = createRoutesApplication()
    app.stomp.subscription('/s', () => 1)
    app.stomp.message('/m', () => undefined)
    app.stomp.message('/both', () => undefined)
    app.stomp.subscription('/both', () => 1)
    await app.ready()
    expect(send('/app/s')).toBeUndefined()
    expect(subscribe('/app/m')).toBeUndefined()
    expect(send('/app/both')).toBeDefined()
    expect(subscribe('/app/both')).toBeDefined()
  })
})

describe('a declaration that cannot work', () => {
  const { app } = createRoutesApplication()
  app.stomp.message('/taken', () => undefined)
  app.stomp.subscription('/taken', () => undefined)

  it.each([
    [
      'a pattern without slash',
      () => app.stomp.message('x', () => undefined),
      "stomp.message('x'): a pattern starts with /",
    ],
    [
      'an ill-formed pattern',
      () => app.stomp.message('/x/', () => undefined),
      "stomp.message('/x/'): '/x/' is not a route pattern",
    ],
    [
      'a pattern that is taken',
      () => app.stomp.message('/taken', () => undefined),
      "stomp.message('/taken'): a route with this pattern is declared already",
    ],
    [
      'a subscription pattern that is taken',
      () => app.stomp.subscription('/taken', () => undefined),
      "stomp.subscription('/taken'): a route",
    ],
    [
      'an unknown placeholder',
      () => app.stomp.message('/x/:a', { sendTo: '/topic/:b' }, () => undefined),
      ':b, which is no param',
    ],
    ['an unsafe regular expression', () => app.stomp.message('/x/:a((a+)+b)', () => undefined), 'not safe'],
    // @ts-expect-error: what plain JavaScript may do
    ['a handler that is none', () => app.stomp.message('/x', {}, 7), 'handler must be a function'],
    // @ts-expect-error: what plain JavaScript may do
    ['a hook that is none', () => app.stomp.addHook('authorizeSend', 7), 'must be a function'],
    // @ts-expect-error: what plain JavaScript may do
    ['a hook of another kind', () => app.stomp.addHook('onRequest', () => undefined), "'onRequest' is no hook"],
    // @ts-expect-error: what plain JavaScript may do
    ['a hook named like a property of all objects', () => app.stomp.addHook('toString', () => undefined), 'is no hook'],
  ])('throws a TypeError that says why: %s', (_name, declare, why) => {
    expect(declare).toThrow(TypeError)
    expect(declare).toThrow(why)
  })
})

describe('once the application is ready', () => {
  it('nothing can be added', async () => {
    const { app } = createRoutesApplication()
    await app.ready()
    expect(() => app.stomp.message('/x', () => undefined)).toThrow('before the application is ready')
    expect(() => app.stomp.subscription('/x', () => undefined)).toThrow('before the application is ready')
    expect(() => app.stomp.addHook('authorizeSend', () => undefined)).toThrow('before the application is ready')
  })

  it('routes are found, and not earlier', async () => {
    const { app, table } = createRoutesApplication()
    app.stomp.message('/x', () => undefined)
    app.stomp.subscription('/x', () => undefined)
    expect(table.routes.findMessage('/x')).toBeUndefined()
    expect(table.routes.findSubscription('/x')).toBeUndefined()
    await app.ready()
    expect(table.routes.findMessage('/x')).toBeDefined()
    expect(table.routes.findSubscription('/x')).toBeDefined()
  })
})

describe('stomp.publish', () => {
  it('passes destination, value and options on', async () => {
    const { app, published } = createRoutesApplication()
    await app.stomp.publish('/topic/x', { a: 1 }, { headers: { k: 'v' } })
    await app.stomp.publish('/topic/y', 'hi')
    expect(published.map((publication) => [publication.destination, readable(publication)?.text])).toEqual([
      ['/topic/x', '{"a":1}'],
      ['/topic/y', 'hi'],
    ])
    expect(published[0]?.headers.get('k')).toBe('v')
  })
})

describe('the separator .', () => {
  it('divides destinations, not patterns', async () => {
    const { app, send } = createRoutesApplication({ separator: '.' })
    const seen: unknown[] = []
    app.stomp.message('/price/:symbol', { sendTo: '/topic/price.:symbol' }, (message) => message.params.symbol)
    app.stomp.message('/files/*', (message) => seen.push(message.params))
    await app.ready()
    expect((await send('/app/price.ACME'))?.[0]?.destination).toBe('/topic/price.ACME')
    await expect(send('/app/price.A/B')).rejects.toMatchObject({ code: 'STOMP_ERR_PARAMS_INVALID' })
    await send('/app/files.a.b/c')
    expect(seen).toEqual([{ '*': 'a.b/c' }])
  })
})

it('createFrame makes what the codec makes', () => {
  const frame = createFrame('SEND', { a: 'b' }, { c: 1 })
  expect(frame.text).toBe('{"c":1}')
  expect(frame.headers.get('a')).toBe('b')
})
