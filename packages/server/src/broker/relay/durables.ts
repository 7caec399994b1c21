import type { FrameInit } from '@hoofbeat/codec'
import { StompError } from '../../errors.js'
import type { ChannelOwner, LegReport, Settled } from '../broker.js'
import type { BrokerParts } from '../broker-factory.js'
import { ASK_AGAIN_MS, type DurableClaim, type DurableClaims, inUse, TAKEOVER_MS } from './durable-claims.js'
import type { Leg } from './leg.js'
import { type LegCrew, type LegVariant, reportTogether } from './leg-crew.js'
import { Outcome } from './leg-request.js'
import type { BrokerProfile } from './profile.js'

/** What the durable subscriptions of a node work with. */
export interface DurablesParts {
  readonly profile: Pick<BrokerProfile, 'connectHeaders' | 'connectDurable' | 'forgetDurable' | 'durableError'>
  readonly crew: Pick<LegCrew, 'ofDurable'>
  readonly after: BrokerParts['after']
  /** Where the broker lets any number of connections read one. */
  readonly claims: DurableClaims | undefined
  /** Connections that there may be for them. */
  readonly maxConnections: number
}

/** Its client, as far as the broker asks. */
type Credentials = ChannelOwner['credentials']

/** A durable subscription that a session of this node holds. */
export interface DurableHold {
  /** When whoever held it before is gone; only then go on. Rejects with STOMP_ERR_SUBSCRIPTION_EXISTS if it is not. */
  readonly free: Settled
  /**
   * Opens the connection that it has for itself; undefined: it goes by that of the session. `lost` is told when it proves
   * that another node holds it. Throws STOMP_ERR_SUBSCRIPTION_LIMIT.
   */
  connect(lost: (error: StompError) => void): Leg | undefined
  /**
   * Gives it up, once `ended`, the end of its subscription, has settled; until all is done another may hold it, but not go
   * on. `isForGood`: it is forgotten at the broker too. Call it once.
   */
  giveUp(ended: Settled, isForGood: boolean): Promise<void>
}

/** The durable subscriptions that sessions of this node hold or end: each is held once. */
export class Durables {
  readonly #parts: DurablesParts
  readonly #held = new Set<string>()
  /** Those that were given up a moment ago, and when all is done. */
  readonly #ending = new Map<string, Promise<void>>()
  /** With what is to be done when one is closed. */
  readonly #legs = new Map<Leg, () => void>()

  constructor(parts: DurablesParts) {
    this.#parts = parts
  }

  /** Connections that are there for them, as one. */
  get report(): LegReport | undefined {
    return reportTogether('durables', this.#legs.keys())
  }

  /** Holds one for a session. Throws STOMP_ERR_SUBSCRIPTION_EXISTS if another one of this node does. */
  hold(name: string, credentials: Credentials): DurableHold {
    if (this.#held.has(name)) throw inUse()
    this.#held.add(name)
    const { claims } = this.#parts
    const before = this.#ending.get(name)
    let claim: DurableClaim | undefined
    const claimed = async (): Promise<void> => {
      await before
      claim = claims?.claim(name)
      await claim?.settled
    }
    const free = claims === undefined ? before : claimed()
    let leg: Leg | undefined
    return {
      free,
      connect: (lost) => {
        const { connectDurable } = this.#parts.profile
        if (claim !== undefined) claim.lost = lost
        if (connectDurable === undefined) return undefined
        leg = this.#open(name, credentials, {}, lost)
        return leg
      },
      giveUp: (ended, isForGood) => {
        // It is looked at when it is its turn.
        ended?.catch(() => {})
        const done = this.#giveUp(name, credentials, { free, ended, leg, isForGood })
        const settled = done
          .catch(() => {})
          .then(() => {
            claim?.end()
            if (this.#ending.get(name) === settled) this.#ending.delete(name)
          })
        this.#held.delete(name)
        this.#ending.set(name, settled)
        return done
      },
    }
  }

  /**
   * Ends one for good that no session of this node holds. Rejects with STOMP_ERR_SUBSCRIPTION_UNKNOWN where the broker knows
   * that there is none, and with STOMP_ERR_SUBSCRIPTION_EXISTS if it is in use.
   */
  async forget(name: string, credentials: Credentials): Promise<void> {
    // Throws where the broker has no such name.
    const frames = this.#parts.profile.forgetDurable(name)
    const hold = this.hold(name, credentials)
    const forgotten = Promise.resolve(hold.free).then(() => this.#forget(name, credentials, frames))
    await hold.giveUp(forgotten, false)
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    await Promise.all(Array.from(this.#legs.keys(), (leg) => this.#close(leg)))
  }

  async #giveUp(name: string, credentials: Credentials, { free, ended, leg, isForGood }: GivenUp): Promise<void> {
    await Promise.resolve(free).catch(() => {})
    try {
      await ended
    } finally {
      if (leg !== undefined) await this.#close(leg)
    }
    if (!isForGood) return
    try {
      await this.#forget(name, credentials, this.#parts.profile.forgetDurable(name))
    } catch (error) {
      // Somebody else has been quicker.
      if (!(error instanceof StompError) || error.code !== 'STOMP_ERR_SUBSCRIPTION_UNKNOWN') throw error
    }
  }

  async #forget(name: string, credentials: Credentials, frames: readonly FrameInit[]): Promise<void> {
    const { durableError } = this.#parts.profile
    const lost = new Outcome()
    const leg = this.#open(name, credentials, { isForOne: true }, (error) => lost.reject(error))
    try {
      await Promise.race([leg.send(frames, true), lost.settled])
    } catch (error) {
      const meaning = durableError?.(wordsIn(error))
      if (meaning === undefined) throw error
      throw meaning === 'in-use' ? inUse() : new StompError('STOMP_ERR_SUBSCRIPTION_UNKNOWN')
    } finally {
      await this.#close(leg)
    }
  }

  /** `lost`: another connection holds what this one is for. */
  #open(name: string, credentials: Credentials, variant: LegVariant, lost: (error: StompError) => void): Leg {
    const { profile, crew, after, maxConnections } = this.#parts
    if (this.#legs.size >= maxConnections) throw new StompError('STOMP_ERR_SUBSCRIPTION_LIMIT', TOO_MANY)
    let patience: { cancel(): void } | undefined
    const stopWaiting = (): void => {
      patience?.cancel()
      patience = undefined
    }
    const leg = crew.ofDurable(
      credentials,
      {
        stateChanged: stopWaiting,
        connectRefused(error) {
          if (profile.durableError?.(wordsIn(error)) !== 'in-use') return
          // Most often it is a connection that is about to go.
          patience ??= after(TAKEOVER_MS, () => lost(inUse()))
        },
      },
      {
        ...variant,
        headers: profile.connectDurable?.(name) ?? profile.connectHeaders,
        backOff: { longestMs: ASK_AGAIN_MS },
      },
    )
    this.#legs.set(leg, stopWaiting)
    return leg
  }

  async #close(leg: Leg): Promise<void> {
    this.#legs.get(leg)?.()
    await leg.close()
    this.#legs.delete(leg)
  }
}

/** What is given up. */
interface GivenUp {
  readonly free: Settled
  readonly ended: Settled
  readonly leg: Leg | undefined
  readonly isForGood: boolean
}

const TOO_MANY = {
  message: 'This node has as many connections for durable subscriptions as are allowed',
  cure: 'Try again later, or at another node. The operator can raise maxDurableConnections.',
}

/** What the broker has said. */
const wordsIn = (error: unknown): string =>
  error instanceof StompError && error.cause instanceof Error ? error.cause.message : ''
