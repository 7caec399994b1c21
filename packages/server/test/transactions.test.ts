import { describe, expect, it } from 'vitest'
import { embeddedBroker } from '../src/index.js'
import {
  answer,
  createWaitingStore,
  frames,
  gate,
  rest,
  send,
  transact,
  turn,
  usePlugin,
} from './plugin-application.js'

const start = usePlugin()

describe('a transaction', () => {
  it('hands on what was sent in it at COMMIT, in order, with the receipt after the effect', async () => {
    const { connect } = await start()
    const [client, listener] = [await connect(), await connect()]
    await listener.subscribe('s', '/topic/a')
    client.send(transact('BEGIN', 't', 'begun'))
    client.send(send('/topic/a', '1', { transaction: 't', receipt: '1' }))
    client.send(send('/topic/a', '2', { transaction: 't', receipt: '2' }))
    expect(await frames(client, 3)).toEqual(['RECEIPT begun', 'RECEIPT 1', 'RECEIPT 2'])
    expect(await rest(listener)).toEqual([])
    client.send(transact('COMMIT', 't', 'done'))
    expect(await frames(client, 1)).toEqual(['RECEIPT done'])
    expect(await frames(listener, 2)).toEqual(['1', '2'])
  })

  it('does not show subscribers that there was one', async () => {
    const { connect } = await start()
    const client = await connect()
    await client.subscribe('s', '/topic/a')
    client.send(transact('BEGIN', 't'))
    client.send(send('/topic/a', 'm', { transaction: 't' }))
    client.send(transact('COMMIT', 't'))
    const message = await client.next()
    expect([message.text, message.headers.has('transaction')]).toEqual(['m', false])
  })

  it('leaves the frames outside it alone, and other transactions', async () => {
    const { connect } = await start()
    const client = await connect()
    await client.subscribe('s', '/topic/a')
    client.send(transact('BEGIN', 'x'))
    client.send(transact('BEGIN', 'y'))
    client.send(send('/topic/a', 'x1', { transaction: 'x' }))
    client.send(send('/topic/a', 'y1', { transaction: 'y' }))
    client.send(send('/topic/a', 'outside'))
    client.send(send('/topic/a', 'x2', { transaction: 'x' }))
    client.send(transact('COMMIT', 'y', 'y'))
    client.send(transact('COMMIT', 'x', 'x'))
    expect(await frames(client, 6)).toEqual(['outside', 'RECEIPT y', 'y1', 'RECEIPT x', 'x1', 'x2'])
  })

  it('belongs to its session: another has its own of the same name', async () => {
    const { connect } = await start()
    const [one, two] = [await connect(), await connect()]
    await one.subscribe('s', '/topic/a')
    for (const client of [one, two]) client.send(transact('BEGIN', 't'))
    one.send(send('/topic/a', 'one', { transaction: 't' }))
    two.send(send('/topic/a', 'two', { transaction: 't' }))
    two.send(transact('COMMIT', 't'))
    expect(await rest(one)).toEqual(['two'])
    one.send(transact('ABORT', 't', 'aborted'))
    expect(await rest(one)).toEqual(['RECEIPT aborted'])
  })

  it('that is aborted was never there, and its name can be used again', async () => {
    const { connect } = await start()
    const client = await connect()
    await client.subscribe('s', '/topic/a')
    client.send(transact('BEGIN', 't'))
    client.send(send('/topic/a', 'never', { transaction: 't' }))
    client.send(transact('ABORT', 't', 'aborted'))
    client.send(transact('BEGIN', 't'))
    client.send(transact('COMMIT', 't', 'empty'))
    expect(await rest(client)).toEqual(['RECEIPT aborted', 'RECEIPT empty'])
  })

  it('acknowledges at COMMIT; after ABORT the message is still the consumer’s to answer', async () => {
    const { app, connect } = await start()
    const client = await connect()
    await client.subscribe('s', '/queue/a', { ack: 'client-individual' })
    client.send(send('/queue/a', 'm'))
    const message = await client.next()
    const held = (): unknown => app.stomp.admin?.destinations()[0]?.inFlight
    client.send(transact('BEGIN', 't'))
    client.send(answer('ACK', message, { transaction: 't', receipt: 'acked' }))
    expect(await frames(client, 1)).toEqual(['RECEIPT acked'])
    expect(held()).toBe(1)
    client.send(transact('ABORT', 't', 'aborted'))
    expect(await frames(client, 1)).toEqual(['RECEIPT aborted'])
    expect(held()).toBe(1)
    client.send(transact('BEGIN', 't'))
    client.send(answer('ACK', message, { transaction: 't' }))
    client.send(transact('COMMIT', 't', 'done'))
    expect(await frames(client, 1)).toEqual(['RECEIPT done'])
    expect(held()).toBe(0)
  })

  it('gives back at COMMIT what it refuses with NACK', async () => {
    const { connect } = await start()
    const client = await connect()
    await client.subscribe('s', '/queue/a', { ack: 'client-individual' })
    client.send(send('/queue/a', 'm'))
    const message = await client.next()
    client.send(transact('BEGIN', 't'))
    client.send(answer('NACK', message, { transaction: 't' }))
    client.send(send('/topic/none', '', { receipt: 'before' }))
    expect(await rest(client)).toEqual(['RECEIPT before'])
    client.send(transact('COMMIT', 't', 'done'))
    expect(await rest(client)).toEqual(['RECEIPT done', 'm'])
  })

  it('reaches users and temporary queues, as they are at COMMIT', async () => {
    const { connect } = await start()
    const client = await connect('ada')
    client.send(transact('BEGIN', 't'))
    client.send(send('/user/bob/queue/x', 'to bob', { transaction: 't' }))
    client.send(send('/temp-queue/mine', 'to myself', { transaction: 't', receipt: 'in' }))
    expect(await frames(client, 1)).toEqual(['RECEIPT in'])
    const bob = await connect('bob')
    await bob.subscribe('s', '/user/queue/x')
    client.send(transact('COMMIT', 't', 'done'))
    expect(await frames(client, 1)).toEqual(['RECEIPT done'])
    expect(await frames(bob, 1)).toEqual(['to bob'])
    await client.subscribe('s', '/temp-queue/mine')
    expect(await frames(client, 1)).toEqual(['to myself'])
  })
})

