/*
 * What clients have seen, held against what the server promises. A message lies at one or more places: a queue, a durable
 * subscription, a history. Each such copy has a life of its own, and after each restart it is looked at where it is.
 */

/** A queue, durable subscription or history. */
export interface Place {
  readonly name: string
  /** In a history nothing is acknowledged, and everybody is given everything. */
  readonly kind: 'queue' | 'durable' | 'history'
}

/** A message, as its sender knows it. */
export interface Sent {
  readonly key: string
  readonly producer: string
  readonly number: number
  readonly body: string
  readonly isPersistent: boolean
  readonly copies: readonly Copy[]
}

/** A message at one place. */
export interface Copy {
  readonly sent: Sent
  readonly place: Place
  /** In which life of the server it was sent. */
  readonly life: number
  /** Its RECEIPT, or that of its COMMIT, was seen; or it was found after a restart. */
  isPromised: boolean
  /** Somebody was given it. */
  wasSeen: boolean
  /** asked: an ACK is on its way; done: its RECEIPT was seen. */
  removal: 'none' | 'asked' | 'done'
  /** Who has it, and has not answered. */
  holder: Taker | undefined
  /** After a restart it was not there: so it must never come again. */
  isGone: boolean
}

/** One subscription of one session. */
export interface Taker {
  readonly name: string
  /** The last message of each producer that came for the first time. */
  readonly last: Map<string, number>
}

/** What a transaction does, together or not at all. */
export interface Whole {
  readonly adds: readonly Copy[]
  readonly removes: readonly Copy[]
}

/** A MESSAGE, as far as it matters here. */
export interface Given {
  readonly key: string
  readonly body: string
  readonly isRedelivered: boolean
  readonly isAfterGap: boolean
}

/** The key of what an audit itself has sent: it tells of gaps, and is no message. */
export const MARKER = 'marker'

/** How much was seen. */
export interface Totals {
  starts: number
  sent: number
  receipts: number
  deliveries: number
  found: number
  acknowledged: number
  lostWithGap: number
  wholes: number
}

/** Collects what is seen, and every breach of a promise. */
export interface Witness {
  readonly breaches: readonly string[]
  readonly totals: Totals
  /** What may still be at this place. */
  waiting(place: Place): readonly Copy[]
  breach(text: string): void
  send(producer: string, fill: number, isPersistent: boolean, places: readonly Place[]): Sent
  /** The RECEIPT of a SEND or COMMIT. */
  receipted(sent: Sent): void
  commits(whole: Whole): void
  /** A MESSAGE in the life of the server; undefined for one that nobody has sent. */
  given(place: Place, given: Given, taker: Taker): Copy | undefined
  acking(copies: readonly Copy[]): void
  acked(copies: readonly Copy[]): void
  released(copies: readonly Copy[]): void
  /** The server was killed; what follows is its next life. */
  killed(): void
  /** All that lies at a place after a restart, in the order in which it came. */
  found(place: Place, given: readonly Given[]): void
  /** All places were looked at. */
  settle(): void
}

/** Has seen nothing yet. */
export function createWitness(): Witness {
  return new ClientWitness()
}

class ClientWitness implements Witness {
  readonly breaches: string[] = []
  readonly totals: Totals = {
    starts: 0,
    sent: 0,
    receipts: 0,
    deliveries: 0,
    found: 0,
    acknowledged: 0,
    lostWithGap: 0,
    wholes: 0,
  }
  readonly #numbers = new Map<string, number>()
  readonly #copies = new Map<string, Map<string, Copy>>()
  /** Copies that may still be there, by place. */
  readonly #waiting = new Map<string, Set<Copy>>()
  /** Those of histories that are lost, though somebody knows of them: a gap must be told there. */
  readonly #holes = new Map<string, Copy[]>()
  #wholes: Whole[] = []
  #life = 0

