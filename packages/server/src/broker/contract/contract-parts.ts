import type { Broker, BrokerCapabilities } from '../broker.js'

/** The three words of a test runner that the contract needs: those of vitest or jest, or of `node:test` with an `expect`. */
export interface ContractRunner {
  describe(title: string, body: () => void): void
  it(title: string, body: () => Promise<void>): void
  expect(actual: unknown): {
    toEqual(expected: unknown): void
  }
}

/** One broker under test: new for each test. */
export interface BrokerUnderTest {
  readonly broker: Broker
  /** Resolves when everything that was taken over has been delivered. */
  quiet(): Promise<void>
  /** Lets that much time pass for the broker. */
  pass(ms: number): Promise<void>
  /** The time of day that the broker goes by, in ms since the epoch. */
  epochMs(): number
  /** After the test. */
  close(): Promise<void>
}

/** What the broker under test is set up with; what is left out is not tried. */
export interface ContractLimits {
  /** How often a message is delivered before it becomes a dead letter; at least 2. */
  readonly maxDeliveries?: number
  /** The queue of dead letters. */
  readonly deadLetterQueue?: string
  /** How many messages a queue or durable subscription may keep; at least 4, better not many more. */
  readonly maxQueueMessages?: number
  /** How many messages may wait for the acknowledgements of a subscription to a topic; at least 2. */
  readonly maxBacklogMessages?: number
  /** How many messages are remembered of each topic below `/topic/history`, and of none else; at least 4. */
  readonly historyCount?: number
}

/** What the contract is given besides the runner. */
export interface BrokerContract {
  readonly open: () => Promise<BrokerUnderTest>
  /** A well-formed destination at which this broker serves nothing. */
  readonly unknownDestination: string
  /** @default none is tried */
  readonly limits?: ContractLimits
}

/** What each part of the contract works with. */
export interface ContractParts {
  readonly describe: ContractRunner['describe']
  readonly expect: ContractRunner['expect']
  readonly contract: BrokerContract
  readonly limits: ContractLimits
  /** A test with a broker of its own, that is closed in any case; afterwards its books must be right. */
  tries(title: string, body: (under: BrokerUnderTest) => Promise<void>): void
  /** The same, where the broker can do that; elsewhere it passes without a look. */
  triesWith(capability: keyof BrokerCapabilities, title: string, body: (under: BrokerUnderTest) => Promise<void>): void
}

/** Makes them. */
export function createContractParts(runner: ContractRunner, contract: BrokerContract): ContractParts {
  const { describe, it, expect } = runner
  const tries: ContractParts['tries'] = (title, body) => {
    it(title, async () => {
      const under = await contract.open()
      try {
        await body(under)
        expectRightBooks(under.broker, expect)
      } finally {
        await under.close()
      }
    })
  }
  return {
    ...{ describe, expect, contract, tries, limits: contract.limits ?? {} },
    triesWith(capability, title, body) {
      tries(title, async (under) => {
        if (under.broker.capabilities[capability]) await body(under)
      })
    },
  }
}

/** Nothing is counted below 0, and what is kept altogether is what destinations keep. */
function expectRightBooks({ admin }: Broker, expect: ContractRunner['expect']): void {
  if (admin === undefined) return
  let bytes = 0
  for (const report of admin.destinations()) {
    bytes += report.bytes
    const { depth, consumers, inFlight, destination } = report
    const below = [depth, report.bytes, consumers, inFlight].filter((count) => count < 0)
    expect({ destination, below }).toEqual({ destination, below: [] })
  }
  expect(admin.keptBytes).toEqual(bytes)
}