describe('a transaction that cannot be', () => {
  it.each(['COMMIT', 'ABORT'] as const)('%s of an unknown one is an ERROR with the receipt-id', async (command) => {
    const { connect } = await start()
    const client = await connect()
    client.send(transact(command, 't', '1'))
    expect(await frames(client, 1)).toEqual(['ERROR STOMP_ERR_TRANSACTION_UNKNOWN 1'])
    expect(await client.closed()).toMatchObject({ code: 1002 })
  })

  it.each([
    ['SEND to the broker', send('/topic/a', 'm', { transaction: 't', receipt: '1' })],
    ['SEND to a route', send('/app/work', 'm', { transaction: 't', receipt: '1' })],
    ['ACK', { command: 'ACK', headers: { id: '1-1-x', transaction: 't', receipt: '1' } }],
  ] as const)('%s in an unknown one is an ERROR with the receipt-id, and has no effect', async (_what, frame) => {
    let calls = 0
    const { connect } = await start({}, (app) => app.stomp.message('/work', async () => void calls++))
    const [client, listener] = [await connect(), await connect()]
    await listener.subscribe('s', '/topic/a')
    client.send(frame)
    expect(await frames(client, 1)).toEqual(['ERROR STOMP_ERR_TRANSACTION_UNKNOWN 1'])
    expect([await rest(listener), calls]).toEqual([[], 0])
  })

  it('BEGIN of one that is open', async () => {
    const { connect } = await start()
    const client = await connect()
    client.send(transact('BEGIN', 't'))
    client.send(transact('BEGIN', 't', '2'))
    expect(await frames(client, 1)).toEqual(['ERROR STOMP_ERR_TRANSACTION_EXISTS 2'])
  })

  it('one more than 16', async () => {
    const { connect } = await start()
    const client = await connect()
    for (let i = 1; i <= 17; i++) client.send(transact('BEGIN', `t${i}`, `${i}`))
    const seen = await frames(client, 17)
    expect(seen.slice(-2)).toEqual(['RECEIPT 16', 'ERROR STOMP_ERR_TRANSACTION_LIMIT 17'])
  })

  it('16 are open at most, not 16 in all', async () => {
    const { connect } = await start()
    const client = await connect()
    for (let i = 1; i <= 40; i++) {
      client.send(transact('BEGIN', `t${i}`))
      client.send(transact(i % 2 === 0 ? 'COMMIT' : 'ABORT', `t${i}`, `${i}`))
    }
    expect((await frames(client, 40)).at(-1)).toBe('RECEIPT 40')
  })

  it('with more frames than are allowed', async () => {
    const { connect } = await start({ limits: { maxTransactionFrames: 2 } })
    const client = await connect()
    client.send(transact('BEGIN', 't'))
    for (let i = 1; i <= 3; i++) client.send(send('/topic/a', '', { transaction: 't', receipt: `${i}` }))
    expect(await frames(client, 3)).toEqual(['RECEIPT 1', 'RECEIPT 2', 'ERROR STOMP_ERR_TRANSACTION_LIMIT 3'])
  })

  it('with more bytes in all that are open than are allowed; headers count, what has ended does not', async () => {
    const { connect } = await start({ limits: { maxTransactionBytes: 1_000 } })
    const client = await connect()
    for (const name of ['ended', 'a', 'b']) client.send(transact('BEGIN', name))
    const big = (body: number, header: number) => ['x'.repeat(body), { 'x-big': 'x'.repeat(header) }] as const
    const sendIn = (transaction: string, receipt: string, [body, headers]: ReturnType<typeof big>): void =>
      client.send(send('/topic/a', body, { transaction, receipt, ...headers }))
    sendIn('ended', '1', big(900, 0))
    client.send(transact('ABORT', 'ended'))
    sendIn('a', '2', big(400, 0))
    sendIn('b', '3', big(0, 300))
    sendIn('b', '4', big(0, 200))
    expect(await frames(client, 4)).toEqual([
      'RECEIPT 1',
      'RECEIPT 2',
      'RECEIPT 3',
      'ERROR STOMP_ERR_TRANSACTION_LIMIT 4',
    ])
  })
})

