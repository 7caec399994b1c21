import type { Frame } from '@hoofbeat/codec'
import { originalOf } from '../errors.js'
import type { ErrorHandler } from './definition.js'
import { createFailedFrame } from './routed-frame.js'
import type { Recover } from './routes.js'
import type { CompiledRoute } from './schema-compiler.js'
import type { RawParams } from './send-to.js'
import { encodeValue, headersOf } from './value-encoder.js'

/** What one route's failures are told by, with the params of the matched destination still to be named. */
export type RecoverRoute = (raw: (frame: Frame) => RawParams) => Recover

/** Makes it of the error handler in scope. */
export function createRecovery(route: CompiledRoute, handler: ErrorHandler | undefined): RecoverRoute {
  if (handler === undefined) return () => undefined
  const { command, instance } = route
  const { log } = instance
  return (raw) => async (frame, caller, thrown) => {
    const failed = createFailedFrame({ frame, params: raw(frame), caller, log }, command)
    const encoded = encodeValue(await handler(errorOf(thrown), failed))
    return encoded && { headers: headersOf(encoded), body: encoded.body }
  }
}

/** What the application itself has thrown, not what the client would have been told of it. */
function errorOf(thrown: unknown): Error {
  const original = originalOf(thrown)
  return original instanceof Error ? original : new Error(String(original))
}
