import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { type BrokerFactory, embeddedBroker, StompError } from '../src/index.js'
import { createFakeClock } from '../src/testing/fake-clock.js'
import type { StompTestClient } from '../src/testing/stomp-client.js'
import { frames, gate, rest, send, transact, turn, usePlugin } from './plugin-application.js'

const start = usePlugin()

const listen = (client: StompTestClient) => client.subscribe('errors', '/user/queue/errors')

/** The next frame, whole: its text and the headers that matter here. */
async function nextError(client: StompTestClient) {
  const { command, headers, text } = await client.next()
  return { command, text, receipt: headers.get('receipt-id'), destination: headers.get('destination') }
}

describe('an error handler', () => {
  it('tells the sender alone what it returns, with the receipt-id, and the session lives', async () => {
    const { connect } = await start({}, (app) => {
      app.stomp.setErrorHandler((error, frame) => ({ text: error.message, at: frame.destination, by: frame.command }))
      app.stomp.message('/fail', () => {
        throw new Error('no such order')
      })
      app.stomp.message('/fine', () => undefined)
    })
    const [ada, twin] = [await connect('ada'), await connect('ada')]
    await Promise.all([ada, twin].map(listen))
    ada.send(send('/app/fail', '', { receipt: 'r1' }))
    expect(await nextError(ada)).toEqual({
      command: 'MESSAGE',
      text: '{"text":"no such order","at":"/app/fail","by":"SEND"}',
      receipt: 'r1',
      destination: '/user/queue/errors',
    })
    ada.send(send('/app/fine', '', { receipt: 'r2' }))
    expect(await frames(ada, 1)).toEqual(['RECEIPT r2'])
    expect(await rest(twin)).toEqual([])
  })

  it('sees what does not fit a schema, with the params as they were written', async () => {
    const seen: unknown[] = []
    const { connect } = await start({}, (app) => {
      app.stomp.setErrorHandler((error, { params }) => {
        seen.push(error instanceof StompError && error.code, params)
        return 'told'
      })
      const schema = { body: { type: 'object', required: ['name'] }, params: { type: 'object' } }
      app.stomp.message('/orders/:id', { schema }, () => undefined)
    })
    const ada = await connect('ada')
    await listen(ada)
    ada.send(send('/app/orders/1 7', '{}'))
    expect(await frames(ada, 1)).toEqual(['told'])
    ada.send(send('/app/orders/18', '{'))
    expect(await frames(ada, 1)).toEqual(['told'])
    expect(seen).toEqual(['STOMP_ERR_BODY_INVALID', { id: '1 7' }, 'STOMP_ERR_BODY_INVALID', { id: '18' }])
  })

  it('belongs to its plugin, and a nearer one takes the place of an outer one', async () => {
    const { connect } = await start({}, async (app) => {
      const fail = (): never => {
        throw new Error('x')
      }
      app.stomp.message('/outer', fail)
      await app.register(
        async (inner) => {
          inner.stomp.setErrorHandler(() => 'inner')
          inner.stomp.message('/fail', fail)
          await inner.register(async (innermost) => innermost.stomp.message('/deep', fail))
        },
        { prefix: '/inner' },
      )
      await app.register(async (other) => other.stomp.message('/other', fail))
      app.stomp.setErrorHandler(() => 'outer')
    })
    const ada = await connect('ada')
    await listen(ada)
    for (const [destination, told] of [
      ['/app/outer', 'outer'],
      ['/app/inner/fail', 'inner'],
      ['/app/inner/deep', 'inner'],
      ['/app/other', 'outer'],
    ] as const) {
      ada.send(send(destination))
      expect(await frames(ada, 1)).toEqual([told])
    }
  })

  it('leaves a session that does not listen to the ERROR it would get without', async () => {
    const asked: string[] = []
    const { connect } = await start({}, (app) => {
      app.stomp.setErrorHandler((error) => void asked.push(error.message))
      app.stomp.message('/fail', () => {
        throw new Error('secret')
      })
    })
    const ada = await connect('ada')
    ada.send(send('/app/fail', '', { receipt: 'r' }))
    expect(await frames(ada, 1)).toEqual(['ERROR STOMP_ERR_HANDLER_FAILED r'])
    expect(asked).toEqual(['secret'])
  })

  it('that throws decides what the ERROR says', async () => {
    const { connect } = await start({}, (app) => {
      app.stomp.setErrorHandler(() => {
        throw new StompError('STOMP_ERR_FORBIDDEN')
      })
      app.stomp.message('/fail', () => {
        throw new Error('secret')
      })
    })
    const ada = await connect('ada')
    await listen(ada)
    ada.send(send('/app/fail', '', { receipt: 'r' }))
    expect(await frames(ada, 1)).toEqual(['ERROR STOMP_ERR_FORBIDDEN r'])
  })

  it('may say nothing', async () => {
    const { connect } = await start({}, (app) => {
      app.stomp.setErrorHandler(async () => undefined)
      app.stomp.message('/fail', () => {
        throw new Error('x')
      })
    })
    const ada = await connect('ada')
    await listen(ada)
    ada.send(send('/app/fail', '', { receipt: 'r' }))
    ada.send(send('/topic/x', '', { receipt: 'on' }))
    expect(await frames(ada, 1)).toEqual(['RECEIPT on'])
    expect(await rest(ada)).toEqual([])
  })

  it('answers for subscription routes, which are forgotten then', async () => {
    const { connect } = await start({}, (app) => {
      app.stomp.setErrorHandler((_error, { command }) => command)
      app.stomp.subscription('/fail', () => {
        throw new Error('x')
      })
    })
    const ada = await connect('ada')
    await listen(ada)
    for (let i = 0; i < 2; i++) {
      ada.send({ command: 'SUBSCRIBE', headers: { id: 's', destination: '/app/fail', receipt: `${i}` } })
      expect(await nextError(ada)).toMatchObject({ text: 'SUBSCRIBE', receipt: `${i}` })
    }
  })

  it('answers for a handler behind a COMMIT, whose frame has its receipt already', async () => {
    const { connect } = await start({}, (app) => {
      app.stomp.setErrorHandler((error) => error.message)
      app.stomp.message('/fail', () => {
        throw new Error('late')
      })
    })
    const ada = await connect('ada')
    await listen(ada)
    ada.send(transact('BEGIN', 't'))
    ada.send(send('/app/fail', '', { transaction: 't', receipt: 'taken' }))
    ada.send(transact('COMMIT', 't', 'committed'))
    expect(await frames(ada, 2)).toEqual(['RECEIPT taken', 'RECEIPT committed'])
    expect(await nextError(ada)).toMatchObject({ text: 'late', receipt: undefined })
  })

  it('is waited for by DISCONNECT', async () => {
    const { open, opened } = gate()
    const { connect } = await start({}, (app) => {
      app.stomp.setErrorHandler(async () => {
        await opened
        return 'told'
      })
      app.stomp.message('/fail', () => {
        throw new Error('x')
      })
    })
    const ada = await connect('ada')
    await listen(ada)
    ada.send(send('/app/fail'))
    ada.send({ command: 'DISCONNECT', headers: { receipt: 'bye' } })
    open()
    expect(await frames(ada, 2)).toEqual(['told', 'RECEIPT bye'])
  })

  it('is told to the log as a failure all the same', async () => {
    const { connect, log } = await start({}, (app) => {
      app.stomp.setErrorHandler(() => 'told')
      app.stomp.message('/fail', () => {
        throw new Error('for the log')
      })
    })
    const ada = await connect('ada')
    await listen(ada)
    ada.send(send('/app/fail'))
    expect(await frames(ada, 1)).toEqual(['told'])
    expect(log.filter((line) => line.includes('for the log'))).toHaveLength(1)
  })
})

