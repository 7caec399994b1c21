import { launchBrowser, openContext } from '../networks/browser.js'
import type { Engine, EnginePage } from './engine.js'

/** Starts a Chromium. */
export async function launchChromium(program: string): Promise<Engine> {
  const browser = await launchBrowser(program)
  return {
    async openPage(url) {
      const context = await openContext(browser)
      const page = await context.newPage()
      await page.goto(url)
      return {
        go: async (target) => void (await page.goto(target)),
        reload: async () => void (await page.reload()),
        // No event `load` comes where nothing is loaded.
        back: async () => void (await page.goBack({ waitUntil: 'commit' })),
        evaluate: (expression) => page.evaluate(expression),
        setOffline: (isOffline) => context.setOffline(isOffline),
        close: () => context.close(),
      } satisfies EnginePage
    },
    close: () => browser.close(),
  }
}
