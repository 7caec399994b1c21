import { EventEmitter, on } from 'node:events'
import { PassThrough } from 'node:stream'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { encode } from '@hoofbeat/codec'
import { describe, expect, it } from 'vitest'
import { frames, gate, rest, send, transact, turn, usePlugin } from './plugin-application.js'

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

const start = usePlugin()

describe('a handler that returns a stream', () => {
  it('has its receipt at once, and its values published one after another', async () => {
    const { open, opened } = gate()
    const { connect } = await start({}, (app) =>
      app.stomp.message('/count/:to', { sendTo: '/topic/:to' }, async function* ({ params }) {
        yield { n: 1 }
        await opened
        for (let n = 2; n <= Number(params.to); n++) yield { n }
      }),
    )
    const ada = await connect('ada')
    await ada.subscribe('s', '/topic/3')
    ada.send(send('/app/count/3', '', { receipt: 'r' }))
    expect(await frames(ada, 2)).toEqual(['RECEIPT r', '{"n":1}'])
    open()
    expect(await frames(ada, 2)).toEqual(['{"n":2}', '{"n":3}'])
  })

  it('asks for the next value when the broker has taken the one before', async () => {
    const steps: string[] = []
    const { connect } = await start({}, (app) =>
      app.stomp.message('/go', { sendTo: '/topic/x' }, async function* () {
        for (let i = 0; i < 3; i++) {
          steps.push(`asked ${i}`)
          yield i
        }
      }),
    )
    const ada = await connect('ada')
    ada.send(send('/app/go'))
    while (steps.length < 3) await turn()
    expect(steps).toEqual(['asked 0', 'asked 1', 'asked 2'])
  })

  it('does not count among the handlers that run, but among the streams', async () => {
    const { connect } = await start({ limits: { maxRunningHandlers: 1, maxStreams: 2 } }, (app) =>
      app.stomp.message('/wait', { sendTo: '/topic/x' }, async function* ({ signal }) {
        yield 'begun'
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
      }),
    )
    const ada = await connect('ada')
    await ada.subscribe('s', '/topic/x')
    ada.send(send('/app/wait'))
    ada.send(send('/app/wait', '', { receipt: 'two' }))
    expect((await frames(ada, 3)).sort()).toEqual(['RECEIPT two', 'begun', 'begun'])
    ada.send(send('/app/wait', '', { receipt: 'three' }))
    expect(await frames(ada, 1)).toEqual(['ERROR STOMP_ERR_STREAM_LIMIT three'])
  })

  it.each(['DISCONNECT', 'a cut'])(
    'ends with its session by %s: the signal fires and the stream is closed',
    async (how) => {
      const seen: string[] = []
      const { open, opened } = gate()
      const { connect } = await start({}, (app) =>
        app.stomp.message('/wait', { sendTo: '/topic/x' }, async function* ({ signal }) {
          try {
            yield 1
            await new Promise((resolve) => signal.addEventListener('abort', resolve))
            seen.push('aborted')
            yield 2
          } finally {
            seen.push('closed')
            open()
          }
        }),
      )
      const [ada, bob] = [await connect('ada'), await connect('bob')]
      await bob.subscribe('s', '/topic/x')
      ada.send(send('/app/wait'))
      expect(await frames(bob, 1)).toEqual(['1'])
      if (how === 'DISCONNECT') ada.send({ command: 'DISCONNECT' })
      else ada.link.close()
      await opened
      expect(seen).toEqual(['aborted', 'closed'])
      expect(await rest(bob)).toEqual([])
    },
  )

  it('that is no generator is told to return even while it waits', async () => {
    const source = new EventEmitter()
    const { app, connect } = await start({}, (app) =>
      app.stomp.message('/listen', { sendTo: '/topic/x' }, () => on(source, 'tick')),
    )
    const ada = await connect('ada')
    await ada.subscribe('s', '/topic/x')
    ada.send(send('/app/listen', '', { receipt: 'r' }))
    expect(await frames(ada, 1)).toEqual(['RECEIPT r'])
    source.emit('tick', 7)
    expect(await frames(ada, 1)).toEqual(['[7]'])
    ada.link.close()
    while (app.stomp.users.sessionCount > 0) await turn()
    await turn()
    expect(source.listenerCount('tick')).toBe(0)
  })

  it('that fails ends the session by an ERROR without a receipt-id, or tells an error handler', async () => {
    const failing = async function* (): AsyncGenerator<number> {
      yield 1
      throw new Error('secret')
    }
    const hard = await start({}, (app) => app.stomp.message('/fail', { sendTo: '/topic/x' }, failing))
    const ada = await hard.connect('ada')
    ada.send(send('/app/fail', '', { receipt: 'r' }))
    expect(await frames(ada, 2)).toEqual(['RECEIPT r', 'ERROR STOMP_ERR_HANDLER_FAILED'])
    const soft = await start({}, (app) => {
      app.stomp.setErrorHandler((error) => error.message)
      app.stomp.message('/fail', { sendTo: '/topic/x' }, failing)
    })
    const bob = await soft.connect('bob')
    await bob.subscribe('errors', '/user/queue/errors')
    bob.send(send('/app/fail', '', { receipt: 'r' }))
    bob.send(send('/topic/y', '', { receipt: 'on' }))
    expect((await frames(bob, 3)).sort()).toEqual(['RECEIPT on', 'RECEIPT r', 'secret'])
  })

  it('may begin behind a COMMIT', async () => {
    const { connect } = await start({}, (app) =>
      app.stomp.message('/two', { sendTo: '/topic/x' }, async function* () {
        yield 1
        yield 2
      }),
    )
    const ada = await connect('ada')
    await ada.subscribe('s', '/topic/x')
    ada.send(transact('BEGIN', 't'))
    ada.send(send('/app/two', '', { transaction: 't' }))
    ada.send(transact('COMMIT', 't', 'c'))
    expect(await frames(ada, 3)).toEqual(['RECEIPT c', '1', '2'])
  })
})

