import { createChance } from './chance.js'
import { GOOD_TERRAIN, type Terrain } from './faults.js'
import type { Halves } from './halves.js'
import { Journal } from './journal.js'
import { Page } from './page.js'
import { Scheduler } from './scheduler.js'
import { ServerHost } from './server-host.js'
import { VirtualNetwork, type Way } from './virtual-network.js'

/** What became of a link out of which a middlebox took messages. */
export interface BreachOutcome {
  readonly dropped: number
  /** One side has ended the link for it. */
  readonly isLoud: boolean
  readonly journal: Journal
}

const DROPPING_MS = 20_000
/** Longest time until a breach is noticed: two beats of either side, and some more traffic. */
const NOTICE_MS = 120_000

/**
 * Runs a link over a good network but for a middlebox that takes whole messages out of its WebSockets. Not out of its
 * streams: there what is missing looks like what is late, and the link attaches anew before a count is compared.
 */
export async function runBreach(halves: Halves, seed: number, keepsLines = false): Promise<BreachOutcome> {
  const scheduler = new Scheduler()
  const chance = createChance(seed)
  const journal = new Journal(scheduler, keepsLines)
  const terrain: Terrain = { ...GOOD_TERRAIN, latencyMs: chance.pick([1, 20, 100]) }
  const count = (what: string): void => journal.count(journal.events, what)
  const network = new VirtualNetwork({
    scheduler,
    chance: chance.fork(),
    terrain,
    faults: [],
    trace: journal.trace,
    count,
  })
  journal.hasDropped = () => network.dropped > 0
  const shared = { scheduler, chance: chance.fork(), journal, extraBytes: 0, halves }
  const host: ServerHost = new ServerHost('host1', {
    ...shared,
    retainedBytes: 1_048_576,
    inboxBytes: 1_048_576,
    greetsWithLink: true,
    pageOf: () => page,
  })
  const page: Page = new Page('page1', { ...shared, network, memory: new Map(), host: () => host, ended: () => {} })
  const isOver = (): boolean => page.closed !== undefined || journal.violation !== undefined

  const talk = (): void => {
    page.send(1)
    page.side?.send(1)
    scheduler.after(chance.between(200, 4_000), 'world', talk)
  }
  talk()
  await scheduler.runUntil(5_000, isOver)
  network.dropWay = chance.pick<Way>(['up', 'down', 'both'])
  network.dropShare = 0.3
  await scheduler.runUntil(5_000 + DROPPING_MS, isOver)
  network.dropShare = 0
  await scheduler.runUntil(5_000 + DROPPING_MS + NOTICE_MS, isOver)
  const isLoud = [...journal.closeCodes.keys()].some((ending) => ending.includes('4400'))
  await new Promise((resolve) => setImmediate(resolve))
  return { dropped: network.dropped, isLoud, journal }
}
