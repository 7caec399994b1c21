import type { FastifyBaseLogger } from 'fastify'
import type { Broker, Publication } from './broker/broker.js'
import type { Clock } from './clock/clock.js'
import type { User } from './hooks/user.js'
import { openDiagnostics } from './observe/diagnostics.js'
import type { Observe, Watch } from './observe/events.js'
import type { Figures, Gauges, Metrics } from './observe/figures.js'
import { joinWatches } from './observe/handler-watch.js'
import { createLogObserver, isDebugging } from './observe/log.js'
import { tellAll } from './observe/observers.js'
import { type Tracing, withContext } from './observe/tracing.js'
import type { RouteHooks } from './routes/encapsulation.js'
import type { RouteWatch } from './routes/watched-route.js'
import { createHookObserver } from './users/hook-observer.js'
import { createPresence, type Presence } from './users/presence.js'
import type { UserRegistry } from './users/user-registry.js'

/** Who wants to look on. */
export interface ObservationOptions {
  /** Counts and measures; made by `prometheusMetrics` of `@hoofbeat/server/metrics`. @default nothing is counted */
  readonly metrics?: Metrics
  /** Traces message routes; made by `openTelemetry` of `@hoofbeat/server/opentelemetry`. @default nothing is traced */
  readonly tracing?: Tracing
}

/** What the observation of one application is made with. */
export interface ObservationParts {
  readonly log: FastifyBaseLogger
  readonly clock: Clock
  readonly users: Pick<UserRegistry, 'gauges' | 'users' | 'userOf'>
}

/** What is asked of a broker when somebody scrapes. */
type LookedAtBroker = Pick<Broker, 'admin' | 'isAvailable' | 'legs'>

/** Everything that looks on in one application: its log, channels, hooks, metrics and traces. */
export interface Observation {
  /** Tells all. Never throws. */
  readonly observe: Observe
  readonly watch: Watch
  /** Undefined without metrics. */
  readonly figures: Figures | undefined
  /** Undefined where nobody stands around handlers. */
  readonly routes: RouteWatch | undefined
  /** For the broker: see `BrokerParts`. */
  readonly published: Figures['latency']['published'] | undefined
  /** The broker is ready: from now on it is asked when somebody scrapes. */
  lookAt(broker: LookedAtBroker): void
  /** Tells hooks of the application from now on; they may grow until the application is ready. */
  tellHooks(hooks: RouteHooks): Presence
  /** What the application publishes, with the context in which it does. */
  carry(publication: Publication): Publication
  /** The application is over. */
  leave(): void
}

/** Begins to look on. */
export function createObservation({ metrics, tracing }: ObservationOptions, parts: ObservationParts): Observation {
  const { log, clock, users } = parts
  const diagnostics = openDiagnostics()
  let broker: LookedAtBroker | undefined
  const joined = metrics?.join(
    clock,
    gaugesOf(users, () => broker),
  )
  const observers: Observe[] = [createLogObserver(log), diagnostics.observe]
  if (joined !== undefined) observers.push(joined.observe)
  const observe = tellAll(observers, (err, { type }) => log.error({ err, event: type }, 'an observer of events failed'))
  const figures = joined?.figures
  const stands = joinWatches([tracing, joined?.watch])
  const watch: Watch = {
    observe,
    get isOnSubscriptions() {
      return isDebugging(log) || diagnostics.isOnSubscriptions
    },
  }
  const userOf = (sessionId: string): User | undefined => users.userOf(sessionId)
  const failed = (err: unknown, hook: string, session: string | undefined): void => {
    const user = session === undefined ? undefined : userOf(session)?.name
    log.error({ err, session, user }, `a hook ${hook} failed`)
  }
  return {
    observe,
    watch,
    figures,
    routes: stands && { around: (call, run) => stands.around(call, run), tracing },
    published: figures && ((message, isStored) => figures.latency.published(message, isStored)),
    lookAt(ready) {
      broker = ready
    },
    tellHooks(hooks) {
      observers.push(createHookObserver({ hooks, userOf, failed }))
      return createPresence({ hooks, watch, failed })
    },
    carry(publication) {
      const outgoing = tracing?.outgoing() ?? []
      return outgoing.length === 0
        ? publication
        : { ...publication, headers: withContext(publication.headers, outgoing) }
    },
    leave: () => joined?.leave(),
  }
}

function gaugesOf(users: ObservationParts['users'], broker: () => LookedAtBroker | undefined): Gauges {
  return {
    sessions: () => users.gauges(),
    get userCount() {
      return users.users.size
    },
    destinations: () => broker()?.admin?.destinations() ?? [],
    get keptBytes() {
      return broker()?.admin?.keptBytes
    },
    get isBrokerAvailable() {
      return broker()?.isAvailable
    },
    legs: () => broker()?.legs?.() ?? [],
  }
}
