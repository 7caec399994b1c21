import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

/** What `node --test` says of files of this folder, which import the built packages. */
function runNodeTests(...files: readonly string[]): Promise<string> {
  const paths = files.map((file) => fileURLToPath(new URL(file, import.meta.url)))
  const { NODE_OPTIONS: _options, NODE_TEST_CONTEXT: _context, ...env } = process.env
  return new Promise((resolve) => {
    execFile(process.execPath, ['--test', '--test-reporter=tap', ...paths], { env }, (_error, out) => resolve(out))
  })
}

const summary = (report: string): readonly string[] =>
  ['pass', 'fail', 'cancelled', 'skipped'].map(
    (name) => new RegExp(`^# ${name} \\d+$`, 'm').exec(report)?.[0] ?? report,
  )

describe('under node:test, on the built package', () => {
  it('the kit tests an application', async () => {
    const report = await runNodeTests('chat.node.mjs', 'required.node.cjs')
    expect(summary(report), report).toEqual(['# pass 5', '# fail 0', '# cancelled 0', '# skipped 0'])
  }, 60_000)

  it('the contract suites run', async () => {
    const report = await runNodeTests('contracts.node.mjs')
    const [pass, ...others] = summary(report)
    expect(others, report).toEqual(['# fail 0', '# cancelled 0', '# skipped 0'])
    expect(Number(pass?.split(' ').at(-1))).toBeGreaterThan(100)
  }, 60_000)
})