describe('an error handler that takes too long', () => {
  const limits = { hookTimeoutMs: 1_000 }
  const strict = { schema: { body: { type: 'object', required: ['x'] } } }

  it.each(['/app/strict', '/app/fail'])(
    'leaves the failure of %s to a hard ERROR, once, and what it says later is not told',
    async (destination) => {
      const clock = createFakeClock()
      const { open, opened } = gate()
      const { connect, log } = await start({ clock, limits }, (app) => {
        app.stomp.setErrorHandler(async () => {
          await opened
          return 'too late'
        })
        app.stomp.message('/strict', strict, () => undefined)
        app.stomp.message('/fail', () => {
          throw new Error('secret')
        })
      })
      const ada = await connect('ada')
      await listen(ada)
      ada.send(send(destination, '{}', { receipt: 'r' }))
      expect(await rest(ada)).toEqual([])
      clock.advance(800)
      expect(await rest(ada)).toEqual([])
      clock.advance(400)
      const code = destination === '/app/strict' ? 'STOMP_ERR_BODY_INVALID' : 'STOMP_ERR_HANDLER_FAILED'
      expect(await frames(ada, 1)).toEqual([`ERROR ${code} r`])
      expect(await ada.closed()).toMatchObject({ code: 1002 })
      open()
      expect(await rest(ada)).toEqual([])
      expect(log.filter((line) => line.includes('An error handler did not answer in time'))).toHaveLength(1)
      const failure = destination === '/app/strict' ? 'must have required property' : 'secret'
      expect(log.filter((line) => line.includes(failure))).toHaveLength(1)
    },
  )

  it('is waited for by the frames behind one that does not fit, and tells that one outcome', async () => {
    const clock = createFakeClock()
    const { open, opened } = gate()
    const { connect } = await start({ clock, limits }, (app) => {
      app.stomp.setErrorHandler(async () => {
        await opened
        return 'told'
      })
      app.stomp.message('/strict', strict, () => undefined)
    })
    const ada = await connect('ada')
    await listen(ada)
    ada.send(send('/app/strict', '{}', { receipt: 'r' }))
    ada.send(send('/topic/x', '', { receipt: 'behind' }))
    clock.advance(800)
    expect(await rest(ada)).toEqual([])
    open()
    expect(await frames(ada, 2)).toEqual(['told', 'RECEIPT behind'])
    clock.advance(10_000)
    expect(await rest(ada)).toEqual([])
    ada.send(send('/topic/x', '', { receipt: 'on' }))
    expect(await frames(ada, 1)).toEqual(['RECEIPT on'])
  })

  it('ends the session hard where what failed has its receipt already', async () => {
    const clock = createFakeClock()
    const { connect } = await start({ clock, limits }, (app) => {
      app.stomp.setErrorHandler(() => new Promise(() => {}))
      app.stomp.message('/fail', { sendTo: '/topic/x' }, async function* () {
        yield 1
        throw new Error('secret')
      })
    })
    const ada = await connect('ada')
    await listen(ada)
    ada.send(send('/app/fail', '', { receipt: 'r' }))
    expect(await rest(ada)).toEqual(['RECEIPT r'])
    clock.advance(1_100)
    expect(await frames(ada, 1)).toEqual(['ERROR STOMP_ERR_HANDLER_FAILED'])
  })
})

