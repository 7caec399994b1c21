import { Socket } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { LinkClock } from './clock.js'
import type { Admitted, DoorName, EventStream, Exchange, Forwarded, StreamListener } from './exchange.js'
import type { PeerClaim } from './peer-signature.js'
import { readBody } from './request-body.js'
import { startChunkedStream, startPlainStream } from './response-stream.js'

/** What the exchanges of one path share. */
export interface HttpExchangeParts<Admission> {
  readonly clock: LinkClock
  /** How long a body may take, in ms. */
  readonly bodyTimeoutMs: number
  readonly hasCredentials: (request: FastifyRequest) => boolean
  readonly admit: (request: FastifyRequest) => Promise<Admitted<Admission>>
}

/**
 * Makes an exchange of a Fastify request whose body was not read and whose Origin was found good. `claim`: it was another
 * node that got the request and passed it on.
 */
export function httpExchange<Admission>(
  door: DoorName,
  link: string | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
  parts: HttpExchangeParts<Admission>,
  claim: PeerClaim | undefined,
): Exchange<Admission> {
  return new HttpExchange(door, link, request, reply, parts, claim)
}

class HttpExchange<Admission> implements Exchange<Admission> {
  readonly door: DoorName
  readonly link: string | undefined
  readonly origin: string | undefined
  readonly remoteAddress: string | undefined
  readonly forwarded: Forwarded | undefined
  readonly #request: FastifyRequest
  readonly #reply: FastifyReply
  readonly #parts: HttpExchangeParts<Admission>
  #isAnswered = false

  constructor(
    door: DoorName,
    link: string | undefined,
    request: FastifyRequest,
    reply: FastifyReply,
    parts: HttpExchangeParts<Admission>,
    claim: PeerClaim | undefined,
  ) {
    this.door = door
    this.link = link
    this.origin = claim ? claim.origin : request.headers.origin
    this.remoteAddress = claim ? claim.remoteAddress : request.ip
    this.forwarded = claim && { link: claim.link, standing: claim.standing }
    this.#request = request
    this.#reply = reply
    this.#parts = parts
  }

  get hasCredentials(): boolean {
    // The application asked here of what another node sends would judge that node.
    return this.forwarded ? this.forwarded.standing !== undefined : this.#parts.hasCredentials(this.#request)
  }

  admit(): Promise<Admitted<Admission>> {
    return this.#parts.admit(this.#request)
  }

  body(maxBytes: number): Promise<string> {
    return readBody(this.#request.raw, { maxBytes, timeoutMs: this.#parts.bodyTimeoutMs }, this.#parts.clock)
  }

  reply(status: number, body: object): void {
    if (!this.#begins()) return
    const reply = this.#reply
    // What was not read of the body would be taken for the next request.
    if (!this.#request.raw.complete && this.#request.raw.httpVersionMajor < 2) reply.header('connection', 'close')
    reply.code(status).type('application/json; charset=utf-8').send(JSON.stringify(body))
  }

  replyEvents(events: Uint8Array): void {
    if (!this.#begins()) return
    this.#reply.code(200).type('text/event-stream; charset=utf-8').send(events)
  }

  stream(listener: StreamListener): EventStream | undefined {
    if (!this.#begins()) return undefined
    const { raw } = this.#reply
    this.#reply.hijack()
    for (const [name, value] of Object.entries(this.#reply.getHeaders()))
      if (value !== undefined) raw.setHeader(name, value)
    raw.setHeader('content-type', 'text/event-stream; charset=utf-8')
    raw.setHeader('x-accel-buffering', 'no')
    const { socket } = raw
    // An injected request has no socket.
    if (this.#request.raw.httpVersion !== '1.1' || !(socket instanceof Socket)) {
      raw.writeHead(200)
      raw.flushHeaders()
      return startPlainStream(raw, listener)
    }
    raw.writeHead(200, { 'transfer-encoding': 'chunked' })
    raw.flushHeaders()
    return startChunkedStream(raw, socket, listener)
  }

  onGone(run: () => void): void {
    const { raw } = this.#reply
    if (raw.destroyed) queueMicrotask(run)
    else
      raw.once('close', () => {
        if (!this.#isAnswered) run()
      })
  }

  #begins(): boolean {
    if (this.#isAnswered || this.#reply.raw.destroyed) return false
    this.#isAnswered = true
    return true
  }
}
