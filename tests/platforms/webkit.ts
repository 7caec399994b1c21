import { type Daemon, startDaemon } from '../networks/daemon.js'
import type { Engine, EnginePage } from './engine.js'
import { startScreen } from './screen.js'

/** Where its programs are. */
export interface WebKitPrograms {
  readonly driver: string
  readonly screen: string
}

/** Starts what WebKit needs; each page is a driver of its own, with the small browser that comes with it. */
export async function launchWebKit({ driver, screen }: WebKitPrograms): Promise<Engine> {
  const display = await startScreen(screen)
  return {
    async openPage(url) {
      const daemon = await startDaemon({
        program: driver,
        patienceMs: 30_000,
        prepare: async (port) => ['--host=127.0.0.1', `--port=${port}`],
        environment: { DISPLAY: display.name },
      })
      try {
        const page = await openSession(daemon)
        await page.go(url)
        return page
      } catch (error) {
        await daemon.stop()
        throw error
      }
    },
    close: () => display.stop(),
  }
}

async function openSession(daemon: Daemon): Promise<EnginePage> {
  const root = `http://127.0.0.1:${daemon.port}/session`
  const capabilities = { alwaysMatch: { browserName: 'MiniBrowser' } }
  const { sessionId } = (await call('POST', root, { capabilities })) as { sessionId: string }
  const command = (name: string, parameters: object) => call('POST', `${root}/${sessionId}/${name}`, parameters)
  return {
    go: async (url) => void (await command('url', { url })),
    reload: async () => void (await command('refresh', {})),
    back: async () => void (await command('back', {})),
    async evaluate(expression) {
      const script = `const [done] = arguments
        Promise.resolve(${expression}).then((value) => done([value ?? null]), (error) => done(String(error)))`
      const answer = await command('execute/async', { script, args: [] })
      if (!Array.isArray(answer)) throw new Error(`${expression}: ${answer}`)
      return answer[0]
    },
    async close() {
      try {
        await call('DELETE', `${root}/${sessionId}`)
      } finally {
        await daemon.stop()
      }
    },
  }
}

/** One command of WebDriver. */
async function call(method: string, url: string, parameters?: object): Promise<unknown> {
  const response = await fetch(url, { method, ...(parameters && { body: JSON.stringify(parameters) }) })
  const { value } = (await response.json()) as { value: unknown }
  if (!response.ok) throw new Error(`${method} ${url}: ${JSON.stringify(value)}`)
  return value
}
