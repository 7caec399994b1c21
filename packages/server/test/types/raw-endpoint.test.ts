import type { FastifyRequest } from 'fastify'
import { describe, expectTypeOf, it } from 'vitest'
import type { RawClose, RawConnection, RawEndpoint, RawEndpointOptions, User } from '../../src/index.js'
import { createRoutesApplication } from '../routes-application.js'

// Checked by the compiler; the runner only shows that the declarations stand.
const { app } = createRoutesApplication()
const open = (options: RawEndpointOptions): RawEndpointOptions => options

describe('stomp.endpoint', () => {
  it('knows what each handler is told', () => {
    open({
      handshake(request, attributes, user) {
        expectTypeOf(request).toEqualTypeOf<FastifyRequest>()
        expectTypeOf(attributes).toEqualTypeOf<Map<string, unknown>>()
        expectTypeOf(user).toEqualTypeOf<User | undefined>()
      },
      open: (connection) => expectTypeOf(connection).toEqualTypeOf<RawConnection>(),
      message(connection, data) {
        expectTypeOf(data).toEqualTypeOf<string | Uint8Array>()
        expectTypeOf(connection.send(data)).toEqualTypeOf<'taken' | 'full' | 'dropped'>()
        // @ts-expect-error: text or bytes
        connection.send({ text: data })
      },
      drained: async (connection) => connection.close(1000, 'done'),
      close: (_connection, status) => expectTypeOf(status).toEqualTypeOf<RawClose>(),
    })
  })

  it('opens with handlers, several paths too, and finds without', () => {
    const use = (): void => {
      expectTypeOf(app.stomp.endpoint('/chat', {})).toEqualTypeOf<RawEndpoint>()
      expectTypeOf(app.stomp.endpoint(['/chat', '/talk'], {})).toEqualTypeOf<RawEndpoint>()
      expectTypeOf(app.stomp.endpoint('/chat')).toEqualTypeOf<RawEndpoint>()
      // @ts-expect-error: only one can be asked for
      app.stomp.endpoint(['/chat'])
      // @ts-expect-error: no such handler
      app.stomp.endpoint('/chat', { onMessage: () => {} })
    }
    expectTypeOf(use).toBeFunction()
  })
})
