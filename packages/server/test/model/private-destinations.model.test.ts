import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Separator } from '../../src/destination/destination.js'
import { type Attack, PrivacyWorld, WAYS } from './privacy-world.js'

/** How many runs; for more, and other ones each time: HOOFBEAT_MODEL_RUNS=5000 npx vitest run packages/server/test/model */
const RUNS = Number(process.env.HOOFBEAT_MODEL_RUNS ?? 200)
const SEED = process.env.HOOFBEAT_MODEL_RUNS === undefined ? { seed: 1207 } : {}

const separator = fc.constantFrom<Separator>('/', '.')
const CONTROL_CHARACTER = /[\u0000-\u001f\u007f]/

/** Names that mean something in a destination, or look as if they did. */
const ownerName = fc
  .oneof(
    fc.constantFrom('ada', 'a/b', 'a%2Fb', 'jane.doe', '*', '**', '#', '>', 'queue', 'user', '__proto__', 'Jürgen 🐎'),
    fc.string({ unit: fc.constantFrom('/', '.', '*', '%', '2', 'F', 'a', ' ', 'ü', ':'), minLength: 1, maxLength: 6 }),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 6 }),
  )
  .filter((name) => !CONTROL_CHARACTER.test(name))
const attackerName = fc.option(
  fc.constantFrom('mallory', '{name0}', '{encoded0}', '{name0}/queue', '{session0}', 'user', '*', '..'),
  { nil: undefined },
)

/** What has opened other servers, or might open this one. */
const guess = fc.constantFrom(
  '/user/{encoded0}/queue/x',
  '/user/{name0}/queue/x',
  '/user/{uri0}/topic/x',
  '/user/{session0}/queue/x',
  '/user/queue/x',
  '/user/queue/x-user{session0}',
  '/queue/x-user{session0}',
  '/topic/x-user{session0}',
  '/topic/user/{session0}/queue/x',
  '/user/../user/{session0}/queue/x',
  '{inner0}',
  '{inner1}',
  '{temp0}',
  '{reply0}',
  '{reply1}',
  '/temp-queue/mine',
  '/temp-queue/{session0}/mine',
  '/remote-temp-queue/mine',
  '/amq/queue/{session0}',
  '/app/mine',
  '/app/{session0}',
  '/**',
  '/*/**',
  '/user/**',
  '/user/*/queue/x',
  '/user/*/*',
  '/temp-queue/*',
  '/temp-queue/**',
  '/reply-queue/*',
  '/reply-queue/**',
  '/topic/**',
  '/queue/**',
  '/x/**',
)
const word = fc.constantFrom(
  ...['user', 'USER', 'queue', 'topic', 'temp-queue', 'reply-queue', 'temp', 'inner', 'app', 'mine', 'x', 'errors'],
  ...['*', '**', '#', '>', '..', '.', '', ' ', '%', '%00user', '%75ser', '\0user', '\0temp', '\u0001', 'ü'],
  ...[
    '{name0}',
    '{name1}',
    '{encoded0}',
    '{uri0}',
    '{session0}',
    '{session1}',
    'x-user{session0}',
    '{inner0}',
    '{temp1}',
  ],
)
const joint = fc.constantFrom('/', '/', '/', '.', '//', '%2F', '\\', '/./', '/../', ':')
const sentence = fc
  .tuple(
    fc.constantFrom('/', '/', '/', '', '//', '.', '\0'),
    fc.array(fc.tuple(word, joint), { minLength: 1, maxLength: 6 }),
  )
  .map(([start, parts]) => start + parts.map(([part, by], i) => (i === parts.length - 1 ? part : part + by)).join(''))
const spelled = (destinations: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(
      destinations,
      fc.constantFrom<(destination: string) => string>(
        ...Array<(destination: string) => string>(6).fill((destination) => destination),
        (destination) => `${destination}/`,
        (destination) => `/app${destination}`,
        (destination) => `/user${destination}`,
        (destination) => destination.replaceAll('/', '.'),
        (destination) => destination.replaceAll('.', '/'),
        (destination) => destination.replace(/(?<=^\/)\w/, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
        (destination) => destination.replace(/\/[^/]*$/, '/**'),
        (destination) => destination.replace(/[^/]+/, '*'),
        (destination) => destination.toUpperCase(),
        (destination) => ` ${destination} `,
      ),
    )
    .map(([destination, spell]) => spell(destination))

const destination = spelled(fc.oneof(guess, sentence))
const headers = fc.record(
  {
    ack: fc.constantFrom('auto', 'client', 'client-individual', 'none'),
    selector: fc.constantFrom('1 = 1', "destination LIKE '%'", 'TRUE', 'x IS NULL'),
    durable: fc.constant('true'),
    'client-id': fc.constantFrom('c', '{name0}', '{session0}'),
    since: fc.constantFrom('?', '0', 'x'),
    replay: fc.constantFrom('1', '100'),
    subscription: fc.constantFrom('0', '{session0}'),
    'x-destination': fc.constantFrom('{inner0}', '/user/{encoded0}/queue/x'),
    session: fc.constant('{session0}'),
    login: fc.constant('{name0}'),
    receipt: fc.constant('r'),
  },
  { requiredKeys: [] },
)
const attack: fc.Arbitrary<Attack> = fc.record({
  name: attackerName,
  version: fc.constantFrom('1.0', '1.1', '1.2'),
  subscribes: fc
    .array(fc.record({ destination, headers: fc.oneof({ weight: 2, arbitrary: fc.constant({}) }, headers) }), {
      minLength: 1,
      maxLength: 4,
    })
    .map((subscribes) => [{ destination: '/user/queue/errors', headers: {} }, ...subscribes]),
})
const step = fc.oneof(
  { weight: 2, arbitrary: fc.record({ attack }) },
  { weight: 1, arbitrary: fc.record({ tell: fc.constantFrom(...WAYS), which: fc.constantFrom<0 | 1>(0, 1) }) },
)

it(
  'no SUBSCRIBE, whatever it says, is given what was sent to another user, session, temporary queue or reply',
  async () => {
    const ways = WAYS.map((tell, i) => ({ tell, which: i % 2 === 0 ? (0 as const) : (1 as const) }))
    await fc.assert(
      fc.asyncProperty(
        separator,
        fc.tuple(ownerName, ownerName),
        fc.array(step, { minLength: 1, maxLength: 12 }),
        async (by, names, steps) => {
          const world = new PrivacyWorld()
          await world.open(by, names)
          for (const each of steps) {
            if ('attack' in each) await world.attack(each.attack)
            else await world.tell(each.tell, each.which)
          }
          // Whoever has got in somewhere hears it now.
          for (const { tell, which } of ways) await world.tell(tell, which)
          expect(await world.close()).toEqual([])
        },
      ),
      { numRuns: RUNS, ...SEED },
    )
  },
  30_000 + RUNS * 500,
)
