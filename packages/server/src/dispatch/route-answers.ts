import type { Frame } from '@hoofbeat/codec'
import { createMessage } from '../message/message.js'
import type { Reply, ReplyStream, SubscriptionMatch } from '../routes/routes.js'
import { discardStream, isAsyncIterable } from '../routes/value-stream.js'
import type { SessionPresence } from '../users/presence.js'
import type { DispatchParts } from './dispatch-parts.js'
import type { Effects } from './effects.js'
import type { Handlers } from './handlers.js'
import { headOf } from './kept-frame.js'
import { isOfTheEnd, type RouteFailuresParts, tellFailure } from './route-failures.js'
import type { OpenStream, Streams } from './streams.js'
import { createSubscriptionCall, type SubscriptionCall } from './subscription-call.js'
import { type KnownSubscription, shown } from './subscription-list.js'

/** What the answers of one session's subscription routes go through. */
export interface RouteAnswersParts extends RouteFailuresParts {
  readonly handlers: Handlers
  readonly streams: Streams
  readonly effects: Pick<Effects, 'deliver'>
  /** Undefined: nobody is told of what begins and ends. */
  readonly presence: SessionPresence | undefined
  readonly shared: RouteFailuresParts['shared'] & Pick<DispatchParts, 'nextMessageId'>
}

/** A SUBSCRIBE to a route, as it is answered. */
export interface Asked {
  readonly frame: Frame
  readonly subscription: KnownSubscription
  /** As its client wrote it, and reads it in the answers. */
  readonly shownId: string | undefined
}

/** Runs a subscription route, whose answers go straight to this subscription, after its frame is settled. */
export function answerSubscription(parts: RouteAnswersParts, match: SubscriptionMatch, asked: Asked): void {
  const { routeCaller, handlers, outcomes, subscriptions } = parts
  const { frame, subscription } = asked
  const call = createSubscriptionCall(routeCaller)
  subscription.call = call
  handlers.run(async () => {
    try {
      const given = await match.invoke(frame, call)
      if (isAsyncIterable(given)) return begin(parts, match, asked, call, given)
      outcomes.settled(frame)
      if (given !== undefined && !call.hasEnded) give(parts, asked, given)
    } catch (thrown) {
      if (isOfTheEnd(parts, thrown, call)) return outcomes.settled(frame)
      if (call.hasEnded) {
        // Nobody waits for the answer any more: that it has failed is for the log.
        outcomes.answered(undefined, thrown)
        return outcomes.settled(frame)
      }
      subscriptions.remove(subscription)
      call.end()
      await tellFailure(parts, { frame, isSettled: false, match, thrown })
    }
  })
}

/** From its receipt on it runs beside the handlers: those are counted until they have returned. */
function begin(
  parts: RouteAnswersParts,
  match: SubscriptionMatch,
  asked: Asked,
  call: SubscriptionCall,
  steps: ReplyStream,
): void {
  const { streams, outcomes, presence } = parts
  const { frame, subscription } = asked
  if (call.hasEnded) {
    discardStream(steps)
    return outcomes.settled(frame)
  }
  const stream = streams.open(steps, () => call.end())
  call.stream = stream
  outcomes.settled(frame)
  presence?.subscribed(subscription, shown(subscription))
  follow(parts, match, { ...asked, frame: headOf(frame) }, call, stream)
}

/** Gives the subscription what the stream gives, as long as both go on; the subscription is there until its UNSUBSCRIBE. */
function follow(
  parts: RouteAnswersParts,
  match: SubscriptionMatch,
  asked: Asked,
  call: SubscriptionCall,
  stream: OpenStream<Reply | undefined>,
): void {
  const { frame, subscription } = asked
  const ended = (): void => {
    call.stream = undefined
    parts.presence?.unsubscribed(subscription)
  }
  stream
    .run((reply) => reply && give(parts, asked, reply))
    .then(ended, (thrown: unknown) => {
      ended()
      if (!isOfTheEnd(parts, thrown, call)) return tellFailure(parts, { frame, isSettled: true, match, thrown })
    })
}

/** To this one subscription; where its session is full, the stream waits. */
function give({ effects, shared }: RouteAnswersParts, { subscription, shownId }: Asked, reply: Reply): void {
  const { destination } = subscription
  effects.deliver(createMessage({ id: shared.nextMessageId(), destination, ...reply }), { subscription: shownId })
}
