/** How a subscription acknowledges (STOMP 1.2, "SUBSCRIBE ack Header"). */
export type AckMode = 'auto' | 'client' | 'client-individual'

/** One delivery that waits for an answer. */
export interface Unanswered<T> {
  readonly messageId: string
  /** Unique for the subscription, and rising. */
  readonly delivery: number
  readonly item: T
}

/**
 * What one subscription was given and has not acknowledged, in the order of delivery. The number of the delivery tells
 * them apart; a `message-id` (STOMP before 1.2) may come again where dead letters of several queues lie together, and
 * means the first one then.
 */
export interface Unacked<T> {
  readonly size: number
  /** Notes a delivery. */
  add(messageId: string, item: T): Unanswered<T>
  /**
   * What an answer means: the one delivery, or with `client` all up to it; those in `taken` are as if they were gone.
   * Undefined if it means nothing that is here. Removes nothing.
   */
  find(
    messageId: string,
    delivery: number | undefined,
    taken: ReadonlySet<unknown>,
  ): readonly Unanswered<T>[] | undefined
  /** Removes one that was answered. */
  remove(unanswered: Unanswered<T>): void
  /** Takes back what `add` has just noted, as if it had not been given; false if it is not there (any more). */
  takeBack(unanswered: Unanswered<T>): boolean
  /** Removes all and returns them. */
  clear(): readonly T[]
}

/** Makes an empty one; `isCumulative`: an answer means all up to it. */
export function createUnacked<T>(isCumulative: boolean): Unacked<T> {
  return isCumulative ? new CumulativeUnacked() : new IndividualUnacked()
}

class IndividualUnacked<T> implements Unacked<T> {
  protected readonly given = new Map<number, Unanswered<T>>()
  /** The first delivery of each message; all of them where one came again. */
  readonly #byMessage = new Map<string, number | number[]>()
  #lastDelivery = 0

  get size(): number {
    return this.given.size
  }

  add(messageId: string, item: T): Unanswered<T> {
    const delivery = ++this.#lastDelivery
    const unanswered = { messageId, delivery, item }
    this.given.set(delivery, unanswered)
    const known = this.#byMessage.get(messageId)
    if (known === undefined) this.#byMessage.set(messageId, delivery)
    else if (typeof known === 'number') this.#byMessage.set(messageId, [known, delivery])
    else known.push(delivery)
    return unanswered
  }

  find(
    messageId: string,
    delivery: number | undefined,
    taken: ReadonlySet<unknown>,
  ): readonly Unanswered<T>[] | undefined {
    const meant = delivery === undefined ? this.#first(messageId, taken) : this.given.get(delivery)
    if (meant === undefined || meant.messageId !== messageId || taken.has(meant)) return undefined
    return this.upTo(meant, taken)
  }

  remove({ messageId, delivery }: Unanswered<T>): void {
    if (!this.given.delete(delivery)) return
    const known = this.#byMessage.get(messageId)
    const others = typeof known === 'object' ? known.filter((each) => each !== delivery) : []
    if (others.length === 0) this.#byMessage.delete(messageId)
    else this.#byMessage.set(messageId, others)
  }

  takeBack(unanswered: Unanswered<T>): boolean {
    if (!this.given.has(unanswered.delivery)) return false
    this.remove(unanswered)
    // Nobody has seen its number. So where answers are cumulative there is no hole between two numbers.
    this.#lastDelivery--
    return true
  }

  clear(): readonly T[] {
    const items = [...this.given.values()].map(({ item }) => item)
    this.given.clear()
    this.#byMessage.clear()
    return items
  }

  protected upTo(meant: Unanswered<T>, _taken: ReadonlySet<unknown>): readonly Unanswered<T>[] {
    return [meant]
  }

  #first(messageId: string, taken: ReadonlySet<unknown>): Unanswered<T> | undefined {
    const known = this.#byMessage.get(messageId)
    for (const delivery of typeof known === 'number' ? [known] : (known ?? [])) {
      const unanswered = this.given.get(delivery)
      if (unanswered !== undefined && !taken.has(unanswered)) return unanswered
    }
    return undefined
  }
}

class CumulativeUnacked<T> extends IndividualUnacked<T> {
  protected override upTo(meant: Unanswered<T>, taken: ReadonlySet<unknown>): readonly Unanswered<T>[] {
    const all: Unanswered<T>[] = []
    // Backwards: before one that is gone, or taken, there is none left.
    for (let delivery = meant.delivery; ; delivery--) {
      const unanswered = this.given.get(delivery)
      if (unanswered === undefined || taken.has(unanswered)) break
      all.push(unanswered)
    }
    return all.reverse()
  }
}

/** What stands in the `ack` header of a MESSAGE. Clients give it back as it is and read nothing in it. */
export function writeAck(subscription: number, delivery: number, messageId: string): string {
  return `${subscription}-${delivery}-${messageId}`
}

/** Reads what `writeAck` wrote; undefined for anything else. */
export function readAck(
  ack: string,
): { readonly subscription: number; readonly delivery: number; readonly messageId: string } | undefined {
  const parts = /^([0-9]{1,15})-([0-9]{1,15})-(.+)$/.exec(ack)
  if (parts === null) return undefined
  return { subscription: Number(parts[1]), delivery: Number(parts[2]), messageId: parts[3] ?? '' }
}
