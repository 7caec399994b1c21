import { createHeaders, type FrameInit } from '@hoofbeat/codec'
import type { Delivery, Taken } from '../../message/delivery.js'
import type { Message } from '../../message/message.js'
import type { Settled, Subscriber } from '../broker.js'
import type { BrokerParts } from '../broker-factory.js'
import { ID_HEADER } from './relayed-message.js'

/** So many deliveries to a session may wait for a RECEIPT, and so long: then they come before it. */
const MAX_HELD = 64
const MAX_HELD_MS = 1_000

/** What it works with. */
export interface ReceiptsFirstParts {
  readonly after: BrokerParts['after']
  /** Runs behind the present turn: whoever waits for a promise was told then. */
  readonly soon: BrokerParts['clock']['soon']
  /** The session cannot take more for now. */
  readonly full: () => void
  /** Some messages are due no longer. */
  readonly told: () => void
}

/**
 * Lets the RECEIPT of a SEND or NACK come to its own session before the MESSAGE that it causes there: the broker sends both,
 * and not always in this order. What a topic brings too early waits here, and what follows it in its subscription as well;
 * what a queue brings waits in its subscription, which asks whether its RECEIPT is due.
 */
export class ReceiptsFirst {
  readonly #subscriber: Pick<Subscriber, 'deliver'>
  readonly #parts: ReceiptsFirstParts
  /** Messages of this session whose RECEIPT is due. */
  readonly #due = new Set<string>()
  /** Those of them whose RECEIPT is here, and will have been passed on when the turn is over. */
  #answered: string[] = []
  #held: (readonly [Message, Delivery])[] = []
  #timer: { cancel(): void } | undefined

  constructor(subscriber: Pick<Subscriber, 'deliver'>, parts: ReceiptsFirstParts) {
    this.#subscriber = subscriber
    this.#parts = parts
  }

  /** What these SENDs cause here waits until `settled` has been told. */
  follow(frames: readonly FrameInit[], settled: Settled): Settled {
    if (settled === undefined) return undefined
    this.await(
      frames.flatMap(({ headers }) => createHeaders(headers).get(ID_HEADER) ?? []),
      settled,
    )
    return settled
  }

  /** The same for these messages. */
  await(ids: readonly string[], settled: Promise<void>): void {
    for (const id of ids) this.#due.add(id)
    const answered = (): void => this.#noteAnswered(ids)
    settled.then(answered, answered)
  }

  /** Whether the session has sent it, or refused it, and not yet been told that this is done. */
  isDue(messageId: string): boolean {
    return this.#due.has(messageId)
  }

  /** As the subscriber's, but in its time. */
  deliver(message: Message, delivery: Delivery): Taken {
    if (!this.#mustWait(message, delivery, this.#held)) return this.#subscriber.deliver(message, delivery)
    if (this.#held.length === 0) this.#timer = this.#parts.after(MAX_HELD_MS, () => this.#giveAll())
    this.#held.push([message, delivery])
    if (this.#held.length === MAX_HELD) this.#giveAll()
    return 'taken'
  }

  /** Nothing is given any more. */
  end(): void {
    this.#timer?.cancel()
    this.#held = []
  }

  #mustWait({ id }: Message, { subscription }: Delivery, ahead: readonly (readonly [Message, Delivery])[]): boolean {
    return this.#due.has(id) || ahead.some(([, { subscription: other }]) => other === subscription)
  }

  #noteAnswered(ids: readonly string[]): void {
    if (this.#answered.length === 0) this.#parts.soon(() => this.#tell())
    this.#answered.push(...ids)
  }

  #tell(): void {
    for (const id of this.#answered) this.#due.delete(id)
    this.#answered = []
    const held: (readonly [Message, Delivery])[] = []
    const free: (readonly [Message, Delivery])[] = []
    for (const each of this.#held) (this.#mustWait(...each, held) ? held : free).push(each)
    this.#held = held
    if (held.length === 0) this.#timer?.cancel()
    this.#give(free)
    this.#parts.told()
  }

  #giveAll(): void {
    const held = this.#held
    this.end()
    this.#give(held)
  }

  #give(messages: readonly (readonly [Message, Delivery])[]): void {
    for (const [message, delivery] of messages) {
      if (this.#subscriber.deliver(message, delivery) === 'full') this.#parts.full()
    }
  }
}
