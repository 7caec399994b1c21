import { describe, expect, it } from 'vitest'
import { createWheel } from '../../src/clock/wheel.js'
import { createTurns } from '../../src/framing/turns.js'
import { createFakeClock } from '../../src/testing/fake-clock.js'
import { everyChance } from '../../src/testing/patience.js'
import { createListener, fateOf, openLeg, openUp, REPEATED, send } from './leg-scene.js'
import { ScriptedBroker } from './scripted-broker.js'

const HELD = ['handled', undefined] as const

/** Makes the broker keep the RECEIPTs of frames with this body to itself. */
const holding =
  (broker: ScriptedBroker, ...bodies: string[]) =>
  (): void => {
    broker.react = ({ command, text }) => HELD[command === 'SEND' && bodies.includes(text) ? 0 : 1]
  }

describe('a leg', () => {
  it('connects with what it was given, and tells that it is up', async () => {
    const { broker, leg, events, states } = openLeg()
    expect(leg.report).toMatchObject({ name: 'pool-1', state: 'connecting', connects: 0, server: undefined })
    await everyChance()
    expect(leg.isUp).toBe(true)
    expect(broker.end.frames[0]?.headers.toObject()).toEqual({
      'accept-version': '1.2',
      host: '/',
      login: 'node',
      passcode: 'secret',
      'heart-beat': '10000,10000',
    })
    expect(states).toEqual([true])
    expect(events).toEqual([{ type: 'leg-up', leg: 'pool-1', address: 'one:61613', server: 'Scripted/1' }])
    expect(leg.report).toEqual({
      name: 'pool-1',
      state: 'up',
      address: 'one:61613',
      server: 'Scripted/1',
      connects: 1,
      subscriptions: 0,
      waitingFrames: 0,
      waitingBytes: 0,
      unansweredFrames: 0,
    })
  })

  it('says where its state stands while it connects and while it waits', async () => {
    const broker = new ScriptedBroker()
    broker.outcome = () => 'refused'
    const { leg } = await openUp({}, broker)
    expect(leg.report.state).toBe('down')
    broker.outcome = () => 'silent'
    expect(leg.isUp).toBe(false)
  })

  it('sends without a receipt at once', async () => {
    const { broker, leg } = await openUp()
    expect(leg.send([send('/topic/a', '1')], false)).toBeUndefined()
    await everyChance()
    expect(broker.end.words).toEqual(['CONNECT', 'SEND /topic/a 1'])
    expect(broker.end.frames[1]?.headers.has('receipt')).toBe(false)
  })

  it('settles what is receipted when the broker has answered the last frame, and not before', async () => {
    const { broker, leg } = await openUp()
    holding(broker, '2')()
    const transaction = [{ command: 'BEGIN', headers: { transaction: 't' } }, send('/queue/a', '2')] as const
    const fate = fateOf(leg.send(transaction, true))
    await everyChance()
    expect(fate.is).toBe('pending')
    expect(leg.report.unansweredFrames).toBe(1)
    const [, begin, last] = broker.end.frames
    expect(begin?.headers.has('receipt')).toBe(false)
    if (last !== undefined) broker.end.receipt(last)
    await everyChance()
    expect(fate.is).toBe('done')
    expect(leg.report.unansweredFrames).toBe(0)
  })

  it('keeps what is sent before the first connection, and sends it in order', async () => {
    const { broker, leg } = openLeg()
    const fates = [fateOf(leg.send([send('/topic/a', '1')], false)), fateOf(leg.send([send('/topic/a', '2')], true))]
    await Promise.resolve()
    expect(fates.map(({ is }) => is)).toEqual(['pending', 'pending'])
    expect(leg.report).toMatchObject({ waitingFrames: 2 })
    await everyChance()
    expect(broker.end.words).toEqual(['CONNECT', 'SEND /topic/a 1', 'SEND /topic/a 2'])
    expect(fates.map(({ is }) => is)).toEqual(['done', 'done'])
  })

  it('gives a frame that cannot be written back to whoever sent it, and writes nothing of its group', async () => {
    const { broker, leg } = await openUp()
    const bad = send('/topic/a', '', { note: 'a\0b' })
    const fates = [
      fateOf(leg.send([bad], false)),
      fateOf(leg.send([bad], true)),
      fateOf(leg.send([send('/topic/a', 'first of two'), bad], true)),
      fateOf(leg.send([send('/topic/a', 'good')], true)),
    ]
    await everyChance()
    expect(fates.map(({ is }) => is)).toEqual([...Array(3).fill('STOMP_ERR_BROKER_REFUSED'), 'done'])
    expect(broker.end.words).toEqual(['CONNECT', 'SEND /topic/a good'])
    expect(leg.report.unansweredFrames).toBe(0)
  })
})

