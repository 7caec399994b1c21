import type { PrometheusMetrics } from '@hoofbeat/server/metrics'
import type { FastifyPluginAsync } from 'fastify'

/** What is told to those who run the sample. */
export interface OperationsOptions {
  readonly metrics: PrometheusMetrics
  /** Whether the application has begun to end. */
  readonly isEnding: () => boolean
}

/**
 * What those who run the sample ask it: `GET /health` whether it is ready to serve, with 503 while the broker is away or the
 * application is ending; `GET /health/live` whether the process is alive and goes on, whatever is around it; `GET /metrics`
 * how it does, for Prometheus.
 */
export const operations: FastifyPluginAsync<OperationsOptions> = async (app, { metrics: { register }, isEnding }) => {
  app.get('/health', async (_request, reply) => {
    if (isEnding()) return reply.code(503).send({ status: 'ending' })
    if (app.stomp.broker.isAvailable) return { status: 'ok' }
    reply.code(503)
    return { status: 'broker-away' }
  })
  app.get('/health/live', async (_request, reply) => {
    if (isEnding()) reply.code(503)
    return { status: isEnding() ? 'ending' : 'ok' }
  })
  app.get('/metrics', async (_request, reply) => {
    reply.type(register.contentType)
    return register.metrics()
  })
}
