import { describe, expect, it } from 'vitest'
import { createWheel } from '../clock/wheel.js'
import type { Dispatcher } from '../dispatch/dispatcher.js'
import { StompError } from '../errors.js'
import { createTurns } from '../framing/turns.js'
import { resolveLimits } from '../options.js'
import { createFakeClock } from '../testing/fake-clock.js'
import { EventPositions } from './event-positions.js'
import { EventReader } from './event-reader.js'
import { plainFrame } from './plain-frame.js'

/** A reader above a dispatcher that settles nothing, and before a response that takes `room` writes. */
function setUp(room = Number.POSITIVE_INFINITY) {
  const clock = createFakeClock()
  const limits = resolveLimits()
  const told: string[] = []
  const framing = { clock, wheel: createWheel(clock), turns: createTurns(clock), limits }
  const reader = new EventReader(
    framing,
    new EventPositions(['?']),
    ({ code }) => void told.push(`failed: ${code}`),
    () => {},
  )
  const dispatcher: Dispatcher = {
    user: undefined,
    renewed: () => {},
    handle: () => {},
    refuse: () => {},
    ready: () => {},
    leave: () => {},
    close: () => void told.push('closed'),
    gone: (code) => void told.push(`gone ${code}`),
  }
  reader.dispatcher = dispatcher
  let writes = 0
  const sink = {
    write: () => ++writes <= room,
    end: () => void told.push('end'),
    destroy: () => void told.push('destroy'),
  }
  const expel = () => {
    reader.expel(new StompError('STOMP_ERR_DISCONNECTED')).then(() => told.push('expelled'))
    return turn()
  }
  return { reader, sink, told, expel, clock, sendTimeoutMs: limits.sendTimeoutMs }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const FAILED = 'failed: STOMP_ERR_DISCONNECTED'

describe('an EventReader that is expelled', () => {
  it('ends its response in good order, and waits until it has ended', async () => {
    const { reader, sink, told, expel, clock, sendTimeoutMs } = setUp()
    reader.start(sink)
    await expel()
    expect(told).toEqual([FAILED, 'closed', 'end'])
    reader.gone()
    await turn()
    clock.advance(2 * sendTimeoutMs)
    expect(told).toEqual([FAILED, 'closed', 'end', 'gone 1000', 'expelled'])
  })

  it('breaks the connection of who does not read to the end', async () => {
    const { reader, sink, told, expel, clock, sendTimeoutMs } = setUp()
    reader.start(sink)
    await expel()
    clock.advance(2 * sendTimeoutMs)
    expect(told).toEqual([FAILED, 'closed', 'end', 'destroy'])
  })

  it('breaks the connection of who does not read at all, at once', async () => {
    const { reader, sink, told, expel, clock } = setUp(0)
    reader.say('x')
    reader.start(sink)
    await turn()
    clock.advance(1)
    await expel()
    expect(told).toEqual([FAILED, 'closed', 'end', 'destroy'])
  })

  it('tells of no failure where it was ending already', async () => {
    const { reader, sink, told, expel } = setUp()
    reader.start(sink)
    reader.end()
    await expel()
    expect(told).toEqual(['closed', 'end'])
    reader.gone()
    await turn()
    expect(told.at(-1)).toBe('expelled')
  })

  it('refuses what it waits for, if it has not begun', async () => {
    const { reader, told, expel } = setUp()
    const subscribed = reader.handle(plainFrame('SUBSCRIBE', '/topic/a', [['id', '0']]))
    const refused = expect(subscribed).rejects.toMatchObject({ code: 'STOMP_ERR_DISCONNECTED' })
    await expel()
    await refused
    // What answers the request in its place says why.
    expect([told, reader.refusal?.code]).toEqual([['closed', 'gone 1000', 'expelled'], 'STOMP_ERR_DISCONNECTED'])
  })
})
