/**
 * The rooms of the packages and what each may import: docs/architecture.md tells the same to readers. A change of the map
 * changes both.
 *
 * A room is a folder (`message/`) or one file (`errors.ts`; `*` stands for part of a name) below `packages/<package>/src/`.
 * The first entry that fits a file is its room. What is not named here is forbidden:
 *
 * - `imports`: rooms of the same package, or `codec`, `sse` for the published entries of those packages
 * - `types`: the same, but by `import type` only
 * - `own`: the folder whose files it may import freely; by default its own folder, and nothing for a single file
 * - `fastify`: `true` for fastify and what plugins are made with, `'types'` for fastify by `import type` only
 * - `packages`, `typePackages`: further packages; `builtins`: Node's modules, `true` for all
 * - `alone`: not even the rooms that are open to all
 */

/** Rooms of the server that every other room may import, unless it stands `alone`. */
export const openToAll = ['errors.ts', 'destination/', 'observe/events.ts', 'observe/figures.ts']

const everyRoom = [
  'api.ts',
  'clock/',
  'connection/',
  'message/',
  'transports/',
  'endpoints/',
  'framing/',
  'session/',
  'dispatch/',
  'hooks/',
  'routes/',
  'users/',
  'broker/',
  'cluster/',
  'store/',
  'observe/',
]

const relayImports = [
  'broker/broker.ts',
  'broker/broker-factory.ts',
  'broker/subscribe-headers.ts',
  'broker/selectors/',
  'broker/subscriptions/',
  'broker/embedded/',
  'connection/',
  'message/',
  'framing/',
  'codec',
  'observe/',
  'clock/',
]

