import type { PrometheusMetrics } from '@hoofbeat/server/metrics'
import type { FastifyPluginAsync } from 'fastify'

/** What those who run the sample ask it: `GET /health` whether it serves, `GET /metrics` how it does, for Prometheus. */
export const operations: FastifyPluginAsync<{ metrics: PrometheusMetrics }> = async (
  app,
  { metrics: { register } },
) => {
  app.get('/health', async () => ({ status: 'ok' }))
  app.get('/metrics', async (_request, reply) => {
    reply.type(register.contentType)
    return register.metrics()
  })
}
