import { describe, expect, it } from 'vitest'
import { event, GREETING, type Linked, linked, linkedByStream, OPENED } from './testing/linked.js'
import type { ScriptedRequest } from './testing/scripted-network.js'

const opening = (attach: number, from = 1, ack = 0) => event('o', { v: 1, attach, from, ack })
const beat = (sent = 0, ack = 0) => event('k', { ack, sent })

const linkedByPoll = async (options = {}, changes = {}): Promise<Linked & { readonly down: ScriptedRequest }> => {
  const linking = linked({ rungs: ['stream', 'poll'], ...options }, { canStream: false, ...changes })
  await linking.network.time.pass(0)
  await linking.network.request('open').reply(200, OPENED)
  return { ...linking, down: linking.network.request('down') }
}

describe('a link on a stream', () => {
  it('starts the first down and the first up in parallel', async () => {
    const { network, link } = linked({ rungs: ['stream'] })
    link.onopen = () => link.send('CONNECT')
    await network.time.pass(0)
    await network.request('open').reply(200, OPENED)
    expect([network.count('down'), network.count('up')]).toEqual([1, 1])
  })

  it('reads text that is cut inside a character', async () => {
    const { network, told, down } = await linkedByStream()
    const bytes = new TextEncoder().encode(event('', ['é€\u{1f600}']))
    for (const byte of bytes) await down.writeBytes(new Uint8Array([byte]))
    await network.time.pass(0)
    expect(told.pop()).toBe('< é€\u{1f600}')
  })

  it('goes to polls when the beat after the opening is held back, and takes what still comes', async () => {
    const { network, told } = linked({ rungs: ['stream', 'poll'] })
    await network.time.pass(0)
    await network.request('open').reply(200, OPENED)
    const down = network.request('down')
    await down.stream(opening(1))
    await network.time.pass(2_249)
    expect(network.count('down')).toBe(0)
    await network.time.pass(1)
    const poll = network.request('down')
    expect(poll.body).toMatchObject({ attach: 2, hold: 25_000 })
    await down.write(event('', ['late']) + beat(1))
    await network.time.pass(0)
    expect(told).toEqual(['open', '< late'])
    await poll.stream(opening(2, 1) + event('', ['late', 'next']) + beat(2))
    expect(down.isAborted).toBe(true)
    await network.time.pass(0)
    expect(told).toEqual(['open', '< late', '= poll', '< next'])
  })

  it('goes to polls when nothing comes for two beats and 2 s', async () => {
    const { network } = await linkedByStream()
    await network.time.pass(31_999)
    expect(network.count('down')).toBe(0)
    await network.time.pass(1)
    expect(network.request('down').body).toMatchObject({ attach: 2, hold: 25_000 })
  })

  it('attaches anew at once when it ends, and goes to polls when it ended twice within 5 s', async () => {
    const { network, down } = await linkedByStream()
    await network.time.pass(4_999)
    await down.end()
    const second = network.request('down')
    expect(second.body).toEqual({ v: 1, key: 'secret', attach: 2, ack: 0 })
    await second.stream(opening(2), beat())
    await second.end()
    expect(network.request('down').body).toMatchObject({ attach: 3, hold: 25_000 })
  })

  it('goes to polls when what a reply says was written does not come, though other bytes may be old', async () => {
    const { network, link } = await linkedByStream()
    link.send('a')
    await network.time.pass(0)
    await network.request('up').reply(200, { v: 1, ack: 1, attach: 1, sent: 1 })
    await network.time.pass(1_999)
    expect(network.count('down')).toBe(0)
    await network.time.pass(1)
    expect(network.request('down').body).toMatchObject({ attach: 2, hold: 25_000 })
  })

  it('stays when it comes in time, or was written to another attach', async () => {
    const { network, link, down } = await linkedByStream()
    for (const [attach, sent] of [
      [1, 1],
      [2, 9],
    ]) {
      link.send('a')
      await network.time.pass(0)
      const up = network.request('up')
      await up.reply(200, { v: 1, ack: up.body.seq, attach, sent })
      await network.time.pass(1_000)
      if (sent === 1) await down.write(event('', ['one']))
      await network.time.pass(3_000)
    }
    expect(network.count('down')).toBe(0)
  })

  it('gives bytes that still come some more time', async () => {
    const { network, link, down } = await linkedByStream()
    link.send('a')
    await network.time.pass(0)
    await network.request('up').reply(200, { v: 1, ack: 1, attach: 1, sent: 1 })
    for (let second = 0; second < 5; second++) {
      await network.time.pass(1_500)
      await down.write(': still\n')
    }
    expect(network.count('down')).toBe(0)
    await network.time.pass(2_000)
    expect(network.count('down')).toBe(1)
  })

  it('acknowledges by an up of its own when nothing is to be sent', async () => {
    const { network, down } = await linkedByStream()
    await down.write(event('', ['one']))
    await network.time.pass(0)
    expect(network.count('up')).toBe(0)
    await down.write(beat(1))
    expect(network.request('up').body).toEqual({ v: 1, key: 'secret', seq: 1, ack: 1, items: [] })
  })

  it('ends with 4400 when a message is missing inside the connection', async () => {
    const { down, told, network } = await linkedByStream()
    await down.write(event('', ['one']) + beat(2))
    expect(told.pop()).toMatch('close 4400')
    expect(network.request('up').body).toMatchObject({ close: { code: 4400 } })
  })

  it('takes for a failure what does not begin as the server does', async () => {
    const { network, told } = linked({ rungs: ['stream', 'poll'] })
    await network.time.pass(0)
    await network.request('open').reply(200, OPENED)
    await network.request('down').stream('<p>please log in</p>\ndata: page\n\n')
    await network.time.pass(200)
    expect(told).toEqual(['open'])
    expect(network.request('down').body).toMatchObject({ hold: 25_000 })
  })

  it('hands messages over before the close behind them, acknowledges, and is closed well', async () => {
    const { network, down, told, link } = await linkedByStream()
    await down.write(event('', ['ERROR']) + event('c', { code: 4200, reason: 'bye', sent: 1 }))
    await network.time.pass(0)
    expect(told.slice(2)).toEqual(['< ERROR', 'close 4200 bye'])
    expect(network.request('up').body).toMatchObject({ ack: 1, items: [] })
    expect(link.readyState).toBe(3)
  })

  it('tells what an old stream brings only once', async () => {
    const { network, down, told } = await linkedByStream()
    await network.sign('restored')
    await network.request('up').reply(200, { v: 1, ack: 0, attach: 1, sent: 0 })
    const second = network.request('down')
    await down.write(event('', ['one']))
    await second.stream(opening(2), event('', ['one', 'two']))
    await network.time.pass(0)
    expect(told.slice(2)).toEqual(['< one', '< two'])
    expect(down.isAborted).toBe(true)
  })

  it('is left when a check gets no answer', async () => {
    const { network } = await linkedByStream()
    await network.sign('visible')
    await network.time.pass(4_999)
    expect(network.count('down')).toBe(0)
    await network.time.pass(1)
    expect(network.count('down')).toBe(1)
  })

  it('stays when a page that became visible finds it attached', async () => {
    const { network } = await linkedByStream()
    await network.sign('visible')
    await network.request('up').reply(200, { v: 1, ack: 0, attach: 1, sent: 0 })
    expect(network.count('down')).toBe(0)
    await network.sign('visible')
    await network.request('up').reply(200, { v: 1, ack: 0, attach: 0, sent: 0 })
    expect(network.count('down')).toBe(1)
  })

  it('tries a better rung when the network has changed', async () => {
    const { network } = await linkedByStream(
      { rungs: ['websocket', 'stream'] },
      { memory: { get: () => 'stream', set() {} } },
    )
    expect(network.sockets.length).toBe(0)
    await network.sign('online')
    await network.time.pass(0)
    expect(network.sockets.length).toBe(1)
    network.socket().open()
    await network.socket().say('o', GREETING)
    expect(network.socket().take()[0]).toMatch('"attach":2')
  })

  it('gives up only when an attempt that was begun after the time of grace has failed', async () => {
    const { network, down, told } = await linkedByStream({ rungs: ['poll', 'stream'] })
    down.fail()
    for (let tries = 0; told.at(-1) === '= stream' || !told.at(-1)?.startsWith('close'); tries++) {
      await network.time.pass(1_000)
      while (network.count('down') > 0) network.request('down').fail()
      if (tries > 200) throw new Error('it goes on for ever')
      if (tries === 115) expect(told.at(-1)).not.toMatch('close')
    }
    expect(told.at(-1)).toMatch('close 4408')
    expect(network.time.pending).toBe(0)
  })
})

