import { connectTestClient } from '@hoofbeat/server/testing'
import { context, propagation, trace } from '@opentelemetry/api'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { runExample } from './example.js'

afterEach(() => {
  context.disable()
  propagation.disable()
  trace.disable()
  vi.restoreAllMocks()
})

describe('the examples of observability', () => {
  it('gives metrics to whoever scrapes them', async () => {
    const app = await runExample('metrics')
    const client = connectTestClient(app)
    await client.connect()
    const answer = await app.inject('/metrics')
    expect(answer.headers['content-type']).toMatch(/^text\/plain/)
    expect(answer.body).toContain('hoofbeat_sessions{transport="linked",rung="linked"} 1\n')
    client.link.close()
    await app.close()
  })

  it('is alive and ready, with a broker inside', async () => {
    const app = await runExample('readiness')
    for (const url of ['/health', '/health/live']) expect((await app.inject(url)).json()).toEqual({ status: 'ok' })
    await app.close()
  })

  it('tells events to hooks and channels', async () => {
    const app = await runExample('events')
    const client = connectTestClient(app)
    await client.connect({ login: 'ada' })
    client.send({ command: 'SEND', headers: { destination: '/topic/closed' } })
    await client.rest()
    expect((await app.inject('/refusals')).json()).toEqual({ ada: 1 })
    expect((await app.inject('/seen')).json()).toEqual(['ada by linked'])
    await app.close()
  })

  it('continues a trace from SEND to MESSAGE', async () => {
    const spans = vi.spyOn(console, 'dir').mockImplementation(() => {})
    const app = await runExample('tracing')
    const client = connectTestClient(app)
    await client.connect()
    await client.subscribe('1', '/topic/orders/7')
    const traceId = '0af7651916cd43dd8448eb211c80319c'
    const traceparent = `00-${traceId}-b7ad6b7169203331-01`
    client.send({ command: 'SEND', headers: { destination: '/app/orders/7', traceparent } })
    expect((await client.next()).headers.get('traceparent')).toMatch(new RegExp(`^00-${traceId}-(?!b7ad6b7169203331)`))
    expect(spans.mock.calls[0]?.[0]).toMatchObject({ name: 'process /orders/:id', traceId })
    client.link.close()
    await app.close()
  })
})
