import { StompError } from '../errors.js'
import type { PublicationStream, RoutePublication } from '../routes/routes.js'
import { closeQuietly } from '../routes/value-stream.js'

/** The streams of values that handlers of one session have open. They end with the session. */
export interface Streams {
  /** Throws STOMP_ERR_STREAM_LIMIT where one more would be too many. */
  check(): void
  /**
   * Publishes what a stream gives, each step when the one before was taken. Resolves at its end or that of the session;
   * rejects with what it throws.
   */
  run(stream: PublicationStream, publish: (given: readonly RoutePublication[]) => unknown): Promise<void>
  /** The session has room again. */
  ready(): void
  /** The session takes nothing more in: all are closed, and so is what comes later. */
  end(): void
}

/** Makes them. While the session they belong to is full they wait: much of what they give may be for itself. */
export function createStreams(maxStreams: number, session: { readonly isFull: boolean }): Streams {
  return new OpenStreams(maxStreams, session)
}

class OpenStreams implements Streams {
  readonly #maxStreams: number
  readonly #session: { readonly isFull: boolean }
  readonly #open = new Set<AsyncIterator<readonly RoutePublication[]>>()
  #hasEnded = false
  /** Those that wait for room. */
  #waiting: (() => void)[] = []

  constructor(maxStreams: number, session: { readonly isFull: boolean }) {
    this.#maxStreams = maxStreams
    this.#session = session
  }

  check(): void {
    if (this.#open.size >= this.#maxStreams) throw new StompError('STOMP_ERR_STREAM_LIMIT')
  }

  async run(stream: PublicationStream, publish: (given: readonly RoutePublication[]) => unknown): Promise<void> {
    const iterator = stream[Symbol.asyncIterator]()
    this.#open.add(iterator)
    if (this.#hasEnded) this.end()
    try {
      for (;;) {
        const step = await iterator.next()
        if (this.#hasEnded || step.done === true) return
        await publish(step.value)
        // A stream that never waits for anything must not hold up the event loop, nor what it gives the readers.
        await new Promise((resolve) => setImmediate(resolve))
        if (this.#session.isFull && !this.#hasEnded) await new Promise<void>((resolve) => this.#waiting.push(resolve))
      }
    } catch (error) {
      // What was waited for has ended with the session.
      if (this.#hasEnded) return
      closeQuietly(iterator)
      throw error
    } finally {
      this.#open.delete(iterator)
    }
  }

  ready(): void {
    for (const go of this.#waiting.splice(0)) go()
  }

  end(): void {
    this.#hasEnded = true
    this.ready()
    for (const iterator of this.#open) closeQuietly(iterator)
  }
}
