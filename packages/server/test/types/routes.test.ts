import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { Headers } from '@hoofbeat/codec'
import type { FastifyBaseLogger, FastifyInstance, FastifyPluginAsync } from 'fastify'
import { Type } from 'typebox'
import { describe, expectTypeOf, it } from 'vitest'
import type { StompApi } from '../../src/api.js'
import type { AuthorizeSendRequest } from '../../src/hooks/hooks.js'
import type { User } from '../../src/hooks/user.js'
import type { FailedFrame, RoutedMessage, RoutedSubscription } from '../../src/routes/frame-views.js'
import type { PathParams } from '../../src/routes/path-params.js'
import type { StompReply } from '../../src/routes/reply.js'
import type { PreHandlerHook } from '../../src/routes/route-hooks.js'
import { createRoutesApplication } from '../routes-application.js'

// Checked by the compiler; the runner only shows that the declarations stand.
const { app } = createRoutesApplication()
const typed = app.withTypeProvider<TypeBoxTypeProvider>()

describe('PathParams', () => {
  it('reads the names out of a pattern', () => {
    expectTypeOf<PathParams<'/hello'>>().toEqualTypeOf<Record<never, never>>()
    expectTypeOf<PathParams<'/hello/:room'>>().toEqualTypeOf<{ room: string }>()
    expectTypeOf<PathParams<'/:a/x/:b_2'>>().toEqualTypeOf<{ a: string; b_2: string }>()
    expectTypeOf<PathParams<'/:from-:to'>>().toEqualTypeOf<{ from: string; to: string }>()
    expectTypeOf<PathParams<'/:name.:ext'>>().toEqualTypeOf<{ name: string; ext: string }>()
    expectTypeOf<PathParams<'/:room/*'>>().toEqualTypeOf<{ room: string; '*': string }>()
    expectTypeOf<PathParams<'/files*'>>().toEqualTypeOf<{ '*': string }>()
    expectTypeOf<PathParams<'/:room?'>>().toEqualTypeOf<{ room?: string }>()
    expectTypeOf<PathParams<'/a::b/:c'>>().toEqualTypeOf<{ c: string }>()
    expectTypeOf<PathParams<string>>().toEqualTypeOf<Record<string, string>>()
  })

  it('takes nothing out of regular expressions', () => {
    expectTypeOf<PathParams<'/:id(^\\d+$)'>>().toEqualTypeOf<{ id: string }>()
    expectTypeOf<PathParams<'/:x(^(?:a|b*\\))$)/:y'>>().toEqualTypeOf<{ x: string; y: string }>()
    expectTypeOf<PathParams<'/:hour(^\\d{2})h:minute(^\\d{2})m'>>().toEqualTypeOf<{ hour: string; minute: string }>()
  })
})

