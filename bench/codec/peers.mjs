// Each target reads a whole stream with a parser made for it, and gives each frame with headers and body materialised;
// and writes one frame to bytes. These two run in browsers too.

const LIMITS = { maxBodyBytes: 1 << 24 }
const isText = (body) => typeof body === 'string'

/** @param headersOf how the headers of a frame are asked for */
export const hoofbeat = (name, { createDecoder, encode, createHeaders }, headersOf) => ({
  name,
  parse(chunks, wantsText, seen) {
    const decoder = createDecoder({ limits: LIMITS })
    for (const chunk of chunks) {
      decoder.push(chunk)
      for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) {
        if (frame !== 'heart-beat') seen(frame.command, headersOf(frame), wantsText ? frame.text : frame.body)
      }
    }
  },
  prepare: ({ command, headers, body }) => ({ command, headers: createHeaders(headers), body }),
  encode: (frame) => encode(frame, '1.2'),
})

/** @param toBytes text to bytes, as quickly as the platform has it */
export const stompjs = ({ FrameImpl, Parser }, toBytes) => ({
  name: '@stomp/stompjs',
  parse(chunks, wantsText, seen) {
    const parser = new Parser(
      (raw) => {
        const frame = FrameImpl.fromRawFrame(raw, true)
        seen(frame.command, frame.headers, wantsText ? frame.body : frame.binaryBody)
      },
      () => {},
    )
    for (const chunk of chunks) parser.parseChunk(chunk)
  },
  prepare: ({ command, headers, body }) => ({
    command,
    headers: Object.fromEntries(headers),
    [isText(body) ? 'body' : 'binaryBody']: body,
    escapeHeaderValues: true,
  }),
  encode(frame) {
    const wire = FrameImpl.marshall(frame)
    return isText(wire) ? toBytes(wire) : new Uint8Array(wire)
  },
})
