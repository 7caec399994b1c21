import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createWheel } from '../../clock/wheel.js'
import { createDestinationSyntax } from '../../destination/destination.js'
import { durableStore } from '../../store/durable-store.js'
import { memoryStore } from '../../store/memory-store.js'
import type { MessageStore, StoreContents } from '../../store/message-store.js'
import { createFakeClock } from '../../testing/fake-clock.js'
import type { Broker } from '../broker.js'
import { type ContractClient, connect, counted } from '../contract/contract-client.js'
import { embeddedBroker } from './embedded-broker.js'
import type { EmbeddedBrokerOptions } from './embedded-broker-options.js'

// Every opening of a durable store starts a thread, and every commit waits for a disk that others may be using.
vi.setConfig({ testTimeout: 60_000 })

const clock = createFakeClock()
let lastId = 0

function open(store: MessageStore, options: EmbeddedBrokerOptions = {}): Promise<Broker> | Broker {
  const wheel = createWheel(clock)
  return embeddedBroker({ ...{ store, maxQueueMessages: 3, maxQueueBytes: 4_000, maxDeliveries: 2 }, ...options })({
    clock,
    after: (delayMs, run) => wheel.after(delayMs, run),
    syntax: createDestinationSyntax(),
    nextMessageId: () => `m-${++lastId}`,
    observe: () => {},
  })
}

/** A store, and the same one as it is found after its owner has ended. */
interface Place {
  readonly store: MessageStore
  /** After an orderly end, or as it is if the owner is killed now. */
  next(broker: Broker, isKilled: boolean): Promise<Place>
}

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

function inMemory(store = memoryStore()): Place {
  return {
    store,
    async next(broker, isKilled) {
      if (isKilled) store.abandon()
      else await broker.close()
      return inMemory(store)
    },
  }
}

async function onDisk(): Promise<Place> {
  const base = await mkdtemp(join(tmpdir(), 'hoofbeat-gaps-'))
  cleanups.push(() => rm(base, { recursive: true, force: true }))
  const at = (directory: string): Place => {
    const store = durableStore({ directory: join(base, directory) })
    cleanups.push(() => store.close())
    return {
      store,
      async next(broker, isKilled) {
        if (!isKilled) {
          await broker.close()
          return at(directory)
        }
        // Nothing is to be written while it is copied.
        await store.commit([])
        const copy = `${directory}-killed`
        await cp(join(base, directory), join(base, copy), { recursive: true })
        return at(copy)
      },
    }
  }
  return at('store')
}

const DURABLE = { durable: 'true', ack: 'client-individual' }
const PERSISTENT = { persistent: 'true' }
const TOO_GREAT = 'x'.repeat(4_000)

const alice = async (broker: Broker, headers: Record<string, string> = {}): Promise<ContractClient> => {
  const client = connect(broker, { userName: 'alice', clientId: 'phone' })
  await client.subscribe('1', '/topic/a', { ...DURABLE, ...headers })
  return client
}

/** What came, with a mark where something before it is missing. */
const told = ({ deliveries, bodies }: ContractClient): string[] =>
  bodies().map((body, at) => (deliveries[at]?.isAfterGap ? `gap ${body}` : body))

/** Publishes, one after the other, and sees to it that all of it and of what it has caused is on disk. */
const publish = async (broker: Broker, ...bodies: readonly string[]): Promise<void> => {
  const bob = connect(broker)
  for (const body of bodies) await bob.send('/topic/a', body, PERSISTENT)
  await new Promise((resolve) => setImmediate(resolve))
  await bob.send('/queue/elsewhere', '', PERSISTENT)
}

/** A subscription that lacks the two oldest of five messages; nobody is there. */
const withGap = async (place: Place): Promise<Broker> => {
  const broker = await open(place.store, { maxQueueMessages: 3 })
  const client = await alice(broker)
  client.channel.detach()
  await publish(broker, ...counted(5))
  return broker
}

const places: readonly [string, () => Place | Promise<Place>][] = [
  ['in memory', inMemory],
  ['on disk', onDisk],
]

