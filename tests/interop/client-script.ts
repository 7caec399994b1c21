import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Outcome, Outcomes } from './scenario.js'

/** How long a script may run, in ms. */
const PATIENCE_MS = 100_000

/**
 * Runs a script of `clients/`: `<program> <script> <arguments>`. It prints one line of JSON for each scenario, `scenario`
 * with `result` or `error`. Rejects, with what it wrote to standard error, if it ends otherwise than well.
 */
export async function runClientScript(program: string, script: string, args: readonly string[]): Promise<Outcomes> {
  const path = fileURLToPath(new URL(`clients/${script}`, import.meta.url))
  const child = spawn(program, [path, ...args], { stdio: ['ignore', 'pipe', 'pipe'], timeout: PATIENCE_MS })
  let printed = ''
  let complaints = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints += text
  })
  const [code, signal] = await once(child, 'close')
  if (code !== 0) throw new Error(`${script} ended with ${code ?? signal}: ${complaints}${printed}`)
  const outcomes = new Map<string, Outcome>()
  for (const line of printed.split('\n').filter((text) => text !== '')) {
    const { scenario, ...outcome }: { scenario: string } & Outcome = JSON.parse(line)
    outcomes.set(scenario, outcome)
  }
  return outcomes
}
