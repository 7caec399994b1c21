import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openTelemetry } from '../src/observe/opentelemetry.js'
import { send, turn, usePlugin } from './plugin-application.js'

const open = usePlugin()
const exporter = new InMemorySpanExporter()
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  trace.setGlobalTracerProvider(provider)
})

afterEach(() => exporter.reset())

afterAll(() => {
  context.disable()
  propagation.disable()
  trace.disable()
})

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const traceparent = `00-${TRACE}-b7ad6b7169203331-01`
const spanIdOf = (header: string | undefined): string => header?.split('-')[2] ?? ''

describe('a traced application', () => {
  it('continues the trace of a SEND around its handler, and in what the handler returns and publishes', async () => {
    const { app, connect } = await open({ tracing: openTelemetry() }, (instance) => {
      instance.stomp.message('/hello/:room', { sendTo: '/topic/greetings/:room' }, async () => {
        await turn()
        await instance.stomp.publish('/topic/side', 'published')
        await instance.stomp.sendToUser('alice', '/queue/notes', 'sent')
        return 'returned'
      })
    })
    const alice = await connect('alice')
    await alice.subscribe('1', '/topic/**')
    await alice.subscribe('2', '/user/queue/notes')
    alice.send(send('/app/hello/lobby', '"x"', { traceparent, tracestate: 'vendor=1' }))
    const messages = [await alice.next(), await alice.next(), await alice.next()]
    const [span, ...others] = exporter.getFinishedSpans()
    expect(others).toEqual([])
    expect(span).toMatchObject({
      name: 'process /hello/:room',
      kind: SpanKind.CONSUMER,
      parentSpanContext: { traceId: TRACE, spanId: 'b7ad6b7169203331', isRemote: true },
      status: { code: SpanStatusCode.UNSET },
      attributes: {
        'messaging.system': 'stomp',
        'messaging.operation.type': 'process',
        'messaging.destination.name': '/app/hello/lobby',
        'messaging.destination.template': '/hello/:room',
        'messaging.message.body.size': 3,
        'session.id': app.stomp.users.get('alice')?.sessions[0]?.id,
      },
    })
    const spanId = span?.spanContext().spanId
    for (const { headers } of messages) {
      expect(headers.get('traceparent')).toBe(`00-${TRACE}-${spanId}-01`)
      expect(headers.get('tracestate')).toBe('vendor=1')
    }
    expect(messages.map(({ text }) => text).sort()).toEqual(['published', 'returned', 'sent'])
  })

  it('is one trace over two hops, each the child of the one before', async () => {
    const { connect } = await open({ tracing: openTelemetry() }, (app) => {
      app.stomp.message('/first', { sendTo: '/topic/first' }, () => 'one')
      app.stomp.message('/second', { sendTo: '/topic/second' }, () => 'two')
    })
    const client = await connect('alice')
    await client.subscribe('1', '/topic/**')
    client.send(send('/app/first', '', { traceparent }))
    const one = await client.next()
    client.send(send('/app/second', '', { traceparent: one.headers.get('traceparent') ?? '' }))
    const two = await client.next()
    const [first, second] = exporter.getFinishedSpans()
    expect(second?.spanContext().traceId).toBe(TRACE)
    expect(second?.parentSpanContext?.spanId).toBe(first?.spanContext().spanId)
    expect(spanIdOf(two.headers.get('traceparent'))).toBe(second?.spanContext().spanId)
  })

  it('begins a trace of its own where the frame names none, also after one that did', async () => {
    const { connect } = await open({ tracing: openTelemetry() }, (app) => {
      app.stomp.message('/a', () => {})
    })
    const client = await connect('alice')
    client.send(send('/app/a', '', { traceparent }))
    client.send(send('/app/a'))
    client.send(send('/app/a', '', { traceparent: 'nonsense' }))
    await client.rest()
    const spans = exporter.getFinishedSpans()
    expect(spans.map(({ parentSpanContext }) => parentSpanContext?.spanId)).toEqual([
      'b7ad6b7169203331',
      undefined,
      undefined,
    ])
    expect(new Set(spans.map((span) => span.spanContext().traceId)).size).toBe(3)
  })

  it('records what a handler throws, and ends the span', async () => {
    const { connect } = await open({ tracing: openTelemetry() }, (app) => {
      app.stomp.message('/fail', async () => {
        throw new TypeError('the database is down')
      })
    })
    const client = await connect('alice')
    client.send(send('/app/fail', '', { traceparent }))
    await client.rest()
    const [span] = exporter.getFinishedSpans()
    expect(span?.status.code).toBe(SpanStatusCode.ERROR)
    expect(span?.attributes['error.type']).toBe('STOMP_ERR_HANDLER_FAILED')
    expect(span?.events).toMatchObject([
      {
        name: 'exception',
        attributes: { 'exception.type': 'TypeError', 'exception.message': 'the database is down' },
      },
    ])
    expect(span?.ended).toBe(true)
  })

  it('traces subscription routes, and carries the context in their answers', async () => {
    const { connect } = await open({ tracing: openTelemetry() }, (app) => {
      app.stomp.subscription('/history/:room', () => ['old'])
    })
    const client = await connect('alice')
    client.send({ command: 'SUBSCRIBE', headers: { id: '1', destination: '/app/history/a', traceparent } })
    const answer = await client.next()
    const [span] = exporter.getFinishedSpans()
    expect(span).toMatchObject({ name: 'process /history/:room', parentSpanContext: { traceId: TRACE } })
    expect(spanIdOf(answer.headers.get('traceparent'))).toBe(span?.spanContext().spanId)
  })

  it('carries the context in each message of a stream', async () => {
    const { connect } = await open({ tracing: openTelemetry() }, (app) => {
      app.stomp.message('/count', { sendTo: '/topic/count' }, async function* () {
        yield 1
        await turn()
        yield 2
      })
    })
    const client = await connect('alice')
    await client.subscribe('1', '/topic/count')
    client.send(send('/app/count', '', { traceparent }))
    const told = [await client.next(), await client.next()].map(({ headers }) => spanIdOf(headers.get('traceparent')))
    const spanId = exporter.getFinishedSpans()[0]?.spanContext().spanId
    expect(told).toEqual([spanId, spanId])
  })

  it('runs the body of a stream in the context of its handler, and of no other', async () => {
    const { connect } = await open({ tracing: openTelemetry() }, (app) => {
      const traceId = (): string => trace.getSpanContext(context.active())?.traceId ?? 'none'
      app.stomp.message('/count', { sendTo: '/topic/count' }, async function* () {
        yield `first ${traceId()}`
        await turn()
        await app.stomp.publish('/topic/side', 'published')
        yield `second ${traceId()}`
      })
      app.stomp.subscription('/clock', async function* () {
        yield traceId()
      })
    })
    const alice = await connect('alice')
    await alice.subscribe('1', '/topic/**')
    alice.send(send('/app/count', '', { traceparent }))
    const messages = [await alice.next(), await alice.next(), await alice.next()]
    expect(messages.map(({ text }) => text).sort()).toEqual([`first ${TRACE}`, 'published', `second ${TRACE}`])
    for (const { headers } of messages) expect(headers.get('traceparent')).toContain(TRACE)
    alice.send({ command: 'SUBSCRIBE', headers: { id: '2', destination: '/app/clock', traceparent } })
    expect((await alice.next()).text).toBe(TRACE)
  })

  it('is not hurt by a propagator that throws', async () => {
    const fail = (): never => {
      throw new Error('no such format')
    }
    const tracing = openTelemetry({ propagator: { extract: fail, inject: fail } })
    const { app, connect } = await open({ tracing }, (instance) => {
      instance.stomp.message('/hello', { sendTo: '/topic/greetings' }, () => 'returned')
    })
    const alice = await connect('alice')
    await alice.subscribe('1', '/topic/greetings')
    alice.send(send('/app/hello', '', { traceparent }))
    expect((await alice.next()).text).toBe('returned')
    await app.stomp.publish('/topic/greetings', 'published')
    expect((await alice.next()).text).toBe('published')
    expect(exporter.getFinishedSpans()).toMatchObject([{ name: 'process /hello', parentSpanContext: undefined }])
  })

  it('leaves a context alone that the application has named itself', async () => {
    const own = '00-11111111111111111111111111111111-2222222222222222-01'
    const { connect } = await open({ tracing: openTelemetry() }, (app) => {
      app.stomp.message('/a', () => app.stomp.publish('/topic/a', 'x', { headers: { traceparent: own } }))
    })
    const client = await connect('alice')
    await client.subscribe('1', '/topic/a')
    client.send(send('/app/a', '', { traceparent, tracestate: 'vendor=1' }))
    const { headers } = await client.next()
    expect([headers.get('traceparent'), headers.get('tracestate')]).toEqual([own, undefined])
  })

  it('keeps apart the traces of handlers that run at the same time', async () => {
    const { connect } = await open({ tracing: openTelemetry() }, (app) => {
      app.stomp.message('/echo/:id', { sendTo: '/topic/echo' }, async (message) => {
        for (let i = 0; i < 3; i++) await turn()
        return message.headers.get('traceparent')?.split('-')[1]
      })
    })
    const client = await connect('alice')
    await client.subscribe('1', '/topic/echo')
    const ids = ['1', '2', '3', '4', '5'].map((digit) => digit.repeat(32))
    for (const id of ids) client.send(send(`/app/echo/${id[0]}`, '', { traceparent: `00-${id}-b7ad6b7169203331-01` }))
    for (const _ of ids) {
      const { headers, text } = await client.next()
      expect(headers.get('traceparent')?.split('-')[1]).toBe(JSON.parse(JSON.stringify(text)).replaceAll('"', ''))
    }
  })
})

describe('an application that is not traced', () => {
  it('lets the context of a sender pass the broker, and adds none', async () => {
    const { connect } = await open({}, (app) => {
      app.stomp.message('/a', { sendTo: '/topic/a' }, () => 'x')
    })
    const client = await connect('alice')
    await client.subscribe('1', '/topic/**')
    client.send(send('/topic/b', '', { traceparent }))
    client.send(send('/app/a', '', { traceparent }))
    const told = [await client.next(), await client.next()]
    expect(told.map(({ headers }) => headers.get('traceparent'))).toEqual([traceparent, undefined])
    expect(exporter.getFinishedSpans()).toEqual([])
  })
})
