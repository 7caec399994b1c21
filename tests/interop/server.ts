import type { AddressInfo, Socket } from 'node:net'
import hoofbeat, { type HoofbeatOptions } from '@hoofbeat/server'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'

/** A server for foreign clients: topics open to all, one message route and one subscription route. */
export interface InteropServer {
  readonly app: FastifyInstance
  readonly url: string
  readonly port: number
  /** Cuts all connections, as a network does. */
  cut(): void
  close(): Promise<void>
}

/** Starts it on a free port. `prepare` adds routes of a test's own. */
export async function startServer(
  options: Partial<HoofbeatOptions> = {},
  prepare: (app: FastifyInstance) => void = () => {},
  fastify: FastifyServerOptions = {},
): Promise<InteropServer> {
  const app: FastifyInstance = Fastify(fastify)
  await app.register(hoofbeat, {
    endpoints: [{ path: '/stomp' }],
    allow: { send: ['/topic/**'], subscribe: ['/topic/**'] },
    authenticate: (connect) => connect.login,
    drainMs: 0,
    ...options,
  })
  app.stomp.message('/hello', { sendTo: '/topic/greetings' }, (message) => {
    const body = message.body
    const name = typeof body === 'object' && body !== null && 'name' in body ? String(body.name) : 'nobody'
    return { content: `Hello, ${name}!` }
  })
  app.stomp.subscription('/answer', () => ({ answer: 42 }))
  prepare(app)
  const sockets = new Set<Socket>()
  app.server.on('connection', (socket: Socket) => sockets.add(socket))
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  return {
    app,
    port,
    url: `ws://127.0.0.1:${port}/stomp`,
    cut() {
      for (const socket of sockets) socket.destroy()
    },
    close: () => app.close(),
  }
}
