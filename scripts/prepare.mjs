import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './command.mjs'
import {
  builtFingerprint,
  installFingerprint,
  manifest,
  packageFolders,
  packageManager,
  readStamp,
  root,
  sourceFingerprint,
  writeStamp,
} from './workspace.mjs'

/** Something that a person can put right: the text says how. */
export class Complaint extends Error {}

/** The program and arguments that run turbo. Turbo itself calls pnpm, so both are put on its PATH; none need be installed. */
export const turbo = (...args) => ['npx', '--yes', `--package=${packageManager}`, '--call', `turbo ${args.join(' ')}`]

/** Throws when this Node is older than the `engines` field of package.json allows. */
export const checkNode = (version = process.versions.node) => {
  const [, major, minor] = /(\d+)\.(\d+)/.exec(manifest.engines.node).map(Number)
  const [ownMajor, ownMinor] = version.split('.').map(Number)
  if (ownMajor > major || (ownMajor === major && ownMinor >= minor)) return
  throw new Complaint(`Hoofbeat needs Node ${major}.${minor} or newer; this is Node ${version} (${process.execPath}).`)
}

const step = async (name, doing, command, env) => {
  console.log(`${name}: ${doing}`)
  const begin = performance.now()
  const { code, output } = await run(command, { cwd: root, env })
  if (code !== 0) {
    process.stderr.write(output)
    throw new Complaint(`${name}: failed (exit code ${code}), see above. The command was: ${command.join(' ')}`)
  }
  console.log(`${name}: ready in ${((performance.now() - begin) / 1000).toFixed(1)} s`)
}

const installed = (fingerprint) =>
  readStamp().install === fingerprint &&
  existsSync(join(root, 'node_modules', '.modules.yaml')) &&
  packageFolders().every(
    (folder) => existsSync(join(root, folder, 'node_modules')) || !readStamp().linked?.includes(folder),
  )

const install = async () => {
  const fingerprint = installFingerprint()
  if (installed(fingerprint)) return console.log('dependencies: up to date')
  const flags = ['--frozen-lockfile', '--prefer-offline', '--config.confirmModulesPurge=false']
  // With NODE_ENV=production, as on many hosts, pnpm would leave out the tools that the build needs.
  const env = { NODE_ENV: 'development' }
  await step('dependencies', 'installing', ['npx', '--yes', packageManager, 'install', ...flags], env)
  const linked = packageFolders().filter((folder) => existsSync(join(root, folder, 'node_modules')))
  writeStamp({ install: fingerprint, linked })
}

const build = async () => {
  const source = sourceFingerprint()
  const stamp = readStamp()
  if (stamp.source === source && stamp.built === builtFingerprint()) return console.log('build: up to date')
  await step('build', 'building', turbo('run', 'build'))
  writeStamp({ source, built: builtFingerprint() })
}

/** Installs and builds what has changed since the last time. Throws {@link Complaint} when a step fails, its output shown. */
export const prepare = async () => {
  checkNode()
  await install()
  await build()
}

/** For a script's outermost promise: shows what went wrong to a person and sets the exit code. */
export const complain = (error) => {
  console.error(error instanceof Complaint ? error.message : error)
  process.exitCode = 1
}
