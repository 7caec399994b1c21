/** One message as a Server-Sent Event of its own: `data: ["..."]`, or base64 where it is binary (PROTOCOL.md, section 5). */
export function encodeEvent(payload: Uint8Array, isText: boolean): Uint8Array {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.length)
  // JSON.stringify escapes what would end a line of the stream.
  const item = isText ? JSON.stringify(bytes.toString('utf8')) : `{"b":"${bytes.toString('base64')}"}`
  return Buffer.from(`data: [${item}]\n\n`)
}

/** Bytes as one chunk of a chunked HTTP/1.1 body (RFC 9112, section 7.1). */
export function encodeChunk(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, CHUNK_END])
}

const CHUNK_END = Buffer.from('\r\n')
