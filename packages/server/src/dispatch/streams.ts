import { StompError } from '../errors.js'
import { closeQuietly } from '../routes/value-stream.js'

/** The streams of values that handlers of one session have open. They end with the session. */
export interface Streams {
  /**
   * Opens one more, to be `run`: it counts until its source has ended, also where that takes its time after the end was
   * asked for. `ended` is told once, where it is to end before its source does. Throws STOMP_ERR_STREAM_LIMIT where it
   * would be one too many, and tells its source to return.
   */
  open<Step>(steps: AsyncIterable<Step>, ended?: () => void): OpenStream<Step>
  /** The session has room again. */
  ready(): void
  /** The session takes nothing more in: all are closed, and so is what comes later. */
  end(): void
}

/** One stream. */
export interface OpenStream<Step> {
  /**
   * Hands over what it gives, each step when what `take` has returned for the one before is settled. Resolves at its end,
   * however that comes about; rejects with what it throws before.
   */
  run(take: (step: Step) => unknown): Promise<void>
  /** Nothing more is handed over, and its source is told to return. Harmless when repeated. */
  end(): void
}

/** Makes them. While the session they belong to is full they wait: much of what they give may be for itself. */
export function createStreams(maxStreams: number, session: { readonly isFull: boolean }): Streams {
  return new SessionStreams(maxStreams, session)
}

class SessionStreams implements Streams {
  readonly #maxStreams: number
  readonly #session: { readonly isFull: boolean }
  readonly #open = new Set<{ ready(): void; end(): void }>()
  #hasEnded = false

  constructor(maxStreams: number, session: { readonly isFull: boolean }) {
    this.#maxStreams = maxStreams
    this.#session = session
  }

  open<Step>(steps: AsyncIterable<Step>, ended?: () => void): OpenStream<Step> {
    const iterator = steps[Symbol.asyncIterator]()
    if (this.#open.size >= this.#maxStreams) {
      closeQuietly(iterator)
      throw new StompError('STOMP_ERR_STREAM_LIMIT')
    }
    const stream = new SessionStream(iterator, this.#session, () => this.#open.delete(stream), ended)
    this.#open.add(stream)
    if (this.#hasEnded) stream.end()
    return stream
  }

  ready(): void {
    for (const stream of this.#open) stream.ready()
  }

  end(): void {
    this.#hasEnded = true
    for (const stream of this.#open) stream.end()
  }
}

class SessionStream<Step> implements OpenStream<Step> {
  readonly #iterator: AsyncIterator<Step>
  readonly #session: { readonly isFull: boolean }
  readonly #done: () => void
  readonly #ended: (() => void) | undefined
  #hasEnded = false
  /** It waits for room. */
  #goOn: (() => void) | undefined

  constructor(
    iterator: AsyncIterator<Step>,
    session: { readonly isFull: boolean },
    done: () => void,
    ended: (() => void) | undefined,
  ) {
    this.#iterator = iterator
    this.#session = session
    this.#done = done
    this.#ended = ended
  }

  async run(take: (step: Step) => unknown): Promise<void> {
    try {
      while (!this.#hasEnded) {
        const step = await this.#iterator.next()
        if (this.#hasEnded || step.done === true) return
        await take(step.value)
        // A stream that never waits for anything must not hold up the event loop, nor what it gives the readers.
        await new Promise((resolve) => setImmediate(resolve))
        if (this.#session.isFull && !this.#hasEnded) await this.#room()
      }
    } catch (error) {
      // What was waited for has ended with the session, or with the subscription.
      if (this.#hasEnded) return
      closeQuietly(this.#iterator)
      throw error
    } finally {
      this.#done()
    }
  }

  ready(): void {
    this.#goOn?.()
  }

  end(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#goOn?.()
    closeQuietly(this.#iterator)
    this.#ended?.()
  }

  #room(): Promise<void> {
    return new Promise((resolve) => {
      this.#goOn = resolve
    })
  }
}