const server = [
  // The public face and the composition root.
  { room: 'index.ts', imports: [...everyRoom, 'codec'] },
  {
    room: 'plugin.ts',
    imports: [...everyRoom, 'doors.ts', 'raw-doors.ts', 'cluster-house.ts', 'observation.ts', 'long-close.ts', 'codec'],
    fastify: true,
  },
  {
    room: 'cluster-house.ts',
    imports: ['cluster/'],
    types: ['broker/broker.ts', 'dispatch/', 'transports/', 'users/'],
    fastify: 'types',
  },
  { room: 'doors.ts', imports: [...everyRoom, 'sse'], fastify: true },
  { room: 'long-close.ts', alone: true, fastify: 'types' },
  {
    room: 'observation.ts',
    imports: ['observe/', 'users/'],
    types: ['broker/broker.ts', 'clock/', 'hooks/', 'routes/'],
    fastify: 'types',
  },
  { room: 'raw-doors.ts', imports: ['doors.ts', 'endpoints/'], types: ['api.ts', 'transports/'], fastify: 'types' },
  {
    room: 'api.ts',
    imports: ['routes/'],
    types: [...everyRoom, 'doors.ts', ...openToAll, 'codec'],
    alone: true,
    fastify: true,
  },
  { room: 'options.ts', imports: ['codec'], types: [...everyRoom, 'doors.ts', 'observation.ts'], fastify: true },
  {
    room: 'testing/',
    imports: [...everyRoom, 'codec'],
    fastify: 'types',
    typePackages: ['ws', '@fastify/websocket'],
    builtins: ['crypto', 'http', 'stream'],
  },

  // Low rooms: they import nothing, or messages.
  { room: 'error-table.ts', alone: true },
  { room: 'errors.ts', imports: ['error-table.ts'], alone: true, fastify: true },
  { room: 'destination/', alone: true },
  { room: 'clock/', alone: true },
  { room: 'message/', imports: ['codec', 'sse'], builtins: ['buffer'] },
  { room: 'connection/connection.ts', types: ['codec', 'message/'], alone: true },
  { room: 'connection/socket-connection.ts', types: ['message/'], own: 'connection/', builtins: true },

  // From the socket to the session.
  {
    room: 'transports/websocket*.ts',
    imports: ['connection/', 'message/', 'sse'],
    own: 'transports/',
    fastify: true,
    packages: ['@fastify/websocket'],
    builtins: ['http', 'net'],
    typePackages: ['ws'],
  },
  { room: 'transports/upgrade-guard.ts', builtins: ['http', 'stream'] },
  { room: 'transports/link-clock.ts', imports: ['sse'] },
  { room: 'transports/link-connection.ts', imports: ['connection/', 'message/'], types: ['sse'] },
  { room: 'transports/sse.ts', imports: ['connection/', 'message/', 'sse'], own: 'transports/', fastify: true },
  {
    room: 'transports/sockjs/',
    imports: ['connection/', 'message/'],
    types: ['clock/wheel.ts', 'hooks/origin.ts'],
    own: 'transports/',
    fastify: true,
    builtins: ['buffer', 'crypto', 'http', 'https', 'net'],
    typePackages: ['ws'],
  },
  { room: 'transports/tcp.ts', imports: ['connection/', 'message/'], own: 'transports/', builtins: true },
  {
    room: 'endpoints/plain-*.ts',
    imports: ['codec', 'message/', 'framing/', 'session/', 'dispatch/', 'hooks/', 'clock/'],
    types: ['users/'],
    own: 'endpoints/',
    fastify: true,
  },
  {
    room: 'endpoints/event-*.ts',
    imports: ['codec', 'message/', 'dispatch/', 'clock/'],
    types: ['framing/'],
    own: 'endpoints/',
    builtins: ['buffer'],
  },
  {
    room: 'endpoints/',
    imports: ['connection/', 'message/', 'framing/outbox.ts', 'session/', 'dispatch/', 'hooks/', 'clock/'],
    types: ['users/'],
    fastify: 'types',
  },
  { room: 'framing/', imports: ['codec', 'connection/', 'message/', 'clock/'] },
  {
    room: 'session/',
    imports: ['codec', 'connection/', 'message/', 'framing/', 'dispatch/', 'hooks/', 'observe/', 'clock/'],
    types: ['users/'],
    fastify: 'types',
  },

  // From the session to a route or the broker.
  {
    room: 'dispatch/',
    imports: ['codec', 'message/', 'hooks/', 'users/', 'routes/', 'broker/broker.ts', 'broker/subscribe-headers.ts'],
    builtins: ['events'],
  },
  { room: 'hooks/', imports: ['codec'], types: ['users/'], fastify: true },
  {
    room: 'routes/',
    imports: ['codec', 'message/', 'hooks/', 'broker/broker.ts', 'observe/'],
    types: ['users/'],
    fastify: true,
    packages: ['find-my-way'],
  },
  { room: 'users/', imports: ['broker/broker.ts'], types: ['codec', 'hooks/user.ts'] },

  // Brokers and what they stand on.
  { room: 'broker/selectors/' },
  { room: 'broker/broker.ts', types: ['codec', 'message/', 'errors.ts'], alone: true },
  { room: 'broker/broker-factory.ts', types: ['broker/broker.ts', 'clock/', 'framing/turns.ts', 'message/'] },
  { room: 'broker/subscribe-headers.ts', types: ['codec'] },
  { room: 'broker/broker.contract.ts', imports: ['codec', 'message/', 'broker/broker.ts', 'broker/contract/'] },
  { room: 'broker/contract/', imports: ['codec', 'message/', 'broker/broker.ts'] },
  { room: 'broker/subscriptions/', imports: ['broker/selectors/'] },
  {
    room: 'broker/embedded/',
    imports: [
      'broker/broker.ts',
      'broker/broker-factory.ts',
      'broker/subscribe-headers.ts',
      'broker/selectors/',
      'broker/subscriptions/',
      'message/',
      'store/message-store.ts',
      'codec',
      'observe/',
      'clock/',
    ],
  },
  { room: 'broker/relay/cluster-keys.ts', own: 'broker/relay/', builtins: ['crypto'] },
  {
    room: 'broker/relay/dial*.ts',
    imports: relayImports,
    own: 'broker/relay/',
    builtins: true,
  },
  {
    room: 'broker/relay/',
    imports: relayImports,
  },
  {
    room: 'cluster/',
    imports: ['broker/broker.ts', 'users/', 'codec', 'sse', 'clock/', 'transports/sockjs/'],
    types: ['dispatch/publications.ts', 'hooks/user.ts', 'observe/'],
    builtins: true,
  },
  { room: 'store/message-store.ts', types: ['codec', 'message/'], alone: true },
  {
    room: 'store/store.contract.ts',
    imports: ['codec', 'store/message-store.ts'],
    types: ['broker/broker.contract.ts'],
  },
  // What runs in the thread of the durable store.
  { room: 'store/ledger/', packages: ['@photostructure/sqlite'], builtins: true, alone: true },
  { room: 'store/durable*.ts', imports: ['codec', 'message/', 'clock/'], own: 'store/', builtins: true },
  { room: 'store/', imports: ['codec', 'message/', 'clock/'] },

  // What operators see.
  { room: 'observe/events.ts', types: ['codec', 'message/'], alone: true },
  { room: 'observe/figures.ts', types: ['codec'], own: 'observe/', alone: true },
  { room: 'observe/diagnostics.ts', own: 'observe/', builtins: ['diagnostics_channel'] },
  { room: 'observe/metrics.ts', own: 'observe/', packages: ['prom-client'] },
  { room: 'observe/opentelemetry.ts', types: ['codec'], own: 'observe/', packages: ['@opentelemetry/api'] },
  { room: 'observe/t*.ts', imports: ['codec'], own: 'observe/' },
  { room: 'observe/handler-watch.ts', types: ['codec'], own: 'observe/' },
  { room: 'observe/log.ts', own: 'observe/', fastify: 'types' },
  { room: 'observe/' },
]

const sse = [
  { room: 'index.ts', imports: ['wire/', 'server/'], alone: true },
  { room: 'wire/', alone: true },
  { room: 'client/', imports: ['wire/'] },
  { room: 'server/http-peer-socket.ts', imports: ['wire/'], own: 'server/', packages: ['ws'], builtins: ['http'] },
  { room: 'server/http-*.ts', imports: ['wire/'], own: 'server/', fastify: true, builtins: true },
  { room: 'server/web-socket.ts', imports: ['wire/'], own: 'server/', builtins: true, typePackages: ['ws'] },
  { room: 'server/', imports: ['wire/'], builtins: true },
]

/** All rooms with their package, in the order in which they are tried. */
export const rooms = [
  ...server.map((entry) => ({ package: 'server', ...entry })),
  ...sse.map((entry) => ({ package: 'sse', ...entry })),
]

/** What `fastify: true` opens. */
export const fastifyPackages = ['fastify', 'fastify-plugin', '@fastify/error']

/** Files of the server that have a wall of their own, which says who may import them. */
export const guarded = ['index.ts', 'plugin.ts', 'options.ts', 'testing/']
