import type { Browser } from 'playwright-core'
import { begin, deactivate, openContext, reportWhen } from './browser.js'
import { openDistance } from './forwarder.js'
import type { Fault, Network } from './network.js'
import type { PageReport } from './page/traffic.js'
import { startSite } from './site.js'

/** How much goes each way, over how long. */
export interface Traffic {
  readonly count: number
  readonly durationMs: number
}

/** What came of it. */
export interface Outcome {
  readonly page: PageReport
  readonly server: {
    readonly sentAtMs: readonly number[]
    readonly receivedAtMs: readonly number[]
    readonly faults: readonly string[]
  }
  /** What the network did. */
  readonly faults: readonly Fault[]
  /** Those of them that met messages which were sent and had not come. */
  readonly met: readonly Fault[]
}

/** How long it is from the network's proxy to the server: without it nothing would be on its way when a fault comes. */
export const ONE_WAY_MS = 20

/** In how long a page must have its first message. */
const FIRST_MS = 20_000

/** How long after the last message was sent all must have come: resends wait up to 5 s, and timeouts 15 s. */
const CATCH_UP_MS = 40_000

/** Lets one start at a time: others that start would be measured too. */
export interface Turnstile {
  pass(start: () => Promise<void>): Promise<void>
}

export function createTurnstile(): Turnstile {
  let last: Promise<unknown> = Promise.resolve()
  return {
    pass(start) {
      const turn = last.then(start)
      last = turn.catch(() => {})
      return turn
    },
  }
}

/** What all networks of one run share. */
export interface Run {
  readonly browser: Browser
  /** Of the page. */
  readonly script: string
  readonly traffic: Traffic
  readonly turnstile: Turnstile | undefined
}

/** Sends traffic both ways between a page and a server through a network. */
export async function carry(network: Network, { browser, script, traffic, turnstile }: Run): Promise<Outcome> {
  const ends: (() => Promise<void>)[] = []
  try {
    const site = await startSite(script, traffic)
    ends.push(site.close)
    const distance = await openDistance(site.port, ONE_WAY_MS)
    ends.push(distance.close)
    const open = await network.open(distance.port)
    ends.push(open.close)
    await network.proves?.(open.url)
    const context = await openContext(browser)
    ends.push(() => context.close())
    const page = await context.newPage()
    await page.goto(open.url)
    const start = async (): Promise<void> => {
      await begin(page, { ...traffic, reconnectDelayMs: 0, ...(network.rungs && { rungs: network.rungs }) })
      await reportWhen(page, ({ firstMs }) => firstMs !== undefined, FIRST_MS)
      open.begin?.()
    }
    await (turnstile ? turnstile.pass(start) : start())
    const isComplete = ({ receivedAtMs, closes, unacknowledgedBytes }: PageReport): boolean =>
      closes.length > 0 ||
      (receivedAtMs.length >= traffic.count && site.up.atMs.length >= traffic.count && unacknowledgedBytes === 0)
    const report = await reportWhen(page, isComplete, traffic.durationMs + CATCH_UP_MS)
    await deactivate(page)
    const { faults } = open.log
    const met = faults.filter(
      ({ atMs }) =>
        isOnItsWay(report.sentAtMs, site.up.atMs, atMs) || isOnItsWay(site.sentAtMs, report.receivedAtMs, atMs),
    )
    const { sentAtMs, up } = site
    return { page: report, server: { sentAtMs, receivedAtMs: up.atMs, faults: up.faults }, faults, met }
  } finally {
    for (const end of ends.reverse()) await end()
  }
}

/** Whether some message was sent by then and had not come. */
function isOnItsWay(sentAtMs: readonly number[], receivedAtMs: readonly number[], atMs: number): boolean {
  return sentAtMs.some((sent, index) => sent <= atMs && atMs < (receivedAtMs[index] ?? Number.POSITIVE_INFINITY))
}