  waiting({ name }: Place): readonly Copy[] {
    return [...(this.#waiting.get(name) ?? [])]
  }

  breach(text: string): void {
    // Once something is wrong, much is.
    if (this.breaches.length < 20) this.breaches.push(`life ${this.#life}: ${text}`)
  }

  send(producer: string, fill: number, isPersistent: boolean, places: readonly Place[]): Sent {
    const number = (this.#numbers.get(producer) ?? 0) + 1
    this.#numbers.set(producer, number)
    const key = `${producer}.${number}`
    const copies: Copy[] = []
    const sent: Sent = { key, producer, number, body: bodyOf(key, fill), isPersistent, copies }
    for (const place of places) copies.push(this.#add(sent, place))
    this.totals.sent += 1
    return sent
  }

  receipted({ copies, isPersistent }: Sent): void {
    for (const copy of copies) copy.isPromised = isPersistent
  }

  commits(whole: Whole): void {
    this.#wholes.push(whole)
    this.acking(whole.removes)
  }

  given(place: Place, given: Given, taker: Taker): Copy | undefined {
    this.totals.deliveries += 1
    const copy = this.#look(place, given)
    if (copy === undefined) return undefined
    const { sent, wasSeen, holder } = copy
    const what = `${sent.key} at ${place.name}`
    if (place.kind !== 'history') {
      if (holder !== undefined) this.breach(`${what} was given to ${taker.name} while ${holder.name} had it`)
      if (copy.removal === 'done') this.breach(`${what} came again after its ACK was receipted`)
      const isOld = wasSeen || copy.life < this.#life
      if (isOld && !given.isRedelivered) this.breach(`${what} came again without redelivered:true`)
      copy.holder = taker
    }
    if (!given.isRedelivered) this.#checkOrder(taker.last, sent, `${place.name}, ${taker.name}`)
    copy.wasSeen = true
    return copy
  }

  acking(copies: readonly Copy[]): void {
    for (const copy of copies) copy.removal = 'asked'
  }

  acked(copies: readonly Copy[]): void {
    for (const copy of copies) copy.removal = 'done'
    this.totals.acknowledged += copies.length
  }

  released(copies: readonly Copy[]): void {
    for (const copy of copies) copy.holder = undefined
  }

  killed(): void {
    this.#life += 1
    for (const copies of this.#waiting.values()) for (const copy of copies) copy.holder = undefined
  }

  found(place: Place, found: readonly Given[]): void {
    const present = new Set<Copy>()
    const last = new Map<string, number>()
    for (const given of found) {
      const copy = given.key === MARKER ? undefined : this.#look(place, given)
      if (copy === undefined) continue
      const what = `${copy.sent.key} at ${place.name}`
      if (present.has(copy)) this.breach(`${what} is there twice`)
      present.add(copy)
      this.#checkOrder(last, copy.sent, place.name)
      if (place.kind === 'history') continue
      if (copy.removal === 'done') this.breach(`${what} is there again after its ACK was receipted`)
      if (!copy.sent.isPersistent) this.breach(`${what} is there, though it is not persistent`)
      if (!given.isRedelivered) this.breach(`${what} came after the kill without redelivered:true`)
    }
    this.totals.found += present.size
    for (const copy of this.#waiting.get(place.name) ?? []) {
      if (present.has(copy)) continue
      if (copy.isPromised && copy.removal === 'none') this.breach(`${copy.sent.key} is lost at ${place.name}`)
      if (place.kind === 'history') this.#noteHole(copy)
      this.#waiting.get(place.name)?.delete(copy)
      copy.isGone = true
    }
    for (const copy of present) {
      // What was found is on disk.
      copy.isPromised = true
      copy.wasSeen = true
    }
    if (place.kind === 'history') this.#checkGaps(place, found)
  }

  settle(): void {
    for (const { adds, removes } of this.#wholes) {
      const happened = adds.map((copy) => !copy.isGone || copy.wasSeen || copy.removal !== 'none')
      const keys = adds.map(({ sent }) => sent.key).join(', ')
      const hasHappened = happened.includes(true)
      if (hasHappened && happened.includes(false)) this.breach(`of the transaction with ${keys} only a part is there`)
      for (const { sent, isGone } of removes) {
        // What is not persistent is gone in any case.
        if (!sent.isPersistent) continue
        if (hasHappened !== isGone)
          this.breach(`${sent.key} is ${isGone ? 'gone without' : 'still there beside'} ${keys}`)
      }
      this.totals.wholes += 1
    }
    this.#wholes = []
    // An ACK that the kill has overtaken: what is still there will be given again.
    for (const copies of this.#waiting.values()) {
      for (const copy of copies) if (copy.removal === 'asked') copy.removal = 'none'
    }
  }

  #add(sent: Sent, place: Place): Copy {
    const { name } = place
    const life = this.#life
    const copy: Copy = {
      ...{ sent, place, life, isPromised: false, wasSeen: false, removal: 'none', holder: undefined, isGone: false },
    }
    const copies = this.#copies.get(name) ?? new Map<string, Copy>()
    this.#copies.set(name, copies.set(sent.key, copy))
    const waiting = this.#waiting.get(name) ?? new Set<Copy>()
    this.#waiting.set(name, waiting.add(copy))
    return copy
  }

  #look(place: Place, { key, body }: Given): Copy | undefined {
    const copy = this.#copies.get(place.name)?.get(key)
    if (copy === undefined) {
      this.breach(`'${key}' was never sent to ${place.name}`)
      return undefined
    }
    if (copy.sent.body !== body) this.breach(`${key} at ${place.name} has another body`)
    if (copy.isGone) this.breach(`${key} at ${place.name} came back after it was gone`)
    return copy
  }

  #checkOrder(last: Map<string, number>, { key, producer, number }: Sent, where: string): void {
    const before = last.get(producer) ?? 0
    if (number <= before) this.breach(`${key} came after ${producer}.${before} at ${where}`)
    last.set(producer, Math.max(before, number))
  }

  #noteHole(copy: Copy): void {
    // Only what somebody was told of can be missed.
    if (!copy.wasSeen) return
    const { name } = copy.place
    this.#holes.set(name, [...(this.#holes.get(name) ?? []), copy])
    this.totals.lostWithGap += 1
  }

  /** Where a message is missing that somebody has seen, one behind the producer's last before it must tell of a gap. */
  #checkGaps(place: Place, found: readonly Given[]): void {
    for (const { sent } of this.#holes.get(place.name) ?? []) {
      let isOpen = false
      for (const { key, isAfterGap } of found) {
        const other = this.#copies.get(place.name)?.get(key)?.sent
        if (isOpen && isAfterGap) isOpen = false
        if (other?.producer !== sent.producer) continue
        if (other.number > sent.number) {
          if (isOpen) this.breach(`${sent.key} is missing in ${place.name} before ${key}, and no gap is told`)
          break
        }
        isOpen = true
      }
    }
  }
}

function bodyOf(key: string, fill: number): string {
  return `${key}:${`${key} `.repeat(Math.ceil(fill / (key.length + 1))).slice(0, fill)}`
}