for (const [where, make] of places) {
  for (const isKilled of [false, true]) {
    describe(`a gap of a durable subscription, ${where}, after ${isKilled ? 'a crash' : 'an orderly end'}`, () => {
      it('is told with the first message that is given', async () => {
        let place = await make()
        place = await place.next(await withGap(place), isKilled)
        expect(told(await alice(await open(place.store)))).toEqual(['gap 2', '3', '4'])
      })

      it('is told again, as long as the message that tells of it is not acknowledged', async () => {
        let place = await make()
        let broker = await withGap(place)
        expect(told(await alice(broker))).toEqual(['gap 2', '3', '4'])
        place = await place.next(broker, isKilled)
        broker = await open(place.store)
        const client = await alice(broker)
        await client.ack('3')
        expect(told(client)).toEqual(['gap 2', '3', '4'])
        place = await place.next(broker, isKilled)
        expect(told(await alice(await open(place.store)))).toEqual(['gap 2', '4'])
      })

      it('is not told again once the message that told of it is acknowledged', async () => {
        let place = await make()
        const broker = await withGap(place)
        await (await alice(broker)).ack('2')
        place = await place.next(broker, isKilled)
        expect(told(await alice(await open(place.store)))).toEqual(['3', '4'])
      })

      it('is told where a message too great to be kept would have stood', async () => {
        let place = await make()
        const broker = await open(place.store)
        ;(await alice(broker)).channel.detach()
        await publish(broker, '0', TOO_GREAT, '1')
        place = await place.next(broker, isKilled)
        expect(told(await alice(await open(place.store)))).toEqual(['0', 'gap 1'])
      })

      it('is told with the next message that comes, if there is none behind it', async () => {
        let place = await make()
        let broker = await open(place.store)
        ;(await alice(broker)).channel.detach()
        await publish(broker, '0', TOO_GREAT, TOO_GREAT)
        place = await place.next(broker, isKilled)
        broker = await open(place.store)
        await publish(broker, '1', '2')
        expect(told(await alice(broker))).toEqual(['0', 'gap 1', '2'])
      })

      it('is gone with its subscription', async () => {
        let place = await make()
        const broker = await withGap(place)
        const client = await alice(broker)
        await client.unsubscribe('1', DURABLE)
        await alice(broker)
        await publish(broker, '5')
        place = await place.next(broker, isKilled)
        expect(told(await alice(await open(place.store)))).toEqual(['5'])
      })
    })
  }
}

describe('a gap of a durable subscription', () => {
  /** What the next owner of a store in memory finds. */
  const contentsOf = async (store: ReturnType<typeof memoryStore>): Promise<StoreContents> => {
    store.abandon()
    return await store.open()
  }

  it('is in the store as soon as a persistent message too great to be kept was taken over', async () => {
    const store = memoryStore()
    const broker = await open(store)
    ;(await alice(broker)).channel.detach()
    await connect(broker).send('/topic/a', TOO_GREAT, PERSISTENT)
    store.abandon(0)
    const next = await open(store)
    await publish(next, '1')
    expect(told(await alice(next))).toEqual(['gap 1'])
  })

  it('is in the store together with the removal of the message, or neither is', async () => {
    for (const [kept, expected] of [
      [0, ['0', '1', '2', '3']],
      [1, ['gap 1', '2', '3']],
    ] as const) {
      const store = memoryStore()
      const broker = await open(store)
      ;(await alice(broker)).channel.detach()
      const bob = connect(broker)
      for (const body of counted(4)) await bob.send('/topic/a', body, PERSISTENT)
      await new Promise((resolve) => setImmediate(resolve))
      store.abandon(kept)
      expect(told(await alice(await open(store)))).toEqual(expected)
    }
  })

  it('is told by the next message if the one that was to tell it expires', async () => {
    const broker = await open(memoryStore())
    ;(await alice(broker)).channel.detach()
    const bob = connect(broker)
    await publish(broker, TOO_GREAT)
    await bob.send('/topic/a', 'short-lived', { ...PERSISTENT, expiration: '1000' })
    await publish(broker, 'next')
    clock.advance(2_000)
    expect(told(await alice(broker))).toEqual(['gap next'])
  })

  it('is told by the next message if the one that told it lies with the dead letters', async () => {
    const broker = await withGap(inMemory())
    const client = await alice(broker, { 'prefetch-count': '1' })
    await client.nack('2')
    await client.nack('2')
    await new Promise((resolve) => setImmediate(resolve))
    await client.ack('3')
    await new Promise((resolve) => setImmediate(resolve))
    // The third was given while the first was on its way.
    expect(told(client)).toEqual(['gap 2', 'gap 2', '3', 'gap 4'])
  })

  it('is told by the next message if an operator takes away the one that was to tell it', async () => {
    const broker = await withGap(inMemory())
    await broker.admin?.purge('durable:alice/phone/1')
    await publish(broker, '5')
    expect(told(await alice(broker))).toEqual(['gap 5'])
  })

  it('is one with another that the same message would tell of, and none stays behind in the store', async () => {
    const store = memoryStore()
    const broker = await withGap({ ...inMemory(store) })
    await publish(broker, TOO_GREAT, '5', TOO_GREAT, '6', TOO_GREAT, '7', TOO_GREAT, '8')
    const client = await alice(broker, { ack: 'client' })
    expect(told(client)).toEqual(['gap 6', 'gap 7', 'gap 8'])
    await client.ack('8')
    const { notes } = await contentsOf(store)
    expect([...notes.keys()]).toEqual(['durable:alice/phone/1'])
  })

  it('that has no subscription any more is forgotten', async () => {
    const store = memoryStore()
    await store.open()
    await store.commit([{ kind: 'note', name: 'gap:7:durable:alice/phone/1', text: '' }])
    await store.close()
    await (await open(store)).close()
    expect([...(await store.open()).notes.keys()]).toEqual([])
  })
})
