// Builds the application with Maven where it is not built yet, and starts it. With an argument it is a relay to the broker at
// that port.
import { execFileSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { answerParent } from '../../measure/child.mjs'
import { freePorts, makeFolder, startForeign } from '../../measure/foreign.mjs'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const madeAtMs = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0

const jar = here('target/simple-broker.jar')
const sources = [here('pom.xml'), here('src/main/java/bench/SimpleBroker.java')]
if (sources.some((source) => madeAtMs(source) > madeAtMs(jar))) {
  // Maven says on its output what went wrong.
  execFileSync('mvn', ['--batch-mode', '--quiet', 'package'], { cwd: here('.'), stdio: ['ignore', 2, 2] })
}

const [port] = await freePorts(1)
const options = [
  'server.address=127.0.0.1',
  `server.port=${port}`,
  'server.tomcat.accept-count=4096',
  'server.tomcat.max-connections=30000',
]
const [, , relayPort] = process.argv
if (relayPort !== undefined) options.push(`relay.port=${relayPort}`)
const folder = await makeFolder('spring')
const server = await startForeign(folder, ['java', '-jar', jar, ...options.map((option) => `--${option}`)])
await server.untilListening(port)
// Until its broker is there it refuses everybody; it writes down when that is so.
for (
  let i = 0;
  relayPort !== undefined && !readFileSync(join(folder, 'output'), 'utf8').includes('available=true');
  i++
) {
  if (i === 600)
    throw new Error(`the relay has no broker: ${readFileSync(join(folder, 'output'), 'utf8').slice(-2_000)}`)
  await wait(100)
}
answerParent({ port, path: '/ws' }, { usage: server.usage })
