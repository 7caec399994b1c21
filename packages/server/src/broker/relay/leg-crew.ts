import type { StompError } from '../../errors.js'
import type { ChannelOwner, LegReport } from '../broker.js'
import type { BrokerParts } from '../broker-factory.js'
import type { BackOff } from './dial-plan.js'
import type { Dial } from './dialer.js'
import { createLeg } from './lasting-leg.js'
import type { Leg } from './leg.js'
import type { HeaderLine } from './profile.js'
import type { RelaySettings } from './relay-options.js'

/** What all legs of a relay are made with. */
export interface LegCrewParts extends Pick<BrokerParts, 'clock' | 'wheel' | 'turns' | 'observe'> {
  readonly settings: RelaySettings
  readonly dial: Dial
}

/** Who is told how a leg fares. */
export interface LegWatch {
  readonly stateChanged?: (isUp: boolean) => void
  readonly stallChanged?: (isStalled: boolean) => void
  readonly connectRefused?: (error: StompError) => void
}

/** How a leg differs from others. */
export interface LegVariant {
  /** How it connects. */
  readonly dial?: Dial
  /** Headers of its CONNECT, besides the login. */
  readonly headers?: readonly HeaderLine[] | undefined
  readonly backOff?: Partial<BackOff>
  /** See `LegParts`. */
  readonly isForOne?: boolean
}

/** Who speaks by a leg. */
interface LegLogin {
  readonly login?: string | undefined
  readonly passcode?: string | undefined
}

/** Makes the legs of a relay, all to the same broker. */
export class LegCrew {
  readonly #parts: LegCrewParts

  constructor(parts: LegCrewParts) {
    this.#parts = parts
  }

  /** A leg that speaks for this node. */
  ofNode(name: string, watch: LegWatch = {}, variant: LegVariant = {}): Leg {
    return this.#open(name, this.#parts.settings.systemLogin, watch, variant)
  }

  /** A leg that speaks for one client, as what it has said in CONNECT. */
  ofClient(credentials: ChannelOwner['credentials'], watch: LegWatch, variant: LegVariant = {}): Leg {
    return this.#open('clients', credentials, watch, variant)
  }

  /** A leg of one durable subscription, or for its end: as what its client has said, where each has a login of its own. */
  ofDurable(credentials: ChannelOwner['credentials'], watch: LegWatch, variant: LegVariant): Leg {
    const { isPerClient, systemLogin } = this.#parts.settings
    return this.#open('durables', isPerClient ? credentials : systemLogin, watch, variant)
  }

  #open(name: string, login: LegLogin | undefined, watch: LegWatch, variant: LegVariant): Leg {
    const { settings, ...parts } = this.#parts
    const { headers, ...others } = variant
    const { virtualHost: host, heartBeat, addresses, maxWaitingBytes, maxWaitingFrames, maxWaitMs } = settings
    return createLeg({
      ...parts,
      ...watch,
      ...others,
      name,
      addresses,
      connect: { host, login: login?.login, passcode: login?.passcode, heartBeat, headers },
      limits: { maxWaitingBytes, maxWaitingFrames, maxWaitMs },
    })
  }
}

/** Legs of many clients as one: they come and go, and an operator's metrics do not name each. */
export function reportTogether(name: string, legs: Iterable<Leg>): LegReport | undefined {
  const reports = Array.from(legs, ({ report }) => report)
  const [first] = reports
  if (first === undefined) return undefined
  const sum = (count: (report: LegReport) => number): number => reports.reduce((total, each) => total + count(each), 0)
  return {
    name,
    state: reports.every(({ state }) => state === 'up')
      ? 'up'
      : reports.some(({ state }) => state === 'connecting')
        ? 'connecting'
        : 'down',
    address: first.address,
    server: first.server,
    connects: sum(({ connects }) => connects),
    subscriptions: sum(({ subscriptions }) => subscriptions),
    waitingFrames: sum(({ waitingFrames }) => waitingFrames),
    waitingBytes: sum(({ waitingBytes }) => waitingBytes),
    unansweredFrames: sum(({ unansweredFrames }) => unansweredFrames),
  }
}