describe('stomp.message', () => {
  it('infers params from the pattern, and knows nothing of a body without schema', () => {
    app.stomp.message('/1/:room', (message) => {
      expectTypeOf(message.params).toEqualTypeOf<{ room: string }>()
      expectTypeOf(message.body).toBeUnknown()
      expectTypeOf(message.headers).toEqualTypeOf<Headers>()
      expectTypeOf(message.user).toEqualTypeOf<User | undefined>()
      expectTypeOf(message.log).toEqualTypeOf<FastifyBaseLogger>()
      expectTypeOf(message.contentType).toEqualTypeOf<string | undefined>()
      // @ts-expect-error: no such param
      message.params.other
      // @ts-expect-error: headers are read with get
      message.headers.authorization
      // @ts-expect-error: nothing is known of the body
      message.body.name
    })
  })

  it('gives sendTo and handler the same message', () => {
    app.stomp.message(
      '/2/:room',
      {
        sendTo: (message) => {
          expectTypeOf(message.params).toEqualTypeOf<{ room: string }>()
          return `/topic/${message.params.room}`
        },
      },
      (message) => {
        expectTypeOf(message.params).toEqualTypeOf<{ room: string }>()
      },
    )
    app.stomp.message('/u', { sendToUser: ['/queue/a', { destination: '/queue/b', session: 'sender' }] }, () => 1)
    // @ts-expect-error: sessions are all, or the sender's
    const mistaken = () => app.stomp.message('/v', { sendToUser: { destination: '/queue/b', session: 'x' } }, () => 1)
    expectTypeOf(mistaken).toBeFunction()
    // @ts-expect-error: sendTo gives destinations
    app.stomp.message('/3', { sendTo: () => 7 }, () => undefined)
    // @ts-expect-error: sendTo is a destination
    const declare = () => app.stomp.message('/4', { sendTo: 7 }, () => undefined)
    expectTypeOf(declare).toBeFunction()
    // @ts-expect-error: no such option
    app.stomp.message('/5', { sendto: '/topic/x' }, () => undefined)
    // @ts-expect-error: no such part of a message
    app.stomp.message('/6', { schema: { querystring: {} } }, () => undefined)
  })

  it('says no more of validated params than their names when the provider says nothing', () => {
    app.stomp.message('/7/:id', { schema: { params: { type: 'object' }, body: { type: 'object' } } }, (message) => {
      expectTypeOf(message.params).toEqualTypeOf<{ id: unknown }>()
      expectTypeOf(message.body).toBeUnknown()
    })
  })

  it('infers body and params from the type provider', () => {
    const schema = { body: Type.Object({ name: Type.String() }), params: Type.Object({ id: Type.Integer() }) }
    typed.stomp.message(
      '/8/:id',
      { schema, sendTo: ({ params }) => `/topic/${params.id.toFixed()}` },
      async (message) => {
        expectTypeOf(message.body).toEqualTypeOf<{ name: string }>()
        expectTypeOf(message.params).toEqualTypeOf<{ id: number }>()
        // @ts-expect-error: no such property
        message.body.age
        // @ts-expect-error: a number by its schema
        message.params.id.trim()
        return { content: `Hello, ${message.body.name}!` }
      },
    )
    typed.stomp.message('/9/:room', { schema: { body: Type.Number() } }, ({ body, params }) => {
      expectTypeOf(body).toBeNumber()
      expectTypeOf(params).toEqualTypeOf<{ room: string }>()
    })
  })

  it('holds the handler to the response schema', () => {
    const schema = { response: Type.Object({ content: Type.String() }) }
    typed.stomp.message('/10', { schema }, () => ({ content: 'x' }))
    typed.stomp.message('/11', { schema }, async () => ({ content: 'x' }))
    typed.stomp.message('/12', { schema }, () => undefined)
    typed.stomp.message('/13', { schema }, async () => null)
    // @ts-expect-error: content is a string
    typed.stomp.message('/14', { schema }, () => ({ content: 7 }))
    // @ts-expect-error: content is missing
    typed.stomp.message('/15', { schema }, async () => ({}))
  })

  it('needs a handler that takes what the route gives', () => {
    const schema = { body: Type.Object({ name: Type.String() }) }
    const handler = (message: { body: { name: string } }) => message.body.name
    typed.stomp.message('/16', { schema }, handler)
    // @ts-expect-error: nothing promises this body
    const declare = () => typed.stomp.message('/17', handler)
    // @ts-expect-error: no handler
    const forget = () => typed.stomp.message('/18', { schema })
    expectTypeOf(declare).toBeFunction()
    expectTypeOf(forget).toBeFunction()
  })
})

