// Installs and builds what has changed, then becomes the sample server: no child process stands between npm and the
// server, so the signal that npm hands on is the one that drains it.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { complain, prepare } from './prepare.mjs'
import { hearSignalsOnce } from './signals.mjs'
import { root } from './workspace.mjs'

hearSignalsOnce()

try {
  await prepare()
  await import(pathToFileURL(join(root, 'apps/sample/dist/main.js')).href)
} catch (error) {
  complain(error)
  process.exit()
}
