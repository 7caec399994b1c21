import type { FastifyInstance } from 'fastify'
import { describe, expect, it } from 'vitest'
import { StompError, type StompReply } from '../src/index.js'
import type { StompEvent } from '../src/observe/events.js'
import { createFakeClock } from '../src/testing/fake-clock.js'
import { frames, gate, rest, send, transact, turn, usePlugin } from './plugin-application.js'
import { createRoutesApplication, readable } from './routes-application.js'

const start = usePlugin()

describe('preHandler', () => {
  it('runs behind validation and before the handler, outer plugins first, those of the route last', async () => {
    const { app, send, subscribe } = createRoutesApplication()
    const steps: string[] = []
    const step = (name: string) => () => void steps.push(name)
    app.stomp.addHook('preHandler', step('root'))
    await app.register(async (plugin) => {
      plugin.stomp.addHook('preHandler', step('plugin'))
      const schema = { params: { type: 'object', properties: { n: { type: 'integer' } } } }
      const options = { schema, preHandler: [step('route 1'), step('route 2')] }
      plugin.stomp.message('/x/:n', options, step('message'))
      plugin.stomp.subscription('/x/:n', { schema, preHandler: step('route') }, step('subscription'))
    })
    app.stomp.message('/outside', step('outside'))
    app.stomp.addHook('preHandler', step('root, later'))
    await app.ready()

    await send('/app/x/1')
    expect(steps.splice(0)).toEqual(['root', 'root, later', 'plugin', 'route 1', 'route 2', 'message'])
    await subscribe('/app/x/1')
    expect(steps.splice(0)).toEqual(['root', 'root, later', 'plugin', 'route', 'subscription'])
    await send('/app/outside')
    expect(steps.splice(0)).toEqual(['root', 'root, later', 'outside'])
    await expect(send('/app/x/no')).rejects.toMatchObject({ code: 'STOMP_ERR_PARAMS_INVALID' })
    expect(steps).toEqual([])
  })

  it('is called with the instance of the route and the very message that the handler sees', async () => {
    const { app, send } = createRoutesApplication()
    const seen: unknown[] = []
    app.stomp.addHook('preHandler', async function (routed) {
      seen.push(this, routed)
    })
    let inner: FastifyInstance | undefined
    await app.register(async (plugin) => {
      inner = plugin
      plugin.stomp.message('/x', function (message) {
        seen.push(this, message)
      })
    })
    await app.ready()
    await send('/app/x')
    expect(seen[0]).toBe(inner)
    expect(seen[2]).toBe(inner)
    expect(seen[1]).toBe(seen[3])
  })

  it.each(['throws', 'rejects'])('refuses as a handler does when it %s, and the handler is not called', async (how) => {
    const { app, send, subscribe } = createRoutesApplication()
    const steps: string[] = []
    const refuse = () => {
      const error = new StompError('STOMP_ERR_FORBIDDEN', { message: 'No credit left' })
      if (how === 'throws') throw error
      return Promise.reject(error)
    }
    app.stomp.message('/x', { preHandler: [refuse, () => void steps.push('next')] }, () => void steps.push('handler'))
    app.stomp.subscription('/x', { preHandler: refuse }, () => void steps.push('handler'))
    app.stomp.message('/y', { preHandler: () => Promise.reject(new Error('secret')) }, () => undefined)
    await app.ready()
    await expect(send('/app/x')).rejects.toMatchObject({ code: 'STOMP_ERR_FORBIDDEN', message: 'No credit left' })
    await expect(subscribe('/app/x')).rejects.toMatchObject({ code: 'STOMP_ERR_FORBIDDEN' })
    await expect(send('/app/y')).rejects.toMatchObject({ code: 'STOMP_ERR_HANDLER_FAILED' })
    expect(steps).toEqual([])
  })

  it('lets handlers start in the order of their frames, while those of several frames run side by side', async () => {
    const gates = new Map(['1', '2', '3'].map((name) => [name, gate()]))
    const steps: string[] = []
    const { connect } = await start({}, (app) => {
      const preHandler = async ({ params }: { params: { n: string } }) => {
        steps.push(`pre ${params.n}`)
        await gates.get(params.n)?.opened
        if (params.n === '2') throw new StompError('STOMP_ERR_FORBIDDEN')
      }
      app.stomp.message('/slow/:n', { preHandler }, ({ params }) => void steps.push(`handler ${params.n}`))
      app.stomp.message('/quick', () => void steps.push('handler quick'))
      app.stomp.subscription('/quick', () => void steps.push('subscription quick'))
      app.stomp.setErrorHandler((error) => error.message)
    })
    const ada = await connect('ada')
    await ada.subscribe('e', '/user/queue/errors')
    for (const n of ['1', '2', '3']) ada.send(send(`/app/slow/${n}`))
    ada.send(send('/app/quick', '', { receipt: 'quick' }))
    ada.send({ command: 'SUBSCRIBE', headers: { id: 's', destination: '/app/quick', receipt: 'asked' } })
    while (steps.length < 3) await turn()
    gates.get('3')?.open()
    gates.get('2')?.open()
    await turn()
    expect(steps).toEqual(['pre 1', 'pre 2', 'pre 3'])
    gates.get('1')?.open()
    expect((await frames(ada, 3)).sort()).toEqual([
      'RECEIPT asked',
      'RECEIPT quick',
      'This is not allowed for this session',
    ])
    expect(steps.slice(3)).toEqual(['handler 1', 'handler 3', 'handler quick', 'subscription quick'])
  })

  it('of one session holds up no other', async () => {
    const { open, opened } = gate()
    const { connect } = await start({}, (app) => {
      app.stomp.message('/slow', { preHandler: () => opened, sendTo: '/topic/x' }, () => 'slow')
      app.stomp.message('/quick', { sendTo: '/topic/x' }, () => 'quick')
    })
    const [ada, bob] = [await connect('ada'), await connect('bob')]
    await bob.subscribe('s', '/topic/x')
    ada.send(send('/app/slow'))
    bob.send(send('/app/quick', '', { receipt: 'r' }))
    expect(await frames(bob, 2)).toEqual(['RECEIPT r', 'quick'])
    open()
    expect(await frames(bob, 1)).toEqual(['slow'])
  })

  it('that does not answer in time refuses its frame, and holds up the handlers behind it no longer', async () => {
    const clock = createFakeClock()
    const called: string[] = []
    const { connect, log } = await start({ clock, limits: { hookTimeoutMs: 1_000 } }, (app) => {
      app.stomp.setErrorHandler((error) => error.message)
      app.stomp.message('/stuck', { preHandler: () => new Promise(() => {}) }, () => void called.push('stuck'))
      app.stomp.message('/quick', () => void called.push('quick'))
    })
    const ada = await connect('ada')
    await ada.subscribe('e', '/user/queue/errors')
    ada.send(send('/app/stuck'))
    ada.send(send('/app/quick', '', { receipt: 'quick' }))
    await turn()
    clock.advance(800)
    expect(await rest(ada)).toEqual([])
    clock.advance(400)
    expect((await frames(ada, 2)).sort()).toEqual(['RECEIPT quick', 'The message could not be processed'])
    expect(called).toEqual(['quick'])
    expect(log.filter((line) => line.includes('A preHandler did not answer within 1000 ms'))).toHaveLength(1)
  })

  it('runs behind the COMMIT of the transaction that its frame belongs to, and never for one that is aborted', async () => {
    const steps: string[] = []
    const { connect } = await start({}, (app) => {
      app.stomp.message('/x/:n', { preHandler: ({ params }) => void steps.push(params.n) }, () => undefined)
    })
    const ada = await connect('ada')
    ada.send(transact('BEGIN', 't'))
    ada.send(send('/app/x/committed', '', { transaction: 't', receipt: 'r' }))
    ada.send(transact('BEGIN', 'u'))
    ada.send(send('/app/x/aborted', '', { transaction: 'u' }))
    ada.send(transact('ABORT', 'u'))
    expect(await frames(ada, 1)).toEqual(['RECEIPT r'])
    expect(steps).toEqual([])
    ada.send(transact('COMMIT', 't', 'done'))
    expect(await frames(ada, 1)).toEqual(['RECEIPT done'])
    expect(steps).toEqual(['committed'])
  })
})

