import { writeFileSync } from 'node:fs'
import { ONE_WAY_MS, type Outcome, type Traffic } from './carry.js'

const TITLES = ['Network', 'Went over', 'Carried', 'First message', 'Longest way up / down', 'Faults met', 'Resumes']

/** A table in Markdown of what carried in which network; kept in the file that HOOFBEAT_NETWORK_TABLE names, if any. */
export function showTable(outcomes: ReadonlyMap<string, Outcome>, { count, durationMs }: Traffic): void {
  const rows = [...outcomes].map(([name, { page, server, met }]) => [
    name,
    page.rungs.join(', '),
    Object.entries(page.carried)
      .map(([carrier, carried]) => `${carrier} ${carried}`)
      .join(', '),
    page.firstMs === undefined ? '-' : `${Math.round(page.firstMs)} ms`,
    `${longestMs(page.sentAtMs, server.receivedAtMs)} / ${longestMs(server.sentAtMs, page.receivedAtMs)} ms`,
    String(met.length),
    String(page.resumes),
  ])
  const caption = `${count} messages each way in ${durationMs / 1_000} s; proxy and server are ${ONE_WAY_MS} ms apart.\n\n`
  const text = caption + [TITLES, TITLES.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |\n`).join('')
  process.stdout.write(`\n${text}\n`)
  const path = process.env.HOOFBEAT_NETWORK_TABLE
  if (path) writeFileSync(path, text)
}

/** How long the slowest message was on its way. */
function longestMs(sentAtMs: readonly number[], receivedAtMs: readonly number[]): number {
  return Math.round(Math.max(0, ...receivedAtMs.map((received, index) => received - (sentAtMs[index] ?? received))))
}
