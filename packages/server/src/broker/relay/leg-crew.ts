import type { StompError } from '../../errors.js'
import type { ChannelOwner, LegReport } from '../broker.js'
import type { BrokerParts } from '../broker-factory.js'
import type { Dial } from './dialer.js'
import { createLeg } from './lasting-leg.js'
import type { Leg } from './leg.js'
import type { RelaySettings } from './relay-options.js'

/** What all legs of a relay are made with. */
export interface LegCrewParts extends Pick<BrokerParts, 'clock' | 'wheel' | 'turns' | 'observe'> {
  readonly settings: RelaySettings
  readonly dial: Dial
}

/** Who is told how a leg fares. */
export interface LegWatch {
  readonly stateChanged?: (isUp: boolean) => void
  readonly connectRefused?: (error: StompError) => void
}

/** Makes the legs of a relay, all to the same broker. */
export class LegCrew {
  readonly #parts: LegCrewParts

  constructor(parts: LegCrewParts) {
    this.#parts = parts
  }

  /** A leg that speaks for this node. `dial`: how it connects, if not as all do. */
  ofNode(name: string, watch: LegWatch = {}, dial?: Dial): Leg {
    return this.#open(name, this.#parts.settings.systemLogin, watch, dial)
  }

  /** A leg that speaks for one client, as what it has said in CONNECT. */
  ofClient(credentials: ChannelOwner['credentials'], watch: LegWatch): Leg {
    return this.#open('clients', credentials, watch)
  }

  #open(
    name: string,
    login: { readonly login?: string | undefined; readonly passcode?: string | undefined } | undefined,
    watch: LegWatch,
    dial: Dial = this.#parts.dial,
  ): Leg {
    const { settings, ...parts } = this.#parts
    const { virtualHost: host, heartBeat, addresses, maxWaitingBytes, maxWaitingFrames, maxWaitMs } = settings
    return createLeg({
      ...parts,
      ...watch,
      dial,
      name,
      addresses,
      connect: { host, login: login?.login, passcode: login?.passcode, heartBeat },
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
