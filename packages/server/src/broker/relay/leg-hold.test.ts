import { createHeaders } from '@hoofbeat/codec'
import { describe, expect, it } from 'vitest'
import type { Taken } from '../../message/delivery.js'
import { createMessage } from '../../message/message.js'
import { createFakeClock } from '../../testing/fake-clock.js'
import type { ChannelFlow } from '../embedded/live-subscription.js'
import { LegHold } from './leg-hold.js'

/** A leg that says whether it is paused, and a client that answers as it is told. */
function openHold() {
  const clock = createFakeClock()
  const told: string[] = []
  const hold = new LegHold({
    leg: { setPaused: (isPaused) => told.push(isPaused ? 'paused' : 'read') },
    now: () => clock.now(),
    soon: (run) => clock.soon(run),
  })
  const client = { answer: 'taken' as Taken }
  const flow: ChannelFlow = {
    subscriber: { deliver: () => client.answer, refuse: ({ code }) => told.push(code) },
    isFull: false,
  }
  const watched = hold.watch(flow)
  const message = createMessage({ id: '1', destination: '/topic/a', headers: createHeaders(), body: new Uint8Array() })
  const deliver = (answer: Taken): Taken => {
    client.answer = answer
    return watched.subscriber.deliver(message, { subscription: '1', start: undefined })
  }
  /** The client has no room, for a while. */
  const fillFor = async (ms: number): Promise<void> => {
    deliver('full')
    await clock.pass(ms)
    hold.release()
  }
  return { clock, told, hold, flow, watched, deliver, fillFor }
}

describe('a leg that is held', () => {
  it('is not read from when its client is full until it has room, and is told so once', () => {
    const { told, hold, deliver } = openHold()
    expect(deliver('taken')).toBe('taken')
    hold.release()
    expect(told).toEqual([])
    expect([deliver('full'), deliver('full')]).toEqual(['full', 'full'])
    expect(told).toEqual(['paused'])
    hold.release()
    hold.release()
    expect(told).toEqual(['paused', 'read'])
  })

  it('shows the one flow of its channel', () => {
    const { flow, watched } = openHold()
    watched.isFull = true
    expect(flow.isFull).toBe(true)
    flow.isFull = false
    expect(watched.isFull).toBe(false)
  })

  it('ends the session of a client that has not caught up for a minute', async () => {
    const { told, fillFor } = openHold()
    for (let i = 0; i < 12; i++) await fillFor(5_000)
    expect(told).not.toContain('STOMP_ERR_SLOW_READER')
    await fillFor(5_000)
    expect(told.filter((word) => word.startsWith('STOMP'))).toEqual(['STOMP_ERR_SLOW_READER'])
  })

  it('begins to count anew when the client had room for a second', async () => {
    const { clock, told, fillFor } = openHold()
    for (let i = 0; i < 40; i++) {
      await fillFor(5_000)
      if (i % 10 === 9) await clock.pass(1_000)
    }
    expect(told).not.toContain('STOMP_ERR_SLOW_READER')
  })

  it('does not count what is written before the turn is over', async () => {
    const { clock, told, hold, deliver } = openHold()
    /** Fills the client, `times` times, and writes each time when the turn is over. */
    const burst = (times: number): void => {
      clock.soon(() => {
        hold.release()
        if (times > 1) burst(times - 1)
      })
      deliver('full')
    }
    for (let i = 0; i < 100; i++) {
      burst(2)
      await clock.pass(900)
    }
    expect(told.slice(0, 4)).toEqual(['paused', 'read', 'paused', 'read'])
    expect(told).not.toContain('STOMP_ERR_SLOW_READER')
  })
})
