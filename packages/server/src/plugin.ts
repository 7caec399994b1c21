import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import { createApi, type StompApi } from './api.js'
import { embeddedBroker } from './broker/embedded/embedded-broker.js'
import { systemClock } from './clock/clock.js'
import { createWheel, type Timer } from './clock/wheel.js'
import { createClusterHouse } from './cluster-house.js'
import { createDestinationSyntax } from './destination/destination.js'
import { type DispatchParts, openDispatcher } from './dispatch/dispatcher.js'
import { createPublications } from './dispatch/publications.js'
import { createReplyQueues } from './dispatch/reply-queues.js'
import { type Doors, openDoors } from './doors.js'
import { ACCEPT, createEndpoint } from './endpoints/endpoint.js'
import type { RawEndpoint } from './endpoints/raw-handlers.js'
import { createTurns } from './framing/turns.js'
import { createAdmission } from './hooks/admission.js'
import { createCsrfGuard } from './hooks/csrf.js'
import { observeAdmission } from './hooks/observed-admission.js'
import { compileRules } from './hooks/rules.js'
import { beforeClose } from './long-close.js'
import { createObservation } from './observation.js'
import { checkOptions, type HoofbeatOptions, resolveFallback, resolveLimits } from './options.js'
import { createRawDoors, type RawDoorParts } from './raw-doors.js'
import { createRouteTable } from './routes/route-table.js'
import { createPublication } from './routes/value-encoder.js'
import { createRateLimits } from './session/rate-limits.js'
import type { SessionParts } from './session/session.js'
import { asksForLink, type FallbackOptions } from './transports/sse.js'
import { createTcpListeners } from './transports/tcp.js'
import { guardUpgrades } from './transports/upgrade-guard.js'
import { selectProtocol } from './transports/websocket.js'
import { provideWebSocket } from './transports/websocket-door.js'
import { createUserRegistry } from './users/user-registry.js'
import type { SessionTarget } from './users/users.js'

export type { DoorOptions, EndpointOptions } from './doors.js'
export type { HoofbeatLimits, HoofbeatOptions } from './options.js'
export type { FallbackOptions } from './transports/sse.js'
export type { TcpAddress, TcpOptions } from './transports/tcp.js'

/** How long connections may take to close, when all is settled that was under way, in ms: far longer than they do. */
const CLOSES_MS = 30_000

/** Value of the `server` header of CONNECTED. */
const SERVER_NAME = 'hoofbeat'

