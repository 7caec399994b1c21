import type { AddressInfo } from 'node:net'
import type { HoofbeatOptions } from '@hoofbeat/server'
import Fastify from 'fastify'
import { type InteropServer, startServer } from '../server.js'
import { numbers } from './numbers.js'
import { servePages } from './pages.js'

/** Where a page comes from, as seen from the endpoints. */
export type Where = 'the same origin' | 'another port' | 'another site'

/** Endpoints for SockJS clients, and pages of several origins that use them. */
export interface SockJsSite {
  readonly server: InteropServer
  /** Where the endpoints are: `/gs-guide-websocket` for STOMP, `/numbers` and its like for `exchange`. */
  readonly origin: string
  readonly origins: Readonly<Record<Where, string>>
  close(): Promise<void>
}

/** Starts it. Whoever has a cookie `who` is that user; a proxy in front is taken at its word. */
export async function startSite(options: Partial<HoofbeatOptions> = {}): Promise<SockJsSite> {
  const elsewhere = Fastify()
  servePages(elsewhere)
  await elsewhere.listen({ port: 0, host: '127.0.0.1' })
  const { port } = elsewhere.server.address() as AddressInfo
  const another = { 'another port': `http://127.0.0.1:${port}`, 'another site': `http://localhost:${port}` }
  // What only the oldest browsers use is off by default.
  const everything = { jsonp: true, clientUrl: '/sockjs.min.js' }

  const server = await startServer(
    {
      endpoints: [{ path: '/gs-guide-websocket', sockjs: everything }],
      allowedOrigins: Object.values(another),
      identify: ({ headers }) => /(?:^|; )who=(\w+)/.exec(headers.cookie ?? '')?.[1],
      authenticate: ({ login, identity }) => login ?? identity,
      ...options,
    },
    (app) => {
      servePages(app)
      app.stomp.endpoint('/numbers', { ...numbers, sockjs: everything })
      app.stomp.endpoint('/numbers-by-default', { ...numbers, sockjs: true })
      app.stomp.endpoint('/numbers-without-websocket', { ...numbers, websocket: false, sockjs: true })
    },
    { trustProxy: true },
  )
  const origin = `http://127.0.0.1:${server.port}`
  return {
    server,
    origin,
    origins: { 'the same origin': origin, ...another },
    async close() {
      await server.close()
      await elsewhere.close()
    },
  }
}
