// node bench/codec/chromium.mjs [--quick] [--json] [--case <words>]      after `npm run build`
//
// The same cases in a real browser, where there is no Buffer: the built codec and @stomp/stompjs as ES modules, as a page
// would load them. A page has no clock of processor time, so time of the clock on the wall is taken.
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'
import { table } from '../measure/table.mjs'
import { tableOf } from './turns.mjs'

export const title = 'Codec in Chromium: frames per second, as multiples of @stomp/stompjs'

const CHROMIUM_PATH = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium'

/** What the page may load: folders by the beginning of their path. */
const FOLDERS = {
  '/bench/': new URL('../', import.meta.url),
  '/codec/': new URL('.', import.meta.resolve('@hoofbeat/codec')),
  '/stompjs/': new URL('.', import.meta.resolve('@stomp/stompjs')),
}
const PAGE = `<!doctype html>
<script type="importmap">
  { "imports": { "@hoofbeat/codec": "/codec/index.js", "@stomp/stompjs": "/stompjs/index.js" } }
</script>
<script type="module" src="/bench/codec/page.mjs"></script>`

async function answer(request, response) {
  const { pathname } = new URL(request.url, 'http://localhost')
  const prefix = Object.keys(FOLDERS).find((one) => pathname.startsWith(one))
  if (prefix === undefined) {
    response.setHeader('content-type', 'text/html')
    response.end(PAGE)
    return
  }
  try {
    const script = await readFile(new URL(`./${pathname.slice(prefix.length)}`, FOLDERS[prefix]))
    response.setHeader('content-type', 'text/javascript')
    response.end(script)
  } catch {
    response.statusCode = 404
    response.end()
  }
}

/** `rows` is empty, and `skipped` says why, where there is no Chromium. */
export async function run({ quick = false, say = () => {}, case: words = '' } = {}) {
  const conditions = { rounds: quick ? 3 : 9, sliceMs: quick ? 25 : 100 }
  if (!existsSync(CHROMIUM_PATH)) {
    const skipped = `no Chromium at ${CHROMIUM_PATH}: say in CHROMIUM_PATH where it is`
    say(`codec in Chromium: skipped, ${skipped}`)
    return { title, columns: ['case'], rows: [], notes: [`Skipped: ${skipped}.`], skipped, results: [] }
  }
  const server = createServer(answer)
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  let browser
  try {
    browser = await chromium.launch({ executablePath: CHROMIUM_PATH, args: ['--no-sandbox'] })
    const page = await browser.newPage()
    await page.exposeFunction('say', say)
    const failed = new Promise((_, reject) => page.on('pageerror', reject))
    failed.catch(() => {})
    await page.goto(`http://127.0.0.1:${server.address().port}/`)
    const measured = page
      .waitForFunction(() => globalThis.measure !== undefined)
      .then(() => page.evaluate((options) => globalThis.measure(options), { ...conditions, words }))
    const results = await Promise.race([measured, failed])
    return { title, ...tableOf(results), chromium: browser.version(), ...conditions, results }
  } finally {
    await browser?.close()
    server.close()
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: { quick: { type: 'boolean' }, json: { type: 'boolean' }, case: { type: 'string' } },
  })
  const result = await run({ ...values, say: (text) => console.error(text) })
  console.log(values.json ? JSON.stringify(result, undefined, 2) : table(result.columns, result.rows))
}
