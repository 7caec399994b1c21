import { EventEmitter, on } from 'node:events'
import { describe, expect, it } from 'vitest'
import { EventClient } from './event-client.js'
import { frames, gate, rest, send, turn, usePlugin } from './plugin-application.js'

const start = usePlugin()

const subscribe = (id: string, destination: string, receipt = `s ${id}`) =>
  ({ command: 'SUBSCRIBE', headers: { id, destination, receipt } }) as const
const unsubscribe = (id: string, receipt = `u ${id}`) => ({ command: 'UNSUBSCRIBE', headers: { id, receipt } }) as const
const untilAborted = (signal: AbortSignal): Promise<unknown> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve(undefined)
    else signal.addEventListener('abort', resolve)
  })

/** A route whose streams give what is emitted until they are ended, and say how they ended. */
async function startListening(options = {}) {
  const source = new EventEmitter()
  const steps: string[] = []
  const application = await start(options, (app) => {
    app.stomp.subscription('/ticks/:name', async function* ({ params, signal }) {
      steps.push(`begun ${params.name}`)
      try {
        for await (const [tick] of on(source, 'tick', { signal })) yield { tick, for: params.name }
      } finally {
        steps.push(`closed ${params.name}, ${signal.aborted ? 'aborted' : 'not aborted'}`)
      }
    })
    app.stomp.subscription('/three', async function* () {
      yield 1
      yield null
      yield 2
      yield 'three'
    })
  })
  return { ...application, source, steps }
}

