import { defineConfig, type Options } from 'tsup'

const browser: Options = {
  platform: 'neutral',
  target: 'es2022',
  tsconfig: 'tsconfig.client.build.json',
  esbuildOptions(options) {
    // Puts constants where they are used: bundlers of pages do not do it any more across what is one module by then.
    options.minifySyntax = true
  },
}

export default defineConfig([
  {
    entry: { index: 'src/index.ts' },
    format: ['esm', 'cjs'],
    platform: 'node',
    target: 'node20',
    tsconfig: 'tsconfig.build.json',
    dts: true,
    clean: ['index*'],
  },
  {
    ...browser,
    entry: { client: 'src/client/index.ts' },
    format: ['esm', 'cjs'],
    dts: true,
    clean: ['client.js', 'client.cjs', 'client.d*'],
  },
  {
    ...browser,
    // For pages without a bundler: <script src="client.global.js"> gives `Hoofbeat.HttpLink`.
    entry: { client: 'src/client/index.ts' },
    format: 'iife',
    globalName: 'Hoofbeat',
    minify: true,
    clean: ['client.global.js'],
  },
])
