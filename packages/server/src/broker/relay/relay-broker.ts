import { StompError } from '../../errors.js'
import {
  type Backbone,
  type Broker,
  type BrokerCapabilities,
  type Channel,
  type ChannelOwner,
  INNER,
  type LegReport,
  NODES,
  type Publication,
  type Settled,
  type Subscriber,
} from '../broker.js'
import type { BrokerFactory, BrokerParts } from '../broker-factory.js'
import { embeddedBroker } from '../embedded/embedded-broker.js'
import { Availability } from './availability.js'
import { createBackbone, type RelayBackbone } from './backbone.js'
import { type ClusterKeys, createClusterKeys, nameOf } from './cluster-keys.js'
import { createDial, type Dial } from './dialer.js'
import { DurableClaims } from './durable-claims.js'
import { Durables } from './durables.js'
import { createHeardMessages } from './heard-messages.js'
import type { Leg } from './leg.js'
import { LegCrew, reportTogether } from './leg-crew.js'
import { LegHold } from './leg-hold.js'
import { LegPool } from './leg-pool.js'
import type { BrokerProfile } from './profile.js'
import { openRelayChannel, type RelayChannel, type RelayChannelParts } from './relay-channel.js'
import { type RelayBrokerOptions, type RelaySettings, resolveRelaySettings } from './relay-options.js'
import { createRelaySends, type RelaySends } from './relay-sends.js'
import { startRelay } from './relay-start.js'
import { createRelayedMessages, REPEATED, type RelayedMessages } from './relayed-message.js'
import { createRepeats } from './repeats.js'
import { createSharedTopics, type SharedTopics, type SharedTopicsParts } from './shared-topics.js'

/**
 * A broker elsewhere, reached by STOMP 1.2: RabbitMQ, ActiveMQ Classic, Artemis, Open MQ (topics alone), or another
 * Hoofbeat server. Several nodes of an application share it. What only one node has (destinations of users, temporary
 * queues) is kept in this process.
 *
 * Clients stay connected while the broker is away: what they send waits in a bounded buffer, with its receipts, and is
 * refused with STOMP_ERR_BROKER_UNAVAILABLE after a while. What was given and not acknowledged comes again, as
 * `redelivered`; where a topic may have lacked something its next message says `history-gap:true`. A RECEIPT is given
 * when the broker has given its own; a SEND without one is on its way.
 *
 * Throws a TypeError or RangeError that names the option; the factory rejects when the broker cannot be told in time.
 */
export function relayBroker(options: RelayBrokerOptions): BrokerFactory {
  const settings = resolveRelaySettings(options)
  return (parts) => openRelay(settings, parts, createDial({ after: parts.after }))
}

/** The same, over whatever connects. */
export async function openRelay(settings: RelaySettings, parts: BrokerParts, dial: Dial): Promise<Broker> {
  const { clock, wheel, turns, observe, after, syntax } = parts
  const crew = new LegCrew({ clock, wheel, turns, observe, settings, dial })
  const availability = new Availability(observe)
  const stateChanged = (isUp: boolean): void => availability.changed(isUp)
  const { leg, profile } = await startRelay({ settings, crew, after, syntax, stateChanged })
  const inner = await embeddedBroker({ topics: [], queues: [], maxBacklogMessages: settings.maxBacklogMessages })(parts)
  return new RelayBroker({ settings, parts, crew, availability, dial, leg, profile, inner })
}

interface RelayInit {
  readonly settings: RelaySettings
  readonly parts: BrokerParts
  readonly crew: LegCrew
  readonly availability: Availability
  readonly dial: Dial
  /** The leg `shared`. */
  readonly leg: Leg
  readonly profile: BrokerProfile
  /** Serves inner destinations. */
  readonly inner: Broker
}

class RelayBroker implements Broker {
  readonly admin = undefined
  readonly backbone: Backbone
  readonly wantsCredentials: boolean
  readonly #init: RelayInit
  /** Undefined: each client has a leg of its own. */
  readonly #pool: LegPool | undefined
  readonly #clientLegs = new Set<Leg>()
  /** What came by any of those. */
  readonly #heard = createHeardMessages()
  /** Takes what the application publishes, and what the nodes say. */
  readonly #publishing: Leg
  readonly #node: RelayBackbone
  readonly #keys: ClusterKeys
  readonly #sends: RelaySends
  readonly #messages: RelayedMessages
  readonly #topics: SharedTopics
  readonly #channels = new Set<RelayChannel>()
  readonly #durables: Durables
  #lastTransaction = 0
  #isClosed = false

