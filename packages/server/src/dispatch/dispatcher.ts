import type { Frame } from '@hoofbeat/codec'
import type { Broker, BrokerRequest, Channel, Settled, Subscriber } from '../broker/broker.js'
import { refuseBeyondPlain } from '../broker/subscribe-headers.js'
import { type DestinationSyntax, isPattern } from '../destination/destination.js'
import { StompError, type StompErrorCode, toStompError } from '../errors.js'
import type { AuthorizeSendHook, AuthorizeSubscribeHook } from '../hooks/hooks.js'
import type { Rules } from '../hooks/rules.js'
import type { Delivery, Taken } from '../message/delivery.js'
import { createMessage, type Message } from '../message/message.js'
import type { MessageMatch, RouteCaller, Routes, SubscriptionMatch } from '../routes/routes.js'
import { createHookGate, type HookGate } from './hook-gate.js'
import type { Publications } from './publications.js'
import type { Recipient } from './recipient.js'
import { createSubscriptionList, type KnownSubscription, type SubscriptionList } from './subscription-list.js'

/** What all dispatchers of an application share. */
export interface DispatchParts {
  readonly broker: Broker
  readonly routes: Routes
  readonly publications: Publications
  readonly syntax: DestinationSyntax
  readonly rules: Rules
  /** Hooks for every destination, in their order; may grow until the application is ready. */
  readonly hooks: {
    readonly authorizeSend: readonly AuthorizeSendHook[]
    readonly authorizeSubscribe: readonly AuthorizeSubscribeHook[]
  }
  readonly applicationPrefix: string
  /** A `message-id` that was never given before. */
  readonly nextMessageId: () => string
  readonly limits: DispatchLimits
  /** Calls `run` once, after `delayMs`, unless it is cancelled. */
  readonly after: (delayMs: number, run: () => void) => { cancel(): void }
}

/** Limits of one session's dispatcher. */
export interface DispatchLimits {
  /** @default 256 */
  readonly maxSubscriptions: number
  /** Route handlers of one session that may run at the same time; then reading pauses. @default 16 */
  readonly maxRunningHandlers: number
  /** How long a hook (`authenticate` too) may take to answer, in ms; then its frame is refused. @default 10000 */
  readonly hookTimeoutMs: number
}

/**
 * Where one session's frames go: hooks, then a message route or the broker. Frames take effect in the order in which
 * they are handed over: while a hook is pending the recipient is paused. A running route handler holds up nobody until
 * `maxRunningHandlers` run.
 */
export interface Dispatcher {
  /** Takes a SEND, SUBSCRIBE or UNSUBSCRIBE whose required headers were checked; the recipient is told the outcome once. */
  handle(frame: Frame): void
  /** The session is over: its subscriptions end. Handlers that run go on, their publications still count. */
  close(): void
}

/** Opens the dispatcher of one session. */
export function openDispatcher(recipient: Recipient, caller: RouteCaller, parts: DispatchParts): Dispatcher {
  return new SessionDispatcher(recipient, caller, parts)
}

class SessionDispatcher implements Dispatcher, Subscriber {
  readonly #recipient: Recipient
  readonly #caller: RouteCaller
  readonly #parts: DispatchParts
  readonly #channel: Channel
  readonly #subscriptions: SubscriptionList
  readonly #gate: HookGate
  #isClosed = false
  #runningHandlers = 0
  /** Deliveries to this very session, while the effect that causes them is not yet receipted. */
  #held: [Message, Delivery][] | undefined

  constructor(recipient: Recipient, caller: RouteCaller, parts: DispatchParts) {
    this.#recipient = recipient
    this.#caller = caller
    this.#parts = parts
    this.#channel = parts.broker.attach(this)
    this.#subscriptions = createSubscriptionList(parts.limits.maxSubscriptions)
    this.#gate = createHookGate(parts.limits.hookTimeoutMs, parts.after, () => this.#updatePaused())
  }

