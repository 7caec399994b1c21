import { defineConfig, type Options } from 'tsup'

const common: Options = { platform: 'node', target: 'node20', tsconfig: 'tsconfig.build.json' }

export default defineConfig([
  {
    ...common,
    entry: {
      index: 'src/index.ts',
      testing: 'src/testing/index.ts',
      metrics: 'src/observe/metrics.ts',
      opentelemetry: 'src/observe/opentelemetry.ts',
    },
    format: ['esm', 'cjs'],
    dts: true,
    // import.meta.url in CommonJS
    shims: true,
    clean: ['**/*', '!ledger/**'],
  },
  {
    ...common,
    // The thread of the durable store: found by this name from the file that starts it, whichever that is.
    entry: { 'ledger/worker': 'src/store/ledger/worker.js' },
    format: 'esm',
    clean: ['ledger/**'],
  },
])
