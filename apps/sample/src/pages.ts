import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { FastifyPluginAsync } from 'fastify'

const PUBLIC_FOLDER = fileURLToPath(new URL('../public', import.meta.url))
const require = createRequire(import.meta.url)
const STOMPJS_FOLDER = dirname(require.resolve('@stomp/stompjs'))
const SOCKJS_FOLDER = dirname(require.resolve('sockjs-client/dist/sockjs.min.js'))
const OLD_STOMPJS_FOLDER = dirname(require.resolve('stompjs/lib/stomp.min.js'))
const FALLBACK_FOLDER = join(dirname(require.resolve('@hoofbeat/sse/package.json')), 'dist')

/** Everything comes from this server and nothing is inline; `connect-src 'self'` covers its WebSocket too. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "connect-src 'self'",
  "img-src 'self'",
  "script-src 'self'",
  "style-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

/** The pages, the STOMP clients that they use and what carries them, straight from their packages. */
export const pages: FastifyPluginAsync = async (app) => {
  app.addHook('onSend', async (_request, reply) => {
    reply.headers({
      'content-security-policy': CONTENT_SECURITY_POLICY,
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    })
  })
  await app.register(fastifyStatic, { root: PUBLIC_FOLDER })
  app.get('/vendor/stomp.umd.min.js', (_request, reply) => reply.sendFile('stomp.umd.min.js', STOMPJS_FOLDER))
  app.get('/vendor/sockjs.min.js', (_request, reply) => reply.sendFile('sockjs.min.js', SOCKJS_FOLDER))
  app.get('/vendor/stomp.min.js', (_request, reply) => reply.sendFile('stomp.min.js', OLD_STOMPJS_FOLDER))
  app.get('/vendor/hoofbeat.client.js', (_request, reply) => reply.sendFile('client.global.js', FALLBACK_FOLDER))
}