  handle(frame: Frame): void {
    try {
      switch (frame.command) {
        case 'SEND':
          return this.#send(frame)
        case 'SUBSCRIBE':
          return this.#subscribe(frame)
        case 'UNSUBSCRIBE':
          return this.#unsubscribe(frame)
        default:
          throw new StompError('STOMP_ERR_UNSUPPORTED', { message: `${frame.command} is not offered by this server` })
      }
    } catch (error) {
      this.#refuse(frame, error)
    }
  }

  close(): void {
    this.#isClosed = true
    this.#channel.detach()
  }

  deliver(message: Message, delivery: Delivery): Taken {
    if (this.#held === undefined) return this.#recipient.deliver(message, delivery)
    this.#held.push([message, delivery])
    return 'taken'
  }

  #send(frame: Frame): void {
    const destination = frame.headers.get('destination') ?? ''
    const segments = this.#segments(destination)
    if (isPattern(segments)) {
      throw new StompError('STOMP_ERR_DESTINATION_INVALID', { message: `Cannot SEND to the pattern '${destination}'` })
    }
    const { headers, body } = frame
    const parts = this.#parts
    const request = { destination, headers, body, ...this.#caller }
    if (parts.syntax.isBelow(destination, parts.applicationPrefix)) {
      const match = parts.routes.findMessage(parts.syntax.rest(destination, parts.applicationPrefix))
      if (match === undefined) throw unknownRoute('message', destination)
      const hooks = joined(parts.hooks.authorizeSend, match.hooks)
      return this.#authorized(frame, hooks, request, () => this.#run(frame, match))
    }
    if (!parts.rules.maySend(segments)) throw forbidden(`Clients may not SEND to '${destination}'`)
    this.#authorized(frame, parts.hooks.authorizeSend, request, () =>
      this.#take(frame, { command: 'SEND', destination, headers, body }),
    )
  }