describe('an error handler', () => {
  it('is asked where the broker refuses later what a route has published', async () => {
    const { open, opened } = gate()
    const broker: BrokerFactory = async (parts) => {
      const broker = await embeddedBroker()(parts)
      const { publish } = broker
      broker.publish = (publication) => {
        if (publication.destination !== '/topic/full') return publish.call(broker, publication)
        return opened.then(() => {
          throw new StompError('STOMP_ERR_QUEUE_FULL', { message: 'There is no room' })
        })
      }
      return broker
    }
    const { connect } = await start({ broker }, async (app) => {
      app.stomp.message('/hard', { sendTo: '/topic/full' }, () => 1)
      await app.register(async (inner) => {
        inner.stomp.setErrorHandler((error) => error.message)
        inner.stomp.message('/soft', { sendTo: '/topic/full' }, () => 1)
      })
    })
    const ada = await connect('ada')
    await listen(ada)
    ada.send(send('/app/soft', '', { receipt: 'soft' }))
    expect(await rest(ada)).toEqual([])
    open()
    expect(await nextError(ada)).toMatchObject({ command: 'MESSAGE', text: 'There is no room', receipt: 'soft' })
    ada.send(send('/app/hard', '', { receipt: 'hard' }))
    expect(await frames(ada, 1)).toEqual(['ERROR STOMP_ERR_QUEUE_FULL hard'])
  })

  it.each([{}, { transaction: 't' }])('sees the reply-to that its client wrote: %j', async (headers) => {
    const seen: unknown[] = []
    const { connect } = await start({}, (app) => {
      app.stomp.setErrorHandler((_error, frame) => {
        seen.push(frame.headers.get('reply-to'))
        return 'told'
      })
      app.stomp.message('/fail', ({ headers }) => {
        seen.push(headers.get('reply-to')?.replace(/[^/]*$/, ''))
        throw new Error('x')
      })
    })
    const ada = await connect('ada')
    await listen(ada)
    ada.send(transact('BEGIN', 't'))
    ada.send(send('/app/fail', '', { 'reply-to': '/temp-queue/mine', ...headers }))
    ada.send(transact('COMMIT', 't'))
    expect(await frames(ada, 1)).toEqual(['told'])
    expect(seen).toEqual(['/reply-queue/', '/temp-queue/mine'])
  })

  it('answers with the correlation-id of the frame, and so do soft refusals', async () => {
    const { connect } = await start({ refusals: 'soft' }, (app) => {
      app.stomp.message('/soft', () => {
        throw new Error('x')
      })
      app.register(async (inner) => {
        inner.stomp.setErrorHandler(() => 'told')
        inner.stomp.message('/told', () => {
          throw new Error('x')
        })
        inner.stomp.message('/late', { sendTo: '/topic/x' }, async function* () {
          yield 1
          throw new Error('x')
        })
      })
    })
    const ada = await connect('ada')
    await listen(ada)
    const correlations: unknown[] = []
    for (const [i, destination] of ['/app/told', '/app/late', '/app/soft', '/forbidden/x'].entries()) {
      ada.send(send(destination, '', { 'correlation-id': `c${i}` }))
      correlations.push((await ada.next()).headers.get('correlation-id'))
    }
    ada.send({
      command: 'SUBSCRIBE',
      headers: { id: 's', destination: '/forbidden/x', 'correlation-id': 'of a SUBSCRIBE' },
    })
    correlations.push((await ada.next()).headers.get('correlation-id'))
    expect(correlations).toEqual(['c0', 'c1', 'c2', 'c3', 'of a SUBSCRIBE'])
  })
})