describe('a leg whose connection is lost', () => {
  it('connects again after a pause of random length, and keeps what is sent meanwhile', async () => {
    const { broker, clock, leg, events, states } = await openUp()
    broker.end.cut()
    await everyChance()
    expect(leg.isUp).toBe(false)
    const fate = fateOf(leg.send([send('/topic/a', 'kept')], true))
    await everyChance()
    expect(broker.ends).toHaveLength(1)
    await clock.pass(200)
    expect(broker.ends).toHaveLength(2)
    expect(broker.end.words).toEqual(['CONNECT', 'SEND /topic/a kept'])
    expect(fate.is).toBe('done')
    expect(states).toEqual([true, false, true])
    expect(events.map(({ type }) => type)).toEqual(['leg-up', 'leg-down', 'leg-up'])
    expect(events[1]).toMatchObject({ leg: 'pool-1', address: 'one:61613', reason: 'the connection broke: ECONNRESET' })
  })

  it('sends what was not answered once more, marked, in order and before everything else', async () => {
    const { broker, clock, leg } = await openUp()
    holding(broker, '1', '2')()
    const fates = ['1', '2'].map((body) => fateOf(leg.send([send('/topic/a', body)], true, REPEATED)))
    await everyChance()
    broker.end.cut()
    await everyChance()
    fates.push(fateOf(leg.send([send('/topic/a', '3')], true, REPEATED)))
    broker.react = () => undefined
    await clock.pass(200)
    expect(broker.end.words).toEqual(['CONNECT', 'SEND /topic/a 1', 'SEND /topic/a 2', 'SEND /topic/a 3'])
    expect(broker.end.frames.map(({ headers }) => headers.get('hoofbeat_repeated'))).toEqual([
      undefined,
      'true',
      'true',
      undefined,
    ])
    expect(fates.map(({ is }) => is)).toEqual(['done', 'done', 'done'])
  })

  it('marks it once, however often it is sent', async () => {
    const { broker, clock, leg } = await openUp()
    holding(broker, '1')()
    const fate = fateOf(leg.send([send('/topic/a', '1')], true, REPEATED))
    for (let i = 0; i < 2; i++) {
      await everyChance()
      broker.end.cut()
      await clock.pass(1_000)
    }
    expect(broker.end.frames[1]?.headers.getAll('hoofbeat_repeated')).toEqual(['true'])
    broker.react = () => undefined
    broker.end.cut()
    await clock.pass(2_000)
    expect(fate.is).not.toBe('pending')
  })

  it('refuses what must not be sent twice, and says that it may have happened', async () => {
    const { broker, clock, leg } = await openUp()
    holding(broker, 'in a transaction')()
    const frames = [{ command: 'BEGIN' as const, headers: { transaction: 't' } }, send('/queue/a', 'in a transaction')]
    const fate = fateOf(leg.send(frames, true))
    await everyChance()
    broker.end.cut()
    await clock.pass(200)
    expect(fate.is).toBe('STOMP_ERR_BROKER_UNAVAILABLE')
    expect(fate.message).toContain('may or may not have happened')
    expect(broker.end.words).toEqual(['CONNECT'])
  })

  it('refuses what has waited too long, and says nothing of what may have happened', async () => {
    const { broker, clock, leg } = await openUp()
    broker.outcome = () => 'refused'
    broker.end.cut()
    await everyChance()
    const fates = [fateOf(leg.send([send('/topic/a')], true)), fateOf(leg.send([send('/topic/a')], false))]
    await clock.pass(29_000)
    expect(fates.map(({ is }) => is)).toEqual(['pending', 'pending'])
    await clock.pass(2_200)
    expect(fates.map(({ is }) => is)).toEqual(['STOMP_ERR_BROKER_UNAVAILABLE', 'STOMP_ERR_BROKER_UNAVAILABLE'])
    expect(fates[0]?.message).not.toContain('may')
    expect(leg.report).toMatchObject({ waitingFrames: 0, waitingBytes: 0 })
  })

  it('refuses what does not fit into its buffer, and keeps what does', async () => {
    const broker = new ScriptedBroker()
    broker.outcome = () => 'refused'
    const { leg, clock } = await openUp({ limits: { maxWaitingFrames: 2, maxWaitingBytes: 1_000 } }, broker)
    const fates = ['1', '2', '3'].map((body) => fateOf(leg.send([send('/topic/a', body)], true)))
    await everyChance()
    expect(fates.map(({ is }) => is)).toEqual(['pending', 'pending', 'STOMP_ERR_BROKER_UNAVAILABLE'])
    broker.outcome = () => 'connected'
    await clock.pass(20_000)
    expect(broker.end.words.slice(1)).toEqual(['SEND /topic/a 1', 'SEND /topic/a 2'])
    broker.outcome = () => 'refused'
    broker.end.cut()
    await everyChance()
    const large = fateOf(leg.send([send('/topic/a', 'x'.repeat(2_000))], true))
    const small = fateOf(leg.send([send('/topic/a')], true))
    await everyChance()
    // One that is larger than all is taken when it is alone.
    expect([large.is, small.is]).toEqual(['pending', 'STOMP_ERR_BROKER_UNAVAILABLE'])
  })

  it('restores its subscriptions before it sends anything, and is up when they are there', async () => {
    const { broker, clock, leg, states } = await openUp()
    const { subscriber, told } = createListener()
    const subscriptions = ['/topic/a', '/topic/b'].map((destination) =>
      leg.subscribe([['destination', destination]], subscriber),
    )
    await Promise.all(subscriptions.map(({ settled }) => settled))
    expect(leg.report.subscriptions).toBe(2)
    broker.end.cut()
    await everyChance()
    expect(told).toEqual(['lost', 'lost'])
    broker.react = ({ command }) => HELD[command === 'SUBSCRIBE' ? 0 : 1]
    const fate = fateOf(leg.send([send('/topic/a', 'behind them')], true))
    await clock.pass(200)
    expect(broker.end.words).toEqual(['CONNECT', 'SUBSCRIBE /topic/a', 'SUBSCRIBE /topic/b'])
    expect([leg.isUp, leg.connection, leg.report.state, states]).toEqual([false, 2, 'connecting', [true, false]])
    for (const frame of broker.end.frames) broker.end.receipt(frame)
    await everyChance()
    expect(told).toEqual(['lost', 'lost', 'restored', 'restored'])
    expect(leg.isUp).toBe(true)
    expect(fate.is).toBe('done')
    expect(broker.end.frames[1]?.headers.get('id')).toBe(subscriptions[0]?.id)
  })

  it('gives up a connection on which the broker does not restore a subscription', async () => {
    const { broker, clock, leg } = await openUp()
    await leg.subscribe([['destination', '/topic/a']], createListener().subscriber).settled
    broker.react = ({ command }) => HELD[command === 'SUBSCRIBE' ? 0 : 1]
    broker.end.cut()
    await clock.pass(11_000)
    expect(broker.ends.length).toBeGreaterThan(2)
    broker.react = () => undefined
    await clock.pass(12_000)
    expect(leg.isUp).toBe(true)
  })

  it('dials the address that worked last first, then the others without a pause', async () => {
    const broker = new ScriptedBroker()
    const addresses = ['one', 'two', 'three'].map((host) => ({ host, port: 61613 }))
    broker.outcome = ({ host }) => (host === 'two' ? 'connected' : 'refused')
    const { clock, leg } = await openUp({ addresses }, broker)
    expect(broker.dialled).toEqual(['one', 'two'])
    broker.outcome = ({ host }) => (host === 'one' ? 'connected' : 'refused')
    broker.end.cut()
    await clock.pass(200)
    expect(broker.dialled.slice(2)).toEqual(['two', 'three', 'one'])
    expect(leg.isUp).toBe(true)
  })

  it('tells the same reason once for each address, and again after it was up', async () => {
    const broker = new ScriptedBroker()
    const addresses = ['one', 'two'].map((host) => ({ host, port: 61613 }))
    broker.outcome = () => 'refused'
    const { clock, events } = await openUp({ addresses }, broker)
    await clock.pass(30_000)
    expect(broker.dialled.length).toBeGreaterThan(6)
    expect(events).toMatchObject(['one:61613', 'two:61613'].map((address) => ({ type: 'leg-down', address })))
    broker.outcome = () => 'connected'
    await clock.pass(10_000)
    broker.outcome = () => 'refused'
    broker.end.cut()
    await clock.pass(30_000)
    expect(events.slice(2).map(({ type }) => type)).toEqual(['leg-up', 'leg-down', 'leg-down', 'leg-down'])
  })

  it('hears that the broker is silent', async () => {
    const broker = new ScriptedBroker()
    broker.react = ({ command }, end) => {
      if (command !== 'CONNECT') return undefined
      end.send('CONNECTED', { version: '1.2', 'heart-beat': '1000,1000' })
      return 'handled'
    }
    const { clock, events } = await openUp({}, broker)
    await clock.pass(20_000)
    expect(events.some(({ type }) => type === 'leg-down')).toBe(false)
    await clock.pass(15_000)
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'leg-down', reason: 'nothing was heard of the broker for too long' }),
    )
  })

  it('waits for CONNECTED no longer than it may, and tells a broken broker from a good one', async () => {
    const broker = new ScriptedBroker()
    broker.react = () => 'handled'
    const { clock, events } = await openUp({ backOff: { longestMs: 100 } }, broker)
    await clock.pass(10_500)
    expect(events).toMatchObject([{ type: 'leg-down', reason: 'no CONNECTED within 10000 ms' }])
    broker.react = (_, end) => {
      end.link.send('HTTP/1.1 400 Bad Request\n\n')
      return 'handled'
    }
    await clock.pass(11_000)
    expect(events.at(-1)).toMatchObject({ reason: expect.stringContaining('what is no STOMP') })
    broker.react = (_, end) => {
      end.send('CONNECTED', { version: '7' })
      return 'handled'
    }
    await clock.pass(1_000)
    expect(events.at(-1)).toMatchObject({ reason: 'the broker speaks STOMP 7, and not 1.2' })
  })
})

