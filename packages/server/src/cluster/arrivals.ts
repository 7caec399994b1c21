import type { Letter } from './seal.js'

/**
 * What a letter is to those before it. next: it is the one that was expected. gap: some before it did not come. repeated:
 * it was here before, or comes too late to be told in order.
 */
export type Arrival = 'next' | 'gap' | 'repeated'

/** What has come of each sender: so nothing is taken twice, and what is missing is seen. */
export interface Arrivals {
  /** Notes a letter whose seal is good and whose age is right. */
  note(letter: Pick<Letter, 'from' | 'topic' | 'stream' | 'sequence'>, nowMs: number): Arrival
}

/**
 * How many loose letters of one sender may overtake another one, which is refused as too old beyond: more than two
 * thousand a second for a minute in which a connection is lost. 16 KiB for each sender.
 */
const WINDOW = 131_072
/** What is remembered at most; only who has the secret adds to it. */
const MAX_SENDERS = 4_096

/** Makes the memory. Whoever was silent for `forgetMs` is forgotten. */
export function createArrivals(forgetMs: number): Arrivals {
  const senders = new Map<string, Sender>()
  let sweptMs = Number.NEGATIVE_INFINITY
  const sweep = (nowMs: number): void => {
    if (nowMs - sweptMs >= forgetMs / 2) {
      sweptMs = nowMs
      for (const [name, { heardMs }] of senders) if (nowMs - heardMs >= forgetMs) senders.delete(name)
    }
    // Those that were heard first.
    for (const name of senders.keys()) {
      if (senders.size < MAX_SENDERS) return
      senders.delete(name)
    }
  }
  return {
    note({ from, topic, stream, sequence }, nowMs) {
      const name = `${stream} ${topic} ${from}`
      let sender = senders.get(name)
      if (sender === undefined) {
        sweep(nowMs)
        sender = stream === 'ordered' ? new OrderedSender() : new LooseSender()
        senders.set(name, sender)
      }
      sender.heardMs = nowMs
      return sender.note(sequence)
    },
  }
}

interface Sender {
  heardMs: number
  note(sequence: number): Arrival
}

class OrderedSender implements Sender {
  heardMs = 0
  #last: number | undefined

  note(sequence: number): Arrival {
    const last = this.#last
    if (last !== undefined && sequence <= last) return 'repeated'
    this.#last = sequence
    return last === undefined || sequence === last + 1 ? 'next' : 'gap'
  }
}

/** The last {@link WINDOW} sequences, a bit for each. What is missing among them may still come, or never was sent. */
class LooseSender implements Sender {
  heardMs = 0
  readonly #seen = new Uint32Array(WINDOW / 32)
  #highest: number | undefined

  note(sequence: number): Arrival {
    const highest = this.#highest ?? sequence
    if (sequence <= highest - WINDOW) return 'repeated'
    if (sequence - highest >= WINDOW) this.#seen.fill(0)
    else for (let between = highest + 1; between <= sequence; between++) this.#mark(between, false)
    this.#highest = Math.max(highest, sequence)
    if (this.#isMarked(sequence)) return 'repeated'
    this.#mark(sequence, true)
    return 'next'
  }

  #isMarked(sequence: number): boolean {
    const bit = sequence % WINDOW
    return ((this.#seen[bit >>> 5] ?? 0) & (1 << (bit & 31))) !== 0
  }

  #mark(sequence: number, isSeen: boolean): void {
    const bit = sequence % WINDOW
    const word = this.#seen[bit >>> 5] ?? 0
    this.#seen[bit >>> 5] = isSeen ? word | (1 << (bit & 31)) : word & ~(1 << (bit & 31))
  }
}
