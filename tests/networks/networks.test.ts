import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { requireComponent } from '../components.js'
import { launchBrowser } from './browser.js'
import { bundlePage } from './bundle.js'
import { carry, createTurnstile, type Outcome, type Traffic } from './carry.js'
import { NETWORKS as ALL } from './networks.js'
import { showTable } from './table.js'

const chromium = requireComponent('chromium')

/** Those whose names match, for who looks at one of them. */
const NETWORKS = ALL.filter(({ name }) => new RegExp(process.env.HOOFBEAT_NETWORKS ?? '').test(name))
/** Over how long messages are sent, in each network; a full run takes a minute. */
const SECONDS = Number(process.env.HOOFBEAT_NETWORK_SECONDS ?? 6)
const TRAFFIC: Traffic = { count: SECONDS < 60 ? 50 * SECONDS : 2_000, durationMs: 1_000 * SECONDS }
/** So many at once: more would measure this machine. */
const WIDTH = 11
const PATIENCE_MS = Math.ceil(NETWORKS.length / WIDTH) * (TRAFFIC.durationMs + 60_000)

describe.skipIf(!chromium.available)(chromium.title('an unmodified stompjs page'), { timeout: PATIENCE_MS }, () => {
  const runs = new Map<string, Promise<Outcome>>()
  const outcomes = new Map<string, Outcome>()
  const usable = NETWORKS.filter(({ needs }) => needs.every(({ available }) => available))
  let browser: Browser

  beforeAll(async () => {
    browser = await launchBrowser(chromium.path)
    const script = await bundlePage()
    // Only a full run waits for quiet when it measures.
    const turnstile = SECONDS < 60 ? undefined : createTurnstile()
    const seats = Array.from({ length: WIDTH }, () => Promise.resolve())
    usable.forEach((network, index) => {
      const seat = index % WIDTH
      const run = (seats[seat] ?? Promise.resolve()).then(() =>
        carry(network, { browser, script, traffic: TRAFFIC, turnstile }),
      )
      runs.set(network.name, run)
      seats[seat] = run.then(
        (outcome) => void outcomes.set(network.name, outcome),
        // Told by the network's own test.
        () => {},
      )
    })
  }, 60_000)

  afterAll(async () => {
    await Promise.allSettled(runs.values())
    await browser?.close()
    showTable(new Map(usable.flatMap(({ name }) => [...outcomes].filter(([known]) => known === name))), TRAFFIC)
  }, PATIENCE_MS)

  for (const network of NETWORKS) {
    const absent = network.needs.find(({ available }) => !available)
    const title = `loses, repeats and reorders nothing where the network ${describeIt(network.name)}`
    it.skipIf(absent !== undefined)(absent?.title(title) ?? title, async () => {
      const outcome = await runs.get(network.name)
      if (outcome === undefined) throw new Error('it was not run')
      const { page, server, met, faults } = outcome
      expect(page.closes).toEqual([])
      expect(page.errors).toEqual([])
      expect(page.connects).toBe(1)
      expect(server.faults).toEqual([])
      expect(page.faults).toEqual([])
      expect(server.receivedAtMs.length).toBe(TRAFFIC.count)
      expect(page.receivedAtMs.length).toBe(TRAFFIC.count)
      expect(network.carriers).toEqual(expect.arrayContaining(Object.keys(page.carried)))
      const least = network.faultsPerMinute && Math.max(1, Math.floor((network.faultsPerMinute * SECONDS) / 60))
      expect(met.length, JSON.stringify(faults.slice(0, 50))).toBeGreaterThanOrEqual(least ?? 0)
    })
  }
})

const describeIt = (name: string): string => (/^(nginx|haproxy)/.test(name) ? `is ${name}` : name)
