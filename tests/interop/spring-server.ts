import type { HoofbeatOptions } from '@hoofbeat/server'
import { type InteropServer, startServer } from './server.js'

/** What differs from test to test. */
export type SpringServerOptions = Pick<Partial<HoofbeatOptions>, 'clock'>

/**
 * Starts a server as a Spring application has it: SockJS at the endpoint, users by a header of the HTTP request or by
 * CONNECT, and routes that answer to topics and to the sender. SEND to `/app/end` ends it.
 */
export function startSpringServer(options: SpringServerOptions = {}): Promise<InteropServer> {
  return startServer(
    {
      endpoints: [{ path: '/stomp', sockjs: true }],
      allow: { send: ['/topic/**', '/queue/**'], subscribe: ['/topic/**', '/queue/**'] },
      heartBeat: { sendMs: 1_000, receiveMs: 1_000 },
      identify: ({ headers }) => (typeof headers['x-user'] === 'string' ? headers['x-user'] : undefined),
      authenticate({ login, passcode, identity }) {
        if (login !== undefined && passcode !== 'secret') throw new Error('a wrong passcode')
        return login ?? identity
      },
      ...options,
    },
    (app) => {
      app.stomp.message('/ask', async ({ user, body }) => {
        await app.stomp.sendToUser(user?.name ?? '', '/queue/answers', `answer to ${body}`)
      })
      app.stomp.message('/bytes', { sendTo: '/topic/bytes' }, () => Uint8Array.of(0, 255))
      app.stomp.message('/end', () => {
        void app.close()
      })
    },
  )
}
