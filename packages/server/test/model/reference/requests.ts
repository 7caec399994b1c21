import { DURABLES, type SendRequest } from '../operation.js'
import type { Batch, ModelBatches, ModelRequest } from './batches.js'
import { createEntry, selects } from './queue.js'
import type { ModelQueues } from './queues.js'
import type { Held, ModelChannel, ModelSessions } from './sessions.js'
import { MAX_MESSAGES, type ModelState } from './state.js'
import { reaches } from './topics.js'

/** Requests of sessions, and what the application publishes. */
export class ModelRequests {
  readonly #state: ModelState
  readonly #batches: ModelBatches
  readonly #queues: ModelQueues
  readonly #sessions: ModelSessions

  constructor(state: ModelState, batches: ModelBatches, queues: ModelQueues, sessions: ModelSessions) {
    this.#state = state
    this.#batches = batches
    this.#queues = queues
    this.#sessions = sessions
  }

  /** The code with which these are refused; undefined if they are not. */
  predict(channel: ModelChannel | undefined, requests: readonly ModelRequest[]): string | undefined {
    const reserved = new Map<string, number>()
    const taken = new Set<Held>()
    for (const request of requests) {
      if ('code' in request) return request.code
      if ('send' in request) {
        const { send } = request.send
        if (!send.startsWith('/queue/')) continue
        const count = reserved.get(send) ?? 0
        if (this.#queues.count(send) + count >= MAX_MESSAGES) return 'STOMP_ERR_QUEUE_FULL'
        reserved.set(send, count + 1)
        continue
      }
      const meant = channel && this.#sessions.meant(channel, request.reference, taken)
      if (meant === undefined) return 'STOMP_ERR_ACK_UNKNOWN'
      if (meant !== 'nothing') for (const held of meant.held) taken.add(held)
    }
    return undefined
  }

  /** Takes requests that must not be refused. */
  request(channel: ModelChannel | undefined, requests: readonly ModelRequest[]): Batch {
    // Of one session everything takes effect in order, so this may wait for what is before it.
    const isAlone = requests.length === 1 && !(channel && this.#batches.isWaiting(channel))
    const batch = this.#batches.begin(false, channel)
    const answered: Held[] = []
    for (const request of requests) {
      if ('code' in request) continue
      if ('send' in request) {
        this.#send(batch, request.tag, request.send)
        continue
      }
      const meant = channel && this.#sessions.meant(channel, request.reference, new Set(answered))
      if (meant === undefined || meant === 'nothing') continue
      answered.push(...meant.held)
      batch.answers.push(meant.by)
      for (const { entry } of meant.held) {
        if (entry === undefined) continue
        entry.state = request.isAck ? 'leaving' : 'returning'
        if (request.isAck) batch.removes.push(entry)
        // Nothing is stored: they are back at once, and all together.
        else if (isAlone) this.#queues.giveBack(entry)
        else batch.returns.push(entry)
        this.#state.saw(request.isAck ? 'ack' : 'nack')
      }
      if (meant.held.length > 1) this.#state.saw('cumulative answer')
    }
    for (const subscription of channel?.subscriptions ?? []) {
      subscription.held = subscription.held.filter((held) => !answered.includes(held))
    }
    return batch
  }

  #send(batch: Batch, tag: string, request: SendRequest): void {
    const { send: destination, isPersistent, ttlMs, kind } = request
    const expiresAtMs = ttlMs === undefined ? undefined : this.#state.nowMs + ttlMs
    const message = { tag, isPersistent, expiresAtMs, kind }
    if (destination.startsWith('/queue/'))
      return this.arrive(batch, { ...message, queue: destination, origin: undefined })
    batch.publications.push({ ...message, destination, order: ++this.#state.order })
    for (const id of this.#state.durables.keys()) {
      const durable = DURABLES[id]
      if (!reaches(durable.destination, destination) || !selects(durable.selector, kind)) continue
      this.arrive(batch, { ...message, queue: durable.name, origin: undefined })
    }
  }

  arrive(batch: Batch, message: Omit<Parameters<typeof createEntry>[0], 'state'>): void {
    const entry = createEntry({ ...message, state: 'arriving' }, ++this.#state.order)
    this.#queues.open(entry.queue).entries.push(entry)
    batch.adds.push(entry)
  }
}