describe('a broker that refuses', () => {
  it('is asked again with ever longer pauses where it refuses CONNECT, and that is told once', async () => {
    const broker = new ScriptedBroker()
    broker.react = (_, end) => {
      end.error('Bad CONNECT')
      return 'handled'
    }
    const refusals: unknown[] = []
    const { clock, events, leg, states } = await openUp({ connectRefused: (error) => refusals.push(error) }, broker)
    await clock.pass(60_000)
    expect(broker.ends.length).toBeGreaterThan(5)
    expect(broker.ends.length).toBeLessThan(25)
    expect(events).toMatchObject([{ type: 'leg-down', reason: 'Bad CONNECT' }])
    expect(refusals[0]).toMatchObject({ code: 'STOMP_ERR_BROKER_REFUSED', cause: { message: 'Bad CONNECT' } })
    expect(states).toEqual([])
    broker.react = () => undefined
    await clock.pass(10_500)
    expect(leg.isUp).toBe(true)
  })

  it('ends the connection with that, and the leg is back at once without what it has refused', async () => {
    const { broker, leg } = await openUp()
    broker.react = (frame, end) => {
      if (frame.text === '1') return 'handled'
      if (frame.text !== 'bad') return undefined
      end.error('no such thing', frame)
      return 'handled'
    }
    const [first, bad, last] = ['1', 'bad', '3'].map((body) => leg.send([send('/topic/a', body)], true, REPEATED))
    const fates = [first, last].map(fateOf)
    await expect(bad).rejects.toMatchObject({
      code: 'STOMP_ERR_BROKER_REFUSED',
      message: 'The message broker has refused this',
      cause: { message: 'no such thing' },
    })
    broker.react = () => undefined
    // No time passes.
    await everyChance()
    expect(broker.end.words).toEqual(['CONNECT', 'SEND /topic/a 1', 'SEND /topic/a 3'])
    expect(fates.map(({ is }) => is)).toEqual(['done', 'done'])
  })

  it('is asked for one thing at a time where it does not say what it refuses, until that is found', async () => {
    const { broker, clock, leg } = await openUp()
    broker.react = (frame, end) => {
      if (frame.text === 'bad') end.error('no such thing')
      return HELD[frame.text === 'bad' || (broker.ends.length === 1 && frame.command === 'SEND') ? 0 : 1]
    }
    const fates = ['1', 'bad', '3'].map((body) => fateOf(leg.send([send('/topic/a', body)], true, REPEATED)))
    await clock.pass(3_000)
    expect(fates.map(({ is }) => is)).toEqual(['done', 'STOMP_ERR_BROKER_REFUSED', 'done'])
    expect(broker.ends[1]?.words).toEqual(['CONNECT', 'SEND /topic/a 1', 'SEND /topic/a bad'])
    expect(broker.ends[2]?.words).toEqual(['CONNECT', 'SEND /topic/a 3'])
    broker.react = () => 'handled'
    for (const body of ['4', '5']) leg.send([send('/topic/a', body)], true, REPEATED)
    await everyChance()
    expect(broker.end.words.slice(2)).toEqual(['SEND /topic/a 4', 'SEND /topic/a 5'])
  })

  it('is not blamed on a request for an ERROR that may have had another reason', async () => {
    const { broker, clock, leg } = await openUp()
    broker.react = (frame, end) => {
      if (frame.command !== 'SEND' || end !== broker.ends[0]) return undefined
      end.error('the broker is shutting down')
      return 'handled'
    }
    const fate = fateOf(leg.send([send('/topic/a', '1')], true, REPEATED))
    await clock.pass(1_000)
    expect(fate.is).toBe('done')
  })

  it('gets nothing else while it is asked for one thing at a time', async () => {
    const { broker, clock, leg } = await openUp()
    broker.react = (frame, end) => {
      if (frame.text !== '1') return undefined
      if (end === broker.ends[0]) end.error('no')
      return 'handled'
    }
    const first = fateOf(leg.send([send('/topic/a', '1')], true, REPEATED))
    await clock.pass(1_000)
    const fates = [
      fateOf(leg.send([send('/topic/a', '2')], false)),
      fateOf(leg.answer([{ command: 'ACK', headers: { id: 'a1' } }], leg.connection, false)),
    ]
    await everyChance()
    expect(broker.end.words).toEqual(['CONNECT', 'SEND /topic/a 1'])
    expect([first, ...fates].map(({ is }) => is)).toEqual(['pending', 'pending', 'pending'])
    for (const frame of broker.end.frames) broker.end.receipt(frame)
    await everyChance()
    expect(broker.end.words.slice(2)).toEqual(['SEND /topic/a 2', 'ACK a1'])
    expect([first, ...fates].map(({ is }) => is)).toEqual(['done', 'done', 'done'])
    expect(leg.send([send('/topic/a', '3')], false)).toBeUndefined()
  })

  it('is not said to have refused what was only lost several times', async () => {
    const { broker, clock, leg } = await openUp()
    broker.react = (frame, end) => {
      if (frame.text !== '1') return undefined
      if (broker.ends.length < 3) end.cut()
      else end.error('the broker is shutting down')
      return 'handled'
    }
    const fate = fateOf(leg.send([send('/topic/a', '1')], true, REPEATED))
    await clock.pass(5_000)
    expect(fate.is).toBe('STOMP_ERR_BROKER_UNAVAILABLE')
  })

  it('does not get for ever what makes it break the connection without a word', async () => {
    const { broker, clock, leg } = await openUp()
    broker.react = (frame, end) => {
      if (frame.text !== 'bad') return undefined
      end.cut()
      return 'handled'
    }
    const fates = ['bad', '2'].map((body) => fateOf(leg.send([send('/topic/a', body)], true, REPEATED)))
    await clock.pass(15_000)
    expect(fates.map(({ is }) => is)).toEqual(['STOMP_ERR_BROKER_UNAVAILABLE', 'done'])
    expect(fates[0]?.message).toContain('may or may not have happened')
  })

  it.each([true, false])('tells whoever subscribes, once (names it: %s)', async (isNamed) => {
    const { broker, clock, leg } = await openUp()
    broker.react = (frame, end) => {
      if (frame.headers.get('destination') !== '/bad') return undefined
      end.error('access refused', isNamed ? frame : undefined)
      return 'handled'
    }
    const good = createListener()
    const bad = createListener()
    await leg.subscribe([['destination', '/good']], good.subscriber).settled
    const refused = leg.subscribe([['destination', '/bad']], bad.subscriber)
    const settled = fateOf(refused.settled)
    await clock.pass(2_000)
    expect(settled.is).toBe('STOMP_ERR_BROKER_REFUSED')
    expect(bad.told).toEqual([])
    expect(broker.end.words).toEqual(['CONNECT', 'SUBSCRIBE /good'])
    expect(leg.isUp).toBe(true)
    expect(leg.report.subscriptions).toBe(1)
  })

  it.each([true, false])('is not asked again to restore what it has refused (names it: %s)', async (isNamed) => {
    const { broker, clock, leg } = await openUp()
    const good = createListener()
    const bad = createListener()
    await leg.subscribe([['destination', '/bad']], bad.subscriber).settled
    await leg.subscribe([['destination', '/good']], good.subscriber).settled
    broker.react = (frame, end) => {
      if (frame.headers.get('destination') !== '/bad') return undefined
      end.error('access refused', isNamed ? frame : undefined)
      return 'handled'
    }
    broker.end.cut()
    await clock.pass(5_000)
    expect(bad.told).toEqual(['lost', 'STOMP_ERR_BROKER_REFUSED'])
    expect(good.told).toEqual(['lost', 'restored'])
    expect(broker.end.words).toEqual(['CONNECT', 'SUBSCRIBE /good'])
  })

  it('is not dialled in a rage by requests that it refuses one after the other', async () => {
    const { broker, clock, leg } = await openUp()
    broker.react = (frame, end) => {
      if (frame.command !== 'SEND') return undefined
      end.error('no', frame)
      return 'handled'
    }
    for (let i = 0; i < 100; i++) {
      fateOf(leg.send([send('/topic/a')], true, REPEATED))
      await clock.pass(100)
    }
    expect(broker.ends.length).toBeLessThan(40)
    // But it comes back soon.
    expect(broker.ends.length).toBeGreaterThan(8)
  })
})

