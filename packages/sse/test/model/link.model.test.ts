import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { builtHalves } from './built-halves.js'
import { crossingPlans, mildPlans, type Plan, plans } from './plan.js'
import { Tally } from './tally.js'
import { runPlan } from './world.js'

// A long run: HOOFBEAT_LINK_SEEDS=10000 npx vitest run packages/sse/test/model/link.model.test.ts
const asked = Number(process.env.HOOFBEAT_LINK_SEEDS ?? 0)
const seed = Number(process.env.HOOFBEAT_LINK_SEED ?? 20_261)
const timeout = asked === 0 ? 180_000 : 7_200_000
const TRACE_LINES = 250

describe('a link over a network with faults', { timeout }, () => {
  it('hands over every message once and in order, both ways, and comes to rest when the faults are over', async () => {
    await explore(plans, asked === 0 ? 250 : asked)
  })

  it('outlives all faults that are shorter than its time of grace', async () => {
    await explore(mildPlans, asked === 0 ? 100 : Math.ceil(asked / 2))
  })

  it('holds where requests overtake each other all the time', async () => {
    await explore(crossingPlans, asked === 0 ? 40 : Math.ceil(asked / 10))
  })

  it('goes the same way again with the same plan', async () => {
    for (const plan of fc.sample(plans, { seed, numRuns: 3 })) {
      const [one, other] = [await runPlan(builtHalves, plan, true), await runPlan(builtHalves, plan, true)]
      expect(one.lines.map(withoutChance)).toEqual(other.lines.map(withoutChance))
    }
  })
})

/** Runs so many plans; a failure is shrunk, and told line by line. */
async function explore(arbitrary: fc.Arbitrary<Plan>, numRuns: number): Promise<void> {
  const tally = new Tally()
  const property = fc.asyncProperty(arbitrary, async (plan) => {
    const journal = await runPlan(builtHalves, plan)
    tally.add(journal)
    // Lets the runner breathe: a run never leaves the queue of promises.
    await new Promise((resolve) => setImmediate(resolve))
    if (journal.violation !== undefined) throw new Error(await tracedText(plan))
  })
  await fc.assert(property, { seed, numRuns })
  if (asked > 0) process.stdout.write(`${tally.text()}\n`)
  expect(tally.messages).toBeGreaterThan(numRuns)
}

/** The run again, told line by line. */
async function tracedText(plan: Plan): Promise<string> {
  const { violation, lines } = await runPlan(builtHalves, plan, true)
  const shown = lines.length > TRACE_LINES ? [lines[0], '…', ...lines.slice(-TRACE_LINES)] : lines
  return [violation?.message, ...shown].join('\n')
}

/** Names and keys of links are of true chance. */
function withoutChance(line: string): string {
  return line.replace(/[\w-]+~[\w-]+/g, 'link').replace(/key\\*":\\*"[^"\\]*/g, 'key')
}
