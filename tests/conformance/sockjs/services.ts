import hoofbeat, { type RawHandlers } from '@hoofbeat/server'
import type { FakeClock } from '@hoofbeat/server/testing'
import Fastify, { type FastifyInstance } from 'fastify'

/** Where the iframe page of the services finds the client's script. */
export const CLIENT_URL = 'https://cdn.example.org/sockjs-1.6.1.min.js'
/** So that a test need not send 128 KiB. */
export const STREAM_LIMIT_BYTES = 4_096

/** What the application has noticed. */
export interface Noticed {
  /** The ids of the connections that were opened, in order. */
  readonly opened: string[]
  /** How connections ended, in order. */
  readonly closed: { readonly code: number; readonly reason: string }[]
}

/**
 * The services that the protocol's own suite wants, from the public API alone:
 *
 * - `/echo` answers with what it is sent; `/disabled_websocket_echo` does so without WebSockets; `/cookie_needed_echo` sets
 *   JSESSIONID cookies; `/close` closes at once with 3000 "Go away!". All of them with the iframe page, JSONP, and 4096
 *   bytes a stream.
 *
 * And of our own: `/last_words` answers with what it is sent and with "bye", and closes; `/defaults` is an echo with
 * nothing but `sockjs: true`; `/quick` is one that beats after 1 s and keeps a session for 2 s.
 *
 * `X-Forwarded-For` is believed, so that a client can have another address.
 */
export async function createServices(
  clock: FakeClock,
  noticed: Noticed,
  allowedOrigins: '*' | readonly string[],
): Promise<FastifyInstance> {
  const app = Fastify({ trustProxy: true })
  await app.register(hoofbeat, { clock, allowedOrigins })
  const echo: RawHandlers = {
    open(connection) {
      noticed.opened.push(connection.id)
    },
    message(connection, data) {
      connection.send(data)
    },
    close(_connection, { code, reason }) {
      noticed.closed.push({ code, reason })
    },
  }
  const sockjs = { clientUrl: CLIENT_URL, jsonp: true, maxStreamBytes: STREAM_LIMIT_BYTES }
  app.stomp.endpoint('/echo', { ...echo, sockjs })
  app.stomp.endpoint('/disabled_websocket_echo', { ...echo, websocket: false, sockjs })
  app.stomp.endpoint('/cookie_needed_echo', { ...echo, sockjs: { ...sockjs, jsessionid: true } })
  app.stomp.endpoint('/close', { sockjs, open: (connection) => connection.close(3000, 'Go away!') })
  app.stomp.endpoint('/last_words', {
    sockjs,
    message(connection, data) {
      connection.send(data)
      connection.send('bye')
      connection.close(3000, 'Go away!')
    },
  })
  app.stomp.endpoint('/defaults', { ...echo, sockjs: true })
  app.stomp.endpoint('/quick', { ...echo, sockjs: { heartBeatMs: 1_000, disconnectDelayMs: 2_000 } })
  return app
}