  constructor(init: RelayInit) {
    this.#init = init
    const { settings, parts, crew, leg, profile, availability } = init
    const dial = availability.behind(init.dial, (run) => parts.clock.soon(run))
    const headers = profile.connectHeaders
    const watch = { stallChanged: (isStalled: boolean) => availability.stallChanged(isStalled) }
    this.wantsCredentials = settings.isPerClient
    this.#pool = settings.isPerClient
      ? undefined
      : new LegPool(
          Array.from({ length: settings.pool }, (_, i) => crew.ofNode(`pool-${i + 1}`, watch, { dial, headers })),
        )
    this.#publishing = this.#pool?.legs[0] ?? leg
    this.#keys = createClusterKeys(settings.secret, {
      login: settings.systemLogin?.login,
      passcode: settings.systemLogin?.passcode,
      virtualHost: settings.virtualHost,
    })
    this.#sends = createRelaySends({ ...parts, profile, keys: this.#keys })
    this.#messages = createRelayedMessages(parts)
    this.#node = createBackbone({
      ...{ nodeId: crypto.randomUUID(), url: settings.url, keys: this.#keys, profile },
      listening: leg,
      publishing: this.#publishing,
    })
    this.backbone = this.#node
    this.#durables = new Durables({
      ...{ profile, crew, after: parts.after, maxConnections: settings.maxDurableConnections },
      // Where each has a connection the broker itself lets no second one in.
      claims: profile.connectDurable === undefined ? this.#claimsAt(this.#node) : undefined,
    })
    const { nodeId } = this.#node
    const queueNameOf = (destination: string): string => `hoofbeat-${nodeId}-${nameOf(destination)}`
    this.#topics = this.#topicsOf(leg, { queueNameOf, lingerMs: settings.topicLingerMs, repeats: createRepeats() })
  }

  get capabilities(): BrokerCapabilities {
    return this.#init.profile.capabilities
  }

  get isAvailable(): boolean {
    return this.#init.availability.isAvailable
  }

  legs(): readonly LegReport[] {
    const clients = reportTogether('clients', this.#clientLegs)
    const own = [this.#init.leg, ...(this.#pool?.legs ?? [])].map(({ report }) => report)
    const durables = this.#durables.report
    return [...own, ...(clients === undefined ? [] : [clients]), ...(durables === undefined ? [] : [durables])]
  }

  isQueue(destination: string): boolean {
    const { inner, profile } = this.#init
    return destination.startsWith(INNER) ? inner.isQueue(destination) : profile.kindOf(destination) === 'queue'
  }

  attach(subscriber: Subscriber, owner: ChannelOwner): Channel {
    const pool = this.#pool
    if (pool === undefined) return this.#attachAlone(subscriber, owner)
    const { leg, giveBack } = pool.take()
    return this.#open(subscriber, owner, { leg, nodeLeg: leg, topics: this.#topics, detached: giveBack })
  }

  publish(publication: Publication): Settled {
    if (this.#isClosed) throw new StompError('STOMP_ERR_CLOSING')
    const { destination } = publication
    if (destination.startsWith(NODES)) return this.#node.publish(publication)
    if (destination.startsWith(INNER)) return this.#init.inner.publish(publication)
    return this.#publishing.send([this.#sends.frame(publication)], true, REPEATED)
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#init.availability.end()
    for (const channel of this.#channels) channel.stop()
    this.#topics.close()
    this.#node.close()
    const legs = [this.#init.leg, ...(this.#pool?.legs ?? []), ...this.#clientLegs]
    await Promise.all([this.#init.inner.close(), this.#durables.close(), ...legs.map((leg) => leg.close())])
  }

  /** As the broker would have it of each client: a connection with its own login, and subscriptions of its own. */
  #attachAlone(subscriber: Subscriber, owner: ChannelOwner): Channel {
    let channel: RelayChannel | undefined
    const { crew, profile } = this.#init
    const connectRefused = (cause: StompError): void =>
      channel?.refuse(
        new StompError('STOMP_ERR_NOT_AUTHENTICATED', {
          message: 'The message broker has refused this login',
          cure: 'Connect with the login and passcode of an account of the message broker.',
          cause,
        }),
      )
    const leg = crew.ofClient(owner.credentials, { connectRefused }, { headers: profile.connectHeaders })
    this.#clientLegs.add(leg)
    const repeats = this.#heard.ofClient()
    const topics = this.#topicsOf(leg, { queueNameOf: () => undefined, lingerMs: 0, repeats })
    const detached = (): void => {
      this.#clientLegs.delete(leg)
      topics.close()
      leg.close().catch(() => {})
    }
    channel = this.#open(subscriber, owner, {
      leg,
      nodeLeg: this.#publishing,
      topics,
      hold: this.#holdOf(leg),
      detached,
    })
    return channel
  }

  #open(
    subscriber: Subscriber,
    owner: ChannelOwner,
    own: Pick<RelayChannelParts, 'leg' | 'nodeLeg' | 'topics' | 'hold' | 'detached'>,
  ): RelayChannel {
    const { settings, parts, profile, inner } = this.#init
    const channel = openRelayChannel(subscriber, owner, {
      ...own,
      ...{ profile, inner, sends: this.#sends, messages: this.#messages, prefetch: settings },
      durables: this.#durables,
      nextTransaction: () => `t-${++this.#lastTransaction}`,
      after: parts.after,
      now: () => parts.clock.now(),
      soon: (run) => parts.clock.soon(run),
      waitMs: settings.maxWaitMs,
      checkOpen: () => {
        if (this.#isClosed) throw new StompError('STOMP_ERR_CLOSING')
      },
      detached: () => {
        this.#channels.delete(channel)
        own.detached()
      },
    })
    this.#channels.add(channel)
    return channel
  }

  #claimsAt(backbone: RelayBackbone): DurableClaims {
    const { clock, after } = this.#init.parts
    return new DurableClaims({ backbone, clock, after, wordOf: (name) => this.#keys.word(`durable ${name}`) })
  }

  #holdOf(leg: Leg): LegHold | undefined {
    const { clock } = this.#init.parts
    if (this.#init.profile.waitsForReaders !== true) return undefined
    return new LegHold({ leg, now: () => clock.now(), soon: (run) => clock.soon(run) })
  }

  #topicsOf(leg: Leg, own: Pick<SharedTopicsParts, 'queueNameOf' | 'lingerMs' | 'repeats'>): SharedTopics {
    const { settings, parts, profile } = this.#init
    return createSharedTopics({
      ...own,
      ...{ leg, profile, messages: this.#messages },
      ...{ syntax: parts.syntax, clock: parts.clock, after: parts.after },
      maxTopics: settings.maxTopics,
      maxBacklog: settings.maxBacklogMessages,
      waitMs: settings.maxWaitMs,
    })
  }
}
