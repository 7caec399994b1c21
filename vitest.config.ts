import { fileURLToPath } from 'node:url'
import { defineConfig, type ViteUserConfig } from 'vitest/config'

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

// Tests run on the sources, so a change needs no build; packaging is proven apart, on what would be published.
const config: ViteUserConfig = defineConfig({
  resolve: {
    alias: [
      { find: /^@hoofbeat\/codec$/, replacement: path('packages/codec/src/index.ts') },
      { find: /^@hoofbeat\/sse\/client$/, replacement: path('packages/sse/src/client/index.ts') },
      { find: /^@hoofbeat\/sse$/, replacement: path('packages/sse/src/index.ts') },
      { find: /^@hoofbeat\/server\/testing$/, replacement: path('packages/server/src/testing/index.ts') },
      { find: /^@hoofbeat\/server\/metrics$/, replacement: path('packages/server/src/observe/metrics.ts') },
      { find: /^@hoofbeat\/server\/opentelemetry$/, replacement: path('packages/server/src/observe/opentelemetry.ts') },
      { find: /^@hoofbeat\/server$/, replacement: path('packages/server/src/index.ts') },
    ],
  },
  test: {
    include: [
      'packages/*/src/**/*.test.ts',
      'packages/*/test/**/*.test.ts',
      'apps/*/test/**/*.test.ts',
      'tests/**/*.test.ts',
    ],
  },
})

export default config
