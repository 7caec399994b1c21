import type { Frame, Headers } from '@hoofbeat/codec'
import type { FastifyBaseLogger } from 'fastify'
import type { User } from '../hooks/user.js'
import { type Decorators, installDecorators } from './decorators.js'
import type { FailedFrame, MessageDecorators, RoutedFrame, RoutedMessage, RoutedSubscription } from './frame-views.js'
import type { RouteCaller } from './routes.js'
import type { RawParams } from './send-to.js'

/** What a handler's view of a frame is made of; `log` is the instance's own logger. */
export interface RoutedFrameInit {
  readonly frame: Frame
  readonly params: unknown
  /** @default there is no schema for them */
  readonly checkedHeaders?: unknown
  readonly caller: RouteCaller
  readonly log: FastifyBaseLogger
}

/** Makes what the handlers of one route see. */
export interface RoutedFrames {
  message(init: RoutedFrameInit, body: unknown, contentType: string | undefined): RoutedMessage
  subscription(init: RoutedFrameInit): RoutedSubscription
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
  readonly checkedHeaders: unknown
  readonly user: User | undefined
  readonly sessionId: string
  readonly #caller: RouteCaller
  readonly #parentLog: FastifyBaseLogger
  #log: FastifyBaseLogger | undefined

  constructor({ frame, params, checkedHeaders, caller, log }: RoutedFrameInit) {
    this.destination = frame.headers.get('destination') ?? ''
    this.params = params
    this.headers = frame.headers
    this.checkedHeaders = checkedHeaders
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
    this.#log ??= this.#parentLog.child({ session: this.sessionId, user: this.user?.name })
    return this.#log
  }
}

// What applications declare by merging stands on them at run time: see `createRoutedFrames`.
// biome-ignore-start lint/suspicious/noUnsafeDeclarationMerging: this is how the compiler hears of it
// biome-ignore-start lint/correctness/noUnusedVariables: as above
interface ReceivedMessage extends MessageDecorators {}
class ReceivedMessage extends ReceivedFrame implements RoutedMessage {
  readonly body: unknown
  readonly contentType: string | undefined

  constructor(init: RoutedFrameInit, body: unknown, contentType: string | undefined) {
    super(init)
    this.body = body
    this.contentType = contentType
  }

  get command(): 'SEND' {
    return 'SEND'
  }
}

interface ReceivedSubscription extends MessageDecorators {}
class ReceivedSubscription extends ReceivedFrame implements RoutedSubscription {
  get command(): 'SUBSCRIBE' {
    return 'SUBSCRIBE'
  }
}
// biome-ignore-end lint/correctness/noUnusedVariables: as above
// biome-ignore-end lint/suspicious/noUnsafeDeclarationMerging: as above

class ReceivedFailure extends ReceivedFrame implements FailedFrame {
  declare readonly params: RawParams
  declare readonly checkedHeaders: undefined
  readonly command: FailedFrame['command']

  constructor(init: RoutedFrameInit & { readonly params: RawParams }, command: FailedFrame['command']) {
    super(init)
    this.command = command
  }
}

const PLAIN: RoutedFrames = {
  message: (init, body, contentType) => new ReceivedMessage(init, body, contentType),
  subscription: (init) => new ReceivedSubscription(init),
}

/** Makes them with the decorators that are in scope. */
export function createRoutedFrames(decorators: Decorators): RoutedFrames {
  if (decorators.size === 0) return PLAIN
  class DecoratedMessage extends ReceivedMessage {}
  class DecoratedSubscription extends ReceivedSubscription {}
  installDecorators(DecoratedMessage.prototype, decorators)
  installDecorators(DecoratedSubscription.prototype, decorators)
  return {
    message: (init, body, contentType) => new DecoratedMessage(init, body, contentType),
    subscription: (init) => new DecoratedSubscription(init),
  }
}