describe('all or nothing', () => {
  it.each([
    ['a destination where nothing is served', send('/elsewhere/a', 'm', { transaction: 't' })],
    ['an expiry that cannot be read', send('/topic/b', 'm', { transaction: 't', expires: 'soon' })],
    ['an ACK of nothing', { command: 'ACK', headers: { id: '1-9-x', transaction: 't' } }],
  ] as const)('one bad frame (%s): ERROR with the receipt-id of COMMIT, and nothing is applied', async (_what, bad) => {
    const { app, connect } = await start({
      allow: { send: ['/topic/**', '/queue/**', '/elsewhere/**'], subscribe: ['/topic/**', '/queue/**'] },
    })
    const [client, listener] = [await connect(), await connect()]
    await listener.subscribe('s', '/topic/a')
    await client.subscribe('q', '/queue/in', { ack: 'client-individual' })
    client.send(send('/queue/in', 'work'))
    const work = await client.next()
    client.send(transact('BEGIN', 't'))
    client.send(send('/topic/a', 'never', { transaction: 't' }))
    client.send(send('/queue/out', 'never', { transaction: 't' }))
    client.send(answer('ACK', work, { transaction: 't' }))
    client.send(bad)
    client.send(transact('COMMIT', 't', 'done'))
    const error = await client.next()
    expect([error.command, error.headers.get('receipt-id')]).toEqual(['ERROR', 'done'])
    expect(await rest(listener)).toEqual([])
    const queues = app.stomp.admin?.destinations().filter(({ kind }) => kind === 'queue')
    expect(queues?.filter(({ depth }) => depth > 0)).toMatchObject([{ destination: '/queue/in', depth: 1 }])
  })

  it('a queue without room: nothing is applied', async () => {
    const { connect } = await start({ broker: embeddedBroker({ maxQueueMessages: 1 }) })
    const [client, listener] = [await connect(), await connect()]
    await listener.subscribe('s', '/queue/other')
    client.send(transact('BEGIN', 't'))
    client.send(send('/queue/other', 'never', { transaction: 't' }))
    for (const body of ['1', '2']) client.send(send('/queue/a', body, { transaction: 't' }))
    client.send(transact('COMMIT', 't', 'done'))
    expect(await frames(client, 1)).toEqual(['ERROR STOMP_ERR_QUEUE_FULL done'])
    expect(await rest(listener)).toEqual([])
    await listener.subscribe('a', '/queue/a')
    expect(await rest(listener)).toEqual([])
  })

  it('a store that refuses: ERROR with the receipt-id of COMMIT, nothing is applied, no route is called', async () => {
    let calls = 0
    const { store, commits } = createWaitingStore()
    const { connect } = await start({ broker: embeddedBroker({ store }) }, (app) =>
      app.stomp.message('/work', async () => void calls++),
    )
    const [client, listener] = [await connect(), await connect()]
    await listener.subscribe('q', '/queue/a')
    await listener.subscribe('t', '/topic/a')
    client.send(transact('BEGIN', 't'))
    client.send(send('/queue/a', 'kept', { transaction: 't', persistent: 'true' }))
    client.send(send('/topic/a', 'not kept', { transaction: 't' }))
    client.send(send('/app/work', '', { transaction: 't' }))
    client.send(transact('COMMIT', 't', 'done'))
    expect(await rest(client)).toEqual([])
    expect(await rest(listener)).toEqual([])
    commits[0]?.reject(new Error('disk on fire'))
    expect(await frames(client, 1)).toEqual(['ERROR STOMP_ERR_HANDLER_FAILED done'])
    expect([await rest(listener), calls]).toEqual([[], 0])
  })

  it('what is stored is one commit: RECEIPT, then MESSAGE', async () => {
    const { store, commits } = createWaitingStore()
    const { connect } = await start({ broker: embeddedBroker({ store }) })
    const client = await connect()
    await client.subscribe('a', '/queue/a', { ack: 'client' })
    await client.subscribe('b', '/queue/b')
    client.send(transact('BEGIN', 't'))
    for (const queue of ['a', 'b'])
      client.send(send(`/queue/${queue}`, queue, { transaction: 't', persistent: 'true' }))
    client.send(transact('COMMIT', 't', 'done'))
    expect(await rest(client)).toEqual([])
    expect(commits.map(({ changes }) => changes.map(({ kind }) => kind))).toEqual([['add', 'add']])
    commits[0]?.resolve()
    expect(await frames(client, 3)).toEqual(['RECEIPT done', 'a', 'b'])
  })
})

