import type { Frame, Headers } from '@hoofbeat/codec'
import type { FastifyBaseLogger } from 'fastify'
import type { User } from '../hooks/user.js'
import type { ParsedBody } from './body-parser.js'
import type { FailedFrame, RoutedFrame, RoutedMessage, RoutedSubscription } from './definition.js'
import type { RouteCaller } from './routes.js'
import type { RawParams } from './send-to.js'

/** What a handler's view of a frame is made of; `log` is the instance's own logger. */
export interface RoutedFrameInit {
  readonly frame: Frame
  readonly params: unknown
  readonly caller: RouteCaller
  readonly log: FastifyBaseLogger
}

/** Makes what the handler of a subscription route sees. */
export function createRoutedSubscription(init: RoutedFrameInit): RoutedSubscription {
  return new ReceivedFrame(init)
}

/** Makes what the handler of a message route sees. */
export function createRoutedMessage(
  init: RoutedFrameInit,
  body: unknown,
  contentType: ParsedBody['contentType'],
): RoutedMessage {
  return new ReceivedMessage(init, body, contentType)
}

/** Makes what an error handler sees. */
export function createFailedFrame(
  init: RoutedFrameInit & { readonly params: RawParams },
  command: FailedFrame['command'],
): FailedFrame {
  return new ReceivedFailure(init, command)
}

class ReceivedFrame implements RoutedFrame {
  readonly destination: string
  readonly params: unknown
  readonly headers: Headers
  readonly user: User | undefined
  readonly sessionId: string
  readonly #caller: RouteCaller
  readonly #parentLog: FastifyBaseLogger
  #log: FastifyBaseLogger | undefined

  constructor({ frame, params, caller, log }: RoutedFrameInit) {
    this.destination = frame.headers.get('destination') ?? ''
    this.params = params
    this.headers = frame.headers
    this.user = caller.user
    this.sessionId = caller.sessionId
    this.#caller = caller
    this.#parentLog = log
  }

  get signal(): AbortSignal {
    return this.#caller.signal
  }

  // Made when first asked for: a child logger costs more than most handlers do, and most never log.
  get log(): FastifyBaseLogger {
    this.#log ??= this.#parentLog.child({ sessionId: this.sessionId })
    return this.#log
  }
}

class ReceivedMessage extends ReceivedFrame implements RoutedMessage {
  readonly body: unknown
  readonly contentType: string | undefined

  constructor(init: RoutedFrameInit, body: unknown, contentType: string | undefined) {
    super(init)
    this.body = body
    this.contentType = contentType
  }
}

class ReceivedFailure extends ReceivedFrame implements FailedFrame {
  declare readonly params: RawParams
  readonly command: FailedFrame['command']

  constructor(init: RoutedFrameInit & { readonly params: RawParams }, command: FailedFrame['command']) {
    super(init)
    this.command = command
  }
}
