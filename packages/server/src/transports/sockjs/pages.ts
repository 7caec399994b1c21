import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { AllowedOrigins } from '../../hooks/origin.js'
import { keepForAYear } from './answer-head.js'

/** What the path itself says. */
export function greet(reply: FastifyReply): FastifyReply {
  return reply.type('text/plain; charset=UTF-8').send('Welcome to SockJS!\n')
}

/** Tells a client what it may try; how long the answer takes tells it how far away the server is. */
export function tellInfo(reply: FastifyReply, hasWebSocket: boolean, needsCookie: boolean): FastifyReply {
  const [entropy] = crypto.getRandomValues(new Uint32Array(1))
  const info = { entropy, origins: ['*:*'], cookie_needed: needsCookie, websocket: hasWebSocket }
  return reply.type('application/json; charset=UTF-8').send(JSON.stringify(info))
}

/** The page by which very old browsers reach a server of another origin. */
export interface IframePage {
  show(request: FastifyRequest, reply: FastifyReply): FastifyReply
}

/** Makes the page; only those of our own origin, and of origins that are listed, may show it. */
export function createIframePage(clientUrl: string, allowedOrigins: AllowedOrigins): IframePage {
  const page = `<!DOCTYPE html>
<html>
<head>
  <meta http-equiv="X-UA-Compatible" content="IE=edge" />
  <meta http-equiv="Content-Type" content="text/html; charset=UTF-8" />
  <script src="${escapeAttribute(clientUrl)}"></script>
  <script>
    document.domain = document.domain;
    SockJS.bootstrap_iframe();
  </script>
</head>
<body>
  <h2>Don't panic!</h2>
  <p>This is a SockJS hidden iframe. It's used for cross domain magic.</p>
</body>
</html>`
  const etag = `"${createHash('sha256').update(page).digest('base64url').slice(0, 22)}"`
  const policy = `frame-ancestors ${ancestors(allowedOrigins)}`
  return {
    show(request, reply) {
      keepForAYear(reply).header('etag', etag)
      if (request.headers['if-none-match']?.includes(etag) === true) return reply.code(304).send()
      return reply
        .removeHeader('x-frame-options')
        .header('content-security-policy', policy)
        .header('x-content-type-options', 'nosniff')
        .type('text/html; charset=UTF-8')
        .send(page)
    },
  }
}

/** A function decides over requests, which the page itself is none of. */
function ancestors(allowed: AllowedOrigins): string {
  if (allowed === '*') return '*'
  if (typeof allowed === 'function') return "'self'"
  return ["'self'", ...allowed.filter((origin) => /^https?:\/\/[^\s;,']+$/.test(origin))].join(' ')
}

function escapeAttribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')
}
