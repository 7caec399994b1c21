import { type ClientRequest, type Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { readObject } from '../wire/control.js'
import { PROTOCOL_VERSION } from '../wire/protocol.js'
import type { LinkClock } from './clock.js'
import { encodeChunk } from './event-bytes.js'
import type { Exchange } from './exchange.js'

/** How long a connection to another node may take, in ms. */
export const CONNECT_MS = 3000
/** How long an answer may take to begin: far above what a poll is held and an `up` is held back, in ms. */
const ANSWER_MS = 120_000
/** From then on an idle connection is probed by TCP, so that a node that vanished is noticed, in ms. */
const PROBE_MS = 10_000
/** Longest complete reply: a list of events, all that may be retained; and any other. */
const MAX_EVENTS_BYTES = 67_108_864
const MAX_JSON_BYTES = 65_536

/** Where a request goes, and how. */
export interface PeerRequest {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly agent: HttpAgent
  readonly clock: LinkClock
}

/**
 * Sends a request to another node and gives its answer to an exchange: a complete one as it is, a stream piece by piece,
 * as fast as the client takes it. Resolves when the reply is given or the stream has begun. Rejects if nothing was
 * answered, or somebody between the nodes answered.
 */
export async function passRequest(exchange: Exchange, parts: PeerRequest): Promise<void> {
  let isGone = false
  let request: ClientRequest | undefined
  exchange.onGone(() => {
    isGone = true
    request?.destroy()
  })
  const send = (agent: HttpAgent | false): Promise<IncomingMessage> => {
    if (isGone) return Promise.reject(new Error('the client has gone'))
    const sent = begin(parts, agent)
    request = sent
    return answerOf(sent, parts.clock)
  }
  const response = await send(parts.agent).catch((error: unknown) => {
    // A connection that was kept may have been closed as it was used again. Repeats are harmless: all is numbered.
    if (request?.reusedSocket !== true || !isReset(error)) throw error
    return send(false)
  })
  const { statusCode = 0, headers } = response
  const isEvents = statusCode === 200 && headers['content-type']?.startsWith('text/event-stream') === true
  if (isEvents && headers['content-length'] === undefined) return pipe(response, exchange)
  const bytes = await readAll(response, isEvents ? MAX_EVENTS_BYTES : MAX_JSON_BYTES)
  if (isEvents) return exchange.replyEvents(bytes)
  const body = readObject(bytes.toString('utf8'))
  if (body?.v !== PROTOCOL_VERSION) throw new Error(`the answer, of status ${statusCode}, is not that of a node`)
  exchange.reply(statusCode, body)
}

function begin({ url, headers, body }: PeerRequest, agent: HttpAgent | false): ClientRequest {
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest
  const length = Buffer.byteLength(body)
  const request = send(url, {
    agent,
    method: 'POST',
    headers: { ...headers, 'content-type': 'text/plain;charset=UTF-8', 'content-length': length },
  })
  request.end(body)
  return request
}

function answerOf(request: ClientRequest, clock: LinkClock): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const late = (): void => void request.destroy(new Error('the node did not answer in time'))
    let timer = clock.after(ANSWER_MS, late)
    request.once('socket', (socket) => {
      if (!socket.connecting) return
      socket.setKeepAlive(true, PROBE_MS)
      timer.cancel()
      timer = clock.after(CONNECT_MS, late)
      socket.once('connect', () => {
        timer.cancel()
        timer = clock.after(ANSWER_MS, late)
      })
    })
    // It stays to the end: after the answer has begun, what breaks is told by the answer.
    request.on('error', reject)
    request.once('response', resolve)
    request.once('response', () => timer.cancel())
    request.once('close', () => {
      timer.cancel()
      reject(new Error('the node closed the connection'))
    })
  })
}

function isReset(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'ECONNRESET' || code === 'EPIPE'
}

/** Rejects if it is cut, or longer than that. */
async function readAll(response: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of response as AsyncIterable<Buffer>) {
    size += piece.length
    if (size > maxBytes) throw new Error('the answer is not that of a node')
    pieces.push(piece)
  }
  return Buffer.concat(pieces, size)
}

/**
 * What is read is written before more is read, so nothing gathers here. If the other node goes, the stream ends, perhaps
 * within an event, which a client then takes for none.
 */
function pipe(response: IncomingMessage, exchange: Exchange): void {
  const stream = exchange.stream({
    filled: () => response.pause(),
    drained: () => response.resume(),
    closed: () => response.destroy(),
  })
  if (stream === undefined) {
    response.destroy()
    return
  }
  const inChunks = stream.form === 'chunk'
  response.on('data', (piece: Buffer) => {
    if (!stream.write(inChunks ? encodeChunk(piece) : piece)) response.pause()
  })
  // `close` follows; an error without a listener would end the process.
  response.on('error', () => {})
  response.once('end', () => stream.end())
  response.once('close', () => stream.end())
}