describe('the end of a session', () => {
  it.each(['loss', 'DISCONNECT'] as const)('by %s aborts what is open, and gives messages back', async (how) => {
    const { connect } = await start()
    const [client, other] = [await connect(), await connect()]
    await client.subscribe('s', '/queue/a', { ack: 'client' })
    client.send(send('/queue/a', 'm'))
    const message = await client.next()
    client.send(transact('BEGIN', 't'))
    client.send(answer('ACK', message, { transaction: 't' }))
    client.send(send('/queue/b', 'never', { transaction: 't', receipt: 'in' }))
    expect(await frames(client, 1)).toEqual(['RECEIPT in'])
    if (how === 'loss') client.link.close()
    else {
      client.send({ command: 'DISCONNECT', headers: { receipt: 'bye' } })
      expect(await frames(client, 1)).toEqual(['RECEIPT bye'])
    }
    await other.subscribe('b', '/queue/b')
    await other.subscribe('a', '/queue/a')
    const again = await other.next()
    expect([again.text, again.headers.get('redelivered'), await rest(other)]).toEqual(['m', 'true', []])
  })

  it('does not undo a COMMIT that was sent before', async () => {
    const { store, commits } = createWaitingStore()
    const done: string[] = []
    const { connect } = await start({ broker: embeddedBroker({ store }) }, (app) =>
      app.stomp.message('/work/:name', async ({ params }) => void done.push(params.name)),
    )
    const [client, listener] = [await connect(), await connect()]
    await listener.subscribe('q', '/queue/a')
    client.send(transact('BEGIN', 't'))
    client.send(send('/queue/a', 'm', { transaction: 't', persistent: 'true' }))
    client.send(send('/app/work/after', '', { transaction: 't' }))
    client.send(transact('COMMIT', 't'))
    client.link.close()
    await client.closed()
    commits[0]?.resolve()
    expect(await frames(listener, 1)).toEqual(['m'])
    expect(done).toEqual(['after'])
  })
})

