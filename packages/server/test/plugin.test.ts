import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import hoofbeat, { type HoofbeatOptions, StompError } from '../src/index.js'
import { createFakeClock } from '../src/testing/fake-clock.js'
import { connectTestClient, type StompTestClient } from '../src/testing/stomp-client.js'

const apps: FastifyInstance[] = []
const clients: StompTestClient[] = []

afterEach(async () => {
  for (const client of clients.splice(0)) client.link.close()
  await Promise.all(apps.splice(0).map((app) => app.close()))
})

/** The whole plugin on linked connections: no ports. */
async function start(prepare: (app: FastifyInstance) => unknown = () => {}, options: HoofbeatOptions = {}) {
  const app = Fastify()
  apps.push(app)
  await app.register(hoofbeat, {
    allow: { send: ['/topic/**'], subscribe: ['/topic/**'] },
    authenticate: (connect) => connect.login,
    drainMs: 0,
    ...options,
  })
  await prepare(app)
  await app.ready()
  const connect = async (login?: string): Promise<StompTestClient> => {
    const client = connectTestClient(app)
    clients.push(client)
    await client.connect(login === undefined ? {} : { login })
    return client
  }
  return { app, connect }
}

async function subscribe(client: StompTestClient, id: string, destination: string): Promise<void> {
  client.send({ command: 'SUBSCRIBE', headers: { id, destination, receipt: `sub ${id}` } })
  expect((await client.next()).headers.get('receipt-id')).toBe(`sub ${id}`)
}

const send = (destination: string, body = '', headers: Record<string, string> = {}) =>
  ({ command: 'SEND', headers: { destination, ...headers }, body }) as const

const names = async (client: StompTestClient, count: number): Promise<string[]> => {
  const seen: string[] = []
  for (let i = 0; i < count; i++) {
    const frame = await client.next()
    seen.push(frame.command === 'MESSAGE' ? frame.text : `${frame.command} ${frame.headers.get('receipt-id')}`)
  }
  return seen
}

/** A promise that the test settles. */
function gate() {
  let open: () => void = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { open, opened }
}

describe('topics', () => {
  it('reach every subscriber with the headers of the sender, and none of the server’s own', async () => {
    const { connect } = await start()
    const [alice, bob] = [await connect('alice'), await connect('bob')]
    await subscribe(bob, 'b', '/topic/chat')
    alice.send({
      command: 'SEND',
      headers: [
        ['destination', '/topic/chat'],
        ['x-tag', 'first'],
        ['receipt', 'r'],
        ['x-tag', 'second'],
        ['message-id', 'forged'],
        ['subscription', 'forged'],
        ['content-type', 'text/plain'],
      ],
      body: 'hello',
    })
    const message = await bob.next()
    expect(message.headers.get('subscription')).toBe('b')
    expect(message.headers.get('destination')).toBe('/topic/chat')
    expect(message.headers.get('content-length')).toBe('5')
    expect(message.headers.get('content-type')).toBe('text/plain')
    expect(message.headers.getAll('x-tag')).toEqual(['first', 'second'])
    expect(message.headers.getAll('message-id')).toHaveLength(1)
    expect(message.headers.get('message-id')).not.toBe('forged')
    expect(message.headers.has('receipt')).toBe(false)
  })

  it('send RECEIPT before the MESSAGE that the same SEND causes at the same session', async () => {
    const { connect } = await start()
    const client = await connect()
    await subscribe(client, 's', '/topic/self')
    for (let i = 0; i < 5; i++) client.send(send('/topic/self', `m${i}`, { receipt: `r${i}` }))
    const expected = [0, 1, 2, 3, 4].flatMap((i) => [`RECEIPT r${i}`, `m${i}`])
    expect(await names(client, 10)).toEqual(expected)
  })

  it('send RECEIPT before MESSAGE also when a hook took its time', async () => {
    const { connect } = await start((app) => {
      app.stomp.addHook('authorizeSend', async () => {
        await new Promise((resolve) => setImmediate(resolve))
      })
    })
    const client = await connect()
    await subscribe(client, 's', '/topic/self')
    client.send(send('/topic/self', 'm', { receipt: 'r' }))
    expect(await names(client, 2)).toEqual(['RECEIPT r', 'm'])
  })

  it('fire a wildcard subscription and a plain one of the same session, each under its id', async () => {
    const { connect } = await start()
    const client = await connect()
    await subscribe(client, 'plain', '/topic/a/b')
    await subscribe(client, 'one', '/topic/*/b')
    await subscribe(client, 'rest', '/topic/**')
    client.send(send('/topic/a/b', 'x'))
    const ids = [await client.next(), await client.next(), await client.next()].map((frame) =>
      frame.headers.get('subscription'),
    )
    expect(ids.sort()).toEqual(['one', 'plain', 'rest'])
  })

  it('stop after UNSUBSCRIBE', async () => {
    const { connect } = await start()
    const client = await connect()
    await subscribe(client, 's', '/topic/a')
    client.send({ command: 'UNSUBSCRIBE', headers: { id: 's', receipt: 'u' } })
    client.send(send('/topic/a', 'unheard', { receipt: 'end' }))
    expect(await names(client, 2)).toEqual(['RECEIPT u', 'RECEIPT end'])
  })

  it('take what the application publishes', async () => {
    const { app, connect } = await start()
    const client = await connect()
    await subscribe(client, 's', '/topic/news')
    await app.stomp.publish('/topic/news', { a: 1 }, { headers: { 'x-from': 'house' } })
    const message = await client.next()
    expect([message.text, message.headers.get('content-type'), message.headers.get('x-from')]).toEqual([
      '{"a":1}',
      'application/json',
      'house',
    ])
    await expect(app.stomp.publish('/app/news', 'x')).rejects.toMatchObject({ code: 'STOMP_ERR_DESTINATION_UNKNOWN' })
    await expect(app.stomp.publish('/elsewhere', 'x')).rejects.toMatchObject({ code: 'STOMP_ERR_DESTINATION_UNKNOWN' })
    await expect(app.stomp.publish('/topic/*', 'x')).rejects.toMatchObject({ code: 'STOMP_ERR_DESTINATION_INVALID' })
  })
})

