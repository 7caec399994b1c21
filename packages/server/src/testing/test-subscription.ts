import type { Frame } from '@hoofbeat/codec'
import type { Expectation } from './expectation.js'
import { type Answering, createTestMessage, type TestMessage } from './test-message.js'

/** How a SUBSCRIBE is written. */
export interface SubscribeOptions {
  /** @default 'sub-1', 'sub-2' and so on, for each client */
  readonly id?: string
  /** @default none is written, which is 'auto' */
  readonly ack?: 'auto' | 'client' | 'client-individual'
  /** Further headers. */
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * A subscription, and what comes for it. As an async iterable it gives message after message: it ends when the test has
 * unsubscribed or closed the client, and throws as `next` does where nothing more comes: leave it by `break`.
 */
export interface TestSubscription extends AsyncIterable<TestMessage> {
  readonly id: string
  readonly destination: string
  /** The next MESSAGE of this subscription. Rejects if none comes although the server has had every chance. */
  next(): Promise<TestMessage>
  /** The next so many. */
  take(count: number): Promise<readonly TestMessage[]>
  /**
   * Resolves when the server has had every chance to speak; rejects with what is there of this subscription, or with the
   * end of the connection. `withinMs`: real time to wait besides. @default withinMs 0
   */
  expectNothing(withinMs?: number): Promise<void>
  /** Resolves at the RECEIPT of the UNSUBSCRIBE. What has come before can still be read. */
  unsubscribe(headers?: Readonly<Record<string, string>>): Promise<void>
}

/** What a subscription asks its client for. */
export interface SubscriptionClient extends Answering {
  /** True once the test has closed the client. */
  readonly isClosedByTest: boolean
  expect(what: string, fits: (frame: Frame) => boolean): Expectation<Frame>
  expectNone(fits: (frame: Frame) => boolean, withinMs: number): Promise<void>
  /** True: a frame that fits is there to be read. */
  has(fits: (frame: Frame) => boolean): boolean
}

/** Wraps a subscription that is active. */
export function createTestSubscription(id: string, destination: string, client: SubscriptionClient): TestSubscription {
  let isOver = false
  const fits = ({ command, headers }: Frame): boolean => command === 'MESSAGE' && headers.get('subscription') === id
  const next = (): Promise<TestMessage> =>
    client.expect(`a MESSAGE for '${id}' (${destination})`, fits).map((frame) => createTestMessage(frame, client))
  return {
    id,
    destination,
    next,
    async take(count) {
      const messages: TestMessage[] = []
      while (messages.length < count) messages.push(await next())
      return messages
    },
    expectNothing: (withinMs = 0) => client.expectNone(fits, withinMs),
    unsubscribe(headers = {}) {
      isOver = true
      return client.request({ command: 'UNSUBSCRIBE', headers: { id, ...headers } })
    },
    async *[Symbol.asyncIterator]() {
      while (client.has(fits) || !(isOver || client.isClosedByTest)) yield await next()
    },
  }
}
