// node bench/run.mjs [--quick] [--json <file>] [--only <target,target>] [--profile <folder>] [suite ...]
//
// All benchmarks, or those that are named, one after another; after `npm run setup && npm run build`. `--quick` shows in a
// minute that all of them work, with small numbers and few rounds: its figures are rough. `--json` writes all figures,
// with the machine they come from. Each suite can also be run by itself, with the same options.
import { existsSync } from 'node:fs'
import { readCommandLine, runSuites } from './measure/suite.mjs'

const FILES = {
  codec: 'codec/run.mjs',
  fanout: 'fanout/run.mjs',
  'fanout-tcp': 'fanout-tcp/run.mjs',
  'fanout-links': 'fanout-links/run.mjs',
  latency: 'fanout/latency.mjs',
  pair: 'pair/run.mjs',
  queue: 'queue/run.mjs',
  connections: 'connections/run.mjs',
  index: 'index/run.mjs',
  relay: 'relay/run.mjs',
  'relay-counts': 'relay/counts.mjs',
}

async function load(name) {
  const file = FILES[name] && new URL(`./${FILES[name]}`, import.meta.url)
  if (file === undefined || !existsSync(file)) throw new Error(`there is no suite '${name}'`)
  return import(file)
}

const { names, ...options } = readCommandLine()
const isThere = (name) => existsSync(new URL(`./${FILES[name]}`, import.meta.url))
const chosen = names.length > 0 ? names : Object.keys(FILES).filter(isThere)
await runSuites(await Promise.all(chosen.map(load)), options)