describe('hooks', () => {
  it('are asked when a frame is taken in, and hold COMMIT back while they are pending', async () => {
    const { open, opened } = gate()
    const asked: string[] = []
    const { connect } = await start({}, (app) => {
      app.stomp.addHook('authorizeSend', ({ destination }) => {
        asked.push(destination)
        return destination === '/topic/slow' ? opened : undefined
      })
    })
    const client = await connect()
    await client.subscribe('s', '/topic/**')
    client.send(transact('BEGIN', 't'))
    client.send(send('/topic/slow', 'slow', { transaction: 't', receipt: 'slow' }))
    client.send(send('/topic/fast', 'fast', { transaction: 't', receipt: 'fast' }))
    client.send(transact('COMMIT', 't', 'done'))
    expect(await rest(client)).toEqual([])
    expect(asked).toEqual(['/topic/slow'])
    open()
    expect(await frames(client, 5)).toEqual(['RECEIPT slow', 'RECEIPT fast', 'RECEIPT done', 'slow', 'fast'])
  })

  it('that refuse end the session with the receipt-id of the SEND, and the transaction with it', async () => {
    const { connect } = await start({}, (app) => {
      app.stomp.addHook('authorizeSend', async ({ destination }) => {
        if (destination === '/topic/secret') throw new Error('no')
      })
    })
    const [client, listener] = [await connect(), await connect()]
    await listener.subscribe('s', '/topic/**')
    client.send(transact('BEGIN', 't'))
    client.send(send('/topic/a', 'never', { transaction: 't' }))
    client.send(send('/topic/secret', 'never', { transaction: 't', receipt: 'secret' }))
    client.send(transact('COMMIT', 't', 'done'))
    expect(await frames(client, 1)).toEqual(['ERROR STOMP_ERR_FORBIDDEN secret'])
    expect(await rest(listener)).toEqual([])
  })

  it('do not replace a rule: what may not be sent is refused when it is taken in', async () => {
    const { connect } = await start({ allow: { send: ['/topic/open'] } })
    const client = await connect()
    client.send(transact('BEGIN', 't'))
    client.send(send('/topic/closed', '', { transaction: 't', receipt: '1' }))
    expect(await frames(client, 1)).toEqual(['ERROR STOMP_ERR_FORBIDDEN 1'])
  })
})