describe('stomp.subscription', () => {
  it('infers params and holds the handler to the response schema', () => {
    app.stomp.subscription('/1/:room', (subscription) => {
      expectTypeOf(subscription.params).toEqualTypeOf<{ room: string }>()
      // @ts-expect-error: a SUBSCRIBE has no body
      subscription.body
    })
    const schema = { params: Type.Object({ n: Type.Integer() }), response: Type.Array(Type.String()) }
    typed.stomp.subscription('/2/:n', { schema }, (subscription) => {
      expectTypeOf(subscription.params).toEqualTypeOf<{ n: number }>()
      return ['x']
    })
    // @ts-expect-error: strings are wanted
    typed.stomp.subscription('/3/:n', { schema }, () => [1])
    // @ts-expect-error: a SUBSCRIBE has no body
    typed.stomp.subscription('/4', { schema: { body: Type.String() } }, () => undefined)
    // @ts-expect-error: a SUBSCRIBE publishes nothing
    typed.stomp.subscription('/5', { sendTo: '/topic/x' }, () => undefined)
  })
})

describe('stomp.route', () => {
  const schema = { body: Type.Object({ name: Type.String() }), headers: Type.Object({ n: Type.Integer() }) }

  it('types a route by its command', () => {
    typed.stomp.route({
      command: 'SEND',
      pattern: '/r/1/:id',
      schema,
      sendTo: ({ params }) => `/topic/${params.id}`,
      handler(message, reply) {
        expectTypeOf(this).toEqualTypeOf<FastifyInstance>()
        expectTypeOf(reply).toEqualTypeOf<StompReply>()
        expectTypeOf(message.command).toEqualTypeOf<'SEND'>()
        expectTypeOf(message.body).toEqualTypeOf<{ name: string }>()
        expectTypeOf(message.params).toEqualTypeOf<{ id: string }>()
        expectTypeOf(message.checkedHeaders).toEqualTypeOf<{ n: number }>()
      },
    })
    typed.stomp.route({
      command: 'SUBSCRIBE',
      pattern: '/r/1/:id',
      handler(subscription) {
        expectTypeOf(subscription.command).toEqualTypeOf<'SUBSCRIBE'>()
        expectTypeOf(subscription.params).toEqualTypeOf<{ id: string }>()
        expectTypeOf(subscription.checkedHeaders).toEqualTypeOf<undefined>()
        // @ts-expect-error: a SUBSCRIBE has no body
        subscription.body
      },
    })
  })

  it('takes no option of the other command', () => {
    const declare = () => {
      const handler = () => undefined
      // @ts-expect-error: a SUBSCRIBE publishes nothing
      typed.stomp.route({ command: 'SUBSCRIBE', pattern: '/r/2', sendTo: '/topic/x', handler })
      // @ts-expect-error: a SEND asks authorizeSend
      typed.stomp.route({ command: 'SEND', pattern: '/r/3', authorizeSubscribe: () => undefined, handler })
      // @ts-expect-error: there is no such route
      typed.stomp.route({ command: 'ACK', pattern: '/r/4', handler })
      // @ts-expect-error: no handler
      typed.stomp.route({ command: 'SEND', pattern: '/r/5' })
    }
    expectTypeOf(declare).toBeFunction()
  })
})

