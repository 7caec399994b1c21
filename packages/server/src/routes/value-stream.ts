import { toStompError } from '../errors.js'

/** True for what gives values one after another: async generators, streams, `events.on`. */
export function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}

/**
 * Maps what a stream gives, and turns what it or the mapping throws into a StompError. No generator, which could not be
 * told to return while it waits: what is called here goes straight on to the stream itself.
 */
export function mapStream<T>(
  values: AsyncIterable<unknown>,
  map: (value: unknown) => T | Promise<T>,
): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]() {
      const iterator = values[Symbol.asyncIterator]()
      return {
        async next() {
          try {
            const step: unknown = await iterator.next()
            if (!isStep(step)) throw new TypeError('The iterator of a stream gave no result')
            if (step.done === true) return { done: true, value: undefined }
            return { done: false, value: await map(step.value) }
          } catch (thrown) {
            throw toStompError(thrown, 'STOMP_ERR_HANDLER_FAILED')
          }
        },
        async return() {
          // A Readable that waits for its source hears of `return` only when that says something.
          if ('destroy' in values && typeof values.destroy === 'function') values.destroy()
          await iterator.return?.()
          return { done: true, value: undefined }
        },
      }
    },
  }
}

/** Closes a stream that nobody will read; how that goes nobody is told. */
export function discardStream(values: AsyncIterable<unknown>): void {
  closeQuietly(mapStream(values, () => undefined)[Symbol.asyncIterator]())
}

/** Lets a generator run its `finally`; nobody is left who could be told how that went. */
export function closeQuietly(iterator: AsyncIterator<unknown>): void {
  iterator.return?.().then(undefined, () => {})
}

function isStep(step: unknown): step is IteratorResult<unknown> {
  return typeof step === 'object' && step !== null
}
