import { defineConfig } from 'tsup'

export default defineConfig({
  entry: ['src/main.ts', 'src/app.ts'],
  format: ['esm'],
  platform: 'node',
  target: 'node20',
  clean: true,
})
