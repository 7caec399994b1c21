import { VERSIONS, type Version } from '@hoofbeat/codec'
import { describe, expect, it } from 'vitest'
import type { ProfileMaker } from '../../packages/server/src/broker/relay/profile.js'
import { relayBroker } from '../../packages/server/src/broker/relay/relay-broker.js'
import { systemClock } from '../../packages/server/src/clock/clock.js'
import { createWheel } from '../../packages/server/src/clock/wheel.js'
import { createTurns } from '../../packages/server/src/framing/turns.js'
import type { Otherwise } from '../../packages/server/test/relay/otherwise.js'
import { SERVER_CELLS } from '../conformance/cells/all.js'
import type { ServerCell } from '../conformance/cells.js'
import { type BrokerElsewhere, createHarness } from '../conformance/server-harness.js'
import { createBrokerRest } from './broker-rest.js'
import type { RealBroker } from './real-broker.js'
import { nextScope } from './relay-under-test.js'
import { scopedProfile } from './scoped-profile.js'

/** How clients come in makes no difference to the broker: the other ways are proven with the one in the process. */
const TRANSPORT = 'linked'
const CELL_MS = 30_000
/** Nothing comes for so long, besides the round trips. */
const QUIET_MS = 25

/**
 * Runs the cells of the conformance suite at servers whose broker is a real one: all of STOMP 1.2, and those that only an
 * older version has. Not those whose titles are told apart; such a title that no cell has fails a test of its own.
 */
export function conformance(real: () => RealBroker, maker: ProfileMaker, otherwise: Otherwise): void {
  const cells = SERVER_CELLS.filter(({ transports }) => transports.includes(TRANSPORT))

  it('has a cell for each title that is told apart', () => {
    const titles = new Set(cells.map(({ title }) => title))
    expect(Object.keys(otherwise).filter((title) => !titles.has(title))).toEqual([])
  })

  describe.each(VERSIONS)('a server with a relay to it, STOMP %s', (version) => {
    for (const cell of cells) {
      if (newestOf(cell) !== version || otherwise[cell.title] !== undefined) continue
      const run = async (): Promise<void> => {
        const t = await createHarness(version, TRANSPORT, elsewhere(real(), maker))
        try {
          await cell.run(t)
        } finally {
          await t.close()
        }
      }
      it(`${cell.title} (${cell.ids.join(' ')})`, run, CELL_MS)
    }
  })
}

const newestOf = ({ versions }: ServerCell): Version | undefined =>
  VERSIONS.findLast((version) => versions.includes(version))

/** The broker for one cell, with names of its own there. */
function elsewhere({ port, login, passcode, host }: RealBroker, maker: ProfileMaker): BrokerElsewhere {
  const scope = nextScope()
  const rest = createBrokerRest(QUIET_MS)
  const wheel = createWheel(systemClock)
  const factory = relayBroker({
    hosts: [{ host: '127.0.0.1', port }],
    ...{ virtualHost: host, systemLogin: { login, passcode }, pool: 2, prefetch: 100 },
    profile: scopedProfile(maker, scope, () => rest.active()),
    cluster: { secret: `the secret of test ${scope}` },
  })
  return {
    async open(parts) {
      // The broker has the time of the machine, whatever that of the server is.
      const broker = await factory({
        ...parts,
        ...{ clock: systemClock, wheel, turns: createTurns(systemClock) },
        after: (delayMs, run) => wheel.after(delayMs, run),
      })
      await rest.follow(broker)
      return broker
    },
    quiet: () => rest.quiet(),
  }
}