describe('refusals', () => {
  it.each<[string, Parameters<StompTestClient['send']>[0], string]>([
    ['SEND to a topic without a rule', send('/topic/a', 'x', { receipt: '7' }), 'STOMP_ERR_FORBIDDEN'],
    [
      'a wildcard subscription without a rule',
      { command: 'SUBSCRIBE', headers: { id: '1', destination: '/topic/*', receipt: '7' } },
      'STOMP_ERR_FORBIDDEN',
    ],
    [
      'a destination that nobody serves',
      { command: 'SUBSCRIBE', headers: { id: '1', destination: '/elsewhere/a', receipt: '7' } },
      'STOMP_ERR_DESTINATION_UNKNOWN',
    ],
    ['a route that does not exist', send('/app/none', 'x', { receipt: '7' }), 'STOMP_ERR_ROUTE_UNKNOWN'],
    [
      'a subscription route that does not exist',
      { command: 'SUBSCRIBE', headers: { id: '1', destination: '/app/none', receipt: '7' } },
      'STOMP_ERR_ROUTE_UNKNOWN',
    ],
    [
      'an acknowledgement mode that there is not',
      { command: 'SUBSCRIBE', headers: { id: '1', destination: '/topic/a', ack: 'clients', receipt: '7' } },
      'STOMP_ERR_HEADER_INVALID',
    ],
    [
      'a selector that cannot be read',
      { command: 'SUBSCRIBE', headers: { id: '1', destination: '/topic/a', selector: 'a = ', receipt: '7' } },
      'STOMP_ERR_SELECTOR_INVALID',
    ],
    [
      'UNSUBSCRIBE of nothing',
      { command: 'UNSUBSCRIBE', headers: { id: '1', receipt: '7' } },
      'STOMP_ERR_SUBSCRIPTION_UNKNOWN',
    ],
  ])('%s: ERROR with the receipt-id, then a close', async (_what, frame, code) => {
    const { connect } = await start(() => {}, { allow: {} })
    const client = await connect()
    client.send(frame)
    const error = await client.next()
    expect([error.command, error.headers.get('code'), error.headers.get('receipt-id')]).toEqual(['ERROR', code, '7'])
    expect(await client.closed()).toMatchObject({ code: 1002 })
  })

  it('an id that is taken does not replace the first subscription', async () => {
    const { connect } = await start()
    const client = await connect()
    await subscribe(client, 's', '/topic/a')
    client.send({ command: 'SUBSCRIBE', headers: { id: 's', destination: '/topic/b' } })
    expect((await client.next()).headers.get('code')).toBe('STOMP_ERR_SUBSCRIPTION_EXISTS')
  })

  it('more than the allowed number of subscriptions', async () => {
    const { connect } = await start(() => {}, { limits: { maxSubscriptions: 2 } })
    const client = await connect()
    await subscribe(client, '1', '/topic/a')
    await subscribe(client, '2', '/topic/b')
    client.send({ command: 'SUBSCRIBE', headers: { id: '3', destination: '/topic/c' } })
    expect((await client.next()).headers.get('code')).toBe('STOMP_ERR_SUBSCRIPTION_LIMIT')
  })

  it('by a hook: its own text if it is meant for the peer, a general one otherwise', async () => {
    const { connect } = await start((app) => {
      app.stomp.addHook('authorizeSubscribe', async ({ destination, user }) => {
        if (destination === '/topic/kind')
          throw new StompError('STOMP_ERR_FORBIDDEN', { message: `Not you, ${user?.name}` })
        if (destination === '/topic/rude') throw new Error('SELECT * FROM members')
      })
    })
    const kind = await connect('eve')
    kind.send({ command: 'SUBSCRIBE', headers: { id: '1', destination: '/topic/kind' } })
    expect((await kind.next()).headers.get('message')).toBe('Not you, eve')
    const rude = await connect('eve')
    rude.send({ command: 'SUBSCRIBE', headers: { id: '1', destination: '/topic/rude' } })
    const error = await rude.next()
    expect([error.headers.get('message'), error.headers.get('code')]).toEqual([
      'This is not allowed for this session',
      'STOMP_ERR_FORBIDDEN',
    ])
  })
})

