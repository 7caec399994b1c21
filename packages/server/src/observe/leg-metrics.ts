import type { LegGauge } from './figures.js'
import type { Scrape } from './scrape.js'
import type { EventCounts } from './tally.js'

/** Tells each value with its labels, in the order of their names. */
export type Fill = (tell: (value: number, ...labels: string[]) => void) => void

/** Registers one metric, which is filled whenever somebody scrapes. */
export type Register = (name: string, help: string, labelNames: readonly string[], fill: Fill) => void

/** What the metrics of a broker elsewhere are made of. */
export interface LegMetricsParts {
  readonly gauge: Register
  readonly counter: Register
  readonly look: () => Scrape
  readonly events: EventCounts
}

const LABELS = ['leg']

/** Registers the metrics of brokers elsewhere; without one they have no series. */
export function registerLegMetrics({ gauge, counter, look, events }: LegMetricsParts): void {
  const ofLegs = (name: string, help: string, value: (leg: LegGauge) => number): void => {
    gauge(`broker_leg_${name}`, help, LABELS, (tell) => {
      for (const leg of look().legs) tell(value(leg), leg.name)
    })
  }
  gauge('broker_available', 'Whether a broker elsewhere can be reached', [], (tell) => {
    const { isBrokerAvailable } = look()
    if (isBrokerAvailable !== undefined) tell(Number(isBrokerAvailable))
  })
  ofLegs('up', 'Whether a connection to the broker is there', ({ state }) => Number(state === 'up'))
  ofLegs('subscriptions', 'Subscriptions at the broker', ({ subscriptions }) => subscriptions)
  ofLegs('waiting_frames', 'Frames that wait for the broker', ({ waitingFrames }) => waitingFrames)
  ofLegs('waiting_bytes', 'Bytes that wait for the broker', ({ waitingBytes }) => waitingBytes)
  ofLegs('unanswered_frames', 'Frames whose RECEIPT the broker owes', ({ unansweredFrames }) => unansweredFrames)
  counter('broker_leg_connects_total', 'Connections to the broker that came up', LABELS, (tell) => {
    for (const [leg, count] of events.legConnects) tell(count, leg)
  })
  counter('broker_leg_losses_total', 'Connections to the broker that were lost or could not be had', LABELS, (tell) => {
    for (const [leg, count] of events.legLosses) tell(count, leg)
  })
}
