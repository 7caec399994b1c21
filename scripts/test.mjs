// Installs and builds what has changed, then runs every test that this machine can run. Arguments go to vitest.
// HOOFBEAT_REQUIRE=all: a test that is skipped is a failure. HOOFBEAT_REPORT=<path>: keeps vitest's JSON report there.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from './command.mjs'
import { Complaint, complain, prepare } from './prepare.mjs'
import { readReport, totals } from './report.mjs'
import { root } from './workspace.mjs'

const vitest = (reportPath, args) => [
  process.execPath,
  join(root, 'node_modules/vitest/vitest.mjs'),
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${reportPath}`,
  ...args,
]

const summarise = (report) => {
  console.log(`tests: ${totals([report])}${report.skipped.length > 0 ? `, ${report.skipped.length} skipped` : ''}`)
  for (const title of new Set(report.skipped)) console.log(`  skipped: ${title}`)
  for (const file of report.broken) console.log(`  could not be run: ${file}`)
}

const test = async (reportPath) => {
  await prepare()
  const { code } = await run(vitest(reportPath, process.argv.slice(2)), { cwd: root, show: true })
  const report = readReport(reportPath)
  summarise(report)
  if (code !== 0) process.exitCode = code
  else if (report.passed + report.skipped.length === 0) throw new Complaint('tests: none ran.')
  else if (process.env.HOOFBEAT_REQUIRE === 'all' && report.skipped.length > 0)
    throw new Complaint('tests: HOOFBEAT_REQUIRE=all allows no skipped test.')
}

const folder = mkdtempSync(join(tmpdir(), 'hoofbeat-test-'))
await test(process.env.HOOFBEAT_REPORT ?? join(folder, 'report.json')).catch(complain)
rmSync(folder, { recursive: true, force: true })
