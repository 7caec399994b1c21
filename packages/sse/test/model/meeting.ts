import { builtHalves } from './built-halves.js'
import { createChance } from './chance.js'
import { GOOD_TERRAIN, type Terrain } from './faults.js'
import { Journal } from './journal.js'
import { Page, type PageParts } from './page.js'
import { Scheduler } from './scheduler.js'
import { ServerHost } from './server-host.js'
import { VirtualNetwork } from './virtual-network.js'

/** One page and one server in a network without faults: for scripts of what once went wrong. */
export interface Meeting {
  readonly scheduler: Scheduler
  readonly network: VirtualNetwork
  readonly host: ServerHost
  readonly page: Page
  readonly journal: Journal
  /** Lets so much time pass. */
  pass(ms: number): Promise<void>
}

/** `wrapFetch`: what the script puts between the page and the network. */
export function meet(terrain: Partial<Terrain> = {}, wrapFetch?: PageParts['wrapFetch']): Meeting {
  const scheduler = new Scheduler()
  const journal = new Journal(scheduler, true)
  const chance = createChance(7)
  const network = new VirtualNetwork({
    scheduler,
    chance: chance.fork(),
    terrain: { ...GOOD_TERRAIN, ...terrain },
    faults: [],
    trace: journal.trace,
    count: () => {},
  })
  // The applications speak when the script says so.
  const shared = { scheduler, chance: quiet, journal, extraBytes: 0, halves: builtHalves }
  const host: ServerHost = new ServerHost('host1', {
    ...shared,
    retainedBytes: 1_048_576,
    inboxBytes: 1_048_576,
    greetsWithLink: true,
    pageOf: () => page,
  })
  const page: Page = new Page('page1', {
    ...shared,
    network,
    memory: new Map(),
    host: () => host,
    ended: () => {},
    ...(wrapFetch && { wrapFetch }),
  })
  return { scheduler, network, host, page, journal, pass: (ms) => scheduler.runUntil(scheduler.now + ms, () => false) }
}

/** Always just below one: nothing that is left to chance happens. */
const quiet = { ...createChance(1), next: () => 0.999, is: () => false }
