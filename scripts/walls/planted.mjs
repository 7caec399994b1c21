// Proves that the walls stand: plants forbidden and allowed imports in a tree of its own and looks at what is caught.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, posix } from 'node:path'
import { cruise, wallNames } from './cruise.mjs'
import { fastifyPackages, guarded, openToAll, rooms } from './rooms.mjs'

const packages = [
  'fastify',
  'fastify-plugin',
  '@fastify/error',
  '@fastify/websocket',
  'ws',
  'find-my-way',
  'prom-client',
  'eventsource-parser',
  'stranger',
]
const builtins = ['fs', 'buffer', 'http', 'net', 'diagnostics_channel']
const sseTarget = 'packages/sse/src/server/target.ts'
const circles = 'no circular imports'

const isFolder = (room) => room.endsWith('/')
const fileIn = (entry, name) =>
  `packages/${entry.package}/src/${isFolder(entry.room) ? `${entry.room}${name}.ts` : entry.room.replace('*', `-${name}`)}`

const plantTree = (files) => {
  const tree = realpathSync(mkdtempSync(join(tmpdir(), 'hoofbeat-walls-')))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(tree, path)), { recursive: true })
    writeFileSync(join(tree, path), text)
  }
  return tree
}

const installedPackages = Object.fromEntries(
  packages.flatMap((name) => [
    [`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', main: 'index.js' })],
    [`node_modules/${name}/index.js`, ''],
  ]),
)

const cruisePlanted = async (files, isWanted) => {
  const tree = plantTree({ ...installedPackages, ...files })
  try {
    return await cruise(tree, isWanted)
  } finally {
    rmSync(tree, { recursive: true, force: true })
  }
}

const relativeImport = (from, to) => {
  const path = posix.relative(posix.dirname(from), to).replace(/\.ts$/, '.js')
  return path.startsWith('.') ? path : `./${path}`
}

const judge = (file, line, expected, caught) => {
  const walls = [...new Set(caught)].join(', ')
  if (walls === (expected ?? '')) return []
  return [`${file}: ${line}: expected ${expected ?? 'no wall'}, caught by ${walls || 'none'}`]
}

/** Everything that a room could import, with the name under which the map would allow it. */
const targetsFor = (entry) => [
  ...rooms
    .filter((other) => other.package === entry.package)
    .map((other) => ({ room: other, file: fileIn(other, 'target') }))
    .filter(({ file }) => file !== fileIn(entry, 'host'))
    .map(({ room, file }) => ({ room, file, specifier: relativeImport(fileIn(entry, 'host'), file) })),
  { place: 'codec', file: 'packages/codec/src/index.ts', specifier: '@hoofbeat/codec' },
  ...(entry.package === 'sse'
    ? []
    : [{ place: 'sse', file: sseTarget, specifier: relativeImport(fileIn(entry, 'host'), sseTarget) }]),
  {
    place: 'codec inside',
    file: 'packages/codec/src/inside.ts',
    specifier: relativeImport(fileIn(entry, 'host'), 'packages/codec/src/inside.ts'),
  },
  {
    place: 'app',
    file: 'apps/sample/src/app.ts',
    specifier: relativeImport(fileIn(entry, 'host'), 'apps/sample/src/app.ts'),
  },
  ...packages.map((name) => ({ package: name, file: `node_modules/${name}/index.js`, specifier: name })),
  ...builtins.map((name) => ({ builtin: name, file: name, specifier: `node:${name}` })),
]

/** The wall that an import must run into according to the map; undefined where it is allowed. Knows names, no expressions. */
const expectedWall = (entry, target, byType) => {
  const { room, imports = [], types = [], builtins: allowed = [] } = entry
  const isServer = entry.package === 'server'
  const wall = (about) => `${isServer ? '' : 'sse '}${room}: ${about}`

  if (target.builtin) return allowed === true || allowed.includes(target.builtin) ? undefined : wall('built-ins')
  if (target.package) {
    const free = [...(entry.packages ?? []), ...(entry.fastify === true ? fastifyPackages : [])]
    const typed = [...(entry.typePackages ?? []), ...(entry.fastify === 'types' ? ['fastify'] : [])]
    if (free.includes(target.package)) return undefined
    if (!typed.includes(target.package)) return wall('packages')
    return byType ? undefined : wall('types only')
  }

  const path = target.place ?? target.room.room
  if (isServer && guarded.includes(path)) {
    if (path === 'index.ts') return 'index.ts: imported by no room'
    if (path === 'plugin.ts') return room === 'index.ts' ? undefined : 'plugin.ts: imported by index.ts alone'
    if (path === 'options.ts') return room === 'plugin.ts' ? undefined : 'options.ts: imported by plugin.ts alone'
    return room === 'testing/' ? undefined : 'testing/: imported by tests alone'
  }
  const covers = (name) => path === name || (isFolder(name) && path.startsWith(name))
  const own = entry.own ?? (isFolder(room) ? room : undefined)
  const free = [...imports, ...(own ? [own] : []), ...(isServer && !entry.alone ? openToAll : [])]
  if (free.some(covers)) return undefined
  if (!types.some(covers)) return wall('rooms')
  return byType ? undefined : wall('types only')
}

/** Every room with every import it could make: what is caught, and what passes, must be what the map says. */
const tryTheMap = async (byType) => {
  const tries = rooms.flatMap((entry) =>
    targetsFor(entry).map((target) => ({
      from: fileIn(entry, 'host'),
      to: target.file,
      line: `import ${byType ? 'type ' : ''}{ planted } from '${target.specifier}'`,
      wall: expectedWall(entry, target, byType),
    })),
  )
  const files = Object.fromEntries(
    tries.filter(({ to }) => to.endsWith('.ts')).map(({ to }) => [to, 'export const planted = 1\n']),
  )
  for (const { from } of tries) files[from] = ''
  for (const { from, line } of tries) files[from] += `${line}\n`

  const { breaches } = await cruisePlanted(files, (name) => name !== circles)
  const caught = new Map()
  for (const { from, to, wall } of breaches) caught.set(`${from} ${to}`, [...(caught.get(`${from} ${to}`) ?? []), wall])
  const wrong = tries.flatMap(({ from, to, wall, line }) => judge(from, line, wall, caught.get(`${from} ${to}`) ?? []))
  return {
    caught: tries.flatMap(({ wall }) => (wall ? [wall] : [])),
    passed: tries.filter(({ wall }) => !wall).length,
    wrong,
  }
}

// What the map cannot plant by itself, and the many ways to write an import: wall, file below its package's src, line.
const server = 'packages/server/src'
const codec = 'packages/codec/src'
const app = 'apps/sample/src'
const singles = [
  ['codec: imports nothing', `${codec}/builtin.ts`, "import { Buffer } from 'node:buffer'"],
  ['codec: imports nothing', `${codec}/package.ts`, "import type { FastifyInstance } from 'fastify'"],
  ['codec: imports nothing', `${codec}/room.ts`, "import type { Message } from '../../server/src/message/target.js'"],
  [
    'packages: meet at published entries',
    `${server}/message/way-in.ts`,
    "import { a } from '../../../codec/src/index.js'",
  ],
  [
    'packages: meet at published entries',
    `${app}/way-in.ts`,
    "import { a } from '../../../packages/server/src/index.js'",
  ],
  [
    'apps: use published entries',
    `${app}/room.ts`,
    "import { a } from '../../../packages/server/src/message/target.js'",
  ],
  ['apps: use published entries', `${app}/built.ts`, "import { a } from '@hoofbeat/server/dist/message.js'"],
  ['testing/: imported by tests alone', `${app}/testing.ts`, "import { a } from '@hoofbeat/server/testing'"],
  [
    'plugin.ts: imported by index.ts alone',
    `${app}/plugin.ts`,
    "import { a } from '../../../packages/server/src/plugin.js'",
  ],
  ['session/: rooms', `${server}/session/export.ts`, "export { a } from '../transports/target.js'"],
  ['session/: rooms', `${server}/session/export-type.ts`, "export type { A } from '../transports/target.js'"],
  ['session/: rooms', `${server}/session/export-all.ts`, "export * from '../transports/target.js'"],
  ['session/: rooms', `${server}/session/dynamic.ts`, "export const a = () => import('../transports/target.js')"],
  ['session/: rooms', `${server}/session/type-query.ts`, "export type A = import('../transports/target.js').A"],
  ['session/: rooms', `${server}/session/deeper/effect.ts`, "import '../../transports/target.js'"],
  ['framing/: packages', `${server}/framing/require.ts`, "export const a = require('fastify')"],
  ['framing/: packages', `${server}/framing/type.ts`, "import type { FastifyRequest } from 'fastify'"],
  ['session/: built-ins', `${server}/session/ask.ts`, "export const a = process.getBuiltinModule('fs')"],
  ['session/: built-ins', `${server}/session/bare.ts`, "import fs from 'fs'"],
  ['endpoints/: types only', `${server}/endpoints/value.ts`, "import { fastify, type FastifyRequest } from 'fastify'"],
  ['endpoints/: types only', `${server}/endpoints/mixed.ts`, "import fastify, { type FastifyRequest } from 'fastify'"],
  ['no circular imports', `${server}/session/one.ts`, "import type { B } from './two.js'"],
  [undefined, `${server}/endpoints/type.ts`, "import type { FastifyRequest } from 'fastify'"],
  [undefined, `${server}/session/session.test.ts`, "import { a } from '../transports/target.js'"],
  [undefined, 'packages/server/test/whole.test.ts', "import { a } from '../src/testing/index.js'"],
  [undefined, `${app}/main.ts`, "import { a } from '@hoofbeat/server'"],
]

const background = {
  ...Object.fromEntries(
    [
      `${codec}/index.ts`,
      `${server}/index.ts`,
      `${server}/plugin.ts`,
      `${server}/message/target.ts`,
      `${server}/transports/target.ts`,
      `${server}/testing/index.ts`,
    ].map((path) => [path, 'export const a = 1\n']),
  ),
  [`${server}/session/two.ts`]: "import type { A } from './one.js'\n",
}

const trySingles = async () => {
  const files = Object.fromEntries(singles.map(([, file, line]) => [file, `${line}\n`]))
  const { breaches } = await cruisePlanted({ ...background, ...files })
  return singles.flatMap(([wall, file, line]) => {
    const caught = breaches.filter((breach) => breach.from === file || (breach.wall === circles && breach.to === file))
    return judge(
      file,
      line,
      wall,
      caught.map((breach) => breach.wall),
    )
  })
}

/**
 * Plants everything.
 *
 * @returns {Promise<{ caught: number, passed: number, wrong: string[] }>} how many forbidden imports were caught by just the
 *   wall that the map names, how many allowed ones passed, and what came out otherwise
 */
export const plantBreaches = async () => {
  const byValue = await tryTheMap(false)
  const byType = await tryTheMap(true)
  const wrong = [...byValue.wrong, ...byType.wrong, ...(await trySingles())]

  const proven = new Set([...byValue.caught, ...byType.caught, ...singles.map(([wall]) => wall)])
  for (const name of wallNames) if (!proven.has(name)) wrong.push(`no breach is planted for the wall ${name}`)

  const forbidden = singles.filter(([wall]) => wall).length
  return {
    caught: byValue.caught.length + byType.caught.length + forbidden,
    passed: byValue.passed + byType.passed + singles.length - forbidden,
    wrong,
  }
}