  #subscribe(frame: Frame): void {
    const destination = frame.headers.get('destination') ?? ''
    const segments = this.#segments(destination)
    const { headers } = frame
    const parts = this.#parts
    const shownId = headers.get('id')
    const request = { destination, headers, ...this.#caller }
    if (parts.syntax.isBelow(destination, parts.applicationPrefix)) {
      const match = parts.routes.findSubscription(parts.syntax.rest(destination, parts.applicationPrefix))
      if (match === undefined || isPattern(segments)) throw unknownRoute('subscription', destination)
      refuseBeyondPlain(headers)
      const hooks = joined(parts.hooks.authorizeSubscribe, match.hooks)
      this.#subscriptions.check(shownId, destination)
      return this.#authorized(frame, hooks, request, () => {
        this.#answer(frame, match, this.#subscriptions.add(shownId, destination, 'route'), shownId)
      })
    }
    if (isPattern(segments) && !parts.broker.capabilities.wildcards) {
      throw new StompError('STOMP_ERR_UNSUPPORTED', { message: 'This broker has no wildcard subscriptions' })
    }
    if (!parts.rules.maySubscribe(segments)) throw forbidden(`Clients may not SUBSCRIBE to '${destination}'`)
    this.#subscriptions.check(shownId, destination)
    this.#authorized(frame, parts.hooks.authorizeSubscribe, request, () => {
      const subscription = this.#subscriptions.add(shownId, destination, 'broker')
      const undo = (): void => this.#subscriptions.remove(subscription)
      this.#take(frame, { command: 'SUBSCRIBE', id: subscription.id, shownId, destination, headers }, undo)
    })
  }

  #unsubscribe(frame: Frame): void {
    const found = this.#subscriptions.find(frame.headers.get('id'), frame.headers.get('destination'))
    if (found === undefined) throw new StompError('STOMP_ERR_SUBSCRIPTION_UNKNOWN')
    this.#subscriptions.remove(found)
    if (found.kind === 'route') return this.#recipient.settled(frame)
    this.#take(frame, { command: 'UNSUBSCRIBE', id: found.id })
  }

  /** Runs the hooks, then the effect. While a hook is pending no later frame may overtake this one. */
  #authorized<R>(frame: Frame, hooks: readonly ((request: R) => unknown)[], request: R, effect: () => void): void {
    this.#gate.pass(hooks, request, {
      passed: effect,
      passedLater: () => this.#allowed(frame, effect),
      refused: (error) => this.#refuse(frame, error, 'STOMP_ERR_FORBIDDEN'),
    })
  }

  /** The effect of a frame whose hooks took their time. */
  #allowed(frame: Frame, effect: () => void): void {
    // What the client had sent before it left still counts; but there is nobody left to deliver to.
    if (this.#isClosed && frame.command !== 'SEND') return
    try {
      effect()
    } catch (error) {
      this.#refuse(frame, error)
    }
  }

  /** Gives a request to the broker and tells the outcome. Throws what the broker refuses at once. */
  #take(frame: Frame, request: BrokerRequest, undo?: () => void): void {
    this.#settle(frame, () => this.#channel.handle(request), undo)
  }

  /**
   * Brings about one effect and tells that it is settled, before any message that it causes at this same session: a
   * client that sends to itself reads RECEIPT, then MESSAGE. A broker that settles later delivers after that by itself.
   */
  #settle(frame: Frame, effect: () => Settled, undo?: () => void): void {
    this.#held = []
    let settled: Settled
    try {
      settled = effect()
      if (settled === undefined) this.#recipient.settled(frame)
    } catch (error) {
      undo?.()
      throw error
    } finally {
      this.#release()
    }
    settled?.then(
      () => this.#recipient.settled(frame),
      (error) => {
        undo?.()
        this.#refuse(frame, error)
      },
    )
  }

  #release(): void {
    const held = this.#held
    this.#held = undefined
    if (held !== undefined) for (const [message, delivery] of held) this.#recipient.deliver(message, delivery)
  }

  /** A message route: the handler runs on its own; what it gives is published, then the frame is settled. */
  #run(frame: Frame, match: MessageMatch): void {
    this.#countHandlers(1)
    match
      .invoke(frame, this.#caller)
      .then((publications) => this.#settle(frame, () => this.#parts.publications.publishAll(publications)))
      .catch((error) => this.#refuse(frame, error))
      .finally(() => this.#countHandlers(-1))
  }

  /** A subscription route: one answer, straight to this subscription, then the frame is settled. */
  #answer(frame: Frame, match: SubscriptionMatch, subscription: KnownSubscription, shownId: string | undefined): void {
    this.#countHandlers(1)
    match
      .invoke(frame, this.#caller)
      .then((reply) => {
        this.#recipient.settled(frame)
        if (reply === undefined || !this.#subscriptions.has(subscription)) return
        const { destination } = subscription
        const message = createMessage({ id: this.#parts.nextMessageId(), destination, ...reply })
        this.#recipient.deliver(message, { subscription: shownId })
      })
      .catch((error) => {
        this.#subscriptions.remove(subscription)
        this.#refuse(frame, error)
      })
      .finally(() => this.#countHandlers(-1))
  }

  #countHandlers(change: 1 | -1): void {
    this.#runningHandlers += change
    this.#updatePaused()
  }

  #updatePaused(): void {
    this.#recipient.setPaused(this.#gate.isPending || this.#runningHandlers >= this.#parts.limits.maxRunningHandlers)
  }

  #refuse(frame: Frame, error: unknown, fallback: StompErrorCode = 'STOMP_ERR_HANDLER_FAILED'): void {
    this.#recipient.refused(frame, toStompError(error, fallback))
  }

  #segments(destination: string): readonly string[] {
    const segments = this.#parts.syntax.segments(destination)
    if (segments !== undefined) return segments
    throw new StompError('STOMP_ERR_DESTINATION_INVALID', { message: `'${destination}' is not a destination` })
  }
}

/** Most routes have no hooks of their own: then nothing is made for each frame. */
function joined<H>(outer: readonly H[], inner: readonly H[]): readonly H[] {
  return inner.length === 0 ? outer : [...outer, ...inner]
}

function forbidden(message: string): StompError {
  return new StompError('STOMP_ERR_FORBIDDEN', { message })
}

function unknownRoute(kind: 'message' | 'subscription', destination: string): StompError {
  return new StompError('STOMP_ERR_ROUTE_UNKNOWN', { message: `No ${kind} route matches '${destination}'` })
}