describe('a subscription of a leg', () => {
  it('waits for the broker, and settles at its RECEIPT', async () => {
    const { broker, leg } = openLeg()
    const { subscriber, told } = createListener()
    const subscription = leg.subscribe([['destination', '/topic/a']], subscriber)
    const fate = fateOf(subscription.settled)
    await Promise.resolve()
    expect(fate.is).toBe('pending')
    await subscription.settled
    broker.end.send('MESSAGE', { subscription: subscription.id, 'message-id': '1', destination: '/topic/a' }, 'hello')
    broker.end.send('MESSAGE', { subscription: 'of nobody', 'message-id': '2', destination: '/topic/a' }, 'lost')
    expect(told).toEqual(['hello by 1'])
  })

  it('ends with an UNSUBSCRIBE, and hears what comes before the broker has seen that', async () => {
    const { broker, leg } = await openUp()
    const { subscriber, told } = createListener()
    const subscription = leg.subscribe([['destination', '/queue/a']], subscriber)
    await subscription.settled
    broker.react = (frame, end) => {
      const headers = { subscription: subscription.id, 'message-id': '1', destination: '/queue/a' }
      if (frame.command === 'UNSUBSCRIBE') end.send('MESSAGE', headers, 'late')
      return undefined
    }
    await subscription.end([['durable', 'true']])
    expect(told).toEqual(['late by 1'])
    expect(broker.end.frames.at(-1)?.headers.toObject()).toMatchObject({ id: subscription.id, durable: 'true' })
    broker.end.send('MESSAGE', { subscription: subscription.id, 'message-id': '2', destination: '/queue/a' }, 'later')
    expect(told).toHaveLength(1)
    expect(leg.report.subscriptions).toBe(0)
    await subscription.end()
    expect(broker.end.words.filter((words) => words.startsWith('UNSUBSCRIBE'))).toHaveLength(1)
  })

  it('is not made at all when it ends before it could begin', async () => {
    const { broker, leg } = openLeg()
    const subscription = leg.subscribe([['destination', '/topic/a']], createListener().subscriber)
    await subscription.end()
    await subscription.settled
    await everyChance()
    expect(broker.end.words).toEqual(['CONNECT'])
  })

  it('is not made again when it has ended while the broker was away', async () => {
    const { broker, clock, leg } = await openUp()
    const subscription = leg.subscribe([['destination', '/topic/a']], createListener().subscriber)
    await subscription.settled
    broker.end.cut()
    await everyChance()
    await subscription.end()
    await clock.pass(200)
    expect(broker.end.words).toEqual(['CONNECT'])
  })

  it('ends at once when the connection goes before the UNSUBSCRIBE is answered', async () => {
    const { broker, leg } = await openUp()
    const subscription = leg.subscribe([['destination', '/topic/a']], createListener().subscriber)
    await subscription.settled
    broker.react = () => 'handled'
    const fate = fateOf(subscription.end())
    await everyChance()
    expect(fate.is).toBe('pending')
    broker.end.cut()
    await everyChance()
    expect(fate.is).toBe('done')
  })
})

