import SockJS from 'sockjs-client'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { exchange } from './sockjs/exchange.js'
import { faultOf, texts } from './sockjs/numbered-text.js'
import { type SockJsSite, startSite } from './sockjs/site.js'

/** How many messages go each way over each transport. */
const COUNT = Number(process.env.HOOFBEAT_SOCKJS_MESSAGES ?? 2_000)

describe('sockjs-client in Node', { timeout: 60_000 }, () => {
  let site: SockJsSite

  beforeAll(async () => {
    vi.stubGlobal('SockJS', SockJS)
    site = await startSite()
  })
  afterAll(async () => {
    await site.close()
    vi.unstubAllGlobals()
  })

  it.each(['websocket', 'xhr-streaming', 'eventsource', 'xhr-polling'])(
    `carries ${COUNT} messages each way over %s, in order, each once`,
    async (transport) => {
      const result = await exchange({ url: `${site.origin}/numbers`, transports: [transport], up: texts(COUNT) })
      expect([result.transport, result.close, result.verdict]).toEqual([transport, [4000, 'bye'], 'good'])
      expect(faultOf(result.received, COUNT)).toBeUndefined()
    },
  )

  it('may send in one request all that it was given during the last one', async () => {
    const up = Array.from({ length: 100 }, () => 'x'.repeat(10_000))
    const { verdict, close } = await exchange({ url: `${site.origin}/numbers`, transports: ['xhr-polling'], up })
    // They are not the numbered texts, but all of them came.
    expect(verdict).toMatch(/^message 1 of 100 was /)
    expect(close).toEqual([4000, 'bye'])
  })
})
