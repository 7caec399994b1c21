import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { shortNames } from '../../packages/sse/short-names.js'

interface Bundle {
  readonly outputFiles: readonly { readonly text: string }[]
}

/** As much of esbuild's plugin interface as is used. */
interface PluginBuild {
  onResolve(where: { filter: RegExp }, resolve: () => { path: string; namespace: string }): void
  onLoad(where: { filter: RegExp; namespace: string }, load: () => { contents: string }): void
}

// The bundler that size-limit brings along.
const require = createRequire(import.meta.url)
const { build }: { build(options: object): Promise<Bundle> } = createRequire(require.resolve('@size-limit/esbuild'))(
  'esbuild',
)

const pathOf = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

/** The script of a page: @stomp/stompjs as it is published, and the link client from its sources, with short names as shipped. */
export async function bundlePage(entry: string = pathOf('page/traffic.ts'), target = 'es2022'): Promise<string> {
  const client = await bundle(pathOf('../../packages/sse/src/client/index.ts'), {
    format: 'esm',
    target,
    mangleProps: shortNames(),
  })
  // In two steps, since the names of others must stay as they are.
  const setup = (building: PluginBuild) => {
    building.onResolve({ filter: /^@hoofbeat\/sse\/client$/ }, () => ({ path: 'client.js', namespace: 'built' }))
    building.onLoad({ filter: /^/, namespace: 'built' }, () => ({ contents: client }))
  }
  return bundle(entry, { format: 'iife', target, plugins: [{ name: 'client', setup }] })
}

async function bundle(entry: string, options: object): Promise<string> {
  const common = { entryPoints: [entry], bundle: true, write: false, platform: 'browser' }
  const { outputFiles } = await build({ ...common, ...options })
  const [script] = outputFiles
  if (script === undefined) throw new Error('the bundler made nothing')
  return script.text
}
