import { createDecoder, encode, type Frame, type FrameInit } from '@hoofbeat/codec'
import { describe, expect, it } from 'vitest'
import type { Broker, BrokerRequest, Settled, TransactionRequest } from '../broker/broker.js'
import { createDestinationSyntax } from '../destination/destination.js'
import { StompError } from '../errors.js'
import { compileRules } from '../hooks/rules.js'
import { createUserRegistry } from '../users/user-registry.js'
import { type DispatchParts, openDispatcher } from './dispatcher.js'
import { createPublications } from './publications.js'
import { createReplyQueues } from './reply-queues.js'

const LIMITS = {
  maxSubscriptions: 2,
  maxTempQueues: 2,
  maxStreams: 4,
  maxRunningHandlers: 2,
  hookTimeoutMs: 1_000,
  maxTransactions: 2,
  maxTransactionFrames: 10,
  maxTransactionBytes: 10_000,
}

/** A dispatcher between a recipient and a broker that only note what they are told. */
function setUp(answer: (request: BrokerRequest) => Settled = () => undefined, more: Partial<DispatchParts> = {}) {
  const told: string[] = []
  const asked: BrokerRequest[] = []
  const committed: (readonly TransactionRequest[])[] = []
  const handle = (request: BrokerRequest): Settled => {
    asked.push(request)
    return answer(request)
  }
  const broker: Broker = {
    capabilities: {
      wildcards: true,
      queues: true,
      transactions: true,
      selectors: false,
      durableSubscriptions: false,
      history: false,
    },
    admin: undefined,
    isQueue: (destination) => destination.startsWith('/queue'),
    attach: () => ({
      handle,
      commit: (requests) => void committed.push(requests),
      ready: () => {},
      detach: () => void told.push('detached'),
    }),
    publish: () => undefined,
    close: async () => {},
  }
  const syntax = createDestinationSyntax()
  const replyQueues = createReplyQueues(LIMITS.maxTempQueues)
  const users = createUserRegistry()
  const { sessionIds } = users
  const observe = (): void => {}
  const parts: DispatchParts = {
    broker,
    routes: { findMessage: () => undefined, findSubscription: () => undefined },
    publications: createPublications({
      broker,
      syntax,
      applicationPrefix: '/app',
      replyQueues,
      sessionIds,
      hasSession: () => true,
      observe,
    }),
    replyQueues,
    users,
    presence: { isWanted: false, open: () => undefined },
    syntax,
    rules: compileRules({ allow: { send: ['/**'] }, deny: {}, applicationPrefix: '/app', syntax }),
    hooks: { authorizeSend: [], authorizeSubscribe: [] },
    applicationPrefix: '/app',
    nextMessageId: () => 'm',
    limits: LIMITS,
    isSoft: false,
    after: () => ({ cancel: () => {} }),
    ...more,
  }
  const dispatcher = openDispatcher(
    {
      deliver: () => 'taken',
      settled: ({ command }) => void told.push(`${command} settled`),
      refused: ({ command }, { code }) => void told.push(`${command} refused: ${code}`),
      answered: (frame, { code }) => void told.push(`${frame?.command} answered: ${code}`),
      failed: ({ code }) => void told.push(`failed: ${code}`),
      expel: async ({ code }) => void told.push(`expelled: ${code}`),
      setPaused: (paused) => void told.push(paused ? 'paused' : 'on'),
    },
    { user: { name: 'ada' }, sessionId: '1', version: '1.2', clientId: undefined, transport: 'linked' },
    parts,
  )
  const handleAll = (...frames: readonly FrameInit[]): void => {
    for (const frame of frames) dispatcher.handle(decoded(frame))
  }
  return { dispatcher, handleAll, told, asked, committed }
}

/** As it comes out of the decoder: a view of memory that holds other frames too. */
function decoded(frame: FrameInit): Frame {
  const decoder = createDecoder({ from: 'client', limits: { maxBodyBytes: 100_000 } })
  decoder.version = '1.2'
  const around = encode({ command: 'SEND', headers: { destination: '/x' }, body: 'x'.repeat(50_000) }, '1.2')
  decoder.push(Buffer.concat([encode(frame, '1.2'), around]))
  const first = decoder.next()
  if (first === undefined || first === 'heart-beat') throw new Error('no frame')
  return first
}

