import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { builtHalves } from './built-halves.js'
import type { Halves } from './halves.js'
import { plans } from './plan.js'
import { runPlan } from './world.js'

const directory = mkdtempSync(join(tmpdir(), 'hoofbeat-shipped-'))
const seed = 20_263
const numRuns = 60

/** What the build makes of the client: modules, and the one script, which is minified. */
describe('the client as it is shipped', { timeout: 120_000 }, () => {
  beforeAll(() => {
    const cwd = fileURLToPath(new URL('../..', import.meta.url))
    const tsup = createRequire(import.meta.url).resolve('tsup/dist/cli-default.js')
    execFileSync(process.execPath, [tsup, '--no-dts', '--silent', '--out-dir', directory], { cwd })
  }, 120_000)
  afterAll(() => rmSync(directory, { recursive: true }))

  it.each(['client.js', 'client.cjs', 'client.global.js'])(
    'hands over every message once and in order as %s',
    async (file) => {
      const { createHttpLink } = await load(file)
      for (const plan of fc.sample(plans, { seed, numRuns })) {
        const [sources, shipped] = [
          await runPlan(builtHalves, plan),
          await runPlan({ ...builtHalves, createHttpLink }, plan),
        ]
        expect(shipped.violation).toBeUndefined()
        expect(shipped.closeCodes).toEqual(sources.closeCodes)
      }
    },
  )
})

async function load(file: string): Promise<Pick<Halves, 'createHttpLink'>> {
  const path = join(directory, file)
  if (file === 'client.global.js') return new Function(`${readFileSync(path, 'utf8')};return Hoofbeat`)()
  return import(/* @vite-ignore */ pathToFileURL(path).href)
}