describe('a stream that would do harm', () => {
  it('leaves the event loop its turns, though it never waits', async () => {
    let given = 0
    const { connect } = await start({}, (app) =>
      app.stomp.message('/endless', { sendTo: '/topic/x' }, async function* () {
        for (;;) yield given++
      }),
    )
    const ada = await connect('ada')
    ada.send(send('/app/endless', '', { receipt: 'r' }))
    expect(await frames(ada, 1)).toEqual(['RECEIPT r'])
    ada.send({ command: 'DISCONNECT', headers: { receipt: 'bye' } })
    expect(await frames(ada, 1)).toEqual(['RECEIPT bye'])
    const atTheEnd = given
    await turn()
    await turn()
    expect(given).toBe(atTheEnd)
  })

  it('whose iterator gives no result has failed', async () => {
    const { connect } = await start({}, (app) =>
      app.stomp.message(
        '/odd',
        { sendTo: '/topic/x' },
        (): AsyncIterable<unknown> => ({
          [Symbol.asyncIterator]: () => ({ next: async () => 5 as never }),
        }),
      ),
    )
    const ada = await connect('ada')
    ada.send(send('/app/odd'))
    expect(await frames(ada, 1)).toEqual(['ERROR STOMP_ERR_HANDLER_FAILED'])
  })

  it.each([
    ['beyond the limit', { limits: { maxStreams: 1 } }, '/topic/x'],
    ['of a route that publishes nothing', {}, undefined],
  ] as const)('is closed where it is never begun: %s', async (_why, options, sendTo) => {
    const source = new EventEmitter()
    const { app, connect } = await start(options, (app) => {
      app.stomp.setErrorHandler(() => 'told')
      app.stomp.message('/listen', sendTo === undefined ? {} : { sendTo }, () => on(source, 'tick'))
    })
    const ada = await connect('ada')
    await ada.subscribe('errors', '/user/queue/errors')
    for (let i = 0; i < 5; i++) ada.send(send('/app/listen'))
    ada.send(send('/topic/y', '', { receipt: 'on' }))
    await rest(ada)
    expect(source.listenerCount('tick')).toBe(sendTo === undefined ? 0 : 1)
    ada.link.close()
    while (app.stomp.users.sessionCount > 0) await turn()
    await turn()
    expect(source.listenerCount('tick')).toBe(0)
  })

  it('a Readable that waits for its source is destroyed with the session', async () => {
    const source = new PassThrough()
    const { app, connect } = await start({}, (app) => app.stomp.message('/read', { sendTo: '/topic/x' }, () => source))
    const ada = await connect('ada')
    ada.send(send('/app/read', '', { receipt: 'r' }))
    expect(await frames(ada, 1)).toEqual(['RECEIPT r'])
    ada.link.close()
    while (app.stomp.users.sessionCount > 0) await turn()
    await turn()
    expect(source.destroyed).toBe(true)
  })

  it('ends at DISCONNECT, though other handlers are still waited for', async () => {
    const { open, opened } = gate()
    let given = 0
    const { connect } = await start({}, (app) => {
      app.stomp.message('/slow', () => opened)
      app.stomp.message('/endless', { sendTo: '/topic/x' }, async function* () {
        for (;;) yield given++
      })
    })
    const ada = await connect('ada')
    ada.send(send('/app/slow', '', { receipt: 'slow' }))
    ada.send(send('/app/endless'))
    await turn()
    ada.send({ command: 'DISCONNECT', headers: { receipt: 'bye' } })
    for (let i = 0; i < 5; i++) await turn()
    const before = given
    for (let i = 0; i < 5; i++) await turn()
    expect(given).toBe(before)
    open()
    expect(await frames(ada, 2)).toEqual(['RECEIPT slow', 'RECEIPT bye'])
  })

  it('is refused to clients that have no session to end it with', async () => {
    const { app } = await start({ allowedOrigins: '*' }, (app) =>
      app.stomp.message('/two', { sendTo: '/topic/x' }, async function* () {
        yield 1
      }),
    )
    const answer = await app.inject({ method: 'POST', url: '/stomp/send?destination=/app/two' })
    expect(answer.json()).toMatchObject({ code: 'STOMP_ERR_UNSUPPORTED', message: expect.stringContaining('stream') })
  })
})