describe('order', () => {
  it('a pending hook holds every later frame of its session, and no other session', async () => {
    const { open, opened } = gate()
    const { connect } = await start((app) => {
      app.stomp.addHook('authorizeSend', ({ destination }) => (destination === '/topic/slow' ? opened : undefined))
    })
    const [slow, other, listener] = [await connect(), await connect(), await connect()]
    await subscribe(listener, 'all', '/topic/**')
    slow.send(send('/topic/slow', 'one'))
    slow.send(send('/topic/quick', 'two'))
    other.send(send('/topic/quick', 'three'))
    expect(await names(listener, 1)).toEqual(['three'])
    open()
    expect(await names(listener, 2)).toEqual(['one', 'two'])
  })

  it('handlers start in order and run side by side: a slow one does not stall its session', async () => {
    const { open, opened } = gate()
    const started: string[] = []
    const { connect } = await start((app) => {
      app.stomp.message('/work/:name', { sendTo: '/topic/done' }, async ({ params }) => {
        started.push(params.name)
        if (params.name === 'slow') await opened
        return params.name
      })
    })
    const client = await connect()
    await subscribe(client, 's', '/topic/done')
    client.send(send('/app/work/slow', '', { receipt: 'slow' }))
    client.send(send('/app/work/quick', '', { receipt: 'quick' }))
    expect(await names(client, 2)).toEqual(['RECEIPT quick', 'quick'])
    open()
    expect(await names(client, 2)).toEqual(['RECEIPT slow', 'slow'])
    expect(started).toEqual(['slow', 'quick'])
  })

  it('no more than the allowed number of handlers of one session run; then its frames wait', async () => {
    const gates = [gate(), gate(), gate()]
    let started = 0
    const { connect } = await start(
      (app) => {
        app.stomp.message('/work', async () => {
          await gates[started++]?.opened
        })
      },
      { limits: { maxRunningHandlers: 2 } },
    )
    const client = await connect()
    for (let i = 0; i < 3; i++) client.send(send('/app/work', '', { receipt: `${i}` }))
    await expect.poll(() => started).toBe(2)
    gates[1]?.open()
    expect(await names(client, 1)).toEqual(['RECEIPT 1'])
    await expect.poll(() => started).toBe(3)
    gates[0]?.open()
    gates[2]?.open()
    expect((await names(client, 2)).sort()).toEqual(['RECEIPT 0', 'RECEIPT 2'])
  })

  it('DISCONNECT is receipted after all handlers have ended', async () => {
    const { open, opened } = gate()
    const { connect } = await start((app) => app.stomp.message('/work', () => opened))
    const client = await connect()
    client.send(send('/app/work', '', { receipt: 'work' }))
    client.send({ command: 'DISCONNECT', headers: { receipt: 'bye' } })
    open()
    expect(await names(client, 2)).toEqual(['RECEIPT work', 'RECEIPT bye'])
  })
})

