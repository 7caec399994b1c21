import { readFile } from 'node:fs/promises'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { chromium } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { CHROMIUM_FLAGS } from '../chromium.js'
import { requireComponent } from '../components.js'
import { makeCertificate } from '../networks/certificate.js'
import { type Exchange, exchange } from './sockjs/exchange.js'
import { hold } from './sockjs/hold.js'
import { faultOf, texts } from './sockjs/numbered-text.js'
import { type OldProxyOptions, openOldProxy } from './sockjs/old-proxy.js'
import { type SockJsSite, startSite, type Where } from './sockjs/site.js'

const component = requireComponent('chromium')
const openssl = requireComponent('openssl')
/** How many messages go each way over each transport. */
const COUNT = Number(process.env.HOOFBEAT_SOCKJS_MESSAGES ?? 2_000)

/** All that sockjs-client has, except for `xdr-streaming` and `xdr-polling`, which take an Internet Explorer. */
const TRANSPORTS = [
  'websocket',
  'xhr-streaming',
  'eventsource',
  'iframe-eventsource',
  'htmlfile',
  'iframe-htmlfile',
  'xhr-polling',
  'iframe-xhr-polling',
  'jsonp-polling',
]
/** The client uses `htmlfile` for endpoints of the page's own origin only, and the server answers JSONP to no others. */
const ACROSS = TRANSPORTS.filter((transport) => transport !== 'htmlfile' && transport !== 'jsonp-polling')

