import type { JsonSchemaToTsProvider } from '@fastify/type-provider-json-schema-to-ts'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { Type } from 'typebox'
import { describe, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { createRoutesApplication } from '../routes-application.js'

// Checked by the compiler; the runner only shows that the declarations stand. The same slips for each type provider.
const { app } = createRoutesApplication()
const never = (declare: () => void) => expectTypeOf(declare).toBeFunction()

describe('with TypeBox', () => {
  const typed = app.withTypeProvider<TypeBoxTypeProvider>()
  const schema = {
    body: Type.Object({ text: Type.String() }),
    params: Type.Object({ id: Type.Integer() }),
    headers: Type.Object({ 'x-limit': Type.Integer() }),
    response: Type.Object({ count: Type.Number() }),
  }

  it('infers body, params, headers and what is returned', () => {
    never(() =>
      typed.stomp.message('/1/:id', { schema, sendTo: ({ params }) => `/topic/${params.id.toFixed()}` }, (message) => {
        expectTypeOf(message.body).toEqualTypeOf<{ text: string }>()
        expectTypeOf(message.params).toEqualTypeOf<{ id: number }>()
        expectTypeOf(message.checkedHeaders).toEqualTypeOf<{ 'x-limit': number }>()
        // @ts-expect-error: no such member of the body
        message.body.txt
        // @ts-expect-error: no such param
        message.params.ident
        // @ts-expect-error: no such header in the schema
        message.checkedHeaders['x-limits']
        return { count: message.checkedHeaders['x-limit'] }
      }),
    )
  })

  it('knows a wrong return by message, subscription and route, at once, later, and in streams', () => {
    // @ts-expect-error: count is a number
    never(() => typed.stomp.message('/2/:id', { schema }, () => ({ count: 'x' })))
    // @ts-expect-error: count is missing
    never(() => typed.stomp.message('/2/:id', { schema }, async () => ({})))
    never(() =>
      // @ts-expect-error: count is a number
      typed.stomp.message('/2/:id', { schema }, async function* () {
        yield { count: 'x' }
      }),
    )
    const { body, ...asked } = schema
    expectTypeOf(body).toBeObject()
    // @ts-expect-error: count is a number
    never(() => typed.stomp.subscription('/2/:id', { schema: asked }, () => ({ count: 'x' })))
    never(() =>
      // @ts-expect-error: count is a number
      typed.stomp.route({ command: 'SEND', pattern: '/2/:id', schema, handler: () => ({ count: 'x' }) }),
    )
    never(() =>
      // @ts-expect-error: count is a number
      typed.stomp.route({ command: 'SUBSCRIBE', pattern: '/2/:id', schema: asked, handler: () => ({ count: 'x' }) }),
    )
  })
})

describe('with Zod', () => {
  const typed = app.withTypeProvider<ZodTypeProvider>()
  const schema = {
    body: z.object({ text: z.string() }),
    params: z.object({ id: z.coerce.number() }),
    headers: z.object({ 'x-limit': z.coerce.number() }),
    response: z.object({ count: z.number() }),
  }

  it('infers body, params, headers and what is returned', () => {
    never(() =>
      typed.stomp.message('/1/:id', { schema, sendTo: ({ params }) => `/topic/${params.id.toFixed()}` }, (message) => {
        expectTypeOf(message.body).toEqualTypeOf<{ text: string }>()
        expectTypeOf(message.params).toEqualTypeOf<{ id: number }>()
        expectTypeOf(message.checkedHeaders).toEqualTypeOf<{ 'x-limit': number }>()
        // @ts-expect-error: no such member of the body
        message.body.txt
        // @ts-expect-error: no such param
        message.params.ident
        // @ts-expect-error: no such header in the schema
        message.checkedHeaders['x-limits']
        return { count: message.checkedHeaders['x-limit'] }
      }),
    )
  })

  it('knows a wrong return by message, subscription and route, at once, later, and in streams', () => {
    // @ts-expect-error: count is a number
    never(() => typed.stomp.message('/2/:id', { schema }, () => ({ count: 'x' })))
    // @ts-expect-error: count is missing
    never(() => typed.stomp.message('/2/:id', { schema }, async () => ({})))
    never(() =>
      // @ts-expect-error: count is a number
      typed.stomp.message('/2/:id', { schema }, async function* () {
        yield { count: 'x' }
      }),
    )
    const { body, ...asked } = schema
    expectTypeOf(body).toBeObject()
    // @ts-expect-error: count is a number
    never(() => typed.stomp.subscription('/2/:id', { schema: asked }, () => ({ count: 'x' })))
    never(() =>
      // @ts-expect-error: count is a number
      typed.stomp.route({ command: 'SEND', pattern: '/2/:id', schema, handler: () => ({ count: 'x' }) }),
    )
    never(() =>
      // @ts-expect-error: count is a number
      typed.stomp.route({ command: 'SUBSCRIBE', pattern: '/2/:id', schema: asked, handler: () => ({ count: 'x' }) }),
    )
  })
})

describe('with JSON Schema to TS', () => {
  const typed = app.withTypeProvider<JsonSchemaToTsProvider>()
  const asked = {
    params: { type: 'object', required: ['id'], properties: { id: { type: 'integer' } }, additionalProperties: false },
    headers: {
      type: 'object',
      required: ['x-limit'],
      properties: { 'x-limit': { type: 'integer' } },
      additionalProperties: false,
    },
    response: {
      type: 'object',
      required: ['count'],
      properties: { count: { type: 'number' } },
      additionalProperties: false,
    },
  } as const
  const schema = {
    ...asked,
    body: {
      type: 'object',
      required: ['text'],
      properties: { text: { type: 'string' } },
      additionalProperties: false,
    },
  } as const

  it('infers body, params, headers and what is returned', () => {
    never(() =>
      typed.stomp.message('/1/:id', { schema, sendTo: ({ params }) => `/topic/${params.id.toFixed()}` }, (message) => {
        expectTypeOf(message.body).toEqualTypeOf<{ text: string }>()
        expectTypeOf(message.params).toEqualTypeOf<{ id: number }>()
        expectTypeOf(message.checkedHeaders).toEqualTypeOf<{ 'x-limit': number }>()
        // @ts-expect-error: no such member of the body
        message.body.txt
        // @ts-expect-error: no such param
        message.params.ident
        // @ts-expect-error: no such header in the schema
        message.checkedHeaders['x-limits']
        return { count: message.checkedHeaders['x-limit'] }
      }),
    )
  })

  it('needs no `as const` where a schema stands in the route', () => {
    never(() =>
      typed.stomp.message(
        '/3',
        { schema: { body: { type: 'object', required: ['n'], properties: { n: { type: 'number' } } } } },
        ({ body }) => {
          expectTypeOf(body.n).toBeNumber()
        },
      ),
    )
  })

  it('knows a wrong return by message, subscription and route, at once, later, and in streams', () => {
    // @ts-expect-error: count is a number
    never(() => typed.stomp.message('/2/:id', { schema }, () => ({ count: 'x' })))
    // @ts-expect-error: count is missing
    never(() => typed.stomp.message('/2/:id', { schema }, async () => ({})))
    never(() =>
      // @ts-expect-error: count is a number
      typed.stomp.message('/2/:id', { schema }, async function* () {
        yield { count: 'x' }
      }),
    )
    // @ts-expect-error: count is a number
    never(() => typed.stomp.subscription('/2/:id', { schema: asked }, () => ({ count: 'x' })))
    never(() =>
      // @ts-expect-error: count is a number
      typed.stomp.route({ command: 'SEND', pattern: '/2/:id', schema, handler: () => ({ count: 'x' }) }),
    )
    never(() =>
      // @ts-expect-error: count is a number
      typed.stomp.route({ command: 'SUBSCRIBE', pattern: '/2/:id', schema: asked, handler: () => ({ count: 'x' }) }),
    )
  })
})
