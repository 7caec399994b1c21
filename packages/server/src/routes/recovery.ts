import type { Frame } from '@hoofbeat/codec'
import { originalOf } from '../errors.js'
import { isPromiseLike } from '../hooks/hooks.js'
import type { Codecs } from './codecs.js'
import type { FailedFrame } from './frame-views.js'
import { createReply } from './reply.js'
import type { ErrorHandler, OnErrorHook } from './route-hooks.js'
import { createFailedFrame } from './routed-frame.js'
import type { Recover } from './routes.js'
import type { CompiledRoute } from './schema-compiler.js'
import type { RawParams } from './send-to.js'
import { encodeValue, headersOf } from './value-encoder.js'

/** What one route's failures are told by, with the params of the matched destination still to be named. */
export type RecoverRoute = (raw: (frame: Frame) => RawParams) => Recover

/** Who is told of a route's failures. */
export interface RecoveryParts {
  readonly route: CompiledRoute
  /** That in scope, if there is one. */
  readonly errorHandler: ErrorHandler | undefined
  readonly onError: readonly OnErrorHook[]
  readonly codecs: Codecs
}

/** Makes it of the error handler in scope and the hooks that look on. */
export function createRecovery({ route, errorHandler, onError, codecs }: RecoveryParts): RecoverRoute {
  if (errorHandler === undefined && onError.length === 0) return () => undefined
  const { command, instance } = route
  const { log } = instance
  return (raw) => async (frame, caller, thrown) => {
    const failed = createFailedFrame({ frame, params: raw(frame), caller, log }, command)
    const error = errorOf(thrown)
    tellAll(onError, route, failed, error)
    // Nobody answers: the refusal takes the way that it takes without hooks.
    if (errorHandler === undefined) throw thrown
    const reply = createReply()
    const value = await errorHandler.call(instance, error, failed, reply)
    const encoded = encodeValue(value, { codecs }, reply.contentType)
    return encoded && { headers: headersOf(encoded, reply.flatHeaders), body: encoded.body }
  }
}

/** They only look on: nobody waits, and what they throw is for the log. */
function tellAll(hooks: readonly OnErrorHook[], route: CompiledRoute, failed: FailedFrame, error: Error): void {
  const { instance, pattern } = route
  const failedToo = (err: unknown): void => instance.log.error({ err, route: pattern }, 'a hook onError failed')
  for (const hook of hooks) {
    try {
      const told = hook.call(instance, failed, error)
      if (isPromiseLike(told)) told.then(undefined, failedToo)
    } catch (err) {
      failedToo(err)
    }
  }
}

/** What the application itself has thrown, not what the client would have been told of it. */
function errorOf(thrown: unknown): Error {
  const original = originalOf(thrown)
  return original instanceof Error ? original : new Error(String(original))
}