describe('what an error handler must not do', () => {
  it('let later frames overtake the ERROR of one that does not fit', async () => {
    const { connect } = await start({}, (app) => {
      app.stomp.setErrorHandler(async () => undefined)
      app.stomp.message('/strict', { schema: { body: { type: 'object', required: ['x'] } } }, () => undefined)
    })
    const [ada, bob] = [await connect('ada'), await connect('bob')]
    await bob.subscribe('s', '/topic/x')
    ada.send(send('/app/strict', '{}'))
    ada.send(send('/topic/x', 'too late'))
    expect(await frames(ada, 1)).toEqual(['ERROR STOMP_ERR_BODY_INVALID'])
    expect(await rest(bob)).toEqual([])
  })

  it('learn the inner names of others', async () => {
    const seen: string[] = []
    const { connect } = await start({ broker: embeddedBroker({ maxQueueMessages: 1 }) }, (app) => {
      app.stomp.setErrorHandler((error) => void seen.push(error.message))
      app.stomp.message('/answer', async ({ headers }) => {
        for (let i = 0; i < 3; i++) await app.stomp.publish(headers.get('reply-to') ?? '', 'x')
      })
    })
    const [ada, bob] = [await connect('ada'), await connect('bob')]
    await listen(bob)
    ada.send(send('/user/bob/queue/q', '', { 'reply-to': '/temp-queue/a' }))
    await bob.subscribe('q', '/user/queue/q')
    ada.send(send('/user/bob/queue/q', '', { 'reply-to': '/temp-queue/a' }))
    const replyTo = (await bob.next()).headers.get('reply-to') ?? ''
    bob.send(send('/app/answer', '', { 'reply-to': replyTo }))
    bob.send(send('/topic/x', '', { receipt: 'on' }))
    while (seen.length === 0) await turn()
    expect(seen.join()).not.toMatch(/\0|temp/)
  })

  it('be asked because a handler ended with its session', async () => {
    const asked: string[] = []
    const { app, connect, log } = await start({}, (app) => {
      app.stomp.setErrorHandler((error) => void asked.push(error.name))
      app.stomp.message('/wait', ({ signal }) => setTimeout(1_000_000, undefined, { signal }))
    })
    const ada = await connect('ada')
    ada.send(send('/app/wait'))
    await turn()
    ada.link.close()
    while (app.stomp.users.sessionCount > 0) await turn()
    await turn()
    expect(asked).toEqual([])
    expect(log.filter((line) => line.includes('AbortError'))).toEqual([])
  })

  it('hide what it was asked about from the log, where it throws itself', async () => {
    const { connect, log } = await start({}, (app) => {
      app.stomp.setErrorHandler(() => {
        throw new Error('the second')
      })
      app.stomp.message('/fail', () => {
        throw new Error('the first')
      })
    })
    const ada = await connect('ada')
    await listen(ada)
    ada.send(send('/app/fail'))
    expect(await frames(ada, 1)).toEqual(['ERROR STOMP_ERR_HANDLER_FAILED'])
    for (const text of ['the first', 'the second']) expect(log.filter((line) => line.includes(text))).toHaveLength(1)
  })

  it.each(['/app/fail', '/app/late'])(
    'have the failure of %s logged twice, where there is none and only a hook looks on',
    async (destination) => {
      const seen: string[] = []
      const { connect, log } = await start({}, (app) => {
        app.stomp.addHook('onError', (_frame, error) => void seen.push(error.message))
        app.stomp.message('/fail', () => {
          throw new Error('for the log')
        })
        app.stomp.message('/late', { sendTo: '/topic/x' }, async function* () {
          yield 1
          throw new Error('for the log')
        })
      })
      const ada = await connect('ada')
      await listen(ada)
      ada.send(send(destination))
      expect(await frames(ada, 1)).toEqual(['ERROR STOMP_ERR_HANDLER_FAILED'])
      expect(seen).toEqual(['for the log'])
      expect(log.filter((line) => line.includes('for the log'))).toHaveLength(1)
    },
  )

  it('see another error than the one that was thrown', async () => {
    const seen: unknown[] = []
    const thrown = new StompError('STOMP_ERR_HANDLER_FAILED', { message: 'shown', cause: new Error('hidden') })
    const { connect } = await start({}, (app) => {
      app.stomp.setErrorHandler((error) => void seen.push(error))
      app.stomp.message('/fail', () => {
        throw thrown
      })
    })
    const ada = await connect('ada')
    await listen(ada)
    ada.send(send('/app/fail'))
    while (seen.length === 0) await turn()
    expect(seen).toEqual([thrown])
  })
})

