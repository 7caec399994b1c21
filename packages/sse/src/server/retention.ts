import type { DownForm, DownTurn } from './down-turn.js'

/** Bytes that stand for a stretch of numbered messages, and how many they are. */
export interface Stretch {
  readonly bytes: Uint8Array
  readonly count: number
}

/** What a message costs at least, so that empty ones are bounded too. */
const LEAST_MESSAGE_BYTES = 16
const FIRST_CAPACITY = 4
/** A ring that has grown beyond this is let go once the link is quiet. */
const KEPT_CAPACITY = 16

/**
 * The down messages of one link that the client has not acknowledged, numbered 1, 2, 3, ...: a ring of references to
 * shared turns, so that keeping a turn allocates nothing and copies nothing.
 */
export class Retention {
  /** Highest number given. */
  last = 0
  /** Highest number acknowledged; nothing up to it is kept. */
  acknowledged = 0
  /** Bytes of the messages behind `acknowledged`. */
  bytes = 0
  #turns: (DownTurn | undefined)[] | undefined
  #head = 0
  #length = 0
  /** Number of the first message of the head turn. */
  #headFirst = 1
  /** Bytes of the messages of the head turn that are acknowledged. */
  #headFreedBytes = 0
  /** The turn that was found last, counted from the head, and the number of its first message: a replay asks for one after another. */
  #foundAt = 0
  #foundFirst = 1

  /** How many messages are kept. */
  get count(): number {
    return this.last - this.acknowledged
  }

  /** More is kept than so many bytes of messages, or of what messages cost without their bytes. */
  exceeds(maxBytes: number): boolean {
    return this.bytes > maxBytes || this.count * LEAST_MESSAGE_BYTES > maxBytes
  }

  /** Numbers and keeps the messages of a turn. Returns the number of the first. */
  push(turn: DownTurn): number {
    const first = this.last + 1
    let turns = this.#turns
    if (turns === undefined || this.#length === turns.length) turns = this.#grow(turns)
    turns[(this.#head + this.#length) & (turns.length - 1)] = turn
    this.#length++
    this.last += turn.count
    this.bytes += turn.byteLength
    return first
  }

  /** Frees all messages up to a number, also in the middle of a turn. A number already acknowledged changes nothing. */
  acknowledge(number: number): void {
    if (number <= this.acknowledged || number > this.last) return
    this.acknowledged = number
    while (this.#length > 0 && this.#headFirst <= number) {
      const turn = this.#turnAt(0)
      const nextFirst = this.#headFirst + turn.count
      if (nextFirst > number + 1) return this.#freePart(turn, number - this.#headFirst + 1)
      this.bytes -= turn.byteLength - this.#headFreedBytes
      this.#headFreedBytes = 0
      this.#drop(nextFirst)
    }
  }

  /** What must be written from a number on: the rest of its turn. Only for `acknowledged` < number <= `last`. */
  from(number: number, form: DownForm): Stretch {
    const turn = this.#find(number)
    const skipped = number - this.#foundFirst
    if (skipped === 0) return { bytes: turn.bytes(form), count: turn.count }
    const rest = turn.frames().slice(skipped)
    return { bytes: Buffer.concat(rest.map((message) => message.bytes(form))), count: rest.length }
  }

  /** Lets go of room that is not needed now. Not for each time that nothing is kept: a busy link needs it again at once. */
  trim(): void {
    if (this.#length > 0 || this.#turns === undefined || this.#turns.length <= KEPT_CAPACITY) return
    this.#turns = undefined
    this.#head = 0
  }

  /** Forgets everything: the link is over. Numbers stay. */
  clear(): void {
    this.#turns = undefined
    this.#length = 0
    this.#headFirst = this.last + 1
    this.#foundAt = -1
    this.bytes = 0
    this.acknowledged = this.last
  }

  #freePart(turn: DownTurn, count: number): void {
    let freed = 0
    const messages = turn.frames()
    for (let i = 0; i < count; i++) freed += messages[i]?.byteLength ?? 0
    this.bytes -= freed - this.#headFreedBytes
    this.#headFreedBytes = freed
  }

  /** Lets go of the head turn; behind it comes this number. */
  #drop(nextFirst: number): void {
    const turns = this.#turns
    if (turns === undefined) return
    turns[this.#head] = undefined
    this.#head = (this.#head + 1) & (turns.length - 1)
    this.#length--
    this.#headFirst = nextFirst
    this.#foundAt--
  }

  /** Goes to the turn that holds a number, from the one that was found last. */
  #find(number: number): DownTurn {
    if (this.#foundAt < 0 || this.#foundFirst > number) {
      this.#foundAt = 0
      this.#foundFirst = this.#headFirst
    }
    let turn = this.#turnAt(this.#foundAt)
    while (this.#foundFirst + turn.count <= number) {
      this.#foundFirst += turn.count
      this.#foundAt++
      turn = this.#turnAt(this.#foundAt)
    }
    return turn
  }

  /** The turn at a place counted from the head. */
  #turnAt(place: number): DownTurn {
    const turns = this.#turns
    const isKept = turns !== undefined && place < this.#length
    const turn = isKept ? turns[(this.#head + place) & (turns.length - 1)] : undefined
    if (turn === undefined) throw new RangeError('this message is not kept')
    return turn
  }

  #grow(old: (DownTurn | undefined)[] | undefined): (DownTurn | undefined)[] {
    const capacity = old === undefined ? FIRST_CAPACITY : old.length * 2
    const turns = new Array<DownTurn | undefined>(capacity).fill(undefined)
    for (let i = 0; old !== undefined && i < this.#length; i++) turns[i] = old[(this.#head + i) & (old.length - 1)]
    this.#turns = turns
    this.#head = 0
    return turns
  }
}