const subscribe = { command: 'SUBSCRIBE', headers: { id: 's', destination: '/topic/a' } } as const
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('a dispatcher', () => {
  it.each([
    [
      'at once',
      () => {
        throw new StompError('STOMP_ERR_DESTINATION_LIMIT')
      },
    ],
    ['later', () => Promise.reject(new StompError('STOMP_ERR_DESTINATION_LIMIT'))],
  ] as const)('forgets a subscription that the broker refuses %s', async (_when, refuse) => {
    let count = 0
    const { handleAll, told, asked } = setUp(() => (++count === 1 ? refuse() : undefined))
    handleAll(subscribe)
    await turn()
    handleAll(subscribe)
    expect(told).toEqual(['SUBSCRIBE refused: STOMP_ERR_DESTINATION_LIMIT', 'SUBSCRIBE settled'])
    expect(asked.map(({ command }) => command)).toEqual(['SUBSCRIBE', 'SUBSCRIBE'])
  })

  it('lets what was sent before the end still count, and nothing that would be delivered to', async () => {
    for (const [frame, count] of [
      [subscribe, 0],
      [{ command: 'SEND', headers: { destination: '/topic/a' } }, 1],
      [{ command: 'SEND', headers: { destination: '/temp-queue/a' } }, 0],
    ] as const) {
      const hooks = { authorizeSend: [() => turn()], authorizeSubscribe: [() => turn()] }
      const { dispatcher, handleAll, told, asked } = setUp(() => undefined, { hooks })
      handleAll(frame)
      dispatcher.close()
      dispatcher.close()
      await turn()
      await turn()
      expect(told.filter((what) => what === 'detached')).toEqual(['detached'])
      expect(asked).toHaveLength(count)
    }
  })

  it('pauses while a hook is pending', async () => {
    const { handleAll, told } = setUp(() => undefined, {
      hooks: { authorizeSend: [() => turn()], authorizeSubscribe: [] },
    })
    handleAll({ command: 'SEND', headers: { destination: '/topic/a' } })
    expect(told).toEqual(['paused'])
    await turn()
    await turn()
    expect(told).toEqual(['paused', 'SEND settled', 'on'])
  })

  it('keeps in a transaction a copy of each body, not the memory that it came in', () => {
    const { handleAll, committed } = setUp()
    handleAll(
      { command: 'BEGIN', headers: { transaction: 't' } },
      { command: 'SEND', headers: { transaction: 't', destination: '/topic/a' }, body: 'small' },
      { command: 'COMMIT', headers: { transaction: 't' } },
    )
    const [request] = committed[0] ?? []
    if (request?.command !== 'SEND') throw new Error('no SEND')
    expect([Buffer.from(request.body).toString(), request.body.buffer.byteLength]).toEqual(['small', 5])
  })

  it('asks rules and hooks for each SEND, wherever the one before went', () => {
    const asked: string[] = []
    const { handleAll, told } = setUp(() => undefined, {
      rules: compileRules({
        allow: { send: ['/topic/*'] },
        deny: {},
        applicationPrefix: '/app',
        syntax: createDestinationSyntax(),
      }),
      hooks: { authorizeSend: [({ destination }) => asked.push(destination)], authorizeSubscribe: [] },
    })
    const destinations = ['/topic/a', '/topic/a', '/queue/a', '/topic/a', '/app/a', '/topic/*', '/topic/a', '/topic/b']
    for (const destination of destinations) handleAll({ command: 'SEND', headers: { destination } })
    expect(told).toEqual([
      'SEND settled',
      'SEND settled',
      'SEND refused: STOMP_ERR_FORBIDDEN',
      'SEND settled',
      'SEND refused: STOMP_ERR_ROUTE_UNKNOWN',
      'SEND refused: STOMP_ERR_DESTINATION_INVALID',
      'SEND settled',
      'SEND settled',
    ])
    expect(asked).toEqual(['/topic/a', '/topic/a', '/topic/a', '/topic/a', '/topic/b'])
  })

  it('hands a plain SEND on as it came', () => {
    const { handleAll, told, asked } = setUp()
    handleAll({ command: 'SEND', headers: { destination: '/topic/a', x: '1', 'reply-to': '/queue/b' }, body: 'm' })
    const [request] = asked
    if (request?.command !== 'SEND') throw new Error('no SEND')
    expect([[...request.headers], Buffer.from(request.body).toString(), told]).toEqual([
      [
        ['destination', '/topic/a'],
        ['x', '1'],
        ['reply-to', '/queue/b'],
        ['content-length', '1'],
      ],
      'm',
      ['SEND settled'],
    ])
  })
})
