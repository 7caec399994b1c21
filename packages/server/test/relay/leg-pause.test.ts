import { describe, expect, it } from 'vitest'
import { everyChance } from '../../src/testing/patience.js'
import { createListener, fateOf, openUp, send } from './leg-scene.js'
import { ScriptedBroker } from './scripted-broker.js'

/** A leg that is up, with one subscription, and a broker that beats. */
async function openSubscribed() {
  const broker = new ScriptedBroker()
  broker.react = ({ command }, end) => {
    if (command !== 'CONNECT') return undefined
    end.send('CONNECTED', { version: '1.2', server: 'Scripted/1', 'heart-beat': '10000,10000' })
    return 'handled'
  }
  const scene = await openUp({}, broker)
  const { told, subscriber } = createListener()
  const { id } = scene.leg.subscribe([['destination', '/topic/a']], subscriber)
  await everyChance()
  let number = 0
  const publish = (body: string): void =>
    broker.end.send('MESSAGE', { subscription: id, 'message-id': `${++number}`, destination: '/topic/a' }, body)
  return { ...scene, told, publish }
}

describe('a leg that is paused', () => {
  it('delivers nothing more, and all of it in order when it reads again', async () => {
    const { broker, leg, told, publish } = await openSubscribed()
    publish('1')
    await everyChance()
    leg.setPaused(true)
    publish('2')
    publish('3')
    await everyChance()
    expect([told, broker.end.link.isPaused]).toEqual([['1 by 1'], true])
    leg.setPaused(false)
    await everyChance()
    expect([told, broker.end.link.isPaused]).toEqual([['1 by 1', '2 by 1', '3 by 1'], false])
  })

  it('stops between two messages that came together', async () => {
    const { broker, leg, told } = await openSubscribed()
    const message = (body: string): string =>
      `MESSAGE\nsubscription:s1\nmessage-id:${body}\ndestination:/topic/a\n\n${body}\0`
    leg.setPaused(true)
    broker.end.link.send(message('1') + message('2'))
    await everyChance()
    expect(told).toEqual([])
    leg.setPaused(false)
    await everyChance()
    expect(told).toEqual(['1 by 1', '2 by 1'])
  })

  it('takes the RECEIPTs when it reads again, and that for a sign that the broker is at work', async () => {
    const { broker, leg } = await openSubscribed()
    const before = leg.answeredCount
    leg.setPaused(true)
    const fate = fateOf(leg.send([send('/queue/a', 'x')], true))
    await everyChance()
    expect([fate.is, broker.end.words.at(-1)]).toEqual(['pending', 'SEND /queue/a x'])
    leg.setPaused(false)
    expect(leg.answeredCount).toBe(before + 1)
    await everyChance()
    expect(fate.is).toBe('done')
  })

  it('does not take its broker for silent, and is heard itself', async () => {
    const { clock, leg, states } = await openSubscribed()
    leg.setPaused(true)
    await clock.pass(120_000)
    expect(states).toEqual([true])
    leg.setPaused(false)
    await clock.pass(120_000)
    // Now it has looked for heart-beats, and there were none.
    expect(states).toContain(false)
  })

  it('reads what makes a new connection, and is paused again when it is up', async () => {
    const { broker, clock, leg, told, publish } = await openSubscribed()
    leg.setPaused(true)
    broker.end.cut()
    await clock.pass(1_000)
    expect([leg.isUp, leg.connection, told]).toEqual([true, 2, ['lost', 'restored']])
    publish('1')
    await everyChance()
    expect(told).toHaveLength(2)
    leg.setPaused(false)
    await everyChance()
    expect(told.at(-1)).toBe('1 by 2')
  })

  it('waits for what the broker owes when it is closed, and delivers nothing', async () => {
    const { broker, clock, leg, told, publish } = await openSubscribed()
    leg.setPaused(true)
    const fate = fateOf(leg.send([send('/queue/a', 'x')], true))
    publish('1')
    await everyChance()
    const closed = fateOf(leg.close())
    leg.setPaused(true)
    await clock.pass(100)
    expect([fate.is, closed.is, told]).toEqual(['done', 'done', []])
    expect(broker.end.words.at(-1)).toBe('DISCONNECT')
  })
})