describe.skipIf(!component.available)(component.title('sockjs-client in Chromium'), { timeout: 60_000 }, () => {
  let browser: Browser
  let site: SockJsSite
  let context: BrowserContext | undefined

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: component.path, args: [...CHROMIUM_FLAGS] })
    site = await startSite()
  }, 60_000)
  afterEach(() => context?.close())
  afterAll(async () => {
    await browser?.close()
    await site?.close()
  })

  /** A page of its own person, with nothing remembered. */
  const open = async (where: Where, cookie?: string): Promise<Page> => {
    context = await browser.newContext()
    if (cookie !== undefined)
      await context.addCookies([{ name: 'who', value: cookie, url: site.origin, sameSite: 'Lax' }])
    const page = await context.newPage()
    await page.goto(`${site.origins[where]}/page/sockjs.min.js`)
    return page
  }

  const carry = (page: Page, url: string, transports: readonly string[], count: number): Promise<Exchange> =>
    page.evaluate(exchange, { url, transports, up: texts(count) })

  /** On a page of the same origin, but with an old proxy in between. */
  const carryBehind = async (
    options: OldProxyOptions,
    path: string,
    ...[transports, count]: [transports: readonly string[], count: number]
  ): Promise<Exchange> => {
    const proxy = await openOldProxy(site.server.port, options)
    try {
      const page = await open('the same origin')
      await page.goto(`http://127.0.0.1:${proxy.port}/page/sockjs.min.js`)
      return await carry(page, `http://127.0.0.1:${proxy.port}${path}`, transports, count)
    } finally {
      await context?.close()
      await proxy.close()
    }
  }

  const expectAll = ({ received, verdict, close }: Exchange, count: number): void => {
    expect(close).toEqual([4000, 'bye'])
    expect(verdict).toBe('good')
    expect(faultOf(received, count)).toBeUndefined()
  }

  describe.each<[Where, readonly string[]]>([
    ['the same origin', TRANSPORTS],
    ['another site', ACROSS],
  ])('on a page of %s', (where, transports) => {
    it.each(transports)(`carries ${COUNT} messages each way over %s, in order, each once`, async (transport) => {
      const result = await carry(await open(where), `${site.origin}/numbers`, [transport], COUNT)
      expect(result.transport).toBe(transport)
      expectAll(result, COUNT)
    })
  })

  it.each(ACROSS)(
    'sends its cookies to another port over %s, so it is one user in all its requests',
    async (transport) => {
      const result = await carry(await open('another port', 'ada'), `${site.origin}/numbers`, [transport], 10)
      // The client opens its EventSource without credentials when it goes to another origin.
      expect([result.transport, result.user]).toEqual([transport, transport === 'eventsource' ? '' : 'ada'])
      expectAll(result, 10)
    },
  )

  it('does not answer JSONP to a page of another origin, even a listed one', async () => {
    const result = await carry(await open('another port'), `${site.origin}/numbers`, ['jsonp-polling'], 10)
    expect([result.transport, result.close]).toEqual(['', [2000, 'All transports failed']])
  })

  it('answers JSONP to pages of any origin where any origin is allowed', async () => {
    const openSite = await startSite({ allowedOrigins: '*' })
    try {
      const result = await carry(await open('another site'), `${openSite.origin}/numbers`, ['jsonp-polling'], 100)
      expect(result.transport).toBe('jsonp-polling')
      expectAll(result, 100)
    } finally {
      await context?.close()
      await openSite.close()
    }
  })

  describe('where WebSockets do not work', () => {
    it('streams at once if the endpoint has none', async () => {
      const page = await open('the same origin')
      const sockets: string[] = []
      page.on('websocket', (socket) => sockets.push(socket.url()))
      const result = await carry(page, `${site.origin}/numbers-without-websocket`, [], 100)
      expect(result.transport).toBe('xhr-streaming')
      expectAll(result, 100)
      expect(sockets).toEqual([])
    })

    it('streams if one is opened and nothing comes', async () => {
      const page = await open('another site')
      // Who routes it and does not connect it is a server that says nothing. It takes effect in the next document.
      await page.routeWebSocket(/./, () => {})
      await page.reload()
      const result = await carry(page, `${site.origin}/numbers-by-default`, [], 100)
      expect(result.transport).toBe('xhr-streaming')
      expectAll(result, 100)
    })

    it.each([
      { title: 'streams behind a proxy that refuses upgrades', holdsBack: false, transport: 'xhr-streaming' },
      { title: 'polls behind one that holds back streams as well', holdsBack: true, transport: 'xhr-polling' },
    ])('$title', async ({ holdsBack, transport }) => {
      const result = await carryBehind({ holdsBack }, '/numbers-by-default', [], 100)
      expect(result.transport).toBe(transport)
      expectAll(result, 100)
    })
  })

  it.each(['xhr-streaming', 'eventsource', 'iframe-eventsource', 'htmlfile', 'xhr-polling', 'jsonp-polling'])(
    'goes on over %s when each request comes from another address',
    async (transport) => {
      const result = await carryBehind({ moves: true }, '/numbers', [transport], 100)
      expect(result.transport).toBe(transport)
      expectAll(result, 100)
    },
  )

  describe.skipIf(!openssl.available)(openssl.title('over TLS on a page of another site'), () => {
    // Only over TLS do browsers keep a cookie of another site, and only where a request has credentials.
    it.each(['xhr-streaming', 'xhr-polling', 'iframe-htmlfile', 'iframe-eventsource'])(
      'goes on over %s when each request comes from another address',
      async (transport) => {
        const certificate = await makeCertificate(openssl.path)
        const { keyPath, certificatePath } = certificate
        const [key, cert] = await Promise.all([keyPath, certificatePath].map((path) => readFile(path, 'utf8')))
        const proxy = await openOldProxy(site.server.port, { moves: true, tls: { key: key ?? '', cert: cert ?? '' } })
        try {
          context = await browser.newContext({ ignoreHTTPSErrors: true })
          const page = await context.newPage()
          await page.goto(`${site.origins['another site']}/page/sockjs.min.js`)
          const result = await carry(page, `https://127.0.0.1:${proxy.port}/numbers`, [transport], 100)
          expect(result.transport).toBe(transport)
          expectAll(result, 100)
        } finally {
          await context?.close()
          await proxy.close()
          await certificate.remove()
        }
      },
    )
  })

  it('is told that the server goes away', async () => {
    // Browsers open no more than six connections to one host for requests.
    const transports = ['websocket', 'xhr-streaming', 'eventsource', 'htmlfile', 'xhr-polling', 'jsonp-polling']
    const ending = await startSite()
    const polls = { xhr: 0, jsonp: 0 }
    ending.server.app.server.on('request', ({ url = '' }) => {
      if (url.includes('/xhr?')) polls.xhr += 1
      if (url.includes('/jsonp?')) polls.jsonp += 1
    })
    try {
      context = await browser.newContext()
      const pages: Page[] = []
      for (const transport of transports) {
        const page = await context.newPage()
        await page.goto(`${ending.origin}/page/sockjs.min.js`)
        expect(await page.evaluate(hold, { url: `${ending.origin}/numbers`, transport })).toBe(transport)
        pages.push(page)
      }
      // The first is told `o`, the second who it is; the third waits.
      await expect.poll(() => polls).toEqual({ xhr: 3, jsonp: 3 })
      await ending.server.close()
      const ends = await Promise.all(pages.map((page) => page.evaluate(() => held)))
      expect(ends).toEqual(transports.map(() => [1001, '']))
    } finally {
      await context?.close()
      await ending.close()
    }
  })
})
