// Walls between rooms, for `npm run walls`: scripts/walls/rooms.mjs holds the map, this file turns it into rules.
import { fastifyPackages, guarded, openToAll, rooms } from './scripts/walls/rooms.mjs'

const escaped = (text) => text.replace(/[.+?^${}()|[\]\\/]/g, '\\$&')

const published = {
  codec: '^packages/codec/src/index\\.ts$',
  sse: '^packages/sse/src/|^@hoofbeat/sse(/|$)',
}

/** Expression for a room or a published entry as it is named in the map. */
const at = (folder, place) =>
  published[place] ?? `^packages/${folder}/src/${escaped(place).replace('*', '[^/]*')}${place.endsWith('/') ? '' : '$'}`

// A type-only package may be resolved to its @types.
const fromPackage = (name) => `(^|node_modules/)(@types/)?${escaped(name)}(/|$)`

const byType = ['type-only', 'type-import']

const wall = (name, from, to) => ({ name, severity: 'error', from, to })

const wallsOf = (entry, index) => {
  const { room, imports = [], types = [], fastify, packages = [], typePackages = [], builtins = [] } = entry
  const place = (name) => at(entry.package, name)
  const name = (about) => `${entry.package === 'server' ? '' : `${entry.package} `}${room}: ${about}`
  const earlier = rooms.slice(0, index).filter((other) => other.package === entry.package)
  const from = { path: place(room), pathNot: earlier.map((other) => place(other.room)) }
  const own = entry.own ?? (room.endsWith('/') ? room : undefined)
  const isServer = entry.package === 'server'
  const open = [...(own ? [own] : []), ...imports, ...(isServer && !entry.alone ? openToAll : [])].map(place)
  const guardedElsewhere = isServer ? guarded.map(place) : []
  const freePackages = [...packages, ...(fastify === true ? fastifyPackages : [])].map(fromPackage)
  const packagesByType = [...typePackages, ...(fastify === 'types' ? ['fastify'] : [])].map(fromPackage)

  const walls = [
    wall(name('rooms'), from, {
      path: '^(packages|apps)/',
      pathNot: [...open, ...types.map(place), ...guardedElsewhere],
    }),
    wall(name('packages'), from, {
      pathNot: ['^(packages|apps)/', ...freePackages, ...packagesByType, ...types.map(place), ...imports.map(place)],
      dependencyTypesNot: ['core'],
    }),
  ]
  if (builtins !== true) {
    const pathNot = builtins.map((module) => `^(node:)?${module}$`)
    walls.push(wall(name('built-ins'), from, { dependencyTypes: ['core'], pathNot }))
  }
  if (types.length > 0 || packagesByType.length > 0) {
    const path = [...types.map(place), ...packagesByType]
    walls.push(
      wall(name('types only'), from, { path, pathNot: [...open, ...guardedElsewhere], dependencyTypesNot: byType }),
    )
  }
  return walls
}

const anySource = '^(packages|apps)/[^/]+/src/'

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...rooms.flatMap(wallsOf),
    wall('index.ts: imported by no room', { path: '^packages/server/src/' }, { path: at('server', 'index.ts') }),
    wall(
      'plugin.ts: imported by index.ts alone',
      { path: anySource, pathNot: at('server', 'index.ts') },
      { path: at('server', 'plugin.ts') },
    ),
    wall(
      'options.ts: imported by plugin.ts alone',
      { path: anySource, pathNot: at('server', 'plugin.ts') },
      { path: at('server', 'options.ts') },
    ),
    wall(
      'testing/: imported by tests alone',
      { path: anySource, pathNot: at('server', 'testing/') },
      { path: at('server', 'testing/') },
    ),
    wall('codec: imports nothing', { path: '^packages/codec/src/' }, { pathNot: '^packages/codec/src/' }),
    wall(
      'packages: meet at published entries',
      { path: '^(packages|apps)/([^/]+)/' },
      { path: '^packages/[^/]+/src/index\\.ts$', pathNot: '^$1/$2/', dependencyTypes: ['local'] },
    ),
    wall(
      'apps: use published entries',
      { path: '^apps/' },
      {
        path: ['^packages/', '^@hoofbeat/'],
        pathNot: [
          '^packages/[^/]+/src/index\\.ts$',
          ...['plugin.ts', 'options.ts', 'testing/'].map((name) => at('server', name)),
        ],
      },
    ),
    wall('no circular imports', {}, { circular: true }),
  ],
  options: {
    tsPreCompilationDeps: true,
    detectProcessBuiltinModuleCalls: true,
    doNotFollow: { path: 'node_modules' },
    // Tests and what they share may look into every room.
    exclude: { path: '\\.(test|test-d)\\.ts$|^(packages|apps)/[^/]+/test/' },
  },
}
