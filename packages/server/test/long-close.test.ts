import Fastify, { type FastifyInstance } from 'fastify'
import { describe, expect, it } from 'vitest'
import hoofbeat, { type HoofbeatOptions } from '../src/index.js'
import { createTestKit } from '../src/testing/index.js'

/** Of Fastify: how long a hook may take. Its hooks of this test take longer, and no start does. */
const PLUGIN_TIMEOUT_MS = 2_000

describe('an application that takes longer to close than a plugin may to start', () => {
  async function open(options: HoofbeatOptions, pluginTimeout = PLUGIN_TIMEOUT_MS) {
    const told: string[] = []
    const app = Fastify({ pluginTimeout })
    await app.register(hoofbeat, { allow: { send: ['/**'] }, ...options })
    app.stomp.message('/never', () => new Promise(() => {}))
    app.stomp.addHook('onDisconnected', ({ code }) => void told.push(`a client ${code}`))
    app.addHook('onClose', async () => void told.push('the server is closed'))
    return { app, told }
  }
  const connect = async (app: FastifyInstance) => (await createTestKit(app)).connect()

  it.each([PLUGIN_TIMEOUT_MS, 0])(
    'closes without an error, and its clients before its server, where a plugin may take %i ms',
    async (pluginTimeout) => {
      const { app, told } = await open({ drainMs: 5_000 }, pluginTimeout)
      for (let i = 0; i < 2; i++) await connect(app)
      await app.close()
      expect(told).toEqual(['a client 1012', 'a client 1012', 'the server is closed'])
    },
    30_000,
  )

  it('does so where a frame is not settled in time', async () => {
    const { app, told } = await open({ drainMs: 0, limits: { settleTimeoutMs: 3_000 } })
    const client = await connect(app)
    client.sendFrame({ command: 'SEND', headers: { destination: '/app/never', receipt: '1' } })
    await new Promise(setImmediate)
    await app.close()
    expect(told).toEqual(['a client 1001', 'the server is closed'])
  }, 30_000)
})
