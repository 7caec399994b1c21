import { existsSync, readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * What one vitest JSON report says. A file that could not be collected, so that none of its tests ran, counts as one
 * failure: no test of it appears in the report.
 *
 * @returns {{ passed: number, failed: number, skipped: string[], broken: string[] }} `skipped`: full titles; `broken`: files
 */
export const readReport = (path) => {
  if (!existsSync(path)) return { passed: 0, failed: 0, skipped: [], broken: [] }
  const report = JSON.parse(readFileSync(path, 'utf8'))
  const tests = report.testResults.flatMap((file) => file.assertionResults)
  const broken = report.testResults
    .filter((file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'))
    .map((file) => relative(process.cwd(), file.name))
  return {
    passed: tests.filter((test) => test.status === 'passed').length,
    failed: tests.filter((test) => test.status === 'failed').length + broken.length,
    skipped: tests.filter((test) => test.status !== 'passed' && test.status !== 'failed').map(titleOf),
    broken,
  }
}

const titleOf = (test) => [...test.ancestorTitles, test.title].join(' > ')

/** All reports together, in the form `N passed, N failed`. */
export const totals = (reports) => {
  const sum = (key) => reports.reduce((total, report) => total + report[key], 0)
  return `${sum('passed')} passed, ${sum('failed')} failed`
}

// As a program: `node scripts/report.mjs <report>...` prints the totals. It fails when a test failed, when a report is absent
// or holds no test that passed, and when everything is required but a test was skipped.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const reports = process.argv.slice(2).map(readReport)
  const isSound = (report) =>
    report.passed > 0 && report.failed === 0 && (process.env.HOOFBEAT_REQUIRE !== 'all' || report.skipped.length === 0)
  console.log(totals(reports))
  process.exitCode = reports.length > 0 && reports.every(isSound) ? 0 : 1
}
