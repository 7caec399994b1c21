import type { FastifyInstance } from 'fastify'

/** More would be of no use to anybody. */
const MAX_HOOKS = 1_000

/**
 * Runs `close` before the application closes its server, and waits for it for `longestMs`, or somewhat longer. Fastify
 * gives each `preClose` hook its `pluginTimeout`, 10 s unless the application says otherwise: where one takes longer, the
 * server is closed while it still runs, and `app.close()` rejects. So there are as many hooks as it takes, each of which
 * waits for a part of the time.
 */
export function beforeClose(fastify: FastifyInstance, longestMs: number, close: () => Promise<void>): void {
  const { pluginTimeout = 10_000 } = fastify.initialConfig
  let closing: Promise<void> | undefined
  const begin = (): Promise<void> => {
    closing ??= close()
    return closing
  }
  if (pluginTimeout === 0) {
    fastify.addHook('preClose', begin)
    return
  }
  // An event loop that is held up makes it longer.
  const partMs = pluginTimeout / 2
  const count = Math.min(Math.ceil(longestMs / partMs), MAX_HOOKS)
  for (let i = 0; i < count; i++) fastify.addHook('preClose', () => within(begin(), partMs))
}

/** Settles as `closing` does, or when the time is over; that is Fastify's own time, whatever clock the plugin has. */
function within(closing: Promise<void>, ms: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms)
    closing.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
