import { DEAD_LETTERS } from '../operation.js'
import type { ModelBatches } from './batches.js'
import { isOver, selects, show } from './queue.js'
import type { ModelQueues } from './queues.js'
import { MAX_BACKLOG, type ModelState } from './state.js'

/** Holds the numbers that the broker reports against those of the model, and asks whether anything waits for no reason. */
export class ModelBooks {
  readonly #state: ModelState
  readonly #batches: ModelBatches
  readonly #queues: ModelQueues

  constructor(state: ModelState, batches: ModelBatches, queues: ModelQueues) {
    this.#state = state
    this.#batches = batches
    this.#queues = queues
  }

  /** Finds out which of the doubtful are back, and holds all numbers against those that the broker reports. */
  compare(
    reports: readonly {
      readonly destination: string
      readonly kind: string
      readonly depth: number
      readonly consumers: number
      readonly inFlight: number
      readonly bytes: number
    }[],
    keptBytes: number,
    storeCalls: number,
  ): void {
    const bytesReported = reports.reduce((sum, { bytes }) => sum + bytes, 0)
    // What is on its way to a subscription that has ended counts until it is there.
    const isRight =
      this.#batches.isQuiet && this.#state.burying.length === 0
        ? keptBytes === bytesReported
        : keptBytes >= bytesReported
    if (!isRight) this.#state.blame(`${keptBytes} bytes are kept, and ${bytesReported} reported`)
    for (const ghost of this.#state.ghosts) ghost.stamp ??= storeCalls
    for (const { lastDrop } of this.#state.queues.values()) if (lastDrop !== undefined) lastDrop.stamp ??= storeCalls
    for (const { name, entries } of [...this.#state.queues.values()]) {
      const { depth = 0, inFlight = 0 } = reports.find(({ destination }) => destination === name) ?? {}
      const doubtful = entries.filter(({ state, isDoubtful }) => state === 'burying' && isDoubtful)
      if (doubtful.length === 0) continue
      for (const entry of doubtful.filter((each) => isOver(each, this.#state.nowMs))) {
        if (entries.length > depth + inFlight) this.#queues.expire(entry)
      }
      let back = depth - entries.filter(({ state }) => state === 'ready').length
      for (const entry of doubtful.filter(({ state }) => state === 'burying')) {
        if (back-- <= 0) break
        this.#state.burying = this.#state.burying.filter((each) => each !== entry)
        this.#queues.makeReady(entry)
      }
    }
    const letters = reports.find(({ destination }) => destination === DEAD_LETTERS)
    for (const entry of this.#state.burying.filter(({ isDoubtful }) => isDoubtful)) {
      // Its subscription has ended meanwhile: there is no place to come back to.
      const isNowhere = !this.#state.queues.get(entry.queue)?.entries.includes(entry)
      const isTooMany = this.#queues.count(DEAD_LETTERS) > (letters?.depth ?? 0) + (letters?.inFlight ?? 0)
      if (isNowhere && isTooMany) this.#queues.remove(entry)
    }
    this.#queues.tidy()
    const expected = [...this.#state.queues.values()].map(({ name, isDurable, entries }) => {
      const depth = entries.filter(({ state }) => state === 'ready').length
      const consumers = this.#state.subscriptions.filter(({ queue }) => queue === name).length
      return row(name, isDurable ? 'durable-subscription' : 'queue', depth, consumers, this.#queues.count(name) - depth)
    })
    if (!this.#state.queues.has(DEAD_LETTERS) && this.#state.burying.length > 0) {
      expected.push(row(DEAD_LETTERS, 'queue', 0, 0, this.#state.burying.length))
    }
    for (const destination of new Set(this.#state.subscriptions.map((each) => each.destination))) {
      const consumers = this.#state.subscriptions.filter(
        (each) => !each.queue && each.destination === destination,
      ).length
      if (consumers > 0) expected.push(row(destination, 'topic', 0, consumers, 0))
    }
    const reported = reports.map(({ destination, kind, depth, consumers, inFlight }) =>
      row(destination, kind, depth, consumers, inFlight),
    )
    const [should, does] = [expected.sort(), reported.sort()].map((rows) => rows.join('; '))
    if (should !== does) this.#state.blame(`the broker reports [${does}] instead of [${should}]`)
    for (const { destination, kind, bytes, depth, inFlight } of reports) {
      const isPlausible = bytes === 0 ? depth + inFlight === 0 : bytes > 512 * (depth + inFlight)
      if (kind !== 'topic' && !isPlausible) this.#state.blame(`${destination} keeps ${bytes} bytes`)
    }
  }

  /** Nothing may wait that somebody could be given. */
  checkNothingWaits(): void {
    const answering = new Set(this.#state.batches.flatMap(({ answers }) => answers))
    for (const subscription of this.#state.subscriptions) {
      const { channel, id, queue, mode, held, prefetch, selector, waiting } = subscription
      if (answering.has(subscription)) continue
      if (channel.isFull || channel.isDying || (mode !== 'auto' && held.length >= prefetch)) continue
      const next = waiting.find((each) => !isOver(each, this.#state.nowMs))
      if (next !== undefined) this.#state.blame(`${next.tag} was not given to ${channel.index}/${id}`)
      for (const entry of (queue === undefined ? undefined : this.#state.queues.get(queue)?.entries) ?? []) {
        if (entry.state !== 'ready' || !selects(selector, entry.kind)) continue
        this.#state.blame(`${show(entry)} waits though ${channel.index}/${id} could have it`)
      }
    }
    for (const { channel, id, queue, waiting } of this.#state.subscriptions) {
      const waits = waiting.filter((each) => !isOver(each, this.#state.nowMs))
      if (queue === undefined && !channel.isDying && waits.length > MAX_BACKLOG) {
        this.#state.blame(`${waits.length} messages wait for ${channel.index}/${id}`)
      }
    }
  }
}

function row(name: string, kind: string, depth: number, consumers: number, inFlight: number): string {
  return `${name} ${kind}: ${depth} wait, ${inFlight} in flight, ${consumers} consumers`
}
