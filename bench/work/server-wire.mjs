// A WebSocket client within the process: its socket is a real net.Socket to the server, but no kernel stands behind it.
// Each chunk arrives whole and in the very turn in which it is sent, whatever else the machine does; a write is done at
// once. So everything that the server does for a frame can be counted, and comes out the same each time.
import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'

const LF = 0x0a

export class Wire extends Socket {
  /** How often the server has written, be it one piece or many at once. */
  writes = 0
  /** STOMP frames that the server has written, each of them a WebSocket message; heart-beats are none. */
  frames = 0
  /** What was written last. */
  last
  /** Of a payload that is not over yet. */
  #bytesLeft = 0

  _read() {}

  // Sockets are given strings as they are: so is the answer to the upgrade.
  _write(chunk, encoding, done) {
    this.writes++
    this.#take(typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk)
    done()
  }

  _writev(chunks, done) {
    this.writes++
    for (const { chunk, encoding } of chunks) {
      this.#take(typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk)
    }
    done()
  }

  _final(done) {
    done()
  }

  #take(chunk) {
    this.last = chunk
    // The answer to the request for an upgrade: "HTTP/1.1 101".
    if (chunk[0] === 0x48 && this.#bytesLeft === 0) return
    let at = this.#bytesLeft
    while (at < chunk.length) {
      const short = chunk[at + 1]
      const byteLength = short < 126 ? short : chunk.readUInt16BE(at + 2)
      if (short === 127) throw new Error('these frames are too large')
      if (byteLength > 1) this.frames++
      at += byteLength + (short < 126 ? 2 : 4)
    }
    this.#bytesLeft = at - chunk.length
  }
}

/** Asks `server`, an HTTP server, to upgrade a new wire at `path`. */
export function openWire(server, path) {
  const wire = new Wire()
  const request = new IncomingMessage(wire)
  request.method = 'GET'
  request.url = path
  request.headers = {
    host: 'bench',
    connection: 'upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  }
  server.emit('upgrade', request, wire, Buffer.alloc(0))
  return wire
}

/**
 * RFC 6455, section 5.2: frames of a client, one for each payload, in one chunk. The masking key is 0: the bytes stay as
 * they are, so a chunk can be sent again.
 */
export function clientChunk(payloads) {
  return Buffer.concat(
    payloads.map((payload) => {
      const bytes = Buffer.from(payload)
      if (bytes.length > 65_535) throw new Error('these frames are made for middling messages')
      const isShort = bytes.length < 126
      const head = Buffer.alloc(isShort ? 6 : 8)
      head[0] = 0x81
      head[1] = 0x80 | (isShort ? bytes.length : 126)
      if (!isShort) head.writeUInt16BE(bytes.length, 2)
      return Buffer.concat([head, bytes])
    }),
  )
}

/** The values of one header in all frames that a chunk holds. */
export function headersIn(chunk, name) {
  const found = []
  const mark = `\n${name}:`
  for (let at = chunk.indexOf(mark); at !== -1; at = chunk.indexOf(mark, at + 1)) {
    const from = at + mark.length
    found.push(chunk.latin1Slice(from, chunk.indexOf(LF, from)))
  }
  return found
}
