import { createHeaders } from '@hoofbeat/codec'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Broker, BrokerRequest, Channel, TransactionRequest } from '../../src/broker/broker.js'
import { embeddedBroker } from '../../src/broker/embedded/embedded-broker.js'
import { createDestinationSyntax } from '../../src/destination/destination.js'
import { memoryStore } from '../../src/store/memory-store.js'
import type { MessageStore } from '../../src/store/message-store.js'
import { SlowStore } from './slow-store.js'

type Ask =
  | { readonly ask: 'send'; readonly sends: readonly { readonly to: string; readonly isPersistent: boolean }[] }
  | { readonly ask: 'subscribe' | 'unsubscribe'; readonly id: string; readonly to: string }
  /** The store gets on, or a turn of the event loop is over: of the slow broker alone. */
  | { readonly ask: 'release'; readonly commits: number }
  | { readonly ask: 'turn' }

const to = fc.constantFrom('/topic/a', '/topic/b', '/queue/a')
const id = fc.constantFrom('1', '2')
const asks: fc.Arbitrary<readonly Ask[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        ask: fc.constant('send' as const),
        sends: fc.array(fc.record({ to, isPersistent: fc.boolean() }), { minLength: 1, maxLength: 3 }),
      }),
    },
    { weight: 3, arbitrary: fc.record({ ask: fc.constantFrom('subscribe' as const, 'unsubscribe' as const), id, to }) },
    {
      weight: 1,
      arbitrary: fc.record({ ask: fc.constant('release' as const), commits: fc.integer({ min: 1, max: 3 }) }),
    },
    { weight: 1, arbitrary: fc.record({ ask: fc.constant('turn' as const) }) },
  ),
  { maxLength: 30 },
)

interface Run {
  readonly broker: Broker
  readonly turn: () => void
}

async function open(store?: MessageStore): Promise<Run> {
  let soon: (() => void)[] = []
  const broker = await embeddedBroker(store === undefined ? {} : { store })({
    syntax: createDestinationSyntax(),
    nextMessageId: () => 'id',
    observe: () => {},
    clock: { now: () => 0, epochMs: () => 0, soon: (run) => soon.push(run) },
    after: () => ({ cancel: () => {} }),
  })
  return {
    broker,
    turn() {
      const due = soon
      soon = []
      for (const run of due) run()
    },
  }
}

/** Attaches a session; `log` gets each delivery. */
function attach({ broker }: Run, sessionId: string, log: Record<string, string[]>): Channel {
  const owner = { sessionId, userName: 'u', clientId: undefined }
  return broker.attach(
    {
      deliver({ headers, destination }, { subscription }) {
        const name = `${sessionId}/${subscription} ${destination}`
        log[name] ??= []
        log[name].push(headers.get('tag') ?? '')
        return 'taken'
      },
      refuse(error) {
        throw error
      },
    },
    owner,
  )
}

const microtasks = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function subscribeRequest(command: 'SUBSCRIBE' | 'UNSUBSCRIBE', id: string, destination: string): BrokerRequest {
  const common = { id, shownId: id, headers: createHeaders() }
  if (command === 'UNSUBSCRIBE') return { command, ...common }
  return { command, ...common, destination, shownDestination: undefined }
}

/** What one session's requests make happen, to itself and to one who listens everywhere: by subscription and destination. */
async function outcome(list: readonly Ask[], store: SlowStore | undefined): Promise<Record<string, string[]>> {
  const run = await open(store)
  const log: Record<string, string[]> = {}
  attach(run, 'listener', log).handle(subscribeRequest('SUBSCRIBE', 'all', '/topic/**'))
  const channel = attach(run, 'asker', log)
  const subscribed = new Set<string>()
  let lastTag = 0
  for (const each of list) {
    if (each.ask === 'release') {
      store?.release(each.commits)
      await microtasks()
    } else if (each.ask === 'turn') {
      run.turn()
      await microtasks()
    } else if (each.ask === 'send') {
      const requests = each.sends.map(({ to: destination, isPersistent }): TransactionRequest => {
        const persistent: Record<string, string> = isPersistent ? { persistent: 'true' } : {}
        const headers = createHeaders({ tag: `${++lastTag}`, ...persistent })
        return { command: 'SEND', destination, headers, body: new Uint8Array() }
      })
      const [only] = requests
      if (requests.length === 1 && only !== undefined) channel.handle(only)
      else channel.commit(requests)
    } else if (each.ask === 'subscribe' && !subscribed.has(each.id)) {
      subscribed.add(each.id)
      channel.handle(subscribeRequest('SUBSCRIBE', each.id, each.to))
    } else if (each.ask === 'unsubscribe' && subscribed.delete(each.id)) {
      channel.handle(subscribeRequest('UNSUBSCRIBE', each.id, each.to))
    }
  }
  // Whatever waits for others is through after as many turns as there were requests, and a few.
  for (let i = 0; i < 100; i++) {
    store?.release()
    await microtasks()
    run.turn()
  }
  await run.broker.close()
  return log
}

it('makes one session see the same, in the same order at each destination, whether the store is slow or there is none', async () => {
  let waited = 0
  await fc.assert(
    fc.asyncProperty(asks, async (list) => {
      const store = new SlowStore(memoryStore())
      const slow = await outcome(list, store)
      expect(slow).toEqual(await outcome(list, undefined))
      if (Object.keys(slow).length > 0) waited++
    }),
    { numRuns: 300, seed: 7 },
  )
  expect(waited).toBeGreaterThan(100)
}, 60_000)
