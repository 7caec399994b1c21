import type { Agent as HttpAgent } from 'node:http'
import { WebSocket } from 'ws'
import * as CLOSE from '../wire/close.js'
import { LINK_PROTOCOL } from '../wire/protocol.js'
import { encodeLinkFrame } from './down-message.js'
import { CONNECT_MS } from './http-peer-request.js'
import type { LinkSocket } from './link-socket.js'

/** Bytes on their way to the owner from which on the client is not read. */
const FULL_BYTES = 65_536

/** Greatest message that is passed on. What the client may send is for the owner to say. */
const MAX_MESSAGE_BYTES = 104_857_600

/** How long another node may take to greet a connection of a given agent, which may try more than one way, in ms. */
const AGENT_MS = 3 * CONNECT_MS

/** Where a socket goes, and how. */
export interface PeerSocket {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  /** Makes the connection; undefined: it is made to the address of the URL. */
  readonly agent: HttpAgent | undefined
}

/**
 * Joins a client's socket to another node by a WebSocket of its own, message by message, each way as fast as the other
 * end takes them. Resolves when that node has taken it; rejects, with nothing said on the client's socket, if it does not.
 */
export function passSocket(socket: LinkSocket, { url, headers, agent }: PeerSocket, first: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const upstream = new WebSocket(url, [LINK_PROTOCOL], {
      headers,
      agent,
      handshakeTimeout: agent === undefined ? CONNECT_MS : AGENT_MS,
      maxPayload: MAX_MESSAGE_BYTES,
      perMessageDeflate: false,
    })
    upstream.on('error', reject)
    upstream.once('close', () => reject(new Error('the node closed the WebSocket')))
    upstream.once('open', () => {
      // Who speaks another protocol is no owner of links.
      if (upstream.protocol !== LINK_PROTOCOL) return upstream.terminate()
      upstream.send(first)
      join(socket, upstream)
      resolve()
    })
  })
}

function join(socket: LinkSocket, upstream: WebSocket): void {
  let isHeld = false
  const sent = (): void => {
    if (!isHeld || upstream.bufferedAmount > FULL_BYTES / 2) return
    isHeld = false
    socket.setPaused(false)
  }
  upstream.on('message', (data, isBinary) => {
    // One whole buffer: that is what `ws` gives unless told otherwise.
    if (!Buffer.isBuffer(data)) return
    // A text has its marks already.
    const hasRoom = isBinary ? socket.write(encodeLinkFrame(data, false)) : socket.writeText(data.toString('utf8'))
    if (!hasRoom) upstream.pause()
  })
  upstream.once('close', (code, reason) => {
    const isSaid = code !== 1005 && code !== 1006 && code !== 1015
    socket.close(isSaid ? code : CLOSE.restart, isSaid ? reason.toString('utf8') : '')
  })
  socket.attach({
    message(data) {
      if (upstream.readyState !== upstream.OPEN) return
      upstream.send(data, { binary: typeof data !== 'string' }, sent)
      if (isHeld || upstream.bufferedAmount <= FULL_BYTES) return
      isHeld = true
      socket.setPaused(true)
    },
    drained: () => upstream.resume(),
    closed() {
      // What the client said last, perhaps its close, still goes; one that is not read would not see the answer.
      upstream.resume()
      upstream.close(CLOSE.normal)
    },
  })
}
