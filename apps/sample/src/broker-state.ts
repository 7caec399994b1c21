import { EventEmitter, once } from 'node:events'
import type { FastifyPluginAsync } from 'fastify'

/**
 * Whether the broker can be reached: SUBSCRIBE to `/app/broker` is told `{"isAvailable"}` at once, and with each change. It
 * comes from this node, so that it comes while the broker is away.
 */
export const brokerState: FastifyPluginAsync = async (app) => {
  const changes = new EventEmitter()
  // One for each page that is open.
  changes.setMaxListeners(0)
  app.stomp.addHook('onBrokerAvailability', () => {
    changes.emit('change')
  })

  app.stomp.subscription('/broker', async function* ({ signal }) {
    let told: boolean | undefined
    for (;;) {
      const { isAvailable } = app.stomp.broker
      if (isAvailable === told) await once(changes, 'change', { signal })
      else {
        told = isAvailable
        yield { isAvailable }
      }
    }
  })
}
