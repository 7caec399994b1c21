import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIP } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { PASSED_HEADER, type SockJsClaim, type SockJsPeer } from './peers.js'
import { onGone } from './receiver.js'

/** Fields that belong to one connection (RFC 9110, section 7.6.1), or that are said anew. */
const OF_ONE_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** What the owner of a session is told of who asks. */
export function claimOf(session: string, request: FastifyRequest, mayOpen: boolean): SockJsClaim {
  return {
    session,
    method: request.method,
    url: request.raw.url ?? '',
    origin: request.headers.origin,
    remoteAddress: request.ip,
    protocol: request.protocol,
    host: request.host,
    mayOpen,
  }
}

/** Has the request say what it said where it came in: hooks and the session see the client, not the node in between. */
export function showClient(request: FastifyRequest, { remoteAddress, protocol, host }: SockJsClaim): void {
  Object.defineProperties(request, {
    ip: { value: remoteAddress },
    protocol: { value: protocol },
    host: { value: host },
  })
}

/**
 * Has another node answer a request: its answer goes to the client piece by piece, as fast as that takes it, and breaks
 * off where it broke off there; a client that leaves breaks it off there, too. Resolves with false if the node could not
 * be reached, or has not the session, or another one is there now, with nothing done; else when the answer has begun.
 */
export function passRequest(
  peer: SockJsPeer,
  claim: SockJsClaim,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<boolean> {
  return new Promise((resolve) => {
    const { url, agent } = peer
    const { hostname } = url
    const body = request.body instanceof Uint8Array && request.body.length > 0 ? request.body : undefined
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest
    const passed = send(url, {
      agent,
      method: claim.method,
      path: withoutSlash(url.pathname) + claim.url,
      headers: { ...headersOf(request, body), [PASSED_HEADER]: peer.seal(claim) },
      // The certificate is that of the node, not of the name that the client has asked for.
      ...(url.protocol === 'https:' ? { servername: isIP(hostname.replace(/^\[|\]$/g, '')) ? '' : hostname } : {}),
    })
    let isSent = false
    let isGone = false
    passed.once('socket', () => {
      isSent = true
    })
    // It stays to the end: after the answer has begun, what breaks is told by the answer.
    passed.on('error', (error) => {
      if (isGone || reply.sent) return resolve(true)
      if (!isSent) return resolve(false)
      // A kept connection may have been closed as it was used again. To receive twice does no harm; to send twice may.
      if (passed.reusedSocket && isReset(error) && body === undefined)
        return resolve(passRequest(peer, claim, request, reply))
      refuse(reply)
      resolve(true)
    })
    passed.once('response', (response) => {
      if (response.headers[PASSED_HEADER] !== undefined) {
        // It has done nothing with it.
        response.resume()
        return resolve(false)
      }
      answer(response, reply)
      resolve(true)
    })
    onGone(request.raw, reply.raw, () => {
      isGone = true
      passed.destroy()
      resolve(true)
    })
    passed.end(body)
  })
}

function headersOf(request: FastifyRequest, body: Uint8Array | undefined): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {}
  for (const [name, value] of Object.entries(request.raw.headers))
    if (value !== undefined && !name.startsWith(':') && !OF_ONE_CONNECTION.has(name)) headers[name] = value
  headers.host ??= request.host
  headers['content-length'] = body?.length ?? 0
  return headers
}

function answer(response: IncomingMessage, reply: FastifyReply): void {
  const { raw } = reply
  reply.hijack()
  for (const [name, value] of Object.entries({ ...reply.getHeaders(), ...response.headers }))
    if (value !== undefined && !OF_ONE_CONNECTION.has(name)) raw.setHeader(name, value)
  const length = response.headers['content-length']
  if (length !== undefined) raw.setHeader('content-length', length)
  raw.on('error', () => {})
  raw.writeHead(response.statusCode ?? 502)
  raw.flushHeaders()
  response.pipe(raw)
  // One that is cut must not look like one that is complete.
  response.once('close', () => {
    if (!response.complete) raw.destroy()
  })
  response.on('error', () => {})
}

function refuse(reply: FastifyReply): void {
  reply.code(503).type('text/plain; charset=UTF-8').send('The node of this session did not answer.\n')
}

function isReset(error: Error): boolean {
  return 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
}

function withoutSlash(path: string): string {
  return path.replace(/\/+$/, '')
}
