import { Counter, Gauge, Histogram, type PrometheusContentType, Registry } from 'prom-client'
import type { Gauges, JoinedMetrics, Metrics } from './figures.js'
import type { HandlerWatch } from './handler-watch.js'
import { createLatency } from './latency.js'
import { type Fill, type Register, registerLegMetrics } from './leg-metrics.js'
import { type QueueChoice, type Scrape, scrape } from './scrape.js'
import { addFigures, countEvent, createEventCounts, createFigures, frameCounts } from './tally.js'

export type { Metrics } from './figures.js'

/** Where the metrics are registered, and which of them. */
export interface PrometheusMetricsOptions {
  /** Where they are registered, for example prom-client's own `register`. @default a new one: `register` of the result */
  readonly register?: Registry<PrometheusContentType>
  /** What all names begin with. @default 'hoofbeat_' */
  readonly prefix?: string
  /**
   * Which queues have metrics of their own, by name: so many of the deepest when somebody scrapes, or these. Each name is
   * a series. Of the others only sums are told. @default 20
   */
  readonly queues?: number | readonly string[]
}

/** Metrics for Prometheus. */
export interface PrometheusMetrics extends Metrics {
  /** Gives the text that is scraped: `await metrics.register.metrics()`. */
  readonly register: Registry<PrometheusContentType>
}

/** In seconds; a turn of the event loop takes a millisecond or less. */
const LATENCY_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10]
const HANDLER_BUCKETS = [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]

/**
 * Makes metrics to be given to the plugin as `metrics`: to one application, or to several, whose figures are added up.
 * Throws an Error where the registry has metrics of these names already: give another `prefix` or `register`.
 *
 * ```ts
 * const metrics = prometheusMetrics()
 * await app.register(hoofbeat, { metrics })
 * app.get('/metrics', async (_, reply) => reply.type(metrics.register.contentType).send(await metrics.register.metrics()))
 * ```
 */
