import { describe, expect, it } from 'vitest'
import { event, GREETING, linked, OPENED } from './testing/linked.js'

describe('opening a link', () => {
  it('offers the sub-protocol of links before those of STOMP', () => {
    const { network } = linked()
    expect(network.socket().url).toBe('wss://host.example/stomp')
    expect(network.socket().protocols).toEqual(['v1.link.hoofbeat', 'v12.stomp', 'v11.stomp', 'v10.stomp'])
    expect(network.count('open')).toBe(0)
  })

  it('opens by HTTP at once when the WebSocket fails', async () => {
    const { network, told } = linked()
    await network.socket().cut()
    await network.time.pass(0)
    const open = network.request('open')
    expect(open.url).toBe('https://host.example/stomp/open')
    expect(open.init).toMatchObject({ method: 'POST', cache: 'no-store' })
    expect(open.init.headers).toBeUndefined()
    await open.reply(200, OPENED)
    expect(told).toEqual(['open'])
    expect(network.request('down').body).toEqual({ v: 1, key: 'secret', attach: 1, ack: 0 })
  })

  it('does not take for a link what a server without links says', async () => {
    const { network, told } = linked()
    network.socket().open('v12.stomp')
    await network.time.pass(0)
    expect(network.count('open')).toBe(1)
    expect(told).toEqual([])
  })

  it('opens by HTTP beside a WebSocket that says nothing for 3 s', async () => {
    const { network } = linked()
    network.socket().open()
    await network.time.pass(2_999)
    expect(network.count('open')).toBe(0)
    await network.time.pass(1)
    expect(network.count('open')).toBe(1)
  })

  it('uses the link of the WebSocket if its greeting comes before the answer to the opening', async () => {
    const { network, told } = linked()
    await network.time.pass(3_000)
    const open = network.request('open')
    network.socket().open()
    await network.socket().say('o', GREETING)
    expect(open.isAborted).toBe(true)
    expect(told).toEqual(['open', '= websocket'])
    expect(network.socket().take()).toEqual(['\u0001s{"seq":1}'])
  })

  it('attaches the opened link by the WebSocket if its greeting comes later', async () => {
    const { network, told } = linked()
    await network.time.pass(3_000)
    await network.request('open').reply(200, OPENED)
    const down = network.request('down')
    await down.stream(event('o', { v: 1, attach: 1, from: 1, ack: 0 }))
    network.socket().open()
    await network.socket().say('o', { ...GREETING, link: 'other~2', key: 'other' })
    expect(network.socket().take()).toEqual(['\u0001a{"link":"owner~1","v":1,"key":"secret","attach":2,"ack":0}'])
    expect(down.isAborted).toBe(false)
    await network.socket().say('o', { v: 1, attach: 2, from: 1, ack: 0 })
    expect(down.isAborted).toBe(true)
    expect(told).toEqual(['open', '= websocket'])
  })

  it('opens with credentials when the greeting has no link, and attaches by the same WebSocket', async () => {
    const { network } = linked({ headers: async () => ({ authorization: 'Bearer 1' }) })
    network.socket().open()
    await network.socket().say('o', { v: 1 })
    const open = network.request('open')
    expect(open.init.headers).toEqual({ authorization: 'Bearer 1' })
    await open.reply(200, OPENED)
    expect(network.socket().take()).toEqual(['\u0001a{"link":"owner~1","v":1,"key":"secret","attach":1,"ack":0}'])
    expect(network.count('down')).toBe(0)
  })

  it('treats answers that are not the server own as a failure, and gives up after 15 s', async () => {
    const { network, told } = linked({ rungs: ['stream'] })
    await network.time.pass(0)
    for (const [status, page] of [
      [403, '<html>'],
      [200, '{"v":2}'],
      [404, '{"error":"x"}'],
    ] as const) {
      await network.request('open').reply(status, page)
      await network.time.pass(1_000)
    }
    expect(told).toEqual([])
    await network.time.pass(12_000)
    expect(told).toEqual(['error', 'close 4408 not opened in time (unclean)'])
    expect(network.time.pending).toBe(0)
    expect(network.isWatched).toBe(false)
  })

  it('tries again when the server asks for it, and ends with 1013 if that goes on', async () => {
    const { network, told } = linked({ rungs: ['poll'] })
    await network.time.pass(0)
    await network.request('open').reply(503, { v: 1, error: 'busy', after: 20_000 })
    await network.time.pass(14_999)
    expect(network.count('open')).toBe(0)
    await network.time.pass(1)
    expect(told.pop()).toBe('close 1013 server busy (unclean)')
  })

  it('ends with the code of a refusal', async () => {
    for (const [status, code] of [
      [400, 4400],
      [401, 4401],
      [403, 4403],
      [413, 1009],
    ] as const) {
      const { network, told } = linked({ rungs: ['poll'] })
      await network.time.pass(0)
      await network.request('open').reply(status, { v: 1, error: 'malformed' })
      expect(told.pop()).toMatch(`close ${code}`)
    }
  })

  it('asks for other header fields once when the server refuses them', async () => {
    let asked = 0
    const { network, told } = linked({ rungs: ['poll'], headers: () => ({ authorization: `Bearer ${++asked}` }) })
    await network.time.pass(0)
    await network.request('open').reply(401, { v: 1, error: 'credentials' })
    await network.time.pass(0)
    const again = network.request('open')
    expect(again.init.headers).toEqual({ authorization: 'Bearer 2' })
    await again.reply(401, { v: 1, error: 'credentials' })
    expect(told.pop()).toMatch('close 4401')
  })

  it('ends with 4401 when the header fields cannot be had', async () => {
    const { network, told } = linked({ rungs: ['poll'], headers: () => Promise.reject(new Error('no')) })
    await network.time.pass(0)
    expect(told.pop()).toMatch('close 4401')
  })

  it('ends before it is open, by close and by terminate', async () => {
    const closed = linked()
    closed.link.close()
    expect(closed.link.readyState).toBe(2)
    await closed.network.time.pass(0)
    expect(closed.told).toEqual(['error', 'close 1006 closed before open (unclean)'])
    const terminated = linked()
    terminated.link.terminate()
    expect(terminated.told).toEqual(['error', 'close 1006 terminated (unclean)'])
    expect(terminated.network.socket().closedWith).toBe(1000)
    expect(terminated.network.time.pending).toBe(0)
  })

  it('begins with the rung that worked last, and tries a WebSocket after a minute', async () => {
    const kept = new Map([['https://host.example/stomp', 'stream']])
    const memory = { get: (url: string) => kept.get(url), set: (url: string, rung: string) => void kept.set(url, rung) }
    const { network } = linked({}, { memory })
    await network.time.pass(0)
    expect(network.sockets.length).toBe(0)
    await network.request('open').reply(200, OPENED)
    const down = network.request('down')
    await down.stream(event('o', { v: 1, attach: 1, from: 1, ack: 0 }), event('k', { ack: 0, sent: 0 }))
    for (let beat = 0; beat < 4; beat++) {
      expect(network.sockets.length).toBe(0)
      await network.time.pass(15_000)
      await down.write(event('k', { ack: 0, sent: 0 }))
    }
    expect(network.sockets.length).toBe(1)
    network.socket().open()
    await network.socket().say('o', { v: 1 })
    await network.socket().say('o', { v: 1, attach: 2, from: 1, ack: 0 })
    expect(kept.get('https://host.example/stomp')).toBe('websocket')
  })

  it('ends where there is no means at all', async () => {
    const { network, told } = linked({}, { fetch: undefined, WebSocket: undefined })
    await network.time.pass(0)
    expect(told.pop()).toMatch('close 1011')
  })
})
