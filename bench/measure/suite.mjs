// A suite is a module with a `title` and `run({ quick, say, only, profile })`, which gives `{ title, columns, rows, ... }`:
// a table ready to be printed, and whatever else is plain JSON.
import { writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { machine } from './machine.mjs'
import { table } from './table.mjs'

/** The options of the command line, the same for one suite and for all; see bench/run.mjs. */
export function readCommandLine() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      only: { type: 'string' },
      case: { type: 'string' },
      profile: { type: 'string' },
    },
  })
  return {
    quick: values.quick,
    // Names of targets, with commas between.
    only: values.only,
    // Part of the name of a case.
    case: values.case,
    // A folder for processor profiles of the servers.
    profile: values.profile,
    json: values.json,
    names: positionals,
    say: (text) => console.error(text),
  }
}

/** Runs suites one after another, prints their tables, and writes all figures if asked to. */
export async function runSuites(suites, options) {
  const results = []
  for (const suite of suites) {
    const result = await suite.run(options)
    results.push(result)
    console.log(`\n### ${result.title}\n\n${table(result.columns, result.rows)}\n`)
    for (const note of result.notes ?? []) console.log(`${note}\n`)
  }
  if (options.json === undefined) return
  const all = { date: new Date().toISOString(), machine: machine(), quick: options.quick, suites: results }
  writeFileSync(options.json, `${JSON.stringify(all, undefined, 2)}\n`)
}

/** To be awaited at the end of a suite's file: runs it if the file was started by itself. */
export async function runIfMain(url, suite) {
  if (url === pathToFileURL(process.argv[1]).href) await runSuites([suite], readCommandLine())
}
