import type { StompError } from '../../errors.js'
import type { BrokerParts } from '../broker-factory.js'
import type { Leg } from './leg.js'
import type { LegCrew } from './leg-crew.js'
import type { BrokerProfile, ProfileMaker } from './profile.js'
import { PROFILE_NAMES, profileNamed, profileOfServer } from './profiles/profiles.js'
import type { RelaySettings } from './relay-options.js'

/** The first leg of a relay, and what the broker is. */
export interface Started {
  readonly leg: Leg
  readonly profile: BrokerProfile
}

/** What the start goes through. */
export interface StartParts extends Pick<BrokerParts, 'after' | 'syntax'> {
  readonly settings: Pick<RelaySettings, 'profile' | 'startTimeoutMs'>
  readonly crew: LegCrew
  /** Told of each change of the leg, the first one too. */
  readonly stateChanged: (isUp: boolean) => void
}

/**
 * Opens the leg `shared`. With a profile that is all; else it waits for the broker's CONNECTED, which says what it is.
 * Rejects with what to do when that does not come in time, or nobody knows the broker.
 */
export async function startRelay(parts: StartParts): Promise<Started> {
  const { settings, crew, syntax } = parts
  const maker = chosen(settings.profile)
  let refusal: StompError | undefined
  let wake = (): void => {}
  const leg = crew.ofNode('shared', {
    stateChanged(isUp) {
      parts.stateChanged(isUp)
      if (isUp) wake()
    },
    connectRefused(error) {
      refusal = error
    },
  })
  if (maker !== undefined) return { leg, profile: maker(syntax) }
  const inTime = await new Promise<boolean>((resolve) => {
    const timer = parts.after(settings.startTimeoutMs, () => resolve(false))
    wake = () => {
      timer.cancel()
      resolve(true)
    }
  })
  const { server } = leg.report
  const told = inTime ? profileOfServer(server) : undefined
  if (told !== undefined) return { leg, profile: told(syntax) }
  await leg.close()
  if (inTime) {
    throw new Error(
      `relayBroker: nobody knows the broker that calls itself '${server ?? ''}'. Say by the option profile what it is like: ${PROFILE_NAMES.join(', ')}.`,
    )
  }
  const why =
    refusal === undefined
      ? 'it could not be reached: see that it runs, that hosts are right, and that it listens for STOMP'
      : 'it has refused the connection: see that systemLogin and virtualHost are right'
  throw new Error(
    `relayBroker: no CONNECTED of the broker within ${settings.startTimeoutMs} ms; ${why}. With the option profile the application starts without it.`,
    { cause: refusal },
  )
}

function chosen(profile: RelaySettings['profile']): ProfileMaker | undefined {
  if (typeof profile !== 'string') return profile
  const maker = profileNamed(profile)
  if (maker === undefined) throw new TypeError(`profile: '${profile}' is none of ${PROFILE_NAMES.join(', ')}`)
  return maker
}