describe('authorizeSend and authorizeSubscribe of a route', () => {
  it('run behind those of the plugins, called with the instance of the route', async () => {
    const steps: unknown[] = []
    let inner: FastifyInstance | undefined
    const { app, connect } = await start({}, async (app) => {
      app.stomp.addHook('authorizeSend', function () {
        steps.push('root', this)
      })
      await app.register(async (plugin) => {
        inner = plugin
        plugin.stomp.addHook('authorizeSend', () => void steps.push('plugin'))
        const authorizeSend = [
          function (this: FastifyInstance) {
            steps.push('route', this)
          },
          () => void steps.push('route, too'),
        ]
        plugin.stomp.message('/x', { authorizeSend }, () => void steps.push('handler'))
        plugin.stomp.subscription('/x', { authorizeSubscribe: () => Promise.reject(new Error('no')) }, () => 1)
      })
    })
    const ada = await connect('ada')
    ada.send(send('/app/x', '', { receipt: 'r' }))
    expect(await frames(ada, 1)).toEqual(['RECEIPT r'])
    expect(steps).toEqual(['root', app, 'plugin', 'route', inner, 'route, too', 'handler'])
    ada.send({ command: 'SUBSCRIBE', headers: { id: 's', destination: '/app/x' } })
    expect(await frames(ada, 1)).toEqual(['ERROR STOMP_ERR_FORBIDDEN'])
  })
})

