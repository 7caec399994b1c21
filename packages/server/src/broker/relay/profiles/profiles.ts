import type { ProfileMaker, ProfileName } from '../profile.js'
import { activemqProfile } from './activemq.js'
import { artemisProfile } from './artemis.js'
import { hoofbeatProfile } from './hoofbeat.js'
import { openmqProfile } from './openmq.js'
import { rabbitmqProfile } from './rabbitmq.js'

const PROFILES: Readonly<Record<ProfileName, ProfileMaker>> = {
  rabbitmq: (syntax) => rabbitmqProfile(syntax),
  activemq: activemqProfile,
  artemis: artemisProfile,
  openmq: openmqProfile,
  hoofbeat: hoofbeatProfile,
}

/** All brokers whose ways are known. */
export const PROFILE_NAMES: readonly ProfileName[] = ['rabbitmq', 'activemq', 'artemis', 'openmq', 'hoofbeat']

/** How each begins its header `server` of CONNECTED; of two that fit, the first. */
const SERVERS: readonly (readonly [start: string, name: ProfileName])[] = [
  ['RabbitMQ/', 'rabbitmq'],
  ['ActiveMQ-Artemis/', 'artemis'],
  ['ActiveMQ/', 'activemq'],
  ['Eclipse OpenMQ', 'openmq'],
  ['hoofbeat', 'hoofbeat'],
]

/** The profile of a name; undefined if there is none. */
export function profileNamed(name: string): ProfileMaker | undefined {
  return PROFILE_NAMES.some((known) => known === name) ? PROFILES[name as ProfileName] : undefined
}

/** The profile of a broker that calls itself so in CONNECTED; undefined if nobody knows it. */
export function profileOfServer(server: string | undefined): ProfileMaker | undefined {
  const found = server === undefined ? undefined : SERVERS.find(([start]) => server.startsWith(start))
  return found === undefined ? undefined : PROFILES[found[1]]
}
