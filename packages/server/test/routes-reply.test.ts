import { describe, expect, it } from 'vitest'
import { createReply } from '../src/routes/reply.js'
import { frames, send, usePlugin } from './plugin-application.js'
import { createRoutesApplication, readable } from './routes-application.js'

const start = usePlugin()

describe('the reply', () => {
  it('gives what the handler returns its headers and its content type', async () => {
    const { app, send, subscribe } = createRoutesApplication()
    app.stomp.message('/x', { sendTo: ['/topic/a', '/topic/b'] }, (_message, reply) => {
      reply.header('x-a', '1').header('x-b', '2').header('x-a', '3').type('application/vnd.own+json')
      return { n: 1 }
    })
    app.stomp.subscription('/x', async (_subscription, reply) => {
      reply.type('text/csv')
      return 'a;b'
    })
    await app.ready()
    for (const publication of (await send('/app/x')) ?? []) {
      expect([...publication.headers]).toEqual([
        ['content-type', 'application/vnd.own+json'],
        ['x-a', '3'],
        ['x-b', '2'],
      ])
      expect(readable(publication)?.text).toBe('{"n":1}')
    }
    expect(readable(await subscribe('/app/x'))).toEqual({ type: 'text/csv', text: 'a;b' })
  })

  it('takes the content type of the route where a handler says none, and that of preHandlers where they do', async () => {
    const { app, send } = createRoutesApplication()
    const options = { sendTo: '/topic/x', contentType: 'text/csv' } as const
    app.stomp.message('/route', options, () => 'a;b')
    app.stomp.message('/handler', options, (_message, reply) => {
      reply.header('content-type', 'text/html')
      return '<p>'
    })
    app.stomp.message('/hook', { ...options, preHandler: (_m, reply) => void reply.type('text/html') }, () => '<p>')
    app.stomp.message('/bytes', { sendTo: '/topic/x', contentType: 'image/png' }, () => new Uint8Array([1]))
    await app.ready()
    const type = async (to: string) => readable((await send(to))?.[0])?.type
    expect(await type('/app/route')).toBe('text/csv')
    expect(await type('/app/handler')).toBe('text/html')
    expect(await type('/app/hook')).toBe('text/html')
    expect(await type('/app/bytes')).toBe('image/png')
  })

  it('counts, in a stream, for what is given after', async () => {
    const { connect } = await start({}, (app) =>
      app.stomp.message('/x', { sendTo: '/topic/x' }, async function* (_message, reply) {
        yield 'a'
        reply.header('x-n', '1')
        yield 'b'
        reply.header('x-n', '2').type('text/csv')
        yield 'c'
      }),
    )
    const ada = await connect('ada')
    await ada.subscribe('s', '/topic/x')
    ada.send(send('/app/x'))
    const seen = []
    for (let i = 0; i < 3; i++) {
      const { text, headers } = await ada.next()
      seen.push([text, headers.get('x-n'), headers.get('content-type')])
    }
    expect(seen).toEqual([
      ['a', undefined, 'text/plain;charset=utf-8'],
      ['b', '1', 'text/plain;charset=utf-8'],
      ['c', '2', 'text/csv'],
    ])
  })

  it('leaves to the server the headers that are its own', async () => {
    const { connect } = await start({}, (app) =>
      app.stomp.message('/x', { sendTo: '/topic/x' }, (_message, reply) => {
        reply.header('message-id', 'forged').header('subscription', 'forged').header('x-own', '1')
        return 'a'
      }),
    )
    const ada = await connect('ada')
    await ada.subscribe('s', '/topic/x')
    ada.send(send('/app/x'))
    const { headers } = await ada.next()
    expect(headers.get('x-own')).toBe('1')
    expect(headers.get('subscription')).toBe('s')
    expect(headers.getAll('message-id')).toHaveLength(1)
    expect(headers.get('message-id')).not.toBe('forged')
  })

  it.each([
    ['', 'x'],
    [7, 'x'],
    ['x', 7],
    ['x', undefined],
  ])('refuses the header %j with the value %j', (name, value) => {
    // @ts-expect-error: what plain JavaScript may do
    expect(() => createReply().header(name, value)).toThrow(TypeError)
  })

  it('refuses to write a string in another encoding than UTF-8, and what no codec writes', async () => {
    const { app, send } = createRoutesApplication()
    const sendTo = '/topic/x'
    app.stomp.message('/latin', { sendTo, contentType: 'text/plain;charset=latin1' }, () => 'ü')
    app.stomp.message('/none', { sendTo, contentType: 'application/x-none' }, () => ({ a: 1 }))
    app.stomp.message('/mistaken', { sendTo }, (_message, reply) => {
      reply.type('text')
      return 'x'
    })
    await app.ready()
    for (const [to, why] of [
      ['/app/latin', /UTF-8/],
      ['/app/none', /no codec for 'application\/x-none'/],
      ['/app/mistaken', /'text' is no content type/],
    ] as const) {
      await expect(send(to)).rejects.toMatchObject({
        code: 'STOMP_ERR_HANDLER_FAILED',
        cause: { message: expect.stringMatching(why) },
      })
    }
  })

  it('fails the start for a route whose content type is none', async () => {
    const { app } = createRoutesApplication()
    expect(() => app.stomp.message('/x', { contentType: 'text' }, () => 'x')).toThrow(
      "stomp.message('/x'): contentType: 'text' is no content type",
    )
  })
})