describe('soft refusals', () => {
  it('tell a session that listens what was refused, and it lives on', async () => {
    const { connect } = await start({ refusals: 'soft' })
    const ada = await connect('ada')
    await listen(ada)
    ada.send(send('/forbidden/x', '', { receipt: 'r1' }))
    const message = await ada.next()
    expect(message.headers.toObject()).toMatchObject({
      destination: '/user/queue/errors',
      'content-type': 'application/json',
      code: 'STOMP_ERR_FORBIDDEN',
      'receipt-id': 'r1',
    })
    expect(JSON.parse(message.text)).toEqual({
      code: 'STOMP_ERR_FORBIDDEN',
      message: expect.stringContaining('/forbidden/x'),
      cure: expect.any(String),
    })
    ada.send({ command: 'SUBSCRIBE', headers: { id: 'x', destination: '/forbidden/**', receipt: 'r2' } })
    expect(JSON.parse((await ada.next()).text)).toMatchObject({ code: 'STOMP_ERR_FORBIDDEN' })
    ada.send(send('/app/nowhere', ''))
    expect(JSON.parse((await ada.next()).text)).toMatchObject({ code: 'STOMP_ERR_ROUTE_UNKNOWN' })
    ada.send(send('/topic/x', '', { receipt: 'on' }))
    expect(await frames(ada, 1)).toEqual(['RECEIPT on'])
  })

  it('are hard for who does not listen, has stopped to, and for other frames', async () => {
    const { connect } = await start({ refusals: 'soft' })
    const [ada, bob, carl] = [await connect('ada'), await connect('bob'), await connect('carl')]
    ada.send(send('/forbidden/x', '', { receipt: 'r' }))
    expect(await frames(ada, 1)).toEqual(['ERROR STOMP_ERR_FORBIDDEN r'])
    await listen(bob)
    bob.send({ command: 'UNSUBSCRIBE', headers: { id: 'errors' } })
    bob.send(send('/forbidden/x', '', { receipt: 'r' }))
    expect(await frames(bob, 1)).toEqual(['ERROR STOMP_ERR_FORBIDDEN r'])
    await listen(carl)
    carl.send(transact('COMMIT', 'unknown', 'r'))
    expect(await frames(carl, 1)).toEqual(['ERROR STOMP_ERR_TRANSACTION_UNKNOWN r'])
  })

  it('are hard within a transaction, which counts together or not at all', async () => {
    const { connect } = await start({ refusals: 'soft' })
    const [ada, bob] = [await connect('ada'), await connect('bob')]
    await listen(ada)
    await bob.subscribe('s', '/topic/x')
    ada.send(transact('BEGIN', 't'))
    ada.send(send('/topic/x', 'debit', { transaction: 't' }))
    ada.send(send('/forbidden/x', '', { transaction: 't', receipt: 'r' }))
    ada.send(transact('COMMIT', 't'))
    expect(await frames(ada, 1)).toEqual(['ERROR STOMP_ERR_FORBIDDEN r'])
    expect(await rest(bob)).toEqual([])
  })

  it('are hard for who asks for too many of them, until some time has passed', async () => {
    const clock = createFakeClock()
    const { connect } = await start({ refusals: 'soft', clock })
    const ada = await connect('ada')
    await listen(ada)
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 100; i++) ada.send(send('/forbidden/x'))
      expect(await frames(ada, 100)).toHaveLength(100)
      clock.advance(10_100)
    }
    for (let i = 0; i < 101; i++) ada.send(send('/forbidden/x'))
    expect((await frames(ada, 101)).at(-1)).toBe('ERROR STOMP_ERR_FORBIDDEN')
  })

  it('let the page take back a SUBSCRIBE that was refused', async () => {
    const { connect } = await start({ refusals: 'soft' })
    const ada = await connect('ada')
    await listen(ada)
    ada.send({ command: 'SUBSCRIBE', headers: { id: 'x', destination: '/forbidden/**' } })
    expect(JSON.parse((await ada.next()).text)).toMatchObject({ code: 'STOMP_ERR_FORBIDDEN' })
    ada.send({ command: 'UNSUBSCRIBE', headers: { id: 'x', receipt: 'r' } })
    expect(await frames(ada, 1)).toEqual(['RECEIPT r'])
  })
})
