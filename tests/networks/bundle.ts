import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

interface Bundle {
  readonly outputFiles: readonly { readonly text: string }[]
}

// The bundler that size-limit brings along.
const require = createRequire(import.meta.url)
const { build }: { build(options: object): Promise<Bundle> } = createRequire(require.resolve('@size-limit/esbuild'))(
  'esbuild',
)

const pathOf = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

/** The script of a page: @stomp/stompjs as it is published, and the link client from its sources. */
export async function bundlePage(entry: string = pathOf('page/traffic.ts'), target = 'es2022'): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    alias: { '@hoofbeat/sse/client': pathOf('../../packages/sse/src/client/index.ts') },
    bundle: true,
    write: false,
    platform: 'browser',
    format: 'iife',
    target,
  })
  const [script] = outputFiles
  if (script === undefined) throw new Error('the bundler made nothing')
  return script.text
}