describe('preSerialization', () => {
  it('sees each value that is to be encoded and may replace it; undefined leaves it', async () => {
    const { app, send, subscribe } = createRoutesApplication()
    const seen: unknown[] = []
    app.stomp.addHook('preSerialization', (_routed, _reply, value) => void seen.push(value))
    const preSerialization = [
      async (_: unknown, __: unknown, value: unknown) => ({ wrapped: value }),
      function (this: FastifyInstance, routed: { destination: string }, reply: StompReply, value: unknown) {
        reply.header('x-at', this.prefix + routed.destination)
        return { ...Object(value), more: true }
      },
    ]
    app.stomp.message('/x', { preSerialization, sendTo: '/topic/x' }, () => 17)
    app.stomp.subscription('/x', { preSerialization }, () => [1])
    await app.ready()
    const [publication] = (await send('/app/x')) ?? []
    expect(readable(publication)?.text).toBe('{"wrapped":17,"more":true}')
    expect(publication?.headers.get('x-at')).toBe('/app/x')
    expect(readable(await subscribe('/app/x'))?.text).toBe('{"wrapped":[1],"more":true}')
    expect(seen).toEqual([17, [1]])
  })

  it('does not see strings, bytes and nothing; null from it publishes nothing', async () => {
    const { app, send } = createRoutesApplication()
    let calls = 0
    app.stomp.addHook('preSerialization', () => {
      calls++
      return null
    })
    for (const [name, value] of Object.entries({ text: 'x', bytes: new Uint8Array([65]), nothing: null, all: {} })) {
      app.stomp.message(`/${name}`, { sendTo: '/topic/x' }, () => value)
    }
    await app.ready()
    expect(readable((await send('/app/text'))?.[0])?.text).toBe('x')
    expect(readable((await send('/app/bytes'))?.[0])?.text).toBe('A')
    expect(await send('/app/nothing')).toEqual([])
    expect(calls).toBe(0)
    expect(await send('/app/all')).toEqual([])
    expect(calls).toBe(1)
  })

  it('that fails is a failure of the handler', async () => {
    const { app, send } = createRoutesApplication()
    const cause = new Error('secret')
    app.stomp.message('/x', { sendTo: '/topic/x', preSerialization: () => Promise.reject(cause) }, () => ({}))
    await app.ready()
    await expect(send('/app/x')).rejects.toMatchObject({ code: 'STOMP_ERR_HANDLER_FAILED', cause })
  })

  it('sees each value of a stream', async () => {
    const { connect } = await start({}, (app) => {
      const preSerialization = async (_: unknown, __: unknown, value: unknown) => ({ wrapped: value })
      app.stomp.message('/x', { preSerialization, sendTo: '/topic/x' }, async function* () {
        yield 1
        yield 'text'
        yield 2
      })
    })
    const ada = await connect('ada')
    await ada.subscribe('s', '/topic/x')
    ada.send(send('/app/x'))
    expect(await frames(ada, 3)).toEqual(['{"wrapped":1}', 'text', '{"wrapped":2}'])
  })
})