/** Composition: builds the rooms, hands them their ports, connects them to the life of the application. */
async function hoofbeat(fastify: FastifyInstance, options: HoofbeatOptions): Promise<void> {
  checkOptions(options)
  const { endpoints = [{ path: '/stomp' }], applicationPrefix = '/app', drainMs = 5_000, clock = systemClock } = options
  const limits = resolveLimits(options.limits)
  const syntax = createDestinationSyntax(options.separator)
  const nextMessageId = createMessageIds()
  const wheel = createWheel(clock)
  const doors: Doors[] = []
  /** By full URL path. */
  const rawEndpoints = new Map<string, RawEndpoint>()
  let isClosing = false

  const users = createUserRegistry()
  const observation = createObservation(options, { log: fastify.log, clock, users })
  // Of the hooks of its kind the first one is the last to run, also where the rest of this fails.
  fastify.addHook('onClose', async () => observation.leave())
  const { observe, figures, published } = observation
  const after = (delayMs: number, run: () => void): Timer => wheel.after(delayMs, run)
  const table = createRouteTable({
    ...{ instance: fastify, syntax, observe, watch: observation.routes },
    deadline: { after, hookTimeoutMs: limits.hookTimeoutMs },
  })
  const turns = createTurns(clock)
  const broker = await (options.broker ?? embeddedBroker())({
    ...{ syntax, nextMessageId, observe, published, clock, wheel, turns, after },
  })
  observation.lookAt(broker)
  const replyQueues = createReplyQueues(limits.maxTempQueues, broker.backbone?.nodeId)
  const cluster = createClusterHouse({ broker, users, replyQueues, log: fastify.log, clock, after })
  const publications = createPublications({
    ...{ broker, syntax, applicationPrefix, replyQueues, observe, elsewhere: cluster.elsewhere },
    sessionIds: (userName) => users.sessionIds(userName),
    hasSession: (sessionId) => users.has(sessionId),
  })
  const dispatch: DispatchParts = {
    broker,
    publications,
    replyQueues,
    users,
    presence: cluster.follow(observation.tellHooks(table.rootHooks)),
    syntax,
    applicationPrefix,
    nextMessageId,
    limits,
    routes: table.routes,
    rules: compileRules({ allow: options.allow ?? {}, deny: options.deny ?? {}, applicationPrefix, syntax }),
    hooks: table.rootHooks,
    isSoft: options.refusals === 'soft',
    after,
  }
  const session: SessionParts = {
    authenticate: options.authenticate,
    heartBeat: options.heartBeat ?? { sendMs: 10_000, receiveMs: 10_000 },
    serverName: SERVER_NAME,
    csrf: options.csrf && createCsrfGuard(options.csrf, fastify, options.allowedOrigins),
    rateLimits: options.rateLimits && createRateLimits(options.rateLimits, { syntax, clock }),
    framing: { clock, wheel, turns, limits, figures },
    limits,
    observe,
    openDispatcher: (recipient, caller, credentials) => openDispatcher(recipient, caller, dispatch, credentials),
  }
  const endpoint = createEndpoint(session)

  const admission = observeAdmission(
    createAdmission(
      options,
      () => isClosing,
      () => clock.epochMs(),
    ),
    observe,
    asksForLink,
  )
  const guard = guardUpgrades(fastify.server, {
    timeoutMs: limits.connectTimeoutMs,
    after,
    soon: (run) => clock.soon(run),
    isClosing: () => isClosing,
  })
  const tcp = createTcpListeners(options.tcp ?? [], {
    accept: endpoint.accept,
    after,
    log: fastify.log,
  })
  beforeClose(fastify, 2 * drainMs + limits.settleTimeoutMs + CLOSES_MS, async () => {
    isClosing = true
    tcp.stop()
    for (const door of doors) door.refuse()
    await Promise.all([endpoint, ...raw.houses].map((house) => house.drain(drainMs)))
    await Promise.all(doors.map((door) => door.close(drainMs)))
    cluster.closeWays()
    guard.close()
    await tcp.close()
  })
  fastify.addHook('onReady', async () => {
    table.seal()
    await cluster.open(fastify)
    await tcp.open()
  })
  fastify.addHook('onClose', async () => {
    try {
      await cluster.leave()
      // It may wait for what a broker elsewhere owes, until a deadline.
      await broker.close()
    } finally {
      wheel.stop()
    }
  })

  const sharedDoors: RawDoorParts['doors'] = {
    allowedOrigins: options.allowedOrigins ?? [],
    ...{ clock, wheel, admission, guard, sockJsPeers: cluster.sockJsPeers },
  }
  const fallback: FallbackOptions = { ...(cluster.linkPeers && { peers: cluster.linkPeers }), ...options.fallback }
  const raw = createRawDoors({
    ...{ doors: sharedDoors, limits, after },
    fallbackFor: (maxBodyBytes) => resolveFallback(fallback, { ...limits, maxBodyBytes }),
    // Its figures are of STOMP.
    outbox: { ...session.framing, figures: undefined },
    opened: (opened) => doors.push(opened),
  })
  const apis = new WeakMap<FastifyInstance, StompApi>()
  const publish = async (...args: Parameters<typeof createPublication>): Promise<void> => {
    await publications.publish(observation.carry(createPublication(...args)))
  }
  const sendToUser = async (
    { user, session }: SessionTarget,
    ...args: Parameters<typeof createPublication>
  ): Promise<void> => {
    const publication = observation.carry(createPublication(...args))
    if (user !== undefined) await publications.publishToUser(user, publication)
    if (session !== undefined) await publications.publishToSession(session, publication)
  }
  fastify.decorate('stomp', {
    // Fastify reads it on the instance at hand, so that each plugin adds routes in its own name.
    getter(this: FastifyInstance) {
      const known = apis.get(this)
      if (known !== undefined) return known
      const api = createApi({
        instance: this,
        table,
        publish,
        sendToUser,
        users: cluster.users,
        disconnect: (target, reason) => cluster.disconnect(target, reason),
        broker,
        openRaw: raw.open,
        rawEndpoints,
        tcp,
      })
      apis.set(this, api)
      return api
    },
  })

  fastify.decorate(ACCEPT, endpoint.accept)
  await provideWebSocket(fastify, limits.maxTransportMessageBytes)
  for (const { path, ...reach } of endpoints) {
    const opened = await openDoors(fastify, path, reach, {
      ...sharedDoors,
      fallback: resolveFallback(fallback, limits),
      selectProtocol,
      accept: endpoint.accept,
      plain: {
        session,
        authenticate: options.authenticate,
        maxBodyBytes: limits.maxBodyBytes,
        position: () => broker.position,
      },
    })
    doors.push(opened)
  }
}

/** Ids that are unique in the process and, by their random part, over its restarts. */
function createMessageIds(): () => string {
  const start = crypto.randomUUID().slice(0, 8)
  let count = 0
  return () => `${start}-${++count}`
}

/**
 * The Fastify plugin. It decorates the instance with {@link StompApi} as `stomp`, opens the endpoints, and drains the
 * sessions when the application closes.
 *
 * ```ts
 * await app.register(hoofbeat, { endpoints: [{ path: '/stomp' }] })
 * app.stomp.message('/hello', { sendTo: '/topic/greetings' }, async (message) => ({ content: 'Hello!' }))
 * ```
 */
export const hoofbeatPlugin: FastifyPluginAsync<HoofbeatOptions> = fastifyPlugin(hoofbeat, {
  fastify: '5.x',
  name: '@hoofbeat/server',
})