describe('a link on polls', () => {
  it('hands over and acknowledges before it polls again', async () => {
    const { network, told, down } = await linkedByPoll()
    await down.stream(opening(1) + event('', ['a', 'b']) + beat(2))
    await down.end()
    expect(network.count('down')).toBe(0)
    await network.time.pass(0)
    expect(told).toEqual(['open', '= poll', '< a', '< b'])
    expect(network.request('down').body).toMatchObject({ attach: 2, ack: 2 })
    expect(network.count('up')).toBe(0)
  })

  it('reads replies that cannot be read as they come', async () => {
    const { network, told, down } = await linkedByPoll()
    await down.reply(200, opening(1) + event('', ['a']) + beat(1))
    await network.time.pass(0)
    expect(told.pop()).toBe('< a')
    expect(network.count('down')).toBe(1)
  })

  it('holds polls for less where they are cut twice after the same time', async () => {
    const { network, down } = await linkedByPoll()
    await network.time.pass(10_000)
    down.fail()
    await network.time.pass(1_000)
    const second = network.request('down')
    expect(second.body).toMatchObject({ hold: 25_000 })
    await network.time.pass(9_000)
    await second.reply(504, 'gateway')
    await network.time.pass(1_000)
    // The second began 125 ms after the first was cut.
    expect(network.request('down').body.hold).toBe(Math.round(0.7 * 9_875))
  })

  it('asks again when no answer comes 5 s after the hold', async () => {
    const { network } = await linkedByPoll()
    await network.time.pass(29_999)
    expect(network.count('down')).toBe(0)
    await network.time.pass(300)
    expect(network.count('down')).toBe(1)
  })

  it('tries a stream after a minute', async () => {
    const { network } = linked({ rungs: ['stream', 'poll'] })
    await network.time.pass(0)
    await network.request('open').reply(200, OPENED)
    network.request('down').fail()
    await network.time.pass(200)
    for (let attach = 2; attach < 32; attach++) {
      const poll = network.request('down')
      expect(poll.body).toMatchObject({ attach, hold: 25_000 })
      await network.time.pass(2_000)
      if (network.count('down') > 0) break
      await poll.stream(opening(attach) + beat())
      await poll.end()
    }
    expect(network.request('down').body.hold).toBeUndefined()
    expect(network.time.now()).toBeGreaterThan(60_000)
  })

  it('polls every 3 s without a hold while all seats are taken, and streams when one is free', async () => {
    let free = 0
    const giveBack = (): void => {
      free++
    }
    const locks = { take: async () => (free > 0 ? giveBack : undefined) }
    const { network } = linked({ rungs: ['stream', 'poll'] }, { locks })
    await network.time.pass(0)
    await network.request('open').reply(200, OPENED)
    const down = network.request('down')
    expect(down.body).toMatchObject({ hold: 0 })
    await down.stream(opening(1) + beat())
    await down.end()
    await network.time.pass(2_999)
    expect(network.count('down')).toBe(0)
    free = 1
    await network.time.pass(1)
    const held = network.request('down')
    expect(held.body).toMatchObject({ hold: 25_000 })
    await held.stream(opening(2) + beat())
    await held.end()
    await network.time.pass(0)
    expect(network.requests.filter((request) => request.door === 'down').at(-1)?.body.hold).toBeUndefined()
  })

  it('gives its seat back at the end', async () => {
    let taken = 0
    const locks = {
      take: async () => {
        taken++
        return () => void taken--
      },
    }
    const { link } = await linkedByStream({}, { locks })
    expect(taken).toBe(1)
    link.terminate()
    expect(taken).toBe(0)
  })
})
