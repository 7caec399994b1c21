import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import hoofbeat, {
  type BrokerFactory,
  durableStore,
  embeddedBroker,
  type RelayBrokerOptions,
  relayBroker,
  StompError,
  type TcpOptions,
} from '@hoofbeat/server'
import { prometheusMetrics } from '@hoofbeat/server/metrics'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import { admin } from './admin.js'
import { brokerState } from './broker-state.js'
import { chat } from './chat.js'
import { chatHandler } from './chat-handler.js'
import { greeting } from './greeting.js'
import { operations } from './operations.js'
import { pages } from './pages.js'
import { push } from './push.js'

/** How to build the application; tests choose what `main.ts` takes from the environment. */
export interface AppOptions {
  /** Fastify's own option. @default false */
  readonly logger?: FastifyServerOptions['logger']
  /** Port for native STOMP clients. @default none */
  readonly tcp?: TcpOptions
  /** Folder in which persistent messages outlive the process. @default none: all is in memory */
  readonly dataDirectory?: string
  /** The broker elsewhere that all nodes of the application share. @default none: the broker is in this process */
  readonly relay?: RelayBrokerOptions
  /** Opens `/admin/...` to whoever has it. @default off */
  readonly adminToken?: string
  /** Opens `POST /push` to whoever has it. @default off */
  readonly pushToken?: string
  /** Largest body of one frame, in bytes. @default that of the server */
  readonly maxBodyBytes?: number
  /** How long the greeting takes, in ms. @default 1000 */
  readonly greetingDelayMs?: number
  /** Over how long the end of the application spreads its closes, in ms. @default that of the server */
  readonly drainMs?: number
}

/** Builds the application; it listens nowhere yet. */
export async function buildApp(options: AppOptions = {}): Promise<FastifyInstance> {
  const { logger = false, tcp, dataDirectory, relay, adminToken, pushToken } = options
  const { maxBodyBytes, greetingDelayMs = 1000, drainMs } = options
  // While it drains, polls and SockJS sessions still have to be told so: what asks for its health says 503 by itself.
  const app = Fastify({ logger, return503OnClosing: false }).withTypeProvider<TypeBoxTypeProvider>()
  let isEnding = false
  app.addHook('preClose', async () => {
    isEnding = true
  })

  const metrics = prometheusMetrics()
  await app.register(hoofbeat, {
    metrics,
    endpoints: [{ path: '/stomp' }, { path: '/gs-guide-websocket', sockjs: true }],
    ...(tcp === undefined ? {} : { tcp }),
    broker: relay === undefined ? embedded(dataDirectory) : relayBroker(relay),
    applicationPrefix: '/app',
    // A place to try clients against: whoever gives a name is taken at their word, and everything is open.
    authenticate: ({ login, passcode }) => {
      if (passcode !== 'wrong') return login || undefined
      throw new StompError('STOMP_ERR_NOT_AUTHENTICATED', {
        message: 'The passcode is wrong',
        cure: "Any passcode but 'wrong' is right here.",
      })
    },
    allow: { send: ['/topic/**', '/queue/**', '/user/**'], subscribe: ['/topic/**', '/queue/**'] },
    // Readers of the chat must be able to trust the name on a message: only its routes publish there.
    deny: { send: ['/topic/chat-room/**', '/topic/chat-rooms', '/topic/chat-people', '/user/*/queue/private'] },
    ...(maxBodyBytes === undefined ? {} : { limits: { maxBodyBytes } }),
    ...(drainMs === undefined ? {} : { drainMs }),
  })

  await app.register(brokerState)
  await app.register(greeting, { delayMs: greetingDelayMs })
  await app.register(chat)
  await app.register(chatHandler)
  await app.register(pages)
  if (adminToken !== undefined) await app.register(admin, { token: adminToken })
  if (pushToken !== undefined) await app.register(push, { token: pushToken })
  await app.register(operations, { metrics, isEnding: () => isEnding })
  return app
}

function embedded(dataDirectory: string | undefined): BrokerFactory {
  return embeddedBroker({
    topics: ['/topic'],
    queues: ['/queue'],
    history: [{ topics: '/topic/**', count: 100 }],
    ...(dataDirectory === undefined ? {} : { store: durableStore({ directory: dataDirectory }) }),
  })
}
