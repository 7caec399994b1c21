import { setTimeout as after } from 'node:timers/promises'
import { expect } from 'vitest'
import type { Listening } from '../networks/forwarder.js'
import type { Carrier } from '../networks/network.js'
import type { Errand, PageReport } from '../networks/page/traffic.js'
import { type Site, startSite } from '../networks/site.js'
import { until } from '../networks/until.js'
import type { Engine, EnginePage } from './engine.js'

/** How much goes each way, and how fast. */
export const VOLUME = { count: 200, durationMs: 2_000 }

/** How long a busy machine may take. */
const PATIENCE_MS = 60_000

/** The traffic of one link, wherever it runs. */
export interface Traffic {
  begin(errand: Errand): Promise<unknown>
  /** Sends so many messages at once, be they due or not. */
  burst(count: number): Promise<unknown>
  report(): Promise<PageReport>
}

/** That of a page, or of the worker for which it speaks. */
export const trafficOf = (page: EnginePage, object: 'traffic' | 'workers' = 'traffic'): Traffic => ({
  begin: (errand) => page.evaluate(`${object}.begin(${JSON.stringify(errand)})`),
  burst: (count) => page.evaluate(`${object}.burst(${count})`),
  report: async () => (await page.evaluate(`${object}.report()`)) as PageReport,
})

/** A page whose traffic has begun. */
export interface Running {
  readonly page: EnginePage
  readonly site: Site
  readonly traffic: Traffic
  /** Where the page is. */
  readonly url: string
}

/** How one is begun. */
export interface Start {
  readonly engine: Engine
  readonly script: string
  /** What may carry, best first: the first must. */
  readonly rungs: readonly Carrier[]
  /** Opens what is between the page and that port of the server. */
  between?(port: number): Promise<Listening>
}

/** Runs a test with one, once messages come. */
export async function withTraffic(
  { engine, script, rungs, between }: Start,
  run: (running: Running) => Promise<void>,
): Promise<void> {
  const ends: (() => Promise<void>)[] = []
  try {
    const site = await startSite(script, VOLUME)
    ends.push(site.close)
    const middle = await between?.(site.port)
    if (middle) ends.push(middle.close)
    const url = `http://127.0.0.1:${middle?.port ?? site.port}`
    const page = await engine.openPage(url)
    ends.push(page.close)
    const traffic = trafficOf(page)
    await traffic.begin({ ...VOLUME, reconnectDelayMs: 0, rungs })
    const isRunning = (report: PageReport): boolean =>
      report.receivedAtMs.length > 20 && report.rungs.at(-1) === rungs[0]
    expect(isRunning(await reportWhen(traffic, isRunning))).toBe(true)
    await run({ page, site, traffic, url })
  } finally {
    for (const end of ends.reverse()) await end()
  }
}

/** Asks again and again until something holds; the last report then, or at the deadline, is what tests look at. */
export async function reportWhen(traffic: Traffic, holds: (report: PageReport) => boolean): Promise<PageReport> {
  const giveUpMs = Date.now() + PATIENCE_MS
  for (;;) {
    const report = await traffic.report()
    if (holds(report) || Date.now() > giveUpMs) return report
    await after(50)
  }
}

/** All has come, both ways, once, in order and unchanged, in one session; resolves with the last report. */
export async function expectAll(traffic: Traffic, site: Site, count: number = VOLUME.count): Promise<PageReport> {
  const isOver = ({ sentAtMs, receivedAtMs, closes }: PageReport): boolean =>
    closes.length > 0 || (sentAtMs.length >= count && receivedAtMs.length >= count)
  const report = await reportWhen(traffic, isOver)
  const sent = report.sentAtMs.length
  await until(() => site.up.atMs.length >= sent, PATIENCE_MS)
  expect([report.closes, report.errors, report.faults, site.up.faults]).toEqual([[], [], [], []])
  expect([report.connects, report.receivedAtMs.length, site.up.atMs.length]).toEqual([1, count, sent])
  return report
}
