import type { IncomingMessage } from 'node:http'
import type { LinkClock } from './clock.js'

/** A body that was not taken, with the HTTP status that says so. */
class BodyRefused extends Error {
  readonly statusCode: number

  constructor(statusCode: number, message: string) {
    super(message)
    this.statusCode = statusCode
  }
}

/** How long, in ms, and how much. */
export interface BodyBounds {
  readonly maxBytes: number
  readonly timeoutMs: number
}

/**
 * Reads a whole body as UTF-8, ill-formed bytes replaced as TextDecoder does. Rejects with an error that has the
 * `statusCode` 413 (too large: at once if Content-Length says so), 408 (too slow in all), or 400 (the client has gone).
 */
export function readBody(request: IncomingMessage, bounds: BodyBounds, clock: LinkClock): Promise<string> {
  const { maxBytes, timeoutMs } = bounds
  return new Promise((resolve, reject) => {
    if (Number(request.headers['content-length'] ?? 0) > maxBytes) {
      reject(new BodyRefused(413, `the body is larger than ${maxBytes} bytes`))
      return
    }
    const chunks: Buffer[] = []
    let size = 0
    const timer = clock.after(timeoutMs, () => stop(new BodyRefused(408, 'the body did not come in time')))
    const stop = (error: Error | undefined): void => {
      timer.cancel()
      request.off('data', take).off('end', finish).off('close', gone).off('error', gone)
      // Whoever goes on sending is not read; the reply closes the connection.
      if (error !== undefined) request.pause()
      if (error === undefined) resolve(Buffer.concat(chunks, size).toString('utf8'))
      else reject(error)
    }
    const take = (chunk: Buffer): void => {
      size += chunk.length
      if (size > maxBytes) stop(new BodyRefused(413, `the body is larger than ${maxBytes} bytes`))
      else chunks.push(chunk)
    }
    const finish = (): void => stop(undefined)
    const gone = (): void => stop(new BodyRefused(400, 'the client has gone'))
    request.on('data', take).on('end', finish).on('close', gone).on('error', gone)
  })
}
