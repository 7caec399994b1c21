import fc from 'fast-check'

/** One thing that happens to a broker, as plain data: what ever failed can be written down as it is. */
export type Operation =
  /** A channel that is not attached is attached when it does something. */
  | { readonly op: 'detach' | 'ready'; readonly channel: number }
  | {
      readonly op: 'subscribe'
      readonly channel: number
      readonly id: string
      readonly destination: string
      readonly mode: Mode
      readonly prefetch: number
      readonly selector?: string | undefined
    }
  | {
      readonly op: 'subscribe-durable'
      readonly channel: number
      readonly id: DurableId
      readonly mode: Mode
      readonly prefetch: number
    }
  | { readonly op: 'unsubscribe'; readonly channel: number; readonly id: string }
  /** One frame of its own. */
  | { readonly op: 'request'; readonly channel: number; readonly request: Request }
  /** A transaction. */
  | { readonly op: 'commit'; readonly channel: number; readonly requests: readonly Request[] }
  /** The application publishes. */
  | { readonly op: 'publish'; readonly request: SendRequest }
  /** How the channel takes deliveries: after some more that it takes, one ends otherwise. */
  | { readonly op: 'mood'; readonly channel: number; readonly after: number; readonly ending: Ending }
  | { readonly op: 'advance'; readonly ms: number }
  /** So many commits end; a turn of the event loop passes; everything comes to rest. */
  | { readonly op: 'sync'; readonly commits: number }
  | { readonly op: 'turn' | 'settle' }
  | { readonly op: 'refuse'; readonly isRefusing: boolean }
  | { readonly op: 'restart'; readonly isDetachedFirst: boolean }
  | { readonly op: 'crash'; readonly kept: number }
  | { readonly op: 'purge'; readonly queue: string }
  | {
      readonly op: 'move'
      readonly from: string
      readonly to?: string | undefined
      readonly limit?: number | undefined
    }

export type Mode = 'auto' | 'client' | 'client-individual'
export type DurableId = keyof typeof DURABLES
/** full: taken, but no more; dropped: not taken, and the channel ends soon, or at once; detached: taken, and it ends. */
export type Ending = 'full' | 'dropped' | 'dropped-detached' | 'taken-detached'

export interface SendRequest {
  readonly send: string
  readonly isPersistent: boolean
  readonly ttlMs?: number | undefined
  /** What selectors look at. */
  readonly kind: string
}

export type Request =
  | SendRequest
  /** `pick`: which of the deliveries that the channel holds; of those it has answered long ago if it holds none. */
  | { readonly answer: 'ACK' | 'NACK'; readonly pick: number; readonly form: 'ack' | 'both' | 'message-id' }
  | { readonly bad: 'ack' | 'destination' | 'expiration' }

export const CHANNELS = [0, 1, 2] as const
export const DEAD_LETTERS = '/queue/dead-letters'
export const QUEUES: readonly string[] = ['/queue/a', '/queue/b', DEAD_LETTERS]
const TOPICS = ['/topic/x', '/topic/y']
const SELECTORS = ["kind = 'a'", "kind <> 'a'"]

/** The durable subscriptions: each has its topic and selector once and for all. */
export const DURABLES = {
  d1: { destination: '/topic/x', selector: undefined, name: 'durable:u/c/d1' },
  d2: { destination: '/topic/*', selector: "kind = 'a'", name: 'durable:u/c/d2' },
} as const

const channel = fc.constantFrom(...CHANNELS)
const mode = fc.constantFrom<Mode[]>('auto', 'client', 'client', 'client-individual', 'client-individual')
const prefetch = fc.integer({ min: 1, max: 4 })
const durableId = fc.constantFrom<DurableId[]>('d1', 'd2')
const queue = fc.constantFrom('/queue/a', '/queue/a', '/queue/b', DEAD_LETTERS)
const target = fc.oneof(
  { arbitrary: fc.constantFrom('/queue/a', '/queue/a', '/queue/b'), weight: 12 },
  { arbitrary: fc.constantFrom(...TOPICS), weight: 7 },
  { arbitrary: fc.constant(DEAD_LETTERS), weight: 1 },
)
const seldom = <T>(...values: T[]): fc.Arbitrary<T | undefined> =>
  fc.oneof({ arbitrary: fc.constant(undefined), weight: 3 }, { arbitrary: fc.constantFrom(...values), weight: 1 })

