import { toStompError } from '../errors.js'

/** True for what gives values one after another: async generators, streams, `events.on`. */
export function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}

/**
 * Maps what a stream gives, and turns what it or the mapping throws into a StompError. No generator, which could not be
 * told to return while it waits: what is called here goes straight on to the stream itself.
 */
export function mapStream<T>(values: AsyncIterable<unknown>, map: (value: unknown) => T): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]() {
      const iterator = values[Symbol.asyncIterator]()
      return {
        async next() {
          try {
            const step = await iterator.next()
            return step.done === true ? { done: true, value: undefined } : { done: false, value: map(step.value) }
          } catch (thrown) {
            throw toStompError(thrown, 'STOMP_ERR_HANDLER_FAILED')
          }
        },
        async return() {
          await iterator.return?.()
          return { done: true, value: undefined }
        },
      }
    },
  }
}
