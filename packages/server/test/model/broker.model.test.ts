import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fixtures } from './fixtures.js'
import { type Operation, operations } from './operation.js'
import { World } from './world/world.js'

/** How many runs; for more, and other ones each time: HOOFBEAT_MODEL_RUNS=20000 npx vitest run packages/server/test/model */
const RUNS = Number(process.env.HOOFBEAT_MODEL_RUNS ?? 700)

/** The usual runs are the same each time, so that what they must have been about is a matter of the broker alone. */
const SEED = process.env.HOOFBEAT_MODEL_RUNS === undefined ? { seed: 2611 } : {}

/** What the runs must have been about, all of it: else they prove little. */
const MUST_BE_SEEN = [
  'ack',
  'crash',
  'cumulative answer',
  'dead letter',
  'delivery not taken',
  'delivery of a topic',
  'detached within a delivery',
  'dropped from a durable subscription',
  'expired',
  'first delivery',
  'gap kept over a crash',
  'gap kept over a restart',
  'move',
  'nack',
  'purge',
  'redelivery',
  'refused by the store',
  'refused: STOMP_ERR_ACK_UNKNOWN',
  'refused: STOMP_ERR_DESTINATION_UNKNOWN',
  'refused: STOMP_ERR_HEADER_INVALID',
  'refused: STOMP_ERR_QUEUE_FULL',
  'restart',
  'slow reader refused',
  'transaction refused',
  'unsettled batch at a crash: kept',
  'unsettled batch at a crash: lost',
  'waited at a topic',
]

class Command implements fc.AsyncCommand<World, World> {
  readonly #operation: Operation

  constructor(operation: Operation) {
    this.#operation = operation
  }

  check = (world: Readonly<World>): boolean => world.allows(this.#operation)
  run = (_: World, world: World): Promise<void> => world.run(this.#operation)
  toString = (): string => JSON.stringify(this.#operation)
}

async function openWorld(): Promise<World> {
  const world = new World()
  await world.open()
  return world
}

describe('the embedded broker, against a model of lists', () => {
  const seen = new Set<string>()
  const commands = operations.map((operation) => operation.map((each) => new Command(each)))

  it(
    'loses, repeats, reorders and makes up nothing, whatever clients, time, operators, the store and crashes do',
    async () => {
      const run = async (steps: Iterable<fc.AsyncCommand<World, World, boolean>>): Promise<void> => {
        const world = await openWorld()
        await fc.asyncModelRun(() => ({ model: world, real: world }), steps)
        await world.drain()
        for (const what of world.seen) seen.add(what)
      }
      await fc.assert(fc.asyncProperty(fc.commands(commands, { maxCommands: 150, size: 'max' }), run), {
        numRuns: RUNS,
        ...SEED,
      })
      if (RUNS >= 700) expect([...seen].sort()).toEqual(expect.arrayContaining(MUST_BE_SEEN))
    },
    30_000 + RUNS * 50,
  )

  for (const { title, operations } of fixtures) {
    it(title, async () => {
      const world = await openWorld()
      for (const operation of operations) {
        expect(world.allows(operation)).toEqual(true)
        await world.run(operation)
      }
      await world.drain()
    })
  }
})
