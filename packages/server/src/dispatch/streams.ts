import { StompError } from '../errors.js'
import type { PublicationStream, RoutePublication } from '../routes/routes.js'

/** The streams of values that handlers of one session have open. They end with the session. */
export interface Streams {
  /** Throws STOMP_ERR_STREAM_LIMIT where one more would be too many. */
  check(): void
  /**
   * Publishes what a stream gives, each step when the one before was taken. Resolves at its end or that of the session;
   * rejects with what it throws.
   */
  run(stream: PublicationStream, publish: (given: readonly RoutePublication[]) => unknown): Promise<void>
  /** The session has ended. */
  end(): void
}

/** Makes them. */
export function createStreams(maxStreams: number): Streams {
  return new OpenStreams(maxStreams)
}

class OpenStreams implements Streams {
  readonly #maxStreams: number
  readonly #open = new Set<AsyncIterator<readonly RoutePublication[]>>()
  #hasEnded = false

  constructor(maxStreams: number) {
    this.#maxStreams = maxStreams
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
        if (step.done === true || this.#hasEnded) return
        await publish(step.value)
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

  end(): void {
    this.#hasEnded = true
    for (const iterator of this.#open) closeQuietly(iterator)
  }
}

/** Lets a generator run its `finally`; nobody is left who could be told how that went. */
function closeQuietly(iterator: AsyncIterator<unknown>): void {
  iterator.return?.().then(undefined, () => {})
}
