// Builds the application with Maven where it is not built yet, and starts it.
import { execFileSync } from 'node:child_process'
import { statSync } from 'node:fs'
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
const folder = await makeFolder('spring')
const server = await startForeign(folder, ['java', '-jar', jar, ...options.map((option) => `--${option}`)])
await server.untilListening(port)
answerParent({ port, path: '/ws' }, { usage: server.usage })