describe('message routes', () => {
  it('a body that fails its schema is refused with the path of the fault', async () => {
    const { connect } = await start((app) => {
      const body = { type: 'object', required: ['name'], properties: { name: { type: 'string' } } }
      app.stomp.message('/hello', { schema: { body } }, async () => null)
    })
    const client = await connect()
    client.send(send('/app/hello', '{"nom":"x"}', { receipt: '1' }))
    const error = await client.next()
    expect([error.headers.get('code'), error.headers.get('receipt-id')]).toEqual(['STOMP_ERR_BODY_INVALID', '1'])
    expect(`${error.headers.get('message')} ${error.text}`).toContain("'name'")
  })

  it('a handler that throws is answered, its text stays on the server', async () => {
    const { connect } = await start((app) => {
      app.stomp.message('/broken', () => {
        throw new Error('database password is hunter2')
      })
    })
    const client = await connect()
    client.send(send('/app/broken', '', { receipt: '1' }))
    const error = await client.next()
    expect([error.headers.get('code'), error.headers.get('receipt-id')]).toEqual(['STOMP_ERR_HANDLER_FAILED', '1'])
    expect(JSON.stringify([...error.headers, error.text])).not.toContain('hunter2')
  })

  it('a subscription route answers once, after the RECEIPT, under the id and destination of the SUBSCRIBE', async () => {
    const { connect } = await start((app) => app.stomp.subscription('/now/:zone', async ({ params }) => params))
    const client = await connect()
    client.send({ command: 'SUBSCRIBE', headers: { id: 'n', destination: '/app/now/utc', receipt: 'r' } })
    expect((await client.next()).command).toBe('RECEIPT')
    const message = await client.next()
    expect([message.headers.get('subscription'), message.headers.get('destination'), message.text]).toEqual([
      'n',
      '/app/now/utc',
      '{"zone":"utc"}',
    ])
    client.send({ command: 'UNSUBSCRIBE', headers: { id: 'n', receipt: 'u' } })
    expect(await names(client, 1)).toEqual(['RECEIPT u'])
  })

  it('the work of a client that left still counts', async () => {
    const { open, opened } = gate()
    const { connect } = await start((app) => {
      app.stomp.message('/late', { sendTo: '/topic/late' }, async () => {
        await opened
        return 'done'
      })
    })
    const [client, listener] = [await connect(), await connect()]
    await subscribe(listener, 's', '/topic/late')
    client.send(send('/app/late'))
    client.link.close()
    await client.rest()
    open()
    expect(await names(listener, 1)).toEqual(['done'])
  })
})

describe('the end of the application', () => {
  it('settles what is under way, closes 1001 when nothing is spread, and refuses newcomers', async () => {
    const { open, opened } = gate()
    const { app, connect } = await start((instance) => instance.stomp.message('/work', () => opened))
    const client = await connect()
    client.send(send('/app/work', '', { receipt: 'work' }))
    client.send(send('/topic/x', '', { receipt: 'taken' }))
    expect(await names(client, 1)).toEqual(['RECEIPT taken'])
    const closed = app.close()
    open()
    expect(await names(client, 1)).toEqual(['RECEIPT work'])
    expect(await client.closed()).toEqual({ code: 1001, reason: 'STOMP_ERR_CLOSING' })
    await closed
  })

  it('spreads its closes over the drain time, with 1012', async () => {
    const clock = createFakeClock()
    const { app, connect } = await start(() => {}, { clock, drainMs: 4_000 })
    const four = [await connect(), await connect(), await connect(), await connect()]
    const closed = app.close()
    for (const expected of [1, 2, 3, 4]) {
      const codes: (number | undefined)[] = []
      for (const client of four) codes.push((await client.closed())?.code)
      expect(codes.filter((code) => code === 1012)).toHaveLength(expected)
      clock.advance(1_100)
    }
    await closed
  })
})

describe('options', () => {
  it.each<[HoofbeatOptions, RegExp]>([
    [{ applicationPrefix: 'app' }, /applicationPrefix/],
    [{ limits: { maxBodyBytes: -1 } }, /limits.maxBodyBytes/],
    [{ heartBeat: { sendMs: 1.5, receiveMs: 0 } }, /heartBeat/],
    [{ allow: { send: ['topic'] } }, /'topic'/],
  ])('%j is refused by name', async (options, text) => {
    const app = Fastify()
    apps.push(app)
    await expect(app.register(hoofbeat, options).ready()).rejects.toThrow(text)
  })
})