describe('replyTo', () => {
  it('gives the value to the reply-to of the frame, beside the other destinations', async () => {
    const { app, send, table } = createRoutesApplication()
    const options = { replyTo: true, sendTo: '/topic/x', sendToUser: '/queue/y' }
    app.stomp.message('/all', options, () => 'a')
    app.stomp.message('/reply', { replyTo: true }, () => 'b')
    app.stomp.message('/none', { sendTo: '/topic/x' }, () => 'c')
    await app.ready()
    const all = (await send('/app/all', '', { 'reply-to': '/reply-queue/1', 'correlation-id': 'c' })) ?? []
    expect(all.map(({ destination, audience }) => [destination, audience])).toEqual([
      ['/topic/x', undefined],
      ['/queue/y', 'user'],
      ['/reply-queue/1', 'reply'],
    ])
    expect(all.map(({ headers }) => headers.get('correlation-id'))).toEqual([undefined, 'c', 'c'])
    expect((await send('/app/reply', '', { 'reply-to': '/reply-queue/1' }))?.[0]?.headers.has('correlation-id')).toBe(
      false,
    )
    expect(['/all', '/reply', '/none'].map((path) => table.routes.findMessage(path)?.usesReplyTo)).toEqual([
      true,
      true,
      false,
    ])
  })

  it('leaves a correlation-id that the handler has set', async () => {
    const { app, send } = createRoutesApplication()
    app.stomp.message('/x', { replyTo: true }, (_message, reply) => {
      reply.header('correlation-id', 'own')
      return 'a'
    })
    await app.ready()
    const [publication] = (await send('/app/x', '', { 'reply-to': '/reply-queue/1', 'correlation-id': 'c' })) ?? []
    expect(publication?.headers.getAll('correlation-id')).toEqual(['own'])
  })

  it.each([{}, { 'reply-to': '' }])('refuses a frame with %j before its handler runs', async (headers) => {
    const { app, send } = createRoutesApplication()
    let calls = 0
    app.stomp.message('/x', { replyTo: true }, () => ++calls)
    await app.ready()
    await expect(send('/app/x', '', headers)).rejects.toMatchObject({ code: 'STOMP_ERR_HEADER_INVALID' })
    expect(calls).toBe(0)
  })

  it('answers at the temporary queue that the sender has named, and nobody else', async () => {
    const { connect } = await start({}, (app) => {
      app.stomp.message('/add', { replyTo: true }, ({ body }) => Number(body) + 1)
    })
    const [ada, bob] = [await connect('ada'), await connect('bob')]
    for (const client of [ada, bob]) await client.subscribe('s', '/temp-queue/answers')
    ada.send(send('/app/add', '41', { 'reply-to': '/temp-queue/answers', 'correlation-id': 'c-1' }))
    const answer = await ada.next()
    expect([answer.text, answer.headers.get('correlation-id')]).toEqual(['42', 'c-1'])
    bob.send(send('/app/add', '1', { 'reply-to': '/temp-queue/answers', receipt: 'r' }))
    expect(await frames(bob, 2)).toEqual(['RECEIPT r', '2'])
  })

  it('answers at a user destination of the sender', async () => {
    const { connect } = await start({}, (app) => {
      app.stomp.message('/add', { replyTo: true }, ({ body }) => Number(body) + 1)
    })
    const ada = await connect('ada')
    await ada.subscribe('s', '/user/queue/answers')
    ada.send(send('/app/add', '41', { 'reply-to': '/user/queue/answers' }))
    expect(await frames(ada, 1)).toEqual(['42'])
  })

  it.each(['/topic/x', '/queue/x', '/app/add', '/reply-queue/guessed'])(
    'refuses %s, which is not the sender own',
    async (to) => {
      let calls = 0
      const { connect } = await start({}, (app) => {
        app.stomp.message('/add', { replyTo: true }, () => ++calls)
      })
      const ada = await connect('ada')
      ada.send(send('/app/add', '41', { 'reply-to': to, receipt: 'r' }))
      expect(await frames(ada, 1)).toEqual(['ERROR STOMP_ERR_HEADER_INVALID r'])
      expect(calls).toBe(0)
    },
  )

  it('of another kind than true and false fails the start', () => {
    const { app } = createRoutesApplication()
    // @ts-expect-error: what plain JavaScript may do
    expect(() => app.stomp.message('/x', { replyTo: '/queue/x' }, () => 1)).toThrow('replyTo: it is true or false')
  })
})
