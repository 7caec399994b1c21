import type { PrometheusMetrics } from '@hoofbeat/server/metrics'
import type { FastifyPluginAsync } from 'fastify'

/**
 * What those who run the sample ask it: `GET /health` whether it is ready to serve, with 503 while the broker is away or the
 * application is ending; `GET /health/live` whether the process is alive, whatever is around it; `GET /metrics` how it does,
 * for Prometheus.
 */
export const operations: FastifyPluginAsync<{ metrics: PrometheusMetrics }> = async (
  app,
  { metrics: { register } },
) => {
  app.get('/health', async (_request, reply) => {
    if (app.stomp.broker.isAvailable) return { status: 'ok' }
    reply.code(503)
    return { status: 'broker-away' }
  })
  app.get('/health/live', async () => ({ status: 'ok' }))
  app.get('/metrics', async (_request, reply) => {
    reply.type(register.contentType)
    return register.metrics()
  })
}
