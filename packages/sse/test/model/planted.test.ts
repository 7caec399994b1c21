import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { runBreach } from './breach.js'
import { builtHalves } from './built-halves.js'
import type { Halves } from './halves.js'
import { crossingPlans, plans } from './plan.js'
import { COUNT_CHECKS, PLANTED_FAULTS } from './planted-faults.js'
import { withPlanted } from './planted-halves.js'
import { runPlan } from './world.js'

// All that are asked for are run and counted with HOOFBEAT_PLANTED_SEEDS=2000; else the first one caught is enough.
const asked = Number(process.env.HOOFBEAT_PLANTED_SEEDS ?? 0)
const numRuns = asked === 0 ? 300 : asked
const seed = 20_262
const timeout = asked === 0 ? 120_000 : 3_600_000

/** How many runs break a promise. */
async function caught(halves: Halves, arbitrary: typeof plans): Promise<number> {
  let count = 0
  for (const plan of fc.sample(arbitrary, { seed, numRuns })) {
    const { violation } = await runPlan(halves, plan)
    await new Promise((resolve) => setImmediate(resolve))
    if (violation === undefined) continue
    count++
    if (asked === 0) break
  }
  return count
}

/** In how many runs a message was taken out of a connection, others took its place, and nobody noticed. */
async function unnoticed(halves: Halves, runs: number): Promise<number> {
  let count = 0
  for (let run = 0; run < runs; run++) {
    const { isLoud, journal } = await runBreach(halves, seed + run)
    if (journal.breaches > 0 && !isLoud) count++
  }
  return count
}

describe('the fault model', { timeout }, () => {
  it.each(PLANTED_FAULTS)('catches it when it no longer holds that $rule', async ({ rule, edits, needsCrossing }) => {
    await withPlanted(edits, async (halves) => {
      const count = await caught(halves, needsCrossing ? crossingPlans : plans)
      if (asked > 0) process.stdout.write(`${rule}: caught by ${count} of ${numRuns}\n`)
      expect(count).toBeGreaterThan(0)
    })
  })

  it('sees a link end loudly when messages were taken out of a connection', async () => {
    expect(await unnoticed(builtHalves, 60)).toBe(0)
  })

  it.each(COUNT_CHECKS)('catches it when it no longer holds that $rule', async ({ rule, edits }) => {
    await withPlanted(edits, async (halves) => {
      const count = await unnoticed(halves, 60)
      if (asked > 0) process.stdout.write(`${rule}: not noticed in ${count} of 60\n`)
      expect(count).toBeGreaterThan(0)
    })
  })

  it('says so when an edit no longer fits the source', async () => {
    const edits = [{ file: 'client/downlink.ts', find: 'what does not stand there', replace: '' }]
    await expect(withPlanted(edits, async () => {})).rejects.toThrow('must hold exactly once')
  })
})
