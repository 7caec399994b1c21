import type { FrameInit } from '@hoofbeat/codec'
import { createLeg, type LegParts } from '../../src/broker/relay/lasting-leg.js'
import type { Leg, LegSubscriber } from '../../src/broker/relay/leg.js'
import type { HeaderLine } from '../../src/broker/relay/profile.js'
import { createWheel } from '../../src/clock/wheel.js'
import { createTurns } from '../../src/framing/turns.js'
import type { StompEvent } from '../../src/observe/events.js'
import { createFakeClock, type FakeClock } from '../../src/testing/fake-clock.js'
import { everyChance } from '../../src/testing/patience.js'
import { ScriptedBroker } from './scripted-broker.js'

/** A leg to a scripted broker, in virtual time. */
export interface LegScene {
  readonly broker: ScriptedBroker
  readonly clock: FakeClock
  readonly leg: Leg
  /** What was told to `observe`. */
  readonly events: readonly StompEvent[]
  /** What `stateChanged` was told. */
  readonly states: readonly boolean[]
}

/** Opens one. */
export function openLeg(parts: Partial<LegParts> = {}, broker: ScriptedBroker = new ScriptedBroker()): LegScene {
  const clock = createFakeClock()
  const wheel = createWheel(clock)
  const events: StompEvent[] = []
  const states: boolean[] = []
  const leg = createLeg({
    name: 'pool-1',
    addresses: [{ host: 'one', port: 61613 }],
    dial: broker.dial,
    connect: { host: '/', login: 'node', passcode: 'secret', heartBeat: { sendMs: 10_000, receiveMs: 10_000 } },
    clock,
    wheel,
    turns: createTurns(clock),
    observe: (event) => events.push(event),
    random: () => 0.5,
    stateChanged: (isUp) => states.push(isUp),
    ...parts,
  })
  return { broker, clock, leg, events, states }
}

/** The same, when it is up. */
export async function openUp(parts: Partial<LegParts> = {}, broker?: ScriptedBroker): Promise<LegScene> {
  const scene = openLeg(parts, broker)
  await everyChance()
  return scene
}

/** A SEND. */
export const send = (destination: string, body = '', headers: Record<string, string> = {}): FrameInit => ({
  command: 'SEND',
  headers: { destination, ...headers },
  body,
})

/** What marks a repeated SEND. */
export const REPEATED: readonly HeaderLine[] = [['hoofbeat_repeated', 'true']]

/** What has become of a promise so far. */
export interface Fate {
  /** `pending`, `done`, or the code of the refusal. */
  is: string
  /** Of the refusal. */
  message: string
}

/** Follows one. */
export function fateOf(settled: Promise<void> | undefined): Fate {
  const fate: Fate = { is: 'pending', message: '' }
  if (settled === undefined) fate.is = 'done'
  settled?.then(
    () => {
      fate.is = 'done'
    },
    (error) => {
      fate.is = error.code
      fate.message = error.message
    },
  )
  return fate
}

/** A subscriber that keeps what it was told. */
export function createListener(): { readonly told: readonly string[]; readonly subscriber: LegSubscriber } {
  const told: string[] = []
  const subscriber: LegSubscriber = {
    deliver: ({ text }, connection) => told.push(`${text} by ${connection}`),
    lost: () => told.push('lost'),
    restored: () => told.push('restored'),
    refused: ({ code }) => told.push(code),
  }
  return { told, subscriber }
}
