import { defineConfig } from 'tsup'

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    testing: 'src/testing/index.ts',
    // The thread of the durable store: found by this name from the file that starts it.
    'ledger/worker': 'src/store/ledger/worker.js',
  },
  format: ['esm', 'cjs'],
  platform: 'node',
  target: 'node20',
  tsconfig: 'tsconfig.build.json',
  dts: { entry: { index: 'src/index.ts', testing: 'src/testing/index.ts' } },
  // import.meta.url in CommonJS
  shims: true,
  clean: true,
})
