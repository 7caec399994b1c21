import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { FastifyInstance } from 'fastify'

const require = createRequire(import.meta.url)
const stompjs = dirname(require.resolve('@stomp/stompjs'))

/** The clients as they are published, by the name under which the page loads them. */
const SCRIPTS: Readonly<Record<string, string>> = {
  'sockjs.min.js': require.resolve('sockjs-client/dist/sockjs.min.js'),
  'stomp.js': require.resolve('stompjs/lib/stomp.js'),
  'stomp.min.js': require.resolve('stompjs/lib/stomp.min.js'),
  'stomp.umd.min.js': join(stompjs, 'stomp.umd.min.js'),
}

/** Serves the clients, and for each STOMP client a page: `/page/stomp.js`. */
export function servePages(app: FastifyInstance): void {
  for (const [name, file] of Object.entries(SCRIPTS)) {
    app.get(`/${name}`, async (_request, reply) =>
      reply.type('text/javascript; charset=utf-8').send(await readFile(file)),
    )
    app.get(`/page/${name}`, (_request, reply) => reply.type('text/html; charset=utf-8').send(pageWith(name)))
  }
}

function pageWith(name: string): string {
  const scripts = [...new Set(['sockjs.min.js', name])].map((script) => `<script src="/${script}"></script>`)
  return `<!doctype html><title>A client</title><link rel="icon" href="data:,"><body>${scripts.join('')}</body>`
}
