/**
 * A promise whose patience begins when somebody waits for it: what it waits for is noted at once, but it can be kept
 * while the test does other things (`const sent = client.send(...)`, then `clock.pass(...)`, then `await sent`), and one
 * that nobody waits for rejects nobody.
 */
export class Expectation<T> implements Promise<T> {
  readonly [Symbol.toStringTag] = 'Expectation'
  readonly #begin: () => Promise<T>
  #promise: Promise<T> | undefined

  constructor(begin: () => Promise<T>) {
    this.#begin = begin
  }

  // biome-ignore lint/suspicious/noThenProperty: it is a promise
  then<U = T, E = never>(
    fulfilled?: ((value: T) => U | PromiseLike<U>) | null,
    rejected?: ((reason: unknown) => E | PromiseLike<E>) | null,
  ): Promise<U | E> {
    this.#promise ??= this.#begin()
    return this.#promise.then(fulfilled, rejected)
  }

  catch<E = never>(rejected?: ((reason: unknown) => E | PromiseLike<E>) | null): Promise<T | E> {
    return this.then(undefined, rejected)
  }

  finally(settled?: (() => void) | null): Promise<T> {
    this.#promise ??= this.#begin()
    return this.#promise.finally(settled)
  }

  /** The same for what is made of the value. */
  map<U>(make: (value: T) => U): Expectation<U> {
    return new Expectation(() => this.then(make))
  }
}
