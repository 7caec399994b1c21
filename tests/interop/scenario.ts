import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTcpServer, type TcpInteropServer } from './tcp-server.js'

/** What a native client does; the same in every language, and told by what it has seen. */
export const SCENARIOS = {
  connect: 'connects, and disconnects with a receipt',
  topic: 'gets what was sent to a topic and below a wildcard, with UTF-8 and odd headers',
  binary: 'sends and gets every byte there is',
  kept: 'gets from a queue what was sent before anybody listened',
  individual: 'acknowledges single messages; those it gave back or never answered come again, and say so',
  cumulative: 'acknowledges all messages up to one',
  transactions: 'commits or aborts what it sends and acknowledges in a transaction',
  many: 'gets 1,000 messages of a queue and of a topic in order',
  reply: 'asks, and is answered on its temporary queue',
  error: 'is told why it is refused',
  durable: 'gets what a durable subscription kept while it was away',
  heartBeats: 'lives by heart-beats',
} as const

/** Name of a scenario. */
export type Scenario = keyof typeof SCENARIOS

/** A version of STOMP. */
export type StompVersion = '1.0' | '1.1' | '1.2'

/** What came of a scenario: what the client saw, or what went wrong. */
export type Outcome = { readonly result: unknown } | { readonly error: string }

/** All outcomes of one run. */
export type Outcomes = ReadonlyMap<string, Outcome>

/** The text that clients send. */
export const TEXT = 'Grüße, 世界 🐎\nsecond line'

/** The value of the header `odd`: all that the version can carry, as far as all clients can read it. */
export const ODD: Readonly<Record<StompVersion, string>> = {
  '1.0': 'a:b\\d',
  '1.1': 'a:b\\d\ne',
  '1.2': 'a:b\\d\ne\rf',
}

/** How many messages are counted. */
export const MANY = 1000

/** Every byte. */
export const BYTES: Buffer = Buffer.from(Array.from({ length: 256 }, (_, i) => i))

// As `seen` in the clients: body, redelivered, delivery-count.
const fresh = (body: string): unknown => [body, null, null]
const again = (body: string, count: string): unknown => [body, 'true', count]

/** What a faultless client sees. STOMP 1.0 knows no NACK and no heart-beats. */
const expected = (version: StompVersion): Readonly<Record<Scenario, unknown>> => {
  const hasNack = version !== '1.0'
  const inOrder = Array.from({ length: MANY }, (_, i) => i + 1)
  return {
    connect: {
      version,
      server: 'hoofbeat',
      heartBeat: version === '1.0' ? null : '500,1000',
      user: 'clients',
      disconnected: { receipt: 'bye', closed: true },
    },
    topic: {
      receipts: ['plain', 'wild', 'sent', 'sent'],
      body: TEXT,
      odd: ODD[version],
      greeting: '世界',
      contentType: 'text/plain',
      wild: ['/topic/wild/one', ''],
    },
    binary: BYTES.toString('hex'),
    kept: ['first', 'second'],
    individual: {
      given: [fresh('1'), fresh('2'), fresh('3')],
      again: hasNack ? again('1', '2') : null,
      left: [again('1', hasNack ? '3' : '2'), again('3', '2'), fresh('4')],
    },
    cumulative: { given: [fresh('1'), fresh('2'), fresh('3')], left: [again('3', '2'), fresh('4')] },
    transactions: {
      receipts: ['aborted', 'committed'],
      committed: ['one', 'two'],
      afterAbort: again('work', '2'),
      afterCommit: fresh('next'),
    },
    many: { '/queue/many': inOrder, '/topic/many': inOrder },
    reply: { isPrivate: true, body: 'question: answer', correlation: 'c-1', destination: '/temp-queue/answers' },
    error: {
      code: 'STOMP_ERR_FORBIDDEN',
      message: "Clients may not SEND to '/nowhere'",
      receipt: 'refused',
      hasCure: true,
      closed: true,
    },
    durable: 'missed',
    heartBeats: 'sent',
  }
}

/** How a client is driven. */
export interface ClientUnderTest {
  /** As its users call it; with the reason for skipping, if there is one. */
  readonly title: string
  readonly skip?: boolean
  /** Runs the scenarios against a server of their own, in their order. */
  readonly run: (port: number, version: StompVersion, scenarios: readonly Scenario[]) => Promise<Outcomes>
}

const NAMES: readonly string[] = Object.keys(SCENARIOS)
const isScenario = (name: string): name is Scenario => NAMES.includes(name)

/** One test for each scenario and version. Durable subscriptions and heart-beats are tried in STOMP 1.2 alone: they take time. */
export function describeClient({ title, skip = false, run }: ClientUnderTest): void {
  describe.skipIf(skip).each<StompVersion>(['1.0', '1.1', '1.2'])(`${title}, STOMP %s over TCP`, (version) => {
    const scenarios = NAMES.filter(isScenario).filter(
      (scenario) => version === '1.2' || (scenario !== 'durable' && scenario !== 'heartBeats'),
    )
    let server: TcpInteropServer
    let outcomes: Outcomes

    beforeAll(async () => {
      server = await startTcpServer()
      outcomes = await run(server.tcpPort, version, scenarios)
    }, 120_000)
    afterAll(() => server.close())

    for (const scenario of scenarios) {
      it(SCENARIOS[scenario], () => {
        expect(outcomes.get(scenario)).toEqual({ result: expected(version)[scenario] })
      })
    }
  })
}
