import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core'
import { CHROMIUM_FLAGS } from '../../../tests/chromium.js'
import { type AppOptions, buildApp } from '../src/app.js'
import { type LossyProxy, openProxy } from './proxy.js'

export const PHONE = { width: 360, height: 740 }
export const DESKTOP = { width: 1200, height: 760 }

/** The browser itself reports the connections that a test has cut. */
const CUT_CONNECTION = /^(WebSocket connection to .* failed|Failed to load resource: net::ERR_)/

export const launchBrowser = (executablePath: string): Promise<Browser> =>
  chromium.launch({ executablePath, args: [...CHROMIUM_FLAGS] })

/** The application, and people who look at its pages through a proxy. */
export interface Visitors {
  readonly proxy: LossyProxy
  /** What no page may do: errors on the console, breaches of the policy, requests to other hosts. */
  readonly faults: readonly string[]
  /** A page of its own person, with nothing remembered. */
  readonly open: (path: string, options?: BrowserContextOptions, port?: number) => Promise<Page>
  /** Opens the chat and joins it. */
  readonly enter: (name: string, path?: string, options?: BrowserContextOptions, port?: number) => Promise<Page>
  readonly close: () => Promise<void>
}

export const admitVisitors = async (browser: Browser, options: AppOptions = {}): Promise<Visitors> => {
  const faults: string[] = []
  const app = await buildApp({ greetingDelayMs: 0, drainMs: 0, ...options })
  const address = await app.listen({ port: 0, host: '127.0.0.1' })
  const proxy = await openProxy(Number(new URL(address).port))

  const open: Visitors['open'] = async (path, options = {}, port = proxy.port) => {
    const context = await browser.newContext({ viewport: DESKTOP, locale: 'en-GB', ...options })
    const page = await context.newPage()
    page.on('pageerror', (error) => faults.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error' && !CUT_CONNECTION.test(message.text())) faults.push(message.text())
    })
    page.on('request', (request) => {
      if (new URL(request.url()).host !== `127.0.0.1:${port}`) faults.push(`request to ${request.url()}`)
    })
    await page.goto(`http://127.0.0.1:${port}${path}`)
    return page
  }

  return {
    proxy,
    faults,
    open,
    enter: async (name, path = '/', options = {}, port = proxy.port) => joinAs(await open(path, options, port), name),
    async close() {
      for (const context of browser.contexts()) await context.close()
      await proxy.close()
      await app.close()
    },
  }
}

export const joinAs = async (page: Page, name: string): Promise<Page> => {
  await page.getByLabel('Name', { exact: true }).fill(name)
  await page.getByRole('button', { name: 'Join' }).click()
  await page.locator('.status[data-phase=connected]').waitFor()
  return page
}

export const box = (page: Page): Locator => page.getByLabel('Your message')

export const say = async (page: Page, text: string): Promise<void> => {
  await box(page).fill(text)
  await box(page).press('Enter')
}

export const hears = (page: Page, text: string): Promise<void> => page.getByText(text, { exact: true }).waitFor()

export const texts = (page: Page): Promise<string[]> => page.locator('.message-text').allTextContents()

/** Whether one would have to scroll sideways. */
export const isTooWide = (page: Page): Promise<unknown> =>
  page.evaluate('document.documentElement.scrollWidth > innerWidth')