/** Waits until nobody holds on to what is meant any more; false: somebody still does. */
async function isLetGo(held: WeakRef<object>): Promise<boolean> {
  for (let i = 0; i < 20 && held.deref() !== undefined; i++) {
    await turn()
    collect()
  }
  return held.deref() === undefined
}

it.each([
  { command: 'SEND', headers: { destination: '/app/wait', receipt: 'r' }, body: `"${'x'.repeat(10_000)}"` },
  { command: 'SUBSCRIBE', headers: { id: 's', destination: '/app/wait', receipt: 'r' } },
] as const)('a stream does not hold on to the memory that its $command came in', async (frame) => {
  const { connect } = await start({}, (app) => {
    const wait = async function* ({ signal }: { readonly signal: AbortSignal }): AsyncGenerator<string> {
      yield 'begun'
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
    }
    app.stomp.setErrorHandler(() => 'told')
    app.stomp.message('/wait', { sendTo: '/topic/x' }, wait)
    app.stomp.subscription('/wait', wait)
  })
  const ada = await connect('ada')
  await ada.subscribe('begun', '/topic/x')
  const sendIn = (): WeakRef<object> => {
    const chunk = new Uint8Array(encode(frame, '1.2'))
    ada.sendRaw(chunk)
    return new WeakRef(chunk.buffer)
  }
  const held = sendIn()
  expect(await frames(ada, 2)).toEqual(['RECEIPT r', 'begun'])
  // What a decoder has read it holds until more comes.
  ada.send(send('/topic/y', '', { receipt: 'on' }))
  expect(await frames(ada, 1)).toEqual(['RECEIPT on'])
  expect(await isLetGo(held)).toBe(true)
})

it('the signal of a message has fired where its route is called when the session has ended', async () => {
  const { open, opened } = gate()
  const signals: AbortSignal[] = []
  const { connect, app } = await start({}, (app) =>
    app.stomp.message('/wait', { authorizeSend: () => opened }, (message) => void signals.push(message.signal)),
  )
  const ada = await connect('ada')
  ada.send(send('/app/wait'))
  await turn()
  ada.link.close()
  while (app.stomp.users.sessionCount > 0) await turn()
  open()
  while (signals.length === 0) await turn()
  expect(signals[0]?.aborted).toBe(true)
})

it('the signal of a message fires when its session has ended, also where it is asked for later', async () => {
  const { open, opened } = gate()
  const signals: AbortSignal[] = []
  const { connect, app } = await start({}, (app) =>
    app.stomp.message('/wait', async (message) => {
      await opened
      signals.push(message.signal)
    }),
  )
  const ada = await connect('ada')
  ada.send(send('/app/wait'))
  await turn()
  ada.link.close()
  while (app.stomp.users.sessionCount > 0) await turn()
  open()
  while (signals.length === 0) await turn()
  expect(signals[0]?.aborted).toBe(true)
})
