import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { CHROMIUM_FLAGS } from '../chromium.js'
import { requireComponent } from '../components.js'
import { type Cutter, openCutter } from '../networks/cutter.js'
import { FaultLog } from '../networks/network.js'
import { type SockJsSite, startSite } from './sockjs/site.js'
import { setUpNewTalk, setUpOldTalk, type TalkState } from './sockjs/talk.js'

const component = requireComponent('chromium')
/** The least that a browser's clients and the test's patience allow. */
const BEAT_MS = 1_000
/** More than stompjs 2.3.3 puts into one message of the transport: it cuts its frames at 16 KiB. */
const LONG = `${'Grüße, '.repeat(7_000)}end`

describe.skipIf(!component.available)(
  component.title('STOMP over sockjs-client in Chromium'),
  { timeout: 60_000 },
  () => {
    let browser: Browser
    let site: SockJsSite
    /** What lies between the pages and the site. */
    let network: Cutter
    let origin: string
    let context: BrowserContext | undefined

    beforeAll(async () => {
      browser = await chromium.launch({ executablePath: component.path, args: [...CHROMIUM_FLAGS] })
      site = await startSite({ heartBeat: { sendMs: BEAT_MS, receiveMs: BEAT_MS } })
      network = await openCutter(site.server.port, 'reset', new FaultLog())
      origin = `http://127.0.0.1:${network.port}`
    }, 60_000)
    afterEach(async () => {
      await context?.close()
      context = undefined
      await expect.poll(() => site.server.app.stomp.users.sessionCount, { timeout: 20_000 }).toBe(0)
    })
    afterAll(async () => {
      await browser?.close()
      await network?.close()
      await site?.close()
    })

    const stateOf = (page: Page): Promise<TalkState> => page.evaluate(() => talk.state)
    /** Asks again and again until it holds; what does not hold is shown by the assertion behind. */
    const until = async (page: Page, holds: (state: TalkState) => boolean): Promise<TalkState> => {
      await expect
        .poll(async () => holds(await stateOf(page)), { timeout: 20_000 })
        .toBe(true)
        .catch(() => {})
      return stateOf(page)
    }
    const connect = async (page: Page): Promise<TalkState> => {
      await page.evaluate(() => talk.connect())
      return until(page, ({ receipts }) => receipts.length === 2)
    }
    const send = (page: Page, ...message: [destination: string, body: string, receipt: string]): Promise<void> =>
      page.evaluate((given) => talk.send(...given), message)

    const open = async (script: string, transport: string): Promise<Page> => {
      context ??= await browser.newContext()
      const page = await context.newPage()
      await page.goto(`${origin}/page/${script}`)
      const options = { url: `${origin}/gs-guide-websocket`, transports: [transport], beatMs: BEAT_MS }
      await page.evaluate(script === 'stomp.umd.min.js' ? setUpNewTalk : setUpOldTalk, options)
      return page
    }

    describe.each([
      { name: 'stompjs 2.3.3', script: 'stomp.js' },
      { name: 'stomp-websocket 2.3.3 as it is minified', script: 'stomp.min.js' },
      { name: 'the current @stomp/stompjs', script: 'stomp.umd.min.js' },
    ])('$name', ({ script }) => {
      /** It comes back by itself; stompjs 2.3.3 leaves that to the page. */
      const isAlone = script === 'stomp.umd.min.js'

      it.each(['websocket', 'xhr-streaming', 'eventsource', 'xhr-polling'])(
        'connects, is greeted, comes back after a cut and leaves over %s',
        async (transport) => {
          const page = await open(script, transport)
          const opened = await connect(page)
          expect(opened.transport).toBe(transport)
          expect(opened.connected).toMatchObject({ version: isAlone ? '1.2' : '1.1', 'user-name': 'ada' })
          expect(opened.receipts.toSorted()).toEqual(['echo', 'greetings'])

          await send(page, '/app/hello', '{"name":"X"}', 'hello')
          await send(page, '/topic/echo', LONG, 'long')
          const greeted = await until(page, ({ bodies, receipts }) => bodies.length === 2 && receipts.length === 4)
          expect(greeted.receipts).toEqual(expect.arrayContaining(['hello', 'long']))
          expect(greeted.bodies.toSorted()).toEqual([LONG, '{"content":"Hello, X!"}'].toSorted())

          network.cut()
          // It tries in vain for as long as that lasts.
          const lost = await until(page, ({ losses }) => losses > (isAlone ? 2 : 0))
          expect(lost.connects).toBe(1)
          network.mend()
          if (!isAlone) await page.evaluate(() => talk.connect())
          const back = await until(page, ({ connects, receipts }) => connects > 1 && receipts.length === 6)
          expect([back.connects, back.receipts.length]).toEqual([2, 6])
          await send(page, '/app/hello', '{"name":"Y"}', 'again')
          const again = await until(page, ({ bodies, receipts }) => bodies.length === 3 && receipts.includes('again'))
          expect(again.bodies.at(-1)).toBe('{"content":"Hello, Y!"}')
          expect(again.errors).toEqual([])

          await page.evaluate(() => talk.disconnect())
          await expect.poll(() => site.server.app.stomp.users.sessionCount).toBe(0)
        },
      )

      it('beats both ways over each kind of transport', async () => {
        context = await browser.newContext()
        const beat = async (transport: string): Promise<void> => {
          const page = await open(script, transport)
          const { connected } = await connect(page)
          expect(connected['heart-beat']).toBe(`${BEAT_MS},${BEAT_MS}`)
          const state = await until(page, ({ beatsSent, beatsReceived }) => beatsSent > 2 && beatsReceived > 2)
          expect([state.beatsSent > 2, state.beatsReceived > 2]).toEqual([true, true])
          expect([state.transport, state.connects, state.losses, state.errors]).toEqual([transport, 1, 0, []])
          await page.evaluate(() => talk.disconnect())
        }
        await Promise.all(['websocket', 'xhr-streaming', 'xhr-polling'].map(beat))
      })
    })
  },
)