describe('hooks of a route', () => {
  it('see what its handler sees', () => {
    const schema = { body: Type.Object({ name: Type.String() }) }
    typed.stomp.message(
      '/h/1/:id',
      {
        schema,
        authorizeSend(request) {
          expectTypeOf(this).toEqualTypeOf<FastifyInstance>()
          expectTypeOf(request).toEqualTypeOf<AuthorizeSendRequest>()
        },
        preHandler: [
          async function (message, reply) {
            expectTypeOf(this).toEqualTypeOf<FastifyInstance>()
            expectTypeOf(message.body).toEqualTypeOf<{ name: string }>()
            expectTypeOf(message.params).toEqualTypeOf<{ id: string }>()
            expectTypeOf(reply).toEqualTypeOf<StompReply>()
          },
          (message) => {
            // @ts-expect-error: no such member
            message.body.age
          },
        ],
        preSerialization: (message, _reply, value) => {
          expectTypeOf(message.body).toEqualTypeOf<{ name: string }>()
          expectTypeOf(value).toBeUnknown()
          return value
        },
        onError: (frame, error) => {
          expectTypeOf(frame).toEqualTypeOf<FailedFrame>()
          expectTypeOf(error).toEqualTypeOf<Error>()
        },
      },
      () => undefined,
    )
    const shared: PreHandlerHook = (routed) => {
      if (routed.command === 'SEND') expectTypeOf(routed).toEqualTypeOf<RoutedMessage>()
      else expectTypeOf(routed).toEqualTypeOf<RoutedSubscription>()
    }
    typed.stomp.message('/h/2', { schema, preHandler: shared }, () => undefined)
    typed.stomp.subscription('/h/2', { preHandler: [shared] }, () => undefined)
    // @ts-expect-error: hooks are functions
    const mistaken = () => typed.stomp.message('/h/3', { preHandler: 'shared' }, () => undefined)
    expectTypeOf(mistaken).toBeFunction()
  })
})

declare module '../../src/routes/frame-views.js' {
  interface MessageDecorators {
    account: { readonly credit: number } | null
    shout: (text: string) => string
  }
}

describe('stomp.decorateMessage', () => {
  it('takes what was declared, and handlers see it', () => {
    const declare = () => {
      app.stomp.decorateMessage('account', null)
      app.stomp.decorateMessage('account')
      app.stomp.decorateMessage('account', {
        getter() {
          expectTypeOf(this).toEqualTypeOf<RoutedMessage | RoutedSubscription>()
          return { credit: this.sessionId.length }
        },
      })
      app.stomp.decorateMessage('shout', (text) => text.toUpperCase())
      app.stomp.decorateMessage('undeclared', 17)
      // @ts-expect-error: credit is a number
      app.stomp.decorateMessage('account', { getter: () => ({ credit: 'x' }) })
      // @ts-expect-error: no account
      app.stomp.decorateMessage('account', 17)
      app.stomp.message('/d', (message) => {
        message.account = { credit: 1 }
        expectTypeOf(message.shout('x')).toBeString()
        // @ts-expect-error: credit is a number
        message.account = { credit: 'x' }
      })
      app.stomp.subscription('/d', (subscription) => subscription.account?.credit)
    }
    expectTypeOf(declare).toBeFunction()
  })
})

describe('fastify.stomp', () => {
  it('carries the type provider of its instance', () => {
    expectTypeOf(app.stomp).toEqualTypeOf<StompApi>()
    expectTypeOf(typed.stomp).toEqualTypeOf<StompApi<TypeBoxTypeProvider>>()
  })

  it('leaves instances with a type provider usable where none is asked for', () => {
    const plugin: FastifyPluginAsync = async (instance) => {
      expectTypeOf(instance).toEqualTypeOf<FastifyInstance>()
    }
    const declare = () => typed.register(plugin)
    expectTypeOf(declare).toBeFunction()
    expectTypeOf(typed).toExtend<FastifyInstance>()
  })

  it('types hooks by their names', () => {
    app.stomp.addHook('authorizeSend', (request) => {
      expectTypeOf(request).toEqualTypeOf<AuthorizeSendRequest>()
    })
    app.stomp.addHook('authorizeSubscribe', (request) => {
      // @ts-expect-error: a SUBSCRIBE has no body
      request.body
    })
    // @ts-expect-error: no such hook
    const declare = () => app.stomp.addHook('onRequest', () => undefined)
    expectTypeOf(declare).toBeFunction()
  })

  it('types publish', () => {
    expectTypeOf(app.stomp.publish('/topic/x', { a: 1 }, { headers: { a: 'b' } })).resolves.toBeVoid()
    // @ts-expect-error: headers are strings
    const declare = () => app.stomp.publish('/topic/x', 1, { headers: { a: 1 } })
    expectTypeOf(declare).toBeFunction()
  })
})
