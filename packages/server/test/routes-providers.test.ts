import type { JsonSchemaToTsProvider } from '@fastify/type-provider-json-schema-to-ts'
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createRoutesApplication, readable } from './routes-application.js'

describe('Zod', () => {
  const schema = {
    body: z.object({ text: z.string().min(1), loud: z.boolean().default(false) }),
    params: z.object({ id: z.coerce.number().int() }),
    headers: z.object({ 'x-limit': z.coerce.number() }),
    response: z.object({ id: z.number(), text: z.string() }),
  }

  function zodApplication() {
    const made = createRoutesApplication()
    made.app.setValidatorCompiler(validatorCompiler)
    made.app.setSerializerCompiler(serializerCompiler)
    return { ...made, typed: made.app.withTypeProvider<ZodTypeProvider>() }
  }

  it('checks and coerces what comes in, and shapes what goes out', async () => {
    const { app, typed, send } = zodApplication()
    const seen: unknown[] = []
    typed.stomp.message('/x/:id', { schema, sendTo: '/topic/:id' }, ({ body, params, checkedHeaders }) => {
      seen.push(body, params, checkedHeaders)
      return { id: params.id, text: body.text, password: 'hunter2' }
    })
    await app.ready()
    const [publication] = (await send('/app/x/017', { text: 'a' }, { 'x-limit': '5' })) ?? []
    expect(seen).toEqual([{ text: 'a', loud: false }, { id: 17 }, { 'x-limit': 5 }])
    expect(publication?.destination).toBe('/topic/017')
    expect(readable(publication)?.text).toBe('{"id":17,"text":"a"}')
  })

  it.each([
    ['a body', '/app/x/1', { text: '' }, { 'x-limit': '5' }, 'STOMP_ERR_BODY_INVALID', 'body/text Too small'],
    ['a param', '/app/x/a', { text: 'a' }, { 'x-limit': '5' }, 'STOMP_ERR_PARAMS_INVALID', 'params/id Invalid input'],
    ['a header', '/app/x/1', { text: 'a' }, {}, 'STOMP_ERR_HEADERS_INVALID', 'headers/x-limit Invalid input'],
  ] as const)('refuses %s that does not fit and names the path', async (_part, to, body, headers, code, why) => {
    const { app, typed, send } = zodApplication()
    typed.stomp.message('/x/:id', { schema }, () => undefined)
    await app.ready()
    await expect(send(to, body, headers)).rejects.toMatchObject({ code, message: expect.stringContaining(why) })
  })

  it('refuses to publish what does not fit the response', async () => {
    const { app, typed, send } = zodApplication()
    // @ts-expect-error: text is a string
    typed.stomp.message('/x', { schema: { response: schema.response }, sendTo: '/topic/x' }, () => ({ id: 1, text: 2 }))
    await app.ready()
    await expect(send('/app/x')).rejects.toMatchObject({ code: 'STOMP_ERR_HANDLER_FAILED' })
  })

  it('works for subscription routes too', async () => {
    const { app, typed, subscribe } = zodApplication()
    const { body, ...asked } = schema
    expect(body).toBeDefined()
    typed.stomp.subscription('/x/:id', { schema: asked }, ({ params, checkedHeaders }) => ({
      id: params.id,
      text: String(checkedHeaders['x-limit']),
    }))
    await app.ready()
    expect(readable(await subscribe('/app/x/3', { 'x-limit': '5' }))?.text).toBe('{"id":3,"text":"5"}')
    await expect(subscribe('/app/x/3')).rejects.toMatchObject({ code: 'STOMP_ERR_HEADERS_INVALID' })
  })
})

describe('JSON Schema', () => {
  it('checks and coerces what comes in, and shapes what goes out, typed by its own words', async () => {
    const { app, send } = createRoutesApplication()
    const seen: unknown[] = []
    app.withTypeProvider<JsonSchemaToTsProvider>().stomp.message(
      '/x/:id',
      {
        schema: {
          body: { type: 'object', required: ['text'], properties: { text: { type: 'string' } } },
          params: { type: 'object', required: ['id'], properties: { id: { type: 'integer' } } },
          headers: { type: 'object', properties: { 'x-limit': { type: 'integer', default: 10 } } },
          response: { type: 'object', properties: { text: { type: 'string' } } },
        },
        sendTo: '/topic/x',
      },
      ({ body, params, checkedHeaders }) => {
        seen.push(params.id + 1, checkedHeaders['x-limit'])
        return { text: body.text.toUpperCase(), password: 'hunter2' }
      },
    )
    await app.ready()
    expect(readable((await send('/app/x/17', { text: 'a' }))?.[0])?.text).toBe('{"text":"A"}')
    expect(seen).toEqual([18, 10])
    await expect(send('/app/x/17', {})).rejects.toMatchObject({ code: 'STOMP_ERR_BODY_INVALID' })
  })
})

describe('checkedHeaders', () => {
  it('are undefined without a schema, and the headers stay as they were sent', async () => {
    const { app, send } = createRoutesApplication()
    const seen: unknown[] = []
    const headers = { type: 'object', properties: { n: { type: 'integer' } } }
    app.stomp.message('/with', { schema: { headers } }, (message) => {
      seen.push(Object(message.checkedHeaders).n, message.headers.get('n'))
    })
    app.stomp.message('/without', (message) => void seen.push(message.checkedHeaders))
    await app.ready()
    await send('/app/with', '', { n: '7' })
    await send('/app/without', '', { n: '7' })
    expect(seen).toEqual([7, '7', undefined])
  })
})

describe('stomp.route', () => {
  it('declares what message and subscription declare', async () => {
    const { app, send, subscribe } = createRoutesApplication()
    app.stomp.route({ command: 'SEND', pattern: '/x/:id', sendTo: '/topic/:id', handler: ({ params }) => params.id })
    app.stomp.route({ command: 'SUBSCRIBE', pattern: '/x/:id', handler: ({ params }) => params.id })
    await app.ready()
    expect((await send('/app/x/1'))?.[0]?.destination).toBe('/topic/1')
    expect(readable(await subscribe('/app/x/2'))?.text).toBe('2')
  })

  it.each([
    [{ command: 'ACK', pattern: '/x', handler: String }, "stomp.route('/x'): command is 'SEND' or 'SUBSCRIBE'"],
    [{ command: 'SEND', pattern: '/x' }, "stomp.route('/x'): the handler must be a function"],
    [{ command: 'SEND', handler: String }, 'a pattern is a string'],
  ])('says what is wrong with %j', (route, why) => {
    const { app } = createRoutesApplication()
    expect(() => app.stomp.route(Object(route))).toThrow(why)
  })
})
