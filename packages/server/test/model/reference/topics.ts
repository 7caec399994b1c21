import { covers } from '../../../src/destination/destination.js'
import type { ModelBatches, Publication } from './batches.js'
import { isOver, selects } from './queue.js'
import type { ModelChannel, ModelSessions, ModelSubscription } from './sessions.js'
import { MAX_BACKLOG, type ModelState } from './state.js'

/** What subscriptions to topics are given. */
export class ModelTopics {
  readonly #state: ModelState
  readonly #batches: ModelBatches
  readonly #sessions: ModelSessions

  constructor(state: ModelState, batches: ModelBatches, sessions: ModelSessions) {
    this.#state = state
    this.#batches = batches
    this.#sessions = sessions
  }

  fanOut(publication: Publication): void {
    if (isOver(publication, this.#state.nowMs)) return
    for (const subscription of this.#state.subscriptions) {
      if (!this.#wants(subscription, publication) || subscription.seen.has(publication.tag)) continue
      subscription.waiting.push(publication)
      if (subscription.waiting.length > 1) this.#state.saw('waited at a topic')
    }
  }

  #wants({ queue, destination, selector }: ModelSubscription, publication: Publication): boolean {
    return queue === undefined && reaches(destination, publication.destination) && selects(selector, publication.kind)
  }

  delivered(
    subscription: ModelSubscription,
    { id, tag, destination }: { readonly id: string; readonly tag: string; readonly destination: string },
    delivery: { readonly ack?: string; readonly redelivered?: boolean },
    isTaken: boolean,
    what: string,
  ): void {
    const onTheWay = this.#state.batches.filter((batch) => this.#batches.mayApply(batch))
    const published = onTheWay.flatMap(({ publications }) => publications)
    const due = [...subscription.waiting, ...published.filter((each) => this.#wants(subscription, each))]
    const publication = due.find((each) => each.tag === tag && !subscription.seen.has(tag))
    if (publication === undefined) return this.#state.blame(`${what}: is not for it, or comes twice`)
    for (const batch of this.#state.batches) {
      if (batch.state === 'called' && batch.publications.includes(publication)) batch.isSeen = true
    }
    if (isOver(publication, this.#state.nowMs)) this.#state.blame(`${what}: its time is over`)
    const overtaken = due.find(
      (each) =>
        each.destination === destination &&
        each.order < publication.order &&
        !subscription.seen.has(each.tag) &&
        !isOver(each, this.#state.nowMs),
    )
    if (overtaken !== undefined) this.#state.blame(`${what}: overtakes ${overtaken.tag}`)
    if (delivery.redelivered) this.#state.blame(`${what}: a topic gives nothing twice`)
    subscription.seen.add(tag)
    subscription.waiting = subscription.waiting.filter((each) => each !== publication)
    if (!isTaken) return
    this.#state.saw('delivery of a topic')
    if (subscription.mode !== 'auto') this.#sessions.hold(subscription, id, delivery.ack ?? '', undefined)
  }

  /** The broker gives a channel up. */
  givenUp(channel: ModelChannel): void {
    this.#state.saw('slow reader refused')
    channel.isDying = true
    const onTheWay = this.#state.batches.flatMap(({ publications }) => publications)
    const isSlow = channel.subscriptions.some((each) => {
      const coming = onTheWay.filter((publication) => this.#wants(each, publication) && !each.seen.has(publication.tag))
      return each.queue === undefined && each.mode !== 'auto' && each.waiting.length + coming.length > MAX_BACKLOG
    })
    if (!isSlow) this.#state.blame(`channel ${channel.index} is refused, and was not slow`)
  }
}

export function reaches(pattern: string, destination: string): boolean {
  return covers(pattern.split('/').slice(1), destination.split('/').slice(1))
}
