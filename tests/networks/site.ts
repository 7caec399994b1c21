import type { AddressInfo } from 'node:net'
import hoofbeat, { type HoofbeatOptions } from '@hoofbeat/server'
import Fastify, { type FastifyInstance } from 'fastify'
import { type Content, contentOf, Pace, Tally } from './numbered.js'

/** The server of one network: a page, a message route that checks what comes, and a topic that is published to. */
export interface Site {
  readonly app: FastifyInstance
  readonly port: number
  /** What came from the page; from the first, if there are several. */
  readonly up: Tally
  /** What came from each page, by session. */
  readonly tallies: ReadonlyMap<string, Tally>
  /** When each message was published; empty until the page is ready. */
  readonly sentAtMs: readonly number[]
  close(): Promise<void>
}

const PAGE = '<!doctype html><title>Traffic</title><link rel="icon" href="data:,"><script src="/traffic.js"></script>'

/** Starts it. `count` messages are published over `durationMs` from the time when a page first says that it is ready. */
export async function startSite(
  script: string,
  { count, durationMs }: { readonly count: number; readonly durationMs: number },
  options: HoofbeatOptions = {},
): Promise<Site> {
  const app = Fastify()
  const tallies = new Map<string, Tally>()
  const none = new Tally()
  let pace: Pace | undefined
  await app.register(hoofbeat, {
    allow: { subscribe: ['/topic/down'] },
    drainMs: 0,
    ...options,
  })
  app.get('/', (_request, reply) => reply.type('text/html').send(PAGE))
  app.get('/away', (_request, reply) => reply.type('text/html').send('<!doctype html><title>Elsewhere</title>'))
  app.get('/traffic.js', (_request, reply) => reply.type('text/javascript').send(script))
  app.stomp.subscription('/first', () => 'first')
  app.stomp.message('/up', ({ sessionId, body }) => {
    const tally = tallies.get(sessionId) ?? new Tally()
    tallies.set(sessionId, tally)
    tally.take(body as Content)
  })
  app.stomp.message('/ready', () => {
    pace ??= new Pace(count, durationMs, (number) => void app.stomp.publish('/topic/down', contentOf(number)))
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  return {
    app,
    port,
    tallies,
    get up() {
      const [first = none] = tallies.values()
      return first
    },
    get sentAtMs() {
      return pace?.atMs ?? []
    },
    async close() {
      pace?.stop()
      await app.close()
    },
  }
}
