// node bench/docs.mjs <figures.json> ...        writes the tables of docs/performance.md from what `--json` has written
//
// Each place in the document is marked `<!-- figures: <title> -->` ... `<!-- end -->`; what stands between is replaced by
// the table of that title, and by where its figures come from. A title that no file has keeps its table.
import { readFileSync, writeFileSync } from 'node:fs'
import { short, table } from './measure/table.mjs'

const DOCUMENT = new URL('../docs/performance.md', import.meta.url)

/** Cases below one another, targets side by side: of each the one figure that counts. */
function crossed({ results }, figureOf) {
  const names = [...new Set(results.flatMap(({ targets }) => targets.map(({ name }) => name)))]
  const cell = (target) => (target === undefined || target.fault !== undefined ? '-' : figureOf(target))
  const rows = results.map((one) => [one.case, ...names.map((name) => cell(one.targets.find((t) => t.name === name)))])
  return table(['case', ...names], rows)
}

const plain = ({ columns, rows }) => table(columns, rows)
const times = (ratio) => `${short(ratio)}x`

const FORMS = {
  'Fan-out over links: server processor time for one delivery, 300 bytes': (suite) =>
    crossed(suite, (one) => `${short(one.cpuMicrosEach)} µs (${times(one.against.cpuMicrosEach)})`),
  'Fan-out: server processor time for one delivery, 300 bytes': (suite) =>
    crossed(suite, (one) => `${short(one.cpuMicrosEach)} µs (${times(one.against.cpuMicrosEach)})`),
  'One publisher to one subscriber, 300 bytes': (suite) =>
    crossed(suite, (one) => `${short(one.perSecond)}/s (${times(1 / one.against.perSecond)})`),
}

function source({ date, machine }) {
  const { processor, cores, kernel, node } = machine
  return `<sub>${date.slice(0, 10)}, ${processor}, ${cores} cores, ${kernel.split('-')[0]}, Node ${node}</sub>`
}

let document = readFileSync(DOCUMENT, 'utf8')
const known = new Map()
for (const file of process.argv.slice(2)) {
  const figures = JSON.parse(readFileSync(file, 'utf8'))
  for (const suite of figures.suites) known.set(suite.title, { suite, figures })
}
document = document.replace(/<!-- figures: (.+?) -->\n[\s\S]*?<!-- end -->/g, (before, title) => {
  const found = known.get(title)
  if (found === undefined) return before
  const { suite, figures } = found
  const notes = (suite.notes ?? []).map((note) => `\n${note}\n`).join('')
  const body = (FORMS[title] ?? plain)(suite)
  return `<!-- figures: ${title} -->\n${body}\n${notes}\n${source(figures)}\n<!-- end -->`
})
writeFileSync(DOCUMENT, document)