describe('a message route in a transaction', () => {
  const body = { type: 'object', required: ['n'], properties: { n: { type: 'integer' } } }

  it('is called after the commit, in order, and what it returns is published', async () => {
    const started: string[] = []
    const { connect } = await start({}, (app) => {
      app.stomp.message('/work/:name', { sendTo: '/topic/done' }, async ({ params }) => {
        started.push(params.name)
        await turn()
        return params.name
      })
    })
    const client = await connect()
    await client.subscribe('s', '/topic/**')
    client.send(transact('BEGIN', 't'))
    client.send(send('/app/work/1', '', { transaction: 't', receipt: '1' }))
    client.send(send('/topic/a', 'broker', { transaction: 't' }))
    client.send(send('/app/work/2', '', { transaction: 't', receipt: '2' }))
    expect(await rest(client)).toEqual(['RECEIPT 1', 'RECEIPT 2'])
    expect(started).toEqual([])
    client.send(transact('COMMIT', 't', 'done'))
    expect(await frames(client, 4)).toEqual(['RECEIPT done', 'broker', '1', '2'])
    expect(started).toEqual(['1', '2'])
  })

  it('is not called after ABORT', async () => {
    let calls = 0
    const { connect } = await start({}, (app) => app.stomp.message('/work', async () => void calls++))
    const client = await connect()
    client.send(transact('BEGIN', 't'))
    client.send(send('/app/work', '', { transaction: 't' }))
    client.send(transact('ABORT', 't', 'aborted'))
    expect(await rest(client)).toEqual(['RECEIPT aborted'])
    expect(calls).toBe(0)
  })

  it('validates when the frame is taken in', async () => {
    const { connect } = await start({}, (app) => app.stomp.message('/work', { schema: { body } }, async () => null))
    const [client, listener] = [await connect(), await connect()]
    await listener.subscribe('s', '/topic/a')
    client.send(transact('BEGIN', 't'))
    client.send(send('/topic/a', 'never', { transaction: 't' }))
    client.send(
      send('/app/work', '{"n":"x"}', { transaction: 't', receipt: 'bad', 'content-type': 'application/json' }),
    )
    client.send(transact('COMMIT', 't', 'done'))
    expect(await frames(client, 1)).toEqual(['ERROR STOMP_ERR_BODY_INVALID bad'])
    expect(await rest(listener)).toEqual([])
  })

  it('with a validator that takes its time holds COMMIT back, and refuses before it', async () => {
    const { open, opened } = gate()
    const { connect } = await start({}, (app) => {
      app.setValidatorCompiler(() => (value) => {
        const validated = opened.then(() => {
          if (value !== 'bad') return value
          throw Object.assign(new Error('validation failed'), { errors: [{ message: 'is bad' }] })
        })
        return Object.assign(validated, { __linterBrands: 'SafePromiseLike' as const })
      })
      app.stomp.message('/work', { schema: { body }, sendTo: '/topic/done' }, async (message) => message.body)
    })
    const [client, listener] = [await connect(), await connect()]
    await listener.subscribe('s', '/topic/**')
    client.send(transact('BEGIN', 't'))
    client.send(send('/topic/a', 'never', { transaction: 't' }))
    client.send(send('/app/work', '"bad"', { transaction: 't', receipt: 'bad', 'content-type': 'application/json' }))
    client.send(transact('COMMIT', 't', 'done'))
    expect(await rest(client)).toEqual([])
    open()
    expect(await frames(client, 1)).toEqual(['ERROR STOMP_ERR_BODY_INVALID bad'])
    expect(await rest(listener)).toEqual([])
    const other = await connect()
    other.send(transact('BEGIN', 't'))
    other.send(send('/app/work', '"good"', { transaction: 't', 'content-type': 'application/json' }))
    other.send(transact('COMMIT', 't'))
    expect(await frames(listener, 1)).toEqual(['good'])
  })

  it('cannot undo the commit: a handler that fails ends the session with an ERROR without receipt-id', async () => {
    const { connect } = await start({}, (app) => {
      app.stomp.message('/broken', async () => {
        throw new Error('secret')
      })
    })
    const [client, listener] = [await connect(), await connect()]
    await listener.subscribe('s', '/topic/a')
    client.send(transact('BEGIN', 't'))
    client.send(send('/topic/a', 'kept', { transaction: 't' }))
    client.send(send('/app/broken', '', { transaction: 't', receipt: 'in' }))
    client.send(transact('COMMIT', 't', 'done'))
    expect(await frames(client, 3)).toEqual(['RECEIPT in', 'RECEIPT done', 'ERROR STOMP_ERR_HANDLER_FAILED'])
    expect(await client.closed()).toMatchObject({ code: 1002 })
    expect(await frames(listener, 1)).toEqual(['kept'])
  })

  it('waits where 16 run already; later frames wait too', async () => {
    const gates = Array.from({ length: 20 }, gate)
    const started: number[] = []
    const { connect } = await start({}, (app) => {
      app.stomp.message('/work/:n', async ({ params }) => {
        started.push(Number(params.n))
        await gates[Number(params.n)]?.opened
      })
    })
    const client = await connect()
    client.send(transact('BEGIN', 't'))
    for (let n = 0; n < 20; n++) client.send(send(`/app/work/${n}`, '', { transaction: 't' }))
    client.send(transact('COMMIT', 't', 'done'))
    client.send(send('/topic/a', '', { receipt: 'later' }))
    expect(await rest(client)).toEqual(['RECEIPT done'])
    expect(started).toEqual([...Array(16).keys()])
    gates[7]?.open()
    expect(await rest(client)).toEqual([])
    expect(started.at(-1)).toBe(16)
    for (const { open } of gates) open()
    expect(await rest(client)).toEqual(['RECEIPT later'])
    expect(started).toEqual([...Array(20).keys()])
  })
})
