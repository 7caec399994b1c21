import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startDaemon } from '../networks/daemon.js'
import { openBidi } from './bidi.js'
import type { Engine, EnginePage } from './engine.js'

/** What would speak to others than the pages of a test; Firefox switches most off by itself when it is driven. */
const PREFERENCES = [
  ['app.update.disabledForTesting', true],
  ['datareporting.policy.dataSubmissionEnabled', false],
  ['network.captive-portal-service.enabled', false],
  ['network.connectivity-service.enabled', false],
  // Pages that one has left are kept, as in people's browsers.
  ['browser.sessionhistory.max_total_viewers', 4],
  // Fastify's close waits for connections on which nothing was ever asked.
  ['network.http.speculative-parallel-limit', 0],
] as const

/** Starts a Firefox as it is published, over WebDriver BiDi, which it speaks itself. */
export async function launchFirefox(program: string): Promise<Engine> {
  const daemon = await startDaemon({
    program,
    // On a busy machine it takes its time.
    patienceMs: 60_000,
    async prepare(port, folder) {
      const lines = PREFERENCES.map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${value});`)
      await writeFile(join(folder, 'user.js'), lines.join('\n'))
      return ['--headless', '--no-remote', '--profile', folder, '--remote-debugging-port', String(port)]
    },
  })
  try {
    const bidi = await openBidi(`ws://127.0.0.1:${daemon.port}/session`)
    await bidi.call('session.new', { capabilities: { alwaysMatch: { acceptInsecureCerts: true } } })
    return {
      async openPage(url) {
        const { userContext } = await bidi.call('browser.createUserContext', {})
        const { context } = await bidi.call('browsingContext.create', { type: 'window', userContext })
        const go = async (target: string) => {
          await bidi.call('browsingContext.navigate', { context, url: target, wait: 'complete' })
        }
        await go(url)
        return {
          go,
          reload: async () => void (await bidi.call('browsingContext.reload', { context, wait: 'complete' })),
          back: async () => void (await bidi.call('browsingContext.traverseHistory', { context, delta: -1 })),
          async evaluate(expression) {
            const { result, exceptionDetails } = await bidi.call('script.evaluate', {
              expression: `Promise.resolve(${expression}).then((value) => JSON.stringify(value) ?? 'null')`,
              target: { context },
              awaitPromise: true,
            })
            if (exceptionDetails) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`)
            return JSON.parse((result as { value: string }).value)
          },
          async setOffline(isOffline) {
            const networkConditions = isOffline ? { type: 'offline' } : null
            await bidi.call('emulation.setNetworkConditions', { networkConditions, contexts: [context] })
          },
          close: async () => void (await bidi.call('browser.removeUserContext', { userContext })),
        } satisfies EnginePage
      },
      async close() {
        // It answers, and ends; what is left of it ends with its daemon.
        await bidi.call('browser.close', {}).catch(() => {})
        bidi.close()
        await daemon.stop()
      },
    }
  } catch (error) {
    await daemon.stop()
    throw error
  }
}