describe('an answer to a delivery', () => {
  const ack = [{ command: 'ACK', headers: { id: 'a1' } }] as const

  it('goes by the connection that the delivery came by', async () => {
    const { broker, leg } = await openUp()
    expect(leg.answer(ack, 1, false)).toBeUndefined()
    await leg.answer(ack, 1, true)
    expect(broker.end.words).toEqual(['CONNECT', 'ACK a1', 'ACK a1'])
  })

  it('goes nowhere when that is gone, and is refused if somebody waits for its effect', async () => {
    const { broker, clock, leg } = await openUp()
    broker.react = ({ command }) => HELD[command === 'ACK' ? 0 : 1]
    const unanswered = fateOf(leg.answer(ack, 1, true))
    await everyChance()
    broker.end.cut()
    await everyChance()
    expect(unanswered.is).toBe('STOMP_ERR_BROKER_UNAVAILABLE')
    expect(leg.answer(ack, 1, false)).toBeUndefined()
    await clock.pass(200)
    expect(leg.connection).toBe(2)
    expect(leg.answer(ack, 1, false)).toBeUndefined()
    await expect(leg.answer(ack, 1, true)).rejects.toMatchObject({ code: 'STOMP_ERR_BROKER_UNAVAILABLE' })
    await everyChance()
    expect(broker.end.words).toEqual(['CONNECT'])
  })

  it('stands behind what was sent before it', async () => {
    const { broker, leg } = await openUp()
    broker.end.link.setStalled(true)
    const fates = Array.from({ length: 3 }, (_, i) =>
      fateOf(leg.send([send('/topic/a', `${i}`.repeat(100_000))], false)),
    )
    await everyChance()
    const answered = fateOf(leg.answer(ack, 1, true))
    await everyChance()
    expect([...fates.map(({ is }) => is), answered.is]).toContain('pending')
    broker.end.link.setStalled(false)
    await everyChance()
    expect(broker.end.words.at(-1)).toBe('ACK a1')
    expect(answered.is).toBe('done')
  })
})

