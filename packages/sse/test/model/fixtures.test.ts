import { describe, expect, it } from 'vitest'
import { builtHalves } from './built-halves.js'
import { FOUND_PLANS } from './found-plans.js'
import { meet } from './meeting.js'
import { VirtualReply } from './virtual-reply.js'
import { runPlan } from './world.js'

/** A fetch whose first requests to a door are answered by somebody else. */
function answeredBy(door: string, times: number, status: number, type: string, body: string) {
  let left = times
  return (fetch: typeof globalThis.fetch): typeof globalThis.fetch =>
    (input, init) => {
      if (!String(input).endsWith(`/${door}`) || left-- <= 0) return fetch(input, init)
      const reply = new VirtualReply(() => {})
      reply.chunk(Buffer.from(body))
      reply.end()
      return Promise.resolve(reply.response(status, type, true))
    }
}

/** A fetch that sends every request to a door twice, and gives the page the second reply. */
function repeated(door: string) {
  return (fetch: typeof globalThis.fetch): typeof globalThis.fetch =>
    async (input, init) => {
      if (!String(input).endsWith(`/${door}`)) return fetch(input, init)
      const [, second] = await Promise.all([fetch(input, init).catch(() => undefined), fetch(input, init)])
      return second
    }
}

describe('what once went wrong', () => {
  it.each([
    ['of a message', 'data: hello\n\n'],
    ['of a batch', 'data: ["hello"]\n\n'],
    ['of a beat', 'event: k\ndata: {"ack":0,"sent":0}\n\n'],
    ['of an end', 'event: c\ndata: {"code":1000,"reason":"","sent":0}\n\n'],
    ['of an opening without a version', 'event: o\ndata: {"attach":1,"from":1,"ack":0}\n\n'],
  ])('takes events %s that a proxy makes up for a network failure', async (_name, events) => {
    const { page, journal, pass } = meet(
      { sockets: 'refused' },
      answeredBy('down', 3, 200, 'text/event-stream', events),
    )
    page.send(3)
    await pass(60_000)
    page.side?.send(3)
    await pass(10_000)
    expect(journal.violation).toBeUndefined()
    expect([page.isAlive, page.side?.got, page.got]).toEqual([true, 3, 3])
  })

  it('takes the beats of the link that a socket was greeted with for what they are, while it attaches another', async () => {
    const { page, journal, pass } = meet({ sockets: 'mute-up' })
    page.send(3)
    for (let minute = 0; minute < 20; minute++) {
      await pass(60_000)
      page.send(1)
      page.side?.send(1)
    }
    await pass(10_000)
    expect(journal.violation).toBeUndefined()
    expect([page.isAlive, page.side?.got, page.got]).toEqual([true, 23, 20])
  })

  it('outlives a proxy that repeats every attach and hands on the second reply', async () => {
    const { page, journal, pass } = meet({ sockets: 'refused' }, repeated('down'))
    page.send(3)
    await pass(60_000)
    expect(journal.violation).toBeUndefined()
    expect([page.isAlive, page.side?.got]).toEqual([true, 3])
  })

  it('does not tell the code of the application when the messages before it were never acknowledged', async () => {
    const { scheduler, network, page, journal, pass } = meet()
    page.send(1)
    await pass(1_000)
    const wakesMs = scheduler.now + 180_000
    scheduler.hold('page1', wakesMs)
    scheduler.hold('page1.arrivals', wakesMs)
    network.resetAll()
    page.side?.send(3)
    page.side?.close(4_200)
    await pass(150_000)
    expect(page.side?.ended?.code).toBe(4_200)
    await pass(60_000)
    expect(journal.violation).toBeUndefined()
    expect(page.got).toBe(0)
    expect(page.closed?.code).toBe(4_408)
  })

  it('has the server told of a close that was under way on a socket just superseded', async () => {
    for (let delayMs = 0; delayMs <= 200; delayMs += 5) {
      const { page, journal, pass } = meet({ latencyMs: 50 })
      page.send(2)
      await pass(5_000)
      // The page checks its socket, or attaches anew beside it, and is closed meanwhile.
      page.tell('restored')
      await pass(delayMs)
      page.close(3_100)
      await pass(30_000)
      expect(journal.violation).toBeUndefined()
      expect([page.closed?.code, page.side?.ended?.code]).toEqual([3_100, 3_100])
    }
  })

  it.each(Object.entries(FOUND_PLANS))('does not come back: %s', async (_shown, plan) => {
    const { violation, lines } = await runPlan(builtHalves, plan, true)
    expect(violation && [violation.message, ...lines.slice(-100)].join('\n')).toBeUndefined()
  })
})
