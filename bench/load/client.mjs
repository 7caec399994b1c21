// The load client, a process of its own: publishers and subscribers on raw sockets. See `startScene`.
import { answerParent } from '../measure/child.mjs'
import { quantile } from '../measure/statistics.mjs'
import { Channel } from './channel.mjs'
import { DIALECTS } from './dialects.mjs'
import { Group } from './group.mjs'

const HANDSHAKES_UNDER_WAY = 100
const CHECKED_MESSAGES = 20
/** Without any delivery for so long a run has failed. */
const STALL_MS = 20_000
/** What a server gets that confirms no SUBSCRIBE. */
const GRACE_MS = 500

const channels = []
const groups = []
let failure
let fail = (error) => {
  failure ??= error
}

/** Rejects with the first thing that goes wrong on any connection while `work` runs. */
async function guarded(work) {
  if (failure !== undefined) throw failure
  let watch
  const failed = new Promise((_, reject) => {
    fail = (error) => {
      failure ??= error
      reject(error)
    }
    let before = -1
    watch = setInterval(() => {
      const now = channels.reduce((sum, { seen }) => sum + seen, channels.length)
      if (now === before) fail(new Error('nothing has arrived for a long time'))
      before = now
    }, STALL_MS)
  })
  try {
    return await Promise.race([work(), failed])
  } finally {
    clearInterval(watch)
  }
}

/** Runs `count` jobs, some of them at the same time; their results in order. */
async function inParallel(count, job) {
  const results = new Array(count)
  let next = 0
  const work = async () => {
    while (next < count) {
      const index = next++
      results[index] = await job(index)
    }
  }
  await Promise.all(Array.from({ length: HANDSHAKES_UNDER_WAY }, work))
  return results
}

async function openAll({ dialect: name, destinations, subscribersEach, ids, payloadBytes, path, ...details }) {
  const dialect = DIALECTS[name]
  // From the first one on: it may take long until the last one is there.
  const { publisher = dialect } = dialect
  if (publisher.beat !== undefined) beatForEver(publisher)
  const open = async (role, destination, localAddress) => {
    const spoken = role === 'publish' ? publisher : dialect
    const url = spoken.url?.({ path, role, destination })
    const failed = (error) => fail(error)
    const channel = await Channel.open({ ...details, dialect: spoken, path, url, localAddress, failed })
    channels.push(channel)
    return channel
  }
  const subscribers = await inParallel(destinations.length * subscribersEach, async (index) => {
    const destination = destinations[Math.floor(index / subscribersEach)]
    const channel = await open('subscribe', destination, dialect.addressOf?.(index))
    await dialect.subscribe(channel, destination, idOf(ids, index), details)
    return channel
  })
  const publishers = await inParallel(destinations.length, async (index) => {
    const channel = await open('publish', destinations[index])
    // It gets no deliveries, but pings that want an answer.
    channel.count(Number.POSITIVE_INFINITY, noDelivery, noDelivery)
    return channel
  })
  for (const [index, destination] of destinations.entries()) {
    const first = index * subscribersEach
    const own = subscribers.slice(first, first + subscribersEach)
    const ownIds = own.map((_, i) => idOf(ids, first + i))
    groups.push(new Group(dialect, publishers[index], own, { ...details, destination, payloadBytes, ids: ownIds }))
  }
  if (details.hasReceipts === false) await new Promise((resolve) => setTimeout(resolve, GRACE_MS))
}

const noDelivery = () => {}
const idOf = (ids, index) => (ids === 'equal' ? 'sub-0' : `sub-${index}`)

/** Each connection says its heart-beat in time, a few of them at a time. */
function beatForEver({ beatMs }) {
  let next = 0
  let owed = 0
  let beforeMs = performance.now()
  setInterval(() => {
    // A busy client comes round late.
    const nowMs = performance.now()
    owed += (channels.length * (nowMs - beforeMs)) / beatMs
    beforeMs = nowMs
    for (; owed >= 1; owed--) channels[next++ % channels.length].beat()
  }, 50)
}

async function run(durationMs, wantsLatency, loop) {
  const usage = process.cpuUsage()
  const begin = performance.now()
  if (endedMs !== undefined) for (const { link } of channels) link?.rested(begin - endedMs)
  const published = total('published')
  const reads = total('reads')
  for (const group of groups) group.latencies = wantsLatency ? [] : undefined
  await guarded(() => Promise.all(groups.map((group) => loop(group, begin + durationMs))))
  endedMs = performance.now()
  const elapsedMs = endedMs - begin
  const { user, system } = process.cpuUsage(usage)
  const latencies = Float64Array.from(groups.flatMap((group) => group.latencies ?? [])).sort()
  const messages = total('published') - published
  return {
    messages,
    deliveries: messages * subscribersEach,
    perRead: (messages * subscribersEach) / (total('reads') - reads),
    elapsedMs,
    clientCpuMs: (user + system) / 1_000,
    ...(wantsLatency ? { p50Ms: quantile(latencies, 0.5), p99Ms: quantile(latencies, 0.99) } : {}),
  }
}

const total = (key) => groups.reduce((sum, group) => sum + group[key], 0)
let subscribersEach = 0
let endedMs

answerParent(undefined, {
  async open(details) {
    subscribersEach = details.subscribersEach
    await guarded(() => openAll(details))
    await guarded(() => Promise.all(groups.map((group) => group.check(CHECKED_MESSAGES))))
  },
  closedLoop: ({ window, durationMs, wantsLatency }) =>
    run(durationMs, wantsLatency, (group, endAt) => group.closedLoop(window, endAt)),
  openLoop: ({ intervalMs, durationMs }) => run(durationMs, true, (group, endAt) => group.openLoop(intervalMs, endAt)),
})