describe('what waits because the broker is slow', () => {
  /** A leg whose connection is full of one large frame, which was written. */
  async function openFull() {
    const scene = await openUp()
    scene.broker.end.link.setStalled(true)
    const written = fateOf(scene.leg.send([send('/topic/a', 'x'.repeat(100_000))], false))
    await everyChance()
    return { ...scene, written }
  }

  it('goes with the connection if it belongs to that, and to the next one otherwise', async () => {
    const { broker, clock, leg } = await openFull()
    const ack = [{ command: 'ACK', headers: { id: 'a1' } }] as const
    const fates = [
      fateOf(leg.answer(ack, 1, true)),
      fateOf(leg.answer(ack, 1, false)),
      fateOf(leg.send([send('/topic/a', 'kept')], true)),
    ]
    await everyChance()
    expect(fates.map(({ is }) => is)).toEqual(['pending', 'pending', 'pending'])
    broker.end.cut()
    await clock.pass(200)
    expect(fates.map(({ is }) => is)).toEqual(['STOMP_ERR_BROKER_UNAVAILABLE', 'done', 'done'])
    expect(broker.end.words).toEqual(['CONNECT', 'SEND /topic/a kept'])
  })

  it('is not sent when it is a SUBSCRIBE that nobody wants any more', async () => {
    const { broker, leg } = await openFull()
    const subscription = leg.subscribe([['destination', '/topic/a']], createListener().subscriber)
    await subscription.end()
    await subscription.settled
    broker.end.link.setStalled(false)
    await leg.send([send('/topic/a', 'last')], true)
    expect(broker.end.words.slice(2)).toEqual(['SEND /topic/a last'])
  })

  it('holds nobody back any more when the connection is gone', async () => {
    const { broker, written } = await openFull()
    expect(written.is).toBe('pending')
    broker.end.cut()
    await everyChance()
    expect(written.is).toBe('done')
  })
})

