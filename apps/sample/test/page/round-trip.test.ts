import type { Client } from '@stomp/stompjs'
import { describe, expect, it } from 'vitest'
import { createRoundTrip } from '../../public/transport/round-trip.js'

/** A session that answers when the test says so. */
const createSession = (connected = true) => {
  const receipts = new Map<string, () => void>()
  const subscribed = new Set<string>()
  const session = {
    connected,
    watchForReceipt: (id: string, callback: () => void) => receipts.set(id, callback),
    subscribe(_destination: string, _callback: () => void, { receipt }: { receipt: string }) {
      subscribed.add(receipt)
      return { unsubscribe: () => subscribed.delete(receipt) }
    },
  }
  return {
    client: session as unknown as Client,
    asked: () => [...receipts.keys()],
    subscribed: () => [...subscribed],
    answer: (id: string) => receipts.get(id)?.(),
  }
}

describe('the round trip of a plain WebSocket', () => {
  it('is how long a receipt takes, and leaves no subscription behind', () => {
    const session = createSession()
    const roundTrip = createRoundTrip()
    roundTrip.measure(session.client)
    expect(roundTrip.ms()).toBeUndefined()
    const [receipt = ''] = session.asked()
    expect(session.subscribed()).toEqual([receipt])
    session.answer(receipt)
    expect(roundTrip.ms()).toBeGreaterThanOrEqual(0)
    expect(session.subscribed()).toEqual([])
  })

  it('asks one thing at a time', () => {
    const session = createSession()
    const roundTrip = createRoundTrip()
    roundTrip.measure(session.client)
    roundTrip.measure(session.client)
    expect(session.asked()).toHaveLength(1)
    session.answer(session.asked()[0] ?? '')
    roundTrip.measure(session.client)
    expect(session.asked()).toHaveLength(2)
  })

  it('is asked anew in a new session, whose receipts have names of their own', () => {
    const lost = createSession()
    const roundTrip = createRoundTrip()
    roundTrip.measure(lost.client)
    roundTrip.reset()
    expect(roundTrip.ms()).toBeUndefined()
    const next = createSession()
    roundTrip.measure(next.client)
    expect(next.asked()).toHaveLength(1)
    expect(next.asked()).not.toEqual(lost.asked())
  })

  it('asks nothing without a session', () => {
    const session = createSession(false)
    createRoundTrip().measure(session.client)
    expect(session.asked()).toEqual([])
  })
})
