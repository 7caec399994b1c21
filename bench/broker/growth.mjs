// node bench/broker/growth.mjs [--quick] [--json] [--case <words>]      after `npm run build`
//
// How the embedded broker's work grows: each case runs at four sizes, each twice the one before, in a process of its own.
// What is linear shows the same time for each unit at every size. Clients are in the same process on linked connections
// and speak real STOMP, so the figures hold decoding and encoding on both sides.
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createDecoder, encode } from '../../packages/codec/dist/index.js'
import hoofbeat, { embeddedBroker } from '../../packages/server/dist/index.js'
import { linkConnection } from '../../packages/server/dist/testing.js'

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    case: { type: 'string', default: '' },
    one: { type: 'string' },
    size: { type: 'string' },
  },
})

const Fastify = createRequire(new URL('../../packages/server/package.json', import.meta.url))('fastify')
const BODY = 'x'.repeat(300)

async function startApp(broker = {}, limits = {}) {
  const app = Fastify()
  await app.register(hoofbeat, {
    broker: embeddedBroker({ maxDestinations: 1_000_000, maxQueueMessages: 10_000_000, ...broker }),
    authenticate: ({ login }) => login,
    allow: { send: ['/topic/**', '/queue/**'], subscribe: ['/topic/**', '/queue/**'] },
    heartBeat: { sendMs: 0, receiveMs: 0 },
    limits: { maxSubscriptions: 1_000_000, ...limits },
    drainMs: 0,
  })
  await app.ready()
  return app
}

/** A client: calls `take` with each frame. */
function connect(app, take = () => {}) {
  const decoder = createDecoder({ from: 'server' })
  decoder.version = '1.2'
  const link = linkConnection({
    bytes(data) {
      decoder.push(data)
      for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) {
        if (frame === 'heart-beat') continue
        if (frame.command === 'ERROR') throw new Error(`${frame.headers.get('message')}`)
        take(frame, client)
      }
    },
    closed: () => {},
  })
  const client = {
    say: (command, headers, body) => link.send(encode({ command, headers, body }, '1.2')),
    stall: (isStalled) => link.setStalled(isStalled),
    close: () => link.close(),
  }
  app.getDecorator(Symbol.for('@hoofbeat/server accept'))(link.connection)
  client.say('CONNECT', { 'accept-version': '1.2', host: 'x' })
  return client
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

/** Sends `count` messages, letting the loop turn after every hundred. */
async function sendMany(client, count, destinationOf, headers = {}) {
  for (let i = 0; i < count; i++) {
    client.say('SEND', { destination: destinationOf(i), ...headers }, BODY)
    if (i % 100 === 99) await turn()
  }
}

async function until(isDone) {
  while (!isDone()) await turn()
}