describe('a subscription route that returns a stream', () => {
  it('has its receipt first, then each value for the subscription that asked, and for no other', async () => {
    const { connect, source } = await startListening()
    const [ada, bob] = [await connect('ada'), await connect('bob')]
    ada.send(subscribe('a', '/app/ticks/x'))
    expect(await frames(ada, 1)).toEqual(['RECEIPT s a'])
    await turn()
    source.emit('tick', 1)
    const { headers, text } = await ada.next()
    expect(text).toBe('{"tick":1,"for":"x"}')
    expect(headers.toObject()).toMatchObject({
      subscription: 'a',
      destination: '/app/ticks/x',
      'content-type': 'application/json',
      'message-id': expect.any(String),
    })
    await bob.subscribe('b', '/app/ticks/x')
    await turn()
    source.emit('tick', 2)
    expect([await rest(ada), await rest(bob)]).toEqual([['{"tick":2,"for":"x"}'], ['{"tick":2,"for":"x"}']])
  })

  it('may end by itself; then its id is taken until the UNSUBSCRIBE, which has its receipt', async () => {
    const { connect } = await startListening()
    const ada = await connect('ada')
    ada.send(subscribe('a', '/app/three'))
    expect(await frames(ada, 4)).toEqual(['RECEIPT s a', '1', '2', 'three'])
    expect(await rest(ada)).toEqual([])
    ada.send(unsubscribe('a'))
    ada.send(subscribe('a', '/app/three', 'again'))
    expect(await frames(ada, 5)).toEqual(['RECEIPT u a', 'RECEIPT again', '1', '2', 'three'])
    ada.send(subscribe('a', '/app/three', 'twice'))
    expect(await frames(ada, 1)).toEqual(['ERROR STOMP_ERR_SUBSCRIPTION_EXISTS twice'])
  })

  it('ends with its UNSUBSCRIBE: the signal fires, the stream is closed, and nothing more comes', async () => {
    const { connect, source, steps } = await startListening()
    const ada = await connect('ada')
    ada.send(subscribe('a', '/app/ticks/x'))
    ada.send(subscribe('b', '/app/ticks/y'))
    expect(await frames(ada, 2)).toEqual(['RECEIPT s a', 'RECEIPT s b'])
    await turn()
    ada.send(unsubscribe('a'))
    source.emit('tick', 1)
    expect(await frames(ada, 2)).toEqual(['RECEIPT u a', '{"tick":1,"for":"y"}'])
    await turn()
    expect(steps).toEqual(['begun x', 'begun y', 'closed x, aborted'])
    expect(source.listenerCount('tick')).toBe(1)
    ada.send(subscribe('a', '/app/ticks/z'))
    expect(await frames(ada, 1)).toEqual(['RECEIPT s a'])
    await turn()
    source.emit('tick', 2)
    expect((await rest(ada)).sort()).toEqual(['{"tick":2,"for":"y"}', '{"tick":2,"for":"z"}'])
  })

  it('gives nothing for a subscription that ended while its handler ran', async () => {
    const { open, opened } = gate()
    const source = new EventEmitter()
    const signals: boolean[] = []
    const { connect } = await start({}, (app) =>
      app.stomp.subscription('/slow', async ({ signal }) => {
        await opened
        signals.push(signal.aborted)
        return on(source, 'tick')
      }),
    )
    const ada = await connect('ada')
    ada.send(subscribe('a', '/app/slow'))
    ada.send(unsubscribe('a'))
    expect(await frames(ada, 1)).toEqual(['RECEIPT u a'])
    open()
    expect(await frames(ada, 1)).toEqual(['RECEIPT s a'])
    await turn()
    expect(signals).toEqual([true])
    expect(source.listenerCount('tick')).toBe(0)
  })

  it('has not failed where its handler is aborted by the UNSUBSCRIBE, before or after its receipt', async () => {
    const { connect, log } = await start({}, (app) => {
      app.stomp.subscription('/before', async ({ signal }) => {
        await untilAborted(signal)
        signal.throwIfAborted()
      })
      app.stomp.subscription('/after', async function* ({ signal }) {
        yield 1
        await untilAborted(signal)
        signal.throwIfAborted()
      })
    })
    const ada = await connect('ada')
    ada.send(subscribe('a', '/app/before'))
    ada.send(unsubscribe('a'))
    expect(await frames(ada, 2)).toEqual(['RECEIPT u a', 'RECEIPT s a'])
    ada.send(subscribe('b', '/app/after'))
    expect(await frames(ada, 2)).toEqual(['RECEIPT s b', '1'])
    ada.send(unsubscribe('b'))
    expect(await rest(ada)).toEqual(['RECEIPT u b'])
    expect(log.filter((line) => line.includes('AbortError'))).toEqual([])
  })

  it.each(['DISCONNECT', 'a cut', 'the end of the application'])('ends with its session by %s', async (how) => {
    const { app, connect, source, steps } = await startListening()
    const ada = await connect('ada')
    ada.send(subscribe('a', '/app/ticks/x'))
    expect(await frames(ada, 1)).toEqual(['RECEIPT s a'])
    await turn()
    if (how === 'DISCONNECT') ada.send({ command: 'DISCONNECT' })
    else if (how === 'a cut') ada.link.close()
    else await app.close()
    while (steps.length < 2) await turn()
    expect(steps).toEqual(['begun x', 'closed x, aborted'])
    expect(source.listenerCount('tick')).toBe(0)
  })

  it('harms nobody where its handler fails in another way when it is aborted by the UNSUBSCRIBE: the log is told', async () => {
    const { connect, log } = await start({}, (app) => {
      app.stomp.subscription('/late', async ({ signal }) => {
        await untilAborted(signal)
        throw new Error('the query was cancelled')
      })
    })
    const ada = await connect('ada')
    ada.send(subscribe('s', '/app/late'))
    await turn()
    ada.send(unsubscribe('s'))
    ada.send(send('/topic/x', '', { receipt: 'on' }))
    expect((await frames(ada, 3)).sort()).toEqual(['RECEIPT on', 'RECEIPT s s', 'RECEIPT u s'])
    expect(log.filter((line) => line.includes('the query was cancelled'))).toHaveLength(1)
  })

  it('that is refused has ended: its signal fires', async () => {
    const signals: AbortSignal[] = []
    const { connect } = await start({}, (app) => {
      app.stomp.setErrorHandler(() => 'told')
      app.stomp.subscription('/fails', ({ signal }) => {
        signals.push(signal)
        throw new Error('secret')
      })
    })
    const ada = await connect('ada')
    await ada.subscribe('e', '/user/queue/errors')
    ada.send(subscribe('s', '/app/fails'))
    expect(await frames(ada, 1)).toEqual(['told'])
    expect(signals[0]?.aborted).toBe(true)
  })

  it('ends at DISCONNECT, though handlers are still waited for', async () => {
    const { open, opened } = gate()
    const steps: string[] = []
    const { connect } = await start({}, (app) => {
      app.stomp.message('/slow', () => opened)
      app.stomp.subscription('/wait', async function* ({ signal }) {
        yield 1
        await untilAborted(signal)
        steps.push('aborted')
      })
    })
    const ada = await connect('ada')
    ada.send(subscribe('a', '/app/wait'))
    expect(await frames(ada, 2)).toEqual(['RECEIPT s a', '1'])
    ada.send(send('/app/slow', '', { receipt: 'slow' }))
    ada.send({ command: 'DISCONNECT', headers: { receipt: 'bye' } })
    while (steps.length === 0) await turn()
    open()
    expect(await frames(ada, 2)).toEqual(['RECEIPT slow', 'RECEIPT bye'])
  })

  it('is asked for no more while its session reads slowly, and goes on where it stopped', async () => {
    let asked = 0
    const { connect } = await start({}, (app) =>
      app.stomp.subscription('/endless', async function* () {
        for (;;) yield `${asked++}`
      }),
    )
    const ada = await connect('ada')
    ada.link.setStalled(true)
    ada.send(subscribe('a', '/app/endless'))
    const before = await rest(ada)
    const atHalt = asked
    expect(atHalt).toBeLessThan(5)
    await rest(ada)
    expect(asked).toBe(atHalt)
    ada.link.setStalled(false)
    const values = [...before, ...(await rest(ada))].filter((text) => !text.startsWith('RECEIPT'))
    expect(values.length).toBeGreaterThan(atHalt)
    expect(values).toEqual(values.map((_, i) => `${i}`))
  })

  it('that waits for room ends with its UNSUBSCRIBE', async () => {
    const steps: string[] = []
    const { connect } = await start({}, (app) =>
      app.stomp.subscription('/endless', async function* () {
        try {
          for (;;) yield 'more'
        } finally {
          steps.push('closed')
        }
      }),
    )
    const ada = await connect('ada')
    ada.link.setStalled(true)
    ada.send(subscribe('a', '/app/endless'))
    await rest(ada)
    ada.send(unsubscribe('a'))
    while (steps.length === 0) await turn()
    ada.link.setStalled(false)
    const last = await rest(ada)
    expect(last.at(-1)).toBe('RECEIPT u a')
  })

  it('counts among the streams of its session until it has ended', async () => {
    const { connect, source } = await startListening({ limits: { maxStreams: 2 } })
    const ada = await connect('ada')
    for (const id of ['a', 'b']) {
      ada.send(subscribe(id, `/app/ticks/${id}`))
      expect(await frames(ada, 1)).toEqual([`RECEIPT s ${id}`])
    }
    ada.send(unsubscribe('b'))
    expect(await rest(ada)).toEqual(['RECEIPT u b'])
    ada.send(subscribe('c', '/app/ticks/c'))
    expect(await frames(ada, 1)).toEqual(['RECEIPT s c'])
    await turn()
    ada.send(subscribe('d', '/app/ticks/d'))
    expect(await frames(ada, 1)).toEqual(['ERROR STOMP_ERR_STREAM_LIMIT s d'])
    while (source.listenerCount('tick') > 0) await turn()
  })

  it('that fails ends the session by an ERROR without a receipt-id, or tells an error handler', async () => {
    const failing = async function* (): AsyncGenerator<number> {
      yield 1
      throw new Error('secret')
    }
    const hard = await start({}, (app) => app.stomp.subscription('/fail', failing))
    const ada = await hard.connect('ada')
    ada.send(subscribe('a', '/app/fail'))
    expect(await frames(ada, 3)).toEqual(['RECEIPT s a', '1', 'ERROR STOMP_ERR_HANDLER_FAILED'])
    const soft = await start({}, (app) => {
      app.stomp.setErrorHandler((error, { command }) => `${command}: ${error.message}`)
      app.stomp.subscription('/fail', failing)
    })
    const bob = await soft.connect('bob')
    await bob.subscribe('errors', '/user/queue/errors')
    bob.send(subscribe('b', '/app/fail'))
    expect(await frames(bob, 3)).toEqual(['RECEIPT s b', '1', 'SUBSCRIBE: secret'])
    bob.send(unsubscribe('b'))
    expect(await frames(bob, 1)).toEqual(['RECEIPT u b'])
  })

  it('is a subscription of its session as long as it runs: to the registry, and to those that look on', async () => {
    const told: string[] = []
    const { app, connect } = await start({}, (app) => {
      app.stomp.addHook('onSubscribed', ({ id, destination }) => void told.push(`begun ${id} ${destination}`))
      app.stomp.addHook('onUnsubscribed', ({ id, destination }) => void told.push(`ended ${id} ${destination}`))
      app.stomp.subscription('/once', () => 'once')
      app.stomp.subscription('/two', async function* () {
        yield 1
        yield 2
      })
      app.stomp.subscription('/wait', async function* ({ signal }) {
        yield 'waits'
        await untilAborted(signal)
      })
      app.stomp.subscription('/stuck', async function* () {
        yield 'stuck'
        await new Promise(() => {})
      })
    })
    const ada = await connect('ada')
    for (const [id, name] of Object.entries({ a: 'once', b: 'two', c: 'stuck', d: 'wait' })) {
      ada.send(subscribe(id, `/app/${name}`))
      await rest(ada)
    }
    const subscriptions = () => app.stomp.users.get('ada')?.sessions[0]?.subscriptions.map(({ id }) => id)
    expect(subscriptions()).toEqual(['c', 'd'])
    expect(app.stomp.users.subscriptions('/app/wait').map(({ id }) => id)).toEqual(['d'])
    expect(told).toEqual(['begun b /app/two', 'ended b /app/two', 'begun c /app/stuck', 'begun d /app/wait'])
    for (const id of ['a', 'b', 'c']) ada.send(unsubscribe(id))
    expect(await rest(ada)).toEqual(['RECEIPT u a', 'RECEIPT u b', 'RECEIPT u c'])
    expect([subscriptions(), told.at(-1)]).toEqual([['d'], 'ended c /app/stuck'])
    ada.link.close()
    await rest(ada)
    expect(told.slice(4)).toEqual(['ended c /app/stuck', 'ended d /app/wait'])
  })

  it('is read without STOMP, too, and ends with its reader', async () => {
    const { app, source, steps } = await startListening({ authenticate: undefined })
    const origin = await app.listen({ port: 0, host: '127.0.0.1' })
    const reader = await EventClient.open(`${origin}/stomp/events?destination=/app/ticks/x`)
    while (source.listenerCount('tick') === 0) await turn()
    source.emit('tick', 1)
    source.emit('tick', 2)
    expect([(await reader.next())?.data, (await reader.next())?.data]).toEqual([
      '{"tick":1,"for":"x"}',
      '{"tick":2,"for":"x"}',
    ])
    const { lastEventId } = reader
    reader.close()
    while (steps.length < 2) await turn()
    expect(steps).toEqual(['begun x', 'closed x, aborted'])
    const back = await EventClient.open(`${origin}/stomp/events?destination=/app/ticks/x`, {
      'last-event-id': lastEventId,
    })
    while (source.listenerCount('tick') === 0) await turn()
    source.emit('tick', 3)
    const [gap, next] = [await back.next(), await back.next()]
    expect([gap?.event, next?.data]).toEqual(['gap', '{"tick":3,"for":"x"}'])
    back.close()
    while (source.listenerCount('tick') > 0) await turn()
  })
})
