import { describe, expect, it } from 'vitest'
import type { RoutedMessage, RoutedSubscription } from '../src/index.js'
import { createRoutesApplication } from './routes-application.js'

declare module '../src/routes/frame-views.js' {
  interface MessageDecorators {
    tenant: string | null
    hello: () => string
    stamp: { readonly of: string }
  }
}

describe('a decorator of messages', () => {
  it('is there on messages and subscriptions, for each a fresh one', async () => {
    const { app, send, subscribe } = createRoutesApplication()
    const seen: unknown[] = []
    app.stomp.decorateMessage('tenant', null)
    app.stomp.decorateMessage('hello', function (this: RoutedMessage | RoutedSubscription) {
      return `hello ${this.user?.name} at ${this.destination}`
    })
    app.stomp.decorateMessage('stamp', {
      getter() {
        return { of: this.sessionId }
      },
    })
    app.stomp.addHook('preHandler', (routed) => {
      seen.push(routed.tenant)
      routed.tenant = routed.headers.get('x-tenant') ?? 'nobody'
    })
    const look = (routed: RoutedMessage | RoutedSubscription) =>
      void seen.push(routed.tenant, routed.hello(), routed.stamp)
    app.stomp.message('/x', look)
    app.stomp.subscription('/x', look)
    await app.ready()
    await send('/app/x', '', { 'x-tenant': 'acme' })
    await subscribe('/app/x')
    const stamp = { of: 's1' }
    expect(seen).toEqual([null, 'acme', 'hello ada at /app/x', stamp, null, 'nobody', 'hello ada at /app/x', stamp])
  })

  it('belongs to its plugin and the plugins within', async () => {
    const { app, send } = createRoutesApplication()
    const seen: unknown[] = []
    const look = (message: RoutedMessage) => void seen.push('tenant' in message ? message.tenant : 'none')
    app.stomp.message('/outside', look)
    await app.register(async (plugin) => {
      await plugin.register(async (inner) => inner.stomp.message('/inner', look))
      plugin.stomp.message('/plugin', look)
      plugin.stomp.decorateMessage('tenant', 'acme')
    })
    await app.register(async (sibling) => {
      sibling.stomp.decorateMessage('tenant', 'other')
      sibling.stomp.message('/sibling', look)
    })
    await app.ready()
    for (const to of ['outside', 'inner', 'plugin', 'sibling']) await send(`/app/${to}`)
    expect(seen).toEqual(['none', 'acme', 'acme', 'other'])
  })

  it.each([{}, [], new Map()])('that would share %j among all messages is refused', (value) => {
    const { app } = createRoutesApplication()
    expect(() => app.stomp.decorateMessage('undeclared', value)).toThrow(/'undeclared' is an object, .* preHandler/)
  })

  it.each(['body', 'user', 'signal', 'toString', '__proto__', 'then', 'taken'])(
    'cannot have the name %s, which is taken',
    (name) => {
      const { app } = createRoutesApplication()
      app.stomp.decorateMessage('taken', 1)
      expect(() => app.stomp.decorateMessage(name, 1)).toThrow(`stomp.decorateMessage: '${name}' is there already`)
    },
  )

  it('cannot have the name of one around it, whichever was added first', async () => {
    const { app } = createRoutesApplication()
    app.stomp.decorateMessage('tenant', null)
    await app.register(async (plugin) => {
      expect(() => plugin.stomp.decorateMessage('tenant', null)).toThrow('is there already')
      plugin.stomp.decorateMessage('undeclared', 1)
      plugin.stomp.message('/x', () => undefined)
    })
    app.stomp.decorateMessage('undeclared', 2)
    await expect(app.ready()).rejects.toThrow(
      "stomp.message('/x'): stomp.decorateMessage: 'undeclared' is there already",
    )
  })

  it('cannot be added when the application is ready', async () => {
    const { app } = createRoutesApplication()
    await app.ready()
    expect(() => app.stomp.decorateMessage('tenant', null)).toThrow('before the application is ready')
  })
})