const send: fc.Arbitrary<SendRequest> = fc.record(
  {
    send: target,
    isPersistent: fc.boolean(),
    ttlMs: seldom(10, 20, 40),
    kind: fc.constantFrom('a', 'b'),
  },
  { requiredKeys: ['send', 'isPersistent', 'kind'] },
)
const answer: fc.Arbitrary<Request> = fc.record({
  answer: fc.constantFrom('ACK', 'NACK'),
  pick: fc.nat(20),
  form: fc.constantFrom('ack', 'ack', 'both', 'message-id'),
})
const bad: fc.Arbitrary<Request> = fc.record({ bad: fc.constantFrom('ack', 'destination', 'expiration') })

const subscribe: fc.Arbitrary<Operation> = fc.record({
  op: fc.constant('subscribe'),
  channel,
  id: fc.constantFrom('s1', 's2', 's3'),
  destination: fc.oneof(
    { arbitrary: queue, weight: 3 },
    { arbitrary: fc.constantFrom(...TOPICS, '/topic/*'), weight: 1 },
  ),
  mode,
  prefetch,
  selector: seldom(...SELECTORS),
})
const request: fc.Arbitrary<Operation> = fc.record({
  op: fc.constant('request'),
  channel,
  request: fc.oneof({ arbitrary: send, weight: 10 }, { arbitrary: answer, weight: 10 }, { arbitrary: bad, weight: 1 }),
})
const commit: fc.Arbitrary<Operation> = fc.record({
  op: fc.constant('commit'),
  channel,
  requests: fc.array(
    fc.oneof({ arbitrary: send, weight: 8 }, { arbitrary: answer, weight: 8 }, { arbitrary: bad, weight: 1 }),
    { minLength: 1, maxLength: 5 },
  ),
})

/** All operations, each as often as it says. */
const weighted: readonly (readonly [number, fc.Arbitrary<Operation>])[] = [
  [2, fc.record({ op: fc.constant('detach'), channel })],
  [8, subscribe],
  [4, fc.record({ op: fc.constant('subscribe-durable'), channel, id: durableId, mode, prefetch })],
  [2, fc.record({ op: fc.constant('unsubscribe'), channel, id: fc.constantFrom('s1', 's2', 's3', 'd1', 'd2') })],
  [40, request],
  [10, commit],
  [2, fc.record({ op: fc.constant('publish'), request: send })],
  [
    3,
    fc.record({
      op: fc.constant('mood'),
      channel,
      after: fc.nat(2),
      ending: fc.constantFrom<Ending[]>(
        'full',
        'full',
        'full',
        'full',
        'dropped',
        'dropped-detached',
        'taken-detached',
      ),
    }),
  ],
  [4, fc.record({ op: fc.constant('ready'), channel })],
  [3, fc.record({ op: fc.constant('advance'), ms: fc.constantFrom(5, 10, 20) })],
  [4, fc.record({ op: fc.constant('sync'), commits: fc.integer({ min: 1, max: 3 }) })],
  [4, fc.record({ op: fc.constant('turn') })],
  [8, fc.record({ op: fc.constant('settle') })],
  [2, fc.record({ op: fc.constant('refuse'), isRefusing: fc.boolean() })],
  [1, fc.record({ op: fc.constant('restart'), isDetachedFirst: fc.boolean() })],
  [1, fc.record({ op: fc.constant('crash'), kept: fc.nat(6) })],
  [1, fc.record({ op: fc.constant('purge'), queue: fc.constantFrom(...QUEUES, DURABLES.d1.name) })],
  [
    3,
    fc.record({
      op: fc.constant('move'),
      from: fc.constantFrom(DEAD_LETTERS, DEAD_LETTERS, '/queue/a'),
      to: seldom('/queue/b'),
      limit: seldom(1),
    }),
  ],
]

/** Arbitraries of operations, in the frequencies in which they should come. */
export const operations: readonly fc.Arbitrary<Operation>[] = weighted.flatMap(([weight, arbitrary]) =>
  Array.from({ length: weight }, () => arbitrary),
)
