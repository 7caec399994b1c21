import type { FastifyInstance } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import { describe, expect, it } from 'vitest'
import type { AuthorizeRequest } from '../src/hooks/hooks.js'
import { createRoutesApplication, readable } from './routes-application.js'

/** A hook that can be told from others. */
function named(name: string) {
  const hook = (_request: AuthorizeRequest): void => undefined
  Object.defineProperty(hook, 'name', { value: name })
  return hook
}

const names = (hooks: readonly { name: string }[] | undefined) => hooks?.map((hook) => hook.name.replace('bound ', ''))

describe('the prefix of a plugin', () => {
  it('stands before its patterns, that of an outer plugin before it', async () => {
    const { app, send, subscribe } = createRoutesApplication()
    await app.register(
      async (outer) => {
        outer.stomp.message('/', { sendTo: '/topic/x' }, () => 'rooms')
        outer.stomp.message('/hello', { sendTo: '/topic/x' }, () => 'hello')
        await outer.register(
          async (inner) => {
            inner.stomp.message('/say', { schema: { params: {} }, sendTo: '/topic/:room' }, (message) => message.params)
            inner.stomp.subscription('/last', (subscription) => subscription.destination)
          },
          { prefix: '/:room' },
        )
      },
      { prefix: '/rooms' },
    )
    await app.ready()

    const text = async (to: string) => readable((await send(to))?.[0])?.text
    expect(await text('/app/rooms')).toBe('rooms')
    expect(await text('/app/rooms/hello')).toBe('hello')
    expect(await text('/app/rooms/attic/say')).toBe('{"room":"attic"}')
    expect(readable(await subscribe('/app/rooms/attic/last'))?.text).toBe('/app/rooms/attic/last')
    expect(send('/app/hello')).toBeUndefined()
    expect(send('/app/say')).toBeUndefined()
  })

  it('may end with a slash', async () => {
    const { app, send } = createRoutesApplication()
    await app.register(async (plugin) => plugin.stomp.message('/hello', () => undefined), { prefix: '/rooms/' })
    await app.ready()
    expect(send('/app/rooms/hello')).toBeDefined()
  })

  it('does not hide that a pattern is taken', async () => {
    const { app } = createRoutesApplication()
    app.stomp.message('/rooms/hello', () => undefined)
    const plugin = async (instance: FastifyInstance) => instance.stomp.message('/hello', () => undefined)
    await expect(app.register(plugin, { prefix: '/rooms' })).rejects.toThrow(
      "stomp.message('/hello'): a route with this",
    )
  })
})

describe('hooks', () => {
  it('of a plugin apply to the routes of it and its children, outermost first; those of the root stay apart', async () => {
    const { app, table } = createRoutesApplication()
    app.stomp.addHook('authorizeSend', named('root 1'))
    app.stomp.message('/root', () => undefined)
    await app.register(async (outer) => {
      outer.stomp.addHook('authorizeSend', named('outer 1'))
      await outer.register(async (inner) => {
        inner.stomp.message('/inner', () => undefined)
        inner.stomp.subscription('/inner', () => undefined)
        inner.stomp.addHook('authorizeSend', named('inner'))
        inner.stomp.addHook('authorizeSubscribe', named('inner subscribe'))
      })
      outer.stomp.message('/outer', () => undefined)
      outer.stomp.addHook('authorizeSend', named('outer 2'))
    })
    await app.register(async (sibling) => sibling.stomp.message('/sibling', () => undefined))
    app.stomp.addHook('authorizeSend', named('root 2'))
    app.stomp.addHook('authorizeSubscribe', named('root subscribe'))
    await app.ready()

    expect(names(table.rootHooks.authorizeSend)).toEqual(['root 1', 'root 2'])
    expect(names(table.rootHooks.authorizeSubscribe)).toEqual(['root subscribe'])
    expect(names(table.routes.findMessage('/root')?.hooks)).toEqual([])
    expect(names(table.routes.findMessage('/sibling')?.hooks)).toEqual([])
    expect(names(table.routes.findMessage('/outer')?.hooks)).toEqual(['outer 1', 'outer 2'])
    expect(names(table.routes.findMessage('/inner')?.hooks)).toEqual(['outer 1', 'outer 2', 'inner'])
    expect(names(table.routes.findSubscription('/inner')?.hooks)).toEqual(['inner subscribe'])
  })

  it('of a plugin without encapsulation are those of its parent', async () => {
    const { app, table } = createRoutesApplication()
    await app.register(fastifyPlugin(async (plugin) => plugin.stomp.addHook('authorizeSend', named('shared'))))
    await app.ready()
    expect(names(table.rootHooks.authorizeSend)).toEqual(['shared'])
  })
})

describe('schemas added in a plugin', () => {
  const user = (type: string) => ({ $id: 'user', type: 'object', properties: { id: { type } } })
  const schema = { body: { $ref: 'user#' }, response: { $ref: 'user#' } }

  it('are found by its routes, and by no other', async () => {
    const { app, send } = createRoutesApplication()
    const seen: unknown[] = []
    for (const type of ['integer', 'string']) {
      await app.register(async (plugin) => {
        plugin.addSchema(user(type))
        plugin.stomp.message(`/${type}`, { schema, sendTo: '/topic/x' }, (message) => {
          seen.push(message.body)
          return { id: 7, more: true }
        })
      })
    }
    await app.ready()
    expect(readable((await send('/app/integer', { id: '7' }))?.[0])?.text).toBe('{"id":7}')
    expect(readable((await send('/app/string', { id: '7' }))?.[0])?.text).toBe('{"id":"7"}')
    expect(seen).toEqual([{ id: 7 }, { id: '7' }])
  })

  it('may be added after the route, as for HTTP routes', async () => {
    const { app, send } = createRoutesApplication()
    await app.register(async (plugin) => {
      plugin.stomp.message('/x', { schema }, () => undefined)
      plugin.addSchema(user('integer'))
    })
    await app.ready()
    await expect(send('/app/x', { id: 'x' })).rejects.toMatchObject({ message: expect.stringContaining('body/id') })
  })

  it('of a parent are found by its children', async () => {
    const { app, send } = createRoutesApplication()
    app.addSchema(user('integer'))
    await app.register(async (plugin) => plugin.stomp.message('/x', { schema }, () => undefined))
    await app.ready()
    await expect(send('/app/x', { id: 'x' })).rejects.toMatchObject({ code: 'STOMP_ERR_BODY_INVALID' })
  })

  it('fail the start of the application where they are missing', async () => {
    const { app } = createRoutesApplication()
    await app.register(async (plugin) => {
      plugin.addSchema(user('integer'))
    })
    app.stomp.message('/x', { schema }, () => undefined)
    await expect(app.ready()).rejects.toThrow(/SEND\/x\b.*user#/)
  })
})

it('a validator compiler set in a plugin is asked for its routes only', async () => {
  const { app, send } = createRoutesApplication()
  const body = { type: 'string' }
  await app.register(async (plugin) => {
    plugin.stomp.message('/lenient', { schema: { body } }, () => undefined)
    plugin.setValidatorCompiler(() => () => true)
  })
  app.stomp.message('/strict', { schema: { body } }, () => undefined)
  await app.ready()
  await expect(send('/app/lenient', {})).resolves.toEqual([])
  await expect(send('/app/strict', {})).rejects.toMatchObject({ code: 'STOMP_ERR_BODY_INVALID' })
})