export function prometheusMetrics(options: PrometheusMetricsOptions = {}): PrometheusMetrics {
  const { register = new Registry(), prefix = 'hoofbeat_', queues = 20 } = options
  const checked = checkQueues(queues)
  if (register.getSingleMetric(`${prefix}sessions`) !== undefined) {
    throw new Error(
      `the registry has metrics '${prefix}...' already: give another prefix, another register, or share one`,
    )
  }
  const applications = new Set<{ readonly joined: JoinedMetrics; readonly gauges: Gauges }>()
  /** Of applications that are over. */
  const past = createFigures(NO_LATENCY)
  const events = createEventCounts()
  const figures = (): typeof past => {
    const total = createFigures(NO_LATENCY)
    addFigures(total, past)
    for (const { joined } of applications) addFigures(total, joined.figures)
    return total
  }
  let looked: Scrape | undefined
  /** All metrics are collected in one go: they look once. */
  const look = (): Scrape => {
    if (looked !== undefined) return looked
    queueMicrotask(() => {
      looked = undefined
    })
    looked = scrape(
      [...applications].map(({ gauges }) => gauges),
      checked,
    )
    return looked
  }

  const registers = [register]
  const counter: Register = (name, help, labelNames, fill) => {
    new Counter({
      ...{ name: prefix + name, help, labelNames, registers },
      collect() {
        this.reset()
        fill((value, ...labels) => this.labels(...labels).inc(value))
      },
    })
  }
  const gauge: Register = (name, help, labelNames, fill) => {
    new Gauge({
      ...{ name: prefix + name, help, labelNames, registers },
      collect() {
        this.reset()
        // Without labels it would be told as 0.
        if (labelNames.length === 0) this.remove()
        fill((value, ...labels) => this.labels(...labels).set(value))
      },
    })
  }
  const each =
    (counts: ReadonlyMap<string, number>): Fill =>
    (tell) => {
      for (const [label, count] of counts) tell(count, label)
    }

  gauge(
    'sessions',
    'Connected sessions; rung: what carries a link or SockJS session now',
    ['transport', 'rung'],
    (tell) => {
      for (const [transport, rungs] of look().sessions) for (const [rung, count] of rungs) tell(count, transport, rung)
    },
  )
  gauge('users', 'Users with at least one session', [], (tell) => tell(look().users))
  gauge('subscriptions', 'Subscriptions that the broker serves', [], (tell) => tell(look().subscriptions))
  counter('sessions_opened_total', 'Sessions that were connected', ['transport'], each(events.opened))
  counter('frames_received_total', 'STOMP frames of clients', ['command'], (tell) => {
    for (const [command, count] of frameCounts(figures().framesIn)) tell(count, command)
  })
  counter('frames_sent_total', 'STOMP frames to clients', ['command'], (tell) => {
    for (const [command, count] of frameCounts(figures().framesOut)) tell(count, command)
  })
  counter('received_bytes_total', 'Bytes of STOMP that came', [], (tell) => tell(figures().bytesIn))
  counter('sent_bytes_total', 'Bytes of STOMP that were written', [], (tell) => tell(figures().bytesOut))
  counter('deliveries_total', 'Messages given to readers', [], (tell) => tell(figures().deliveries))
  counter('deliveries_dropped_total', 'Messages that readers could not be given', [], (tell) =>
    tell(figures().droppedDeliveries),
  )
  gauge('outbox_bytes', 'Bytes that wait for readers, all together', [], (tell) => tell(look().outboxBytes))
  gauge('outbox_largest_bytes', 'Bytes that wait for the slowest reader', [], (tell) => tell(look().largestOutboxBytes))
  counter('slow_readers_total', 'Sessions closed because they did not read', ['transport'], each(events.slowReaders))
  counter('refusals_total', 'Refused frames, sessions and requests', ['code'], each(events.refusals))
  counter('heart_beat_losses_total', 'Sessions closed because they fell silent', [], (tell) =>
    tell(events.heartBeatLosses),
  )
  gauge('destinations', 'Destinations with subscriptions or messages', ['kind'], (tell) => {
    for (const [kind, { count }] of look().kinds) tell(count, kind)
  })
  gauge('kept_messages', 'Messages kept that nobody holds', ['kind'], (tell) => {
    for (const [kind, { depth }] of look().kinds) tell(depth, kind)
  })
  gauge('unacknowledged_messages', 'Messages given and not acknowledged', ['kind'], (tell) => {
    for (const [kind, { inFlight }] of look().kinds) tell(inFlight, kind)
  })
  gauge('kept_bytes', 'Bytes of all messages kept', [], (tell) => tell(look().keptBytes))
  gauge('queue_depth', 'Messages waiting in a queue', ['destination'], (tell) => {
    for (const { destination, depth } of look().queues) tell(depth, destination)
  })
  gauge('queue_unacknowledged', 'Messages of a queue given and not acknowledged', ['destination'], (tell) => {
    for (const { destination, inFlight } of look().queues) tell(inFlight, destination)
  })
  counter('messages_expired_total', 'Messages forgotten because they had expired', [], (tell) => tell(events.expired))
  counter('messages_dropped_total', 'Oldest messages of durable subscriptions without room', [], (tell) =>
    tell(events.dropped),
  )
  counter('dead_letters_total', 'Messages moved to the dead-letter queue', [], (tell) => tell(events.deadLetters))
  registerLegMetrics({ gauge, counter, look, events })
  const latency = new Histogram({
    name: `${prefix}publish_to_write_seconds`,
    help: 'From publishing to writing, for each reader of a sample of the messages',
    ...{ buckets: LATENCY_BUCKETS, registers },
  })

  const watch = watchHandlers(prefix, register)
  return {
    register,
    join(clock, gauges) {
      const joined: JoinedMetrics = {
        figures: createFigures(createLatency(clock, (seconds) => latency.observe(seconds))),
        observe: (event) => countEvent(events, event),
        watch: watch(clock),
        leave() {
          if (applications.delete(application)) addFigures(past, joined.figures)
        },
      }
      const application = { joined, gauges }
      applications.add(application)
      return joined
    },
  }
}

const NO_LATENCY = { published: () => {}, owed: () => {}, written: () => {}, gone: () => {} }

/** Metrics of route handlers, and what measures them. */
function watchHandlers(
  prefix: string,
  register: Registry<PrometheusContentType>,
): (clock: { now(): number }) => HandlerWatch {
  const registers = [register]
  const labelNames = ['command', 'route'] as const
  const running = new Gauge({ name: `${prefix}handlers_running`, help: 'Route handlers that run now', registers })
  const durations = new Histogram({
    name: `${prefix}handler_seconds`,
    help: 'How long route handlers run',
    ...{ labelNames, buckets: HANDLER_BUCKETS, registers },
  })
  const failures = new Counter({
    name: `${prefix}handler_failures_total`,
    help: 'Route handlers that failed or refused',
    ...{ labelNames, registers },
  })
  return (clock) => ({
    async around({ command, route }, run) {
      const sinceMs = clock.now()
      running.inc()
      try {
        return await run()
      } catch (error) {
        failures.inc({ command, route })
        throw error
      } finally {
        running.dec()
        durations.observe({ command, route }, (clock.now() - sinceMs) / 1_000)
      }
    },
  })
}

function checkQueues(queues: QueueChoice): QueueChoice {
  const isCount = typeof queues === 'number'
  if (!isCount) return queues
  if (!Number.isSafeInteger(queues) || queues < 0) {
    throw new RangeError('queues takes a whole number, 0 or more, or a list of destinations')
  }
  return queues
}