describe('a broker that is slow', () => {
  it('holds back who sends, and loses nothing', async () => {
    const { broker, leg } = await openUp()
    broker.end.link.setStalled(true)
    const body = 'x'.repeat(1_000)
    const fates: ReturnType<typeof fateOf>[] = []
    for (let i = 0; i < 1_000; i++) {
      fates.push(fateOf(leg.send([send('/topic/a', `${i} ${body}`)], false)))
      if (i % 100 === 0) await everyChance()
    }
    await everyChance()
    expect(fates.filter(({ is }) => is === 'pending').length).toBeGreaterThan(800)
    expect(leg.report.waitingBytes).toBeGreaterThan(800_000)
    broker.end.link.setStalled(false)
    await everyChance()
    expect(fates.every(({ is }) => is === 'done')).toBe(true)
    const numbers = broker.end.frames.slice(1).map(({ text }) => Number.parseInt(text, 10))
    expect(numbers).toEqual(Array.from({ length: 1_000 }, (_, i) => i))
    expect(leg.send([send('/topic/a')], false)).toBeUndefined()
  })

  it('does not get more than it may owe an answer to', async () => {
    const { broker, leg } = await openUp({ limits: { maxUnanswered: 3 } })
    broker.react = () => 'handled'
    for (let i = 0; i < 10; i++) fateOf(leg.send([send('/topic/a', `${i}`)], true))
    await everyChance()
    expect(broker.end.words).toHaveLength(4)
    expect(leg.report).toMatchObject({ unansweredFrames: 3, waitingFrames: 7 })
    broker.react = () => undefined
    for (const frame of broker.end.frames) broker.end.receipt(frame)
    await everyChance()
    expect(broker.end.words).toHaveLength(11)
    expect(leg.report).toMatchObject({ unansweredFrames: 0, waitingFrames: 0, waitingBytes: 0 })
  })

  it('does not get more bytes than it may owe an answer to', async () => {
    const { broker, leg } = await openUp({ limits: { maxWaitingBytes: 1_000 } })
    broker.react = () => 'handled'
    for (let i = 0; i < 4; i++) fateOf(leg.send([send('/topic/a', 'x'.repeat(400))], true))
    await everyChance()
    expect(leg.report).toMatchObject({ unansweredFrames: 2, waitingFrames: 2 })
  })

  it('is given up when it has read nothing for too long', async () => {
    const { broker, clock, leg } = await openUp()
    broker.end.link.setStalled(true)
    leg.send([send('/topic/a', 'x'.repeat(100_000))], false)
    await clock.pass(31_000)
    expect(broker.ends).toHaveLength(2)
    expect(leg.isUp).toBe(true)
  })
})

describe('the end of a leg', () => {
  it('says goodbye when all is answered that was asked for', async () => {
    const { broker, leg } = await openUp()
    holding(broker, '1')()
    const { subscriber, told } = createListener()
    const subscription = leg.subscribe([['destination', '/topic/a']], subscriber)
    await subscription.settled
    const sent = fateOf(leg.send([send('/topic/a', '1')], true))
    const closed = fateOf(leg.close())
    await everyChance()
    expect(broker.end.words.at(-1)).toBe('SEND /topic/a 1')
    broker.end.send('MESSAGE', { subscription: subscription.id, 'message-id': '1', destination: '/topic/a' }, 'late')
    for (const frame of broker.end.frames) if (frame.command === 'SEND') broker.end.receipt(frame)
    await everyChance()
    expect([sent.is, closed.is]).toEqual(['done', 'done'])
    expect(broker.end.words.at(-1)).toBe('DISCONNECT')
    expect(broker.end.isClosed).toBe(true)
    expect(told).toEqual([])
    await expect(leg.send([send('/topic/a')], true)).rejects.toMatchObject({ code: 'STOMP_ERR_CLOSING' })
    expect(leg.close()).toBe(leg.close())
    expect(leg.report.state).toBe('down')
  })

  it('waits for a broker that does not answer no longer than it may', async () => {
    const { broker, clock, leg, states } = await openUp()
    broker.react = () => 'handled'
    const sent = fateOf(leg.send([send('/topic/a', '1')], true, REPEATED))
    const closed = fateOf(leg.close())
    await clock.pass(4_800)
    expect(closed.is).toBe('pending')
    await clock.pass(1_500)
    expect(closed.is).toBe('done')
    expect(sent.is).toBe('STOMP_ERR_BROKER_UNAVAILABLE')
    await clock.pass(60_000)
    expect(broker.ends).toHaveLength(1)
    expect(states).toEqual([true, false])
  })

  it('refuses what waits for a broker that is away, and dials no more', async () => {
    const broker = new ScriptedBroker()
    broker.outcome = () => 'refused'
    const { clock, leg } = await openUp({}, broker)
    const sent = fateOf(leg.send([send('/topic/a')], true))
    const subscribed = fateOf(leg.subscribe([['destination', '/topic/a']], createListener().subscriber).settled)
    await leg.close()
    expect([sent.is, subscribed.is]).toEqual(['STOMP_ERR_BROKER_UNAVAILABLE', 'STOMP_ERR_CLOSING'])
    const { length } = broker.dialled
    await clock.pass(60_000)
    expect(broker.dialled).toHaveLength(length)
  })
})

