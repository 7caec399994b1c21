import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository's folder, without a closing separator. */
export const root = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '')

/** The root package.json, as it is on disk now. */
export const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/** The package manager with its exact version, for instance `pnpm@10.34.8`: the `packageManager` field says it once for all. */
export const packageManager = manifest.packageManager

/** Folders of all workspace packages, relative to the root, with `/`. */
export const packageFolders = () =>
  ['packages', 'apps'].flatMap((parent) =>
    readdirSync(join(root, parent))
      .sort()
      .map((name) => `${parent}/${name}`)
      .filter((folder) => existsSync(join(root, folder, 'package.json'))),
  )

// What an installation writes or a test alone reads never changes a build.
const skippedFolders = new Set(['node_modules', 'dist', '.turbo', 'coverage', 'test', 'test-results'])
const isSource = (name) => !/\.test\.ts$|\.md$|\.log$/.test(name)

const filesBelow = (folder, accepts) =>
  readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return skippedFolders.has(entry.name) ? [] : filesBelow(path, accepts)
      return accepts(entry.name) ? [path] : []
    })

const digest = (parts) => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part).update('\0')
  return hash.digest('hex')
}

const contents = (paths) =>
  paths.flatMap((path) => [relative(root, path), existsSync(path) ? readFileSync(path) : 'absent'])

/** Changes when an installation could come out differently. */
export const installFingerprint = () =>
  digest([
    process.platform,
    process.arch,
    ...contents(
      [
        'pnpm-lock.yaml',
        'pnpm-workspace.yaml',
        '.npmrc',
        'package.json',
        ...packageFolders().map((f) => `${f}/package.json`),
      ].map((path) => join(root, path)),
    ),
  ])

/** Changes when a build could come out differently. Reads every source, which takes a few milliseconds: no clock is trusted. */
export const sourceFingerprint = () =>
  digest([
    installFingerprint(),
    ...contents(['tsconfig.base.json', 'turbo.json'].map((path) => join(root, path))),
    ...contents(packageFolders().flatMap((folder) => filesBelow(join(root, folder), isSource))),
  ])

/** Changes when built files were added, removed or written again by anybody. */
export const builtFingerprint = () =>
  digest(
    packageFolders()
      .map((folder) => join(root, folder, 'dist'))
      .flatMap((dist) => (existsSync(dist) ? filesBelow(dist, () => true) : [`${dist}${sep}absent`]))
      .map((path) => {
        const stat = statSync(path, { throwIfNoEntry: false })
        return `${relative(root, path)} ${stat?.size} ${stat?.mtimeMs}`
      }),
  )

const stampPath = join(root, 'node_modules', '.hoofbeat.json')

/** What was true after the last installation and the last build; empty when there was none. */
export const readStamp = () => {
  try {
    return JSON.parse(readFileSync(stampPath, 'utf8'))
  } catch {
    return {}
  }
}

/** Remembers more of it. */
export const writeStamp = (facts) => writeFileSync(stampPath, JSON.stringify({ ...readStamp(), ...facts }))