describe('onError', () => {
  it('is told of each failure of its routes, with the frame, and changes nothing', async () => {
    const told: unknown[] = []
    const failure = new Error('secret')
    const { connect, log } = await start({}, (app) => {
      app.stomp.addHook('onError', function (frame, error) {
        told.push([this === app, frame.command, frame.destination, frame.user?.name, error.message])
        throw new Error('thrown by onError')
      })
      const onError = async () => Promise.reject(new Error('rejected by onError'))
      app.stomp.message('/fails', { onError }, () => Promise.reject(failure))
      app.stomp.message('/checked', { schema: { body: { type: 'object' } } }, () => undefined)
      app.stomp.message('/lost', { sendTo: () => '/app/nowhere' }, () => 1)
      app.stomp.subscription('/fails', () => Promise.reject(failure))
    })
    const told1 = async (frame: Parameters<Awaited<ReturnType<typeof connect>>['send']>[0]): Promise<string[]> => {
      const client = await connect('ada')
      client.send(frame)
      return frames(client, 1)
    }
    expect(await told1(send('/app/fails', '', { receipt: 'r' }))).toEqual(['ERROR STOMP_ERR_HANDLER_FAILED r'])
    expect(await told1(send('/app/checked', '17'))).toEqual(['ERROR STOMP_ERR_BODY_INVALID'])
    expect(await told1(send('/app/lost'))).toEqual(['ERROR STOMP_ERR_DESTINATION_UNKNOWN'])
    expect(await told1({ command: 'SUBSCRIBE', headers: { id: 's', destination: '/app/fails' } })).toEqual([
      'ERROR STOMP_ERR_HANDLER_FAILED',
    ])
    expect(told).toEqual([
      [true, 'SEND', '/app/fails', 'ada', 'secret'],
      [true, 'SEND', '/app/checked', 'ada', expect.stringContaining('body must be object')],
      [true, 'SEND', '/app/lost', 'ada', expect.stringContaining('/app/nowhere')],
      [true, 'SUBSCRIBE', '/app/fails', 'ada', 'secret'],
    ])
    const lines = log.map((line) => JSON.parse(line))
    const failed = lines
      .filter(({ msg }) => msg === 'a hook onError failed')
      .map(({ err, route }) => [route, err.message])
    expect(failed).toContainEqual(['/fails', 'rejected by onError'])
    expect(failed).toContainEqual(['/checked', 'thrown by onError'])
    expect(lines.filter(({ code }) => code === 'STOMP_ERR_HANDLER_FAILED')).toHaveLength(2)
  })

  it('is told before the error handler, whose answer goes out as without it', async () => {
    const steps: string[] = []
    const { connect } = await start({}, (app) => {
      app.stomp.addHook('onError', (_frame, error) => void steps.push(`onError ${error.message}`))
      app.stomp.setErrorHandler(function (error, _frame, reply) {
        steps.push(`handler ${error.message} ${this === app}`)
        reply.header('x-own', '1').type('application/problem+json')
        return { told: error.message }
      })
      app.stomp.message('/x', () => Promise.reject(new Error('why')))
    })
    const ada = await connect('ada')
    await ada.subscribe('e', '/user/queue/errors')
    ada.send(send('/app/x'))
    const message = await ada.next()
    expect(message.text).toBe('{"told":"why"}')
    expect(message.headers.get('x-own')).toBe('1')
    expect(message.headers.get('content-type')).toBe('application/problem+json')
    expect(steps).toEqual(['onError why', 'handler why true'])
  })

  it('does not hear of what a hook refused, nor of routes outside its plugin', async () => {
    const told: unknown[] = []
    const { connect } = await start({}, async (app) => {
      await app.register(async (plugin) => {
        plugin.stomp.addHook('onError', () => void told.push('plugin'))
        const authorizeSend = () => Promise.reject(new Error('no'))
        plugin.stomp.message('/refused', { authorizeSend }, () => undefined)
      })
      app.stomp.message('/outside', () => Promise.reject(new Error('why')))
    })
    for (const [to, code] of [
      ['/app/refused', 'STOMP_ERR_FORBIDDEN'],
      ['/app/outside', 'STOMP_ERR_HANDLER_FAILED'],
    ] as const) {
      const client = await connect('ada')
      client.send(send(to))
      expect(await frames(client, 1)).toEqual([`ERROR ${code}`])
    }
    expect(told).toEqual([])
  })
})

describe('a hook that is none', () => {
  it('among the options fails the start', async () => {
    const { app } = createRoutesApplication()
    // @ts-expect-error: what plain JavaScript may do
    app.stomp.message('/x', { preHandler: [17] }, () => undefined)
    await expect(app.ready()).rejects.toThrow("stomp.message('/x'): preHandler: a hook is a function")
  })
})

// Routes without hooks report as they always did.
describe('an application without hooks of routes', () => {
  it('calls handlers at once, in the turn of the frame', async () => {
    const { app, send, events } = createRoutesApplication()
    const started: string[] = []
    app.stomp.message('/x', () => void started.push('x'))
    await app.ready()
    const running = send('/app/x')
    expect(started).toEqual(['x'])
    await running
    expect(events satisfies readonly StompEvent[]).toEqual([])
  })
})
