import type { Server } from 'node:http'
import { type Duplex, duplexPair } from 'node:stream'
import type {} from '@fastify/websocket'
import type { FastifyInstance } from 'fastify'
import type { ClientOptions, WebSocket } from 'ws'
import type { Carrier, CarrierReader } from './carrier.js'
import type { Patience } from './patience.js'

/** What the HTTP request that opens a WebSocket says. */
export interface UpgradeOptions {
  /**
   * Request headers, in any case: `origin`, `cookie`, `authorization`, and others.
   *
   * @default host: localhost, and no Origin, as of a client that is no browser
   */
  readonly headers?: Readonly<Record<string, string>>
  /** The sub-protocols that are offered. @default v12.stomp, v11.stomp, v10.stomp */
  readonly protocols?: readonly string[]
  /** What `request.ip` is. @default '127.0.0.1' */
  readonly remoteAddress?: string
}

/** The server did not open the WebSocket: because of the Origin, `identify`, a hook of Fastify's, or the path. */
export class UpgradeRefused extends Error {
  override readonly name = 'UpgradeRefused'
  /** The HTTP status: 401, 403, 404, ... */
  readonly statusCode: number
  /** The body of the answer, as text. */
  readonly body: string

  constructor(path: string, statusCode: number, body: string) {
    super(`no WebSocket at ${path}: the server answered ${statusCode}${body === '' ? '' : `: ${body}`}`)
    this.statusCode = statusCode
    this.body = body
  }
}

const STOMP_PROTOCOLS = ['v12.stomp', 'v11.stomp', 'v10.stomp']

/**
 * Opens a WebSocket to an application on a stream within the process, which its HTTP server takes for a new connection:
 * all that stands behind a port is the real thing. The returned function makes the carrier, once, in the same tick.
 *
 * Rejects with {@link UpgradeRefused} where the server answers otherwise, and with an Error where it does not answer.
 */
export async function injectWebSocket(
  app: FastifyInstance,
  path: string,
  options: UpgradeOptions,
  patience: Patience,
): Promise<(reader: CarrierReader) => Carrier> {
  const { headers, protocols = STOMP_PROTOCOLS, remoteAddress = '127.0.0.1' } = options
  // The class that the server makes its own ends of: so the kit needs no further package.
  const { WebSocket } = app.websocketServer.options
  if (WebSocket === undefined)
    throw new TypeError('the WebSocket server of this application has no class of WebSockets')
  const dial = (): Duplex => connectWithin(app.server, remoteAddress)
  const webSocket = new WebSocket(`ws://localhost${path}`, [...protocols], {
    ...(headers !== undefined && { headers }),
    // Any duplex stream will do.
    createConnection: dial as unknown as NonNullable<ClientOptions['createConnection']>,
    perMessageDeflate: false,
  })
  const answered = new Promise<void>((resolve, reject) => {
    webSocket.once('open', resolve)
    webSocket.once('error', reject)
    webSocket.once('unexpected-response', (request, response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk) => chunks.push(chunk))
      response.once('close', () => {
        request.destroy()
        reject(new UpgradeRefused(path, response.statusCode ?? 0, Buffer.concat(chunks).toString()))
      })
    })
  })
  await answeredInTime(answered, patience, () => {
    webSocket.terminate()
    return new Error(
      `no WebSocket at ${path}: the server did not answer, although it has had every chance. If a hook of the application waits for something outside of the process, give the kit patienceMs.`,
    )
  })
  return (reader) => webSocketCarrier(webSocket, reader)
}

/** As `answered`; what `late` gives, where that is not settled in time. Not later than it: what follows may come at once. */
async function answeredInTime(answered: Promise<void>, patience: Patience, late: () => Error): Promise<void> {
  let isSettled: true | undefined
  const settle = (): void => {
    isSettled = true
    patience.stir()
  }
  answered.then(settle, settle)
  const inTime = patience
    .until(() => isSettled)
    .then((settled) => {
      if (settled === undefined) throw late()
      return answered
    })
  await Promise.race([answered, inTime])
}

/** The client's end of a new connection to the server. */
function connectWithin(server: Server, remoteAddress: string): Duplex {
  const [near, far] = duplexPair()
  // As with sockets: one end that is gone takes the other with it.
  near.once('close', () => far.destroy())
  far.once('close', () => near.destroy())
  near.on('error', () => {})
  far.on('error', () => {})
  const isSecure = 'setSecureContext' in server
  server.emit(isSecure ? 'secureConnection' : 'connection', Object.assign(far, { remoteAddress, encrypted: isSecure }))
  return near
}

function webSocketCarrier(webSocket: WebSocket, reader: CarrierReader): Carrier {
  webSocket.on('message', (data) => {
    if (Array.isArray(data)) reader.bytes(Buffer.concat(data))
    else reader.bytes(data instanceof ArrayBuffer ? new Uint8Array(data) : data)
  })
  webSocket.on('close', (code, reason) => reader.closed({ code, reason: reason.toString() }))
  // `close` follows.
  webSocket.on('error', () => {})
  return {
    send: (data) => webSocket.send(data, { binary: typeof data !== 'string' }, () => {}),
    close(code, reason) {
      // Paused, it would never read the answer.
      webSocket.resume()
      webSocket.close(code, reason)
    },
    cut: () => webSocket.terminate(),
    setStalled(stalled) {
      if (stalled) webSocket.pause()
      else webSocket.resume()
    },
  }
}