describe('how long a subscription was unheard of', () => {
  /** A leg with one subscription that is told it. */
  async function openHeard(parts: Parameters<typeof openUp>[0] = {}) {
    const scene = await openUp(parts)
    const unheard: number[] = []
    const { subscriber } = createListener()
    const settled = scene.leg.subscribe([['destination', '/topic/a']], {
      ...subscriber,
      restored: (unheardMs) => unheard.push(unheardMs),
    }).settled
    await everyChance()
    await settled
    const lose = async (ms: number): Promise<void> => {
      scene.broker.outcome = () => 'refused'
      scene.broker.end.cut()
      await scene.clock.pass(ms)
      scene.broker.outcome = () => 'connected'
      await scene.clock.pass(12_000)
    }
    return { ...scene, unheard, lose }
  }

  it('is counted from when the broker was heard last, not from when the loss was seen', async () => {
    const { clock, unheard, lose } = await openHeard()
    await clock.pass(45_000)
    await lose(1_000)
    expect(unheard).toHaveLength(1)
    expect(unheard[0]).toBeGreaterThanOrEqual(46_000)
    expect(unheard[0]).toBeLessThanOrEqual(58_000)
    await lose(1_000)
    expect(unheard[1]).toBeLessThanOrEqual(25_000)
  })

  it('holds the time in which the process itself stood still', async () => {
    let stoodStillMs = 0
    const clock = createFakeClock()
    const { unheard, broker } = await openHeard({
      clock: { ...clock, epochMs: () => clock.epochMs() + stoodStillMs },
      wheel: createWheel(clock),
      turns: createTurns(clock),
    })
    stoodStillMs = 600_000
    broker.end.cut()
    await clock.pass(12_000)
    expect(unheard[0]).toBeGreaterThanOrEqual(600_000)
  })
})

describe('a broker that answers nothing', () => {
  it('is told of after a while, and told of again when it goes on', async () => {
    const stalls: boolean[] = []
    const { broker, clock, leg } = await openUp({ stallChanged: (isStalled) => stalls.push(isStalled) })
    await clock.pass(300_000)
    expect(stalls).toEqual([])
    broker.react = ({ command }) => HELD[command === 'SEND' ? 0 : 1]
    const fate = fateOf(leg.send([send('/topic/a')], true))
    await clock.pass(29_000)
    expect(stalls).toEqual([])
    await clock.pass(32_000)
    expect([stalls, fate.is, leg.isUp]).toEqual([[true], 'pending', true])
    for (const frame of broker.end.frames) if (frame.command === 'SEND') broker.end.receipt(frame)
    await clock.pass(300_000)
    expect([stalls, fate.is]).toEqual([[true, false], 'done'])
  })

  it('is forgotten with its connection', async () => {
    const stalls: boolean[] = []
    const { broker, clock, leg } = await openUp({ stallChanged: (isStalled) => stalls.push(isStalled) })
    broker.react = ({ command }) => HELD[command === 'SEND' ? 0 : 1]
    fateOf(leg.send([send('/topic/a')], true))
    await clock.pass(61_000)
    broker.react = () => undefined
    broker.end.cut()
    await clock.pass(300_000)
    expect(stalls).toEqual([true, false])
  })
})

describe('what others have written into headers', () => {
  it('ends no connection, whatever bytes it has and however much it is', async () => {
    const { broker, leg, events } = await openUp()
    const bodies: number[] = []
    const names: string[] = []
    const { subscriber } = createListener()
    const { id } = leg.subscribe([['destination', '/topic/a']], {
      ...subscriber,
      deliver: ({ headers, body }) => {
        bodies.push(body.length)
        names.push(headers.get('odd') ?? '')
      },
    })
    await everyChance()
    const head = `MESSAGE\nsubscription:${id}\nmessage-id:1\ndestination:/topic/a\n`
    const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (each) => each.charCodeAt(0))
    broker.end.link.send(latin1(`${head}odd:caf\u00e9\\x\n:nameless\n\n\0`))
    broker.end.link.send(latin1(`${head}${'many:1\n'.repeat(1_000)}odd:${'x'.repeat(100_000)}\n\n\0`))
    const large = 17 * 1_048_576
    broker.end.link.send(latin1(`${head}content-length:${large}\n\n`))
    broker.end.link.send(new Uint8Array(large))
    broker.end.link.send(latin1('\0'))
    await everyChance()
    expect(bodies).toEqual([0, 0, large])
    expect([names[0], names[1]?.length]).toEqual(['caf\ufffd\\x', 100_000])
    expect([events.map(({ type }) => type), leg.isUp]).toEqual([['leg-up'], true])
  })
})
