import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { createContext, runInContext } from 'node:vm'
import { describe, expect, it } from 'vitest'

interface Bundle {
  readonly metafile: { inputs: Record<string, unknown>; outputs: Record<string, { imports: unknown[] }> }
  readonly outputFiles: readonly { text: string }[]
}

// The bundler that size-limit brings along.
const require = createRequire(import.meta.url)
const { build }: { build(options: object): Promise<Bundle> } = createRequire(require.resolve('@size-limit/esbuild'))(
  'esbuild',
)

const source = fileURLToPath(new URL('.', import.meta.url))

describe('the bundle for browsers', () => {
  it('holds nothing but the sources of the codec, and asks for nothing at run time', async () => {
    const { metafile, outputFiles } = await bundle('esm')
    expect(Object.keys(metafile.inputs).filter((path) => !/^[a-z-]+\.ts$/.test(path))).toEqual([])
    expect(Object.values(metafile.outputs).flatMap(({ imports }) => imports)).toEqual([])
    expect(outputFiles[0]?.text).not.toMatch(/node:|require\s*\(|import\s*\(/)
  })

  it('runs where there is nothing but the language, TextEncoder and TextDecoder', async () => {
    const { outputFiles } = await bundle('iife')
    const context = createContext({ TextEncoder, TextDecoder })
    const script = `${outputFiles[0]?.text}
      const decoder = codec.createDecoder()
      decoder.push(codec.encode({ command: 'SEND', headers: { 'grüße:': '日本\\n' }, body: 'grün' }, '1.2'))
      const frame = decoder.next()
      JSON.stringify([frame.command, frame.headers.flat, frame.text, [...frame.body]])`
    expect(JSON.parse(runInContext(script, context))).toEqual([
      'SEND',
      ['grüße:', '日本\n', 'content-length', '5'],
      'grün',
      [103, 114, 195, 188, 110],
    ])
  })
})

function bundle(format: 'esm' | 'iife'): Promise<Bundle> {
  return build({
    entryPoints: [`${source}/index.ts`],
    absWorkingDir: source,
    bundle: true,
    write: false,
    metafile: true,
    platform: 'browser',
    format,
    globalName: 'codec',
    target: 'es2022',
  })
}
