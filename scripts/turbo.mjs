// Runs turbo with these arguments on a machine that has only Node and npm.
import { run } from './command.mjs'
import { turbo } from './prepare.mjs'
import { root } from './workspace.mjs'

const { code } = await run(turbo(...process.argv.slice(2)), { cwd: root, show: true })
process.exitCode = code