/** Each case: its sizes, and what it does at one of them; what it gives back is told beside the time. */
const CASES = {
  'messages through a queue, 100 consumers with client-individual': {
    sizes: [125_000, 250_000, 500_000, 1_000_000],
    async run(size) {
      const app = await startApp()
      let taken = 0
      const counts = new Array(100).fill(0)
      for (let i = 0; i < 100; i++) {
        const consumer = connect(app, ({ command, headers }, client) => {
          if (command !== 'MESSAGE') return
          taken++
          counts[i]++
          client.say('ACK', { id: headers.get('ack') })
        })
        await turn()
        consumer.say('SUBSCRIBE', {
          id: '1',
          destination: '/queue/a',
          ack: 'client-individual',
          'prefetch-count': '10',
        })
      }
      const producer = connect(app)
      await turn()
      return async () => {
        await sendMany(producer, size, () => '/queue/a')
        await until(() => taken === size)
        return {
          fewest: Math.min(...counts),
          most: Math.max(...counts),
          left: app.stomp.admin.destinations()[0].inFlight,
        }
      }
    },
  },
  'messages queued, then drained by one reader with prefetch-count 1': {
    sizes: [12_500, 25_000, 50_000, 100_000],
    async run(size) {
      const app = await startApp()
      let taken = 0
      const producer = connect(app)
      const reader = connect(app, ({ command, headers }, client) => {
        if (command !== 'MESSAGE') return
        taken++
        client.say('ACK', { id: headers.get('ack') })
      })
      await turn()
      return async () => {
        await sendMany(producer, size, () => '/queue/a')
        const heapMiB = Math.round(process.memoryUsage().heapUsed / 2 ** 20)
        const { depth } = app.stomp.admin.destinations()[0]
        reader.say('SUBSCRIBE', { id: '1', destination: '/queue/a', ack: 'client', 'prefetch-count': '1' })
        await until(() => taken === size)
        return { depth, heapMiB }
      }
    },
  },
  'messages queued for a reader that stalls, then reads on, with auto': {
    sizes: [12_500, 25_000, 50_000, 100_000],
    async run(size) {
      const app = await startApp()
      let taken = 0
      const producer = connect(app)
      const reader = connect(app, ({ command }) => {
        if (command === 'MESSAGE') taken++
      })
      await turn()
      reader.say('SUBSCRIBE', { id: '1', destination: '/queue/a' })
      return async () => {
        reader.stall(true)
        await sendMany(producer, size, () => '/queue/a')
        const { depth } = app.stomp.admin.destinations()[0]
        reader.stall(false)
        await until(() => taken === size)
        return { depth }
      }
    },
  },
  'messages that a lost session gives back, and another takes': {
    sizes: [12_500, 25_000, 50_000, 100_000],
    async run(size) {
      const app = await startApp({ maxPrefetchCount: 1_000_000 })
      let held = 0
      let taken = 0
      const producer = connect(app)
      const first = connect(app, ({ command }) => {
        if (command === 'MESSAGE') held++
      })
      const second = connect(app, ({ command, headers }, client) => {
        if (command !== 'MESSAGE') return
        taken++
        client.say('ACK', { id: headers.get('ack') })
      })
      await turn()
      const subscribe = (client) =>
        client.say('SUBSCRIBE', {
          id: '1',
          destination: '/queue/a',
          ack: 'client-individual',
          'prefetch-count': '1000000',
        })
      return async () => {
        subscribe(first)
        await sendMany(producer, size, () => '/queue/a')
        await until(() => held === size)
        subscribe(second)
        first.close()
        await until(() => taken === size)
        return {}
      }
    },
  },
  'queues, each with one message, then consumed': {
    sizes: [1_250, 2_500, 5_000, 10_000],
    async run(size) {
      const app = await startApp()
      let taken = 0
      const client = connect(app, ({ command }) => {
        if (command === 'MESSAGE') taken++
      })
      await turn()
      return async () => {
        await sendMany(client, size, (i) => `/queue/${i}`)
        for (let i = 0; i < size; i++) {
          client.say('SUBSCRIBE', { id: `${i}`, destination: `/queue/${i}` })
          if (i % 100 === 99) await turn()
        }
        await until(() => taken === size)
        return { queues: app.stomp.admin.destinations().length }
      }
    },
  },
  'topics, each with a subscription, 10 messages each': {
    sizes: [1_250, 2_500, 5_000, 10_000],
    async run(size) {
      const app = await startApp()
      let taken = 0
      const client = connect(app, ({ command }) => {
        if (command === 'MESSAGE') taken++
      })
      await turn()
      return async () => {
        for (let i = 0; i < size; i++) {
          client.say('SUBSCRIBE', { id: `${i}`, destination: `/topic/${i}` })
          if (i % 100 === 99) await turn()
        }
        for (let round = 0; round < 10; round++) await sendMany(client, size, (i) => `/topic/${i}`)
        await until(() => taken === 10 * size)
        return {}
      }
    },
  },
  'wildcard subscriptions, 10 messages for each': {
    sizes: [1_250, 2_500, 5_000, 10_000],
    async run(size) {
      const app = await startApp()
      let taken = 0
      const client = connect(app, ({ command }) => {
        if (command === 'MESSAGE') taken++
      })
      await turn()
      return async () => {
        for (let i = 0; i < size; i++) {
          client.say('SUBSCRIBE', { id: `${i}`, destination: `/topic/site-${i % 100}/*/sensor-${i}` })
          if (i % 100 === 99) await turn()
        }
        for (let round = 0; round < 10; round++) {
          await sendMany(client, size, (i) => `/topic/site-${i % 100}/room-${round}/sensor-${i}`)
        }
        await until(() => taken === 10 * size)
        return {}
      }
    },
  },
  'messages with a time to live that are consumed long before': {
    sizes: [25_000, 50_000, 100_000, 200_000],
    async run(size) {
      const app = await startApp()
      let taken = 0
      const client = connect(app, ({ command }) => {
        if (command === 'MESSAGE') taken++
      })
      await turn()
      client.say('SUBSCRIBE', { id: '1', destination: '/queue/a' })
      return async () => {
        await sendMany(client, size, () => '/queue/a', { expiration: '86400000' })
        await until(() => taken === size)
        globalThis.gc?.()
        return { heapMiB: Math.round(process.memoryUsage().heapUsed / 2 ** 20) }
      }
    },
  },
}

if (options.one !== undefined) {
  const measure = await CASES[options.one].run(Number(options.size))
  const begin = performance.now()
  const told = await measure()
  const ms = performance.now() - begin
  const rssMiB = Math.round(process.resourceUsage().maxRSS / 1024)
  process.stdout.write(JSON.stringify({ ms, rssMiB, ...told }))
  process.exit(0)
}

const results = []
for (const [name, { sizes }] of Object.entries(CASES)) {
  if (!name.includes(options.case)) continue
  if (!options.json) console.log(`\n${name}`)
  for (const full of sizes) {
    const size = options.quick ? Math.ceil(full / 10) : full
    const args = ['--expose-gc', fileURLToPath(import.meta.url), '--one', name, '--size', `${size}`]
    const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 2 ** 26 })
    if (status !== 0) throw new Error(`${name} at ${size} failed:\n${stderr}`)
    const { ms, rssMiB, ...told } = JSON.parse(stdout)
    results.push({ case: name, size, ms, microsecondsEach: (1_000 * ms) / size, rssMiB, ...told })
    if (options.json) continue
    const each = ((1_000 * ms) / size).toFixed(1)
    const rest = Object.entries(told).map(([key, value]) => `${key} ${value}`)
    console.log(
      `  ${`${size}`.padStart(9)}  ${ms.toFixed(0).padStart(7)} ms  ${each.padStart(7)} us each  ${rssMiB} MiB at most  ${rest.join(', ')}`,
    )
  }
}
if (options.json) console.log(JSON.stringify(results, null, 2))
