import { describe, expect, it } from 'vitest'
import { createFakeClock } from '../../testing/fake-clock.js'
import { everyChance } from '../../testing/patience.js'
import type { BackboneListener, Publication } from '../broker.js'
import { DurableClaims } from './durable-claims.js'

/** What nodes say to each other, as the broker brings it: to all, who has said it too. */
function openBus() {
  const clock = createFakeClock()
  const listeners = new Map<string, BackboneListener>()
  const bus = {
    clock,
    /** Whether this node is to hear that now. */
    passes: (_to: string, _words: string) => true,
    /** What did not pass. */
    kept: [] as (() => void)[],
    node(nodeId: string) {
      const publish = async ({ headers, body }: Publication): Promise<void> => {
        const words = new TextDecoder().decode(body)
        await Promise.resolve()
        for (const [to, listener] of listeners) {
          const hear = (): void => listener.take(headers, body)
          if (bus.passes(to, words)) hear()
          else bus.kept.push(hear)
        }
      }
      const backbone = {
        ...{ nodeId, publish },
        listen(_topic: string, listener: BackboneListener) {
          listeners.set(nodeId, listener)
          return { settled: Promise.resolve(), close: () => {} }
        },
      }
      return new DurableClaims({
        ...{ backbone, clock, wordOf: (name) => `word-of-${name}` },
        after(delayMs, run) {
          const cancel = clock.after(delayMs, run)
          return { cancel }
        },
      })
    },
  }
  return bus
}

/** What has become of it so far. */
function fateOf({ settled }: { readonly settled: Promise<void> }): { is: string } {
  const fate = { is: 'pending' }
  settled.then(
    () => {
      fate.is = 'settled'
    },
    ({ code }) => {
      fate.is = code
    },
  )
  return fate
}

describe('claims of durable subscriptions', () => {
  it('settle when the others have had time to answer, each name for itself', async () => {
    const bus = openBus()
    const [a, b] = [bus.node('a'), bus.node('b')]
    const [first, second] = [fateOf(a.claim('x')), fateOf(b.claim('y'))]
    await bus.clock.pass(99)
    expect([first.is, second.is]).toEqual(['pending', 'pending'])
    await bus.clock.pass(1)
    expect([first.is, second.is]).toEqual(['settled', 'settled'])
  })

  it('wait until the node that has it lets go', async () => {
    const bus = openBus()
    const [a, b] = [bus.node('a'), bus.node('b')]
    const held = a.claim('x')
    await bus.clock.pass(100)
    const wanted = fateOf(b.claim('x'))
    await bus.clock.pass(3_000)
    expect(wanted.is).toBe('pending')
    held.end()
    await bus.clock.pass(1_000)
    expect(wanted.is).toBe('settled')
  })

  it('are refused when the node that has it does not, and then disturb nobody', async () => {
    const bus = openBus()
    const [a, b, c] = [bus.node('a'), bus.node('b'), bus.node('c')]
    const held = a.claim('x')
    let lost = 0
    held.lost = () => lost++
    await bus.clock.pass(100)
    const refused = b.claim('x')
    const wanted = fateOf(refused)
    await bus.clock.pass(6_000)
    expect([wanted.is, lost]).toEqual(['STOMP_ERR_SUBSCRIPTION_EXISTS', 0])
    refused.end()
    held.end()
    const third = fateOf(c.claim('x'))
    await bus.clock.pass(100)
    expect(third.is).toBe('settled')
  })

  it('of several nodes that ask at once go one after the other', async () => {
    const bus = openBus()
    const claims = ['c', 'a', 'b'].map((name) => bus.node(name).claim('x'))
    const fates = claims.map(fateOf)
    await bus.clock.pass(2_000)
    expect(fates.map(({ is }) => is)).toEqual(['pending', 'settled', 'pending'])
    claims[1]?.end()
    await bus.clock.pass(1_000)
    expect(fates.map(({ is }) => is)).toEqual(['pending', 'settled', 'settled'])
  })

  it('that an answer comes too late for are lost, once they have settled', async () => {
    const bus = openBus()
    const [a, b] = [bus.node('a'), bus.node('b')]
    a.claim('x')
    await bus.clock.pass(100)
    bus.passes = (_to, words) => !words.startsWith('held')
    const claim = b.claim('x')
    const fate = fateOf(claim)
    const told: string[] = []
    claim.lost = ({ code }) => told.push(code)
    await bus.clock.pass(100)
    expect([fate.is, told]).toEqual(['settled', []])
    for (const hear of bus.kept.splice(0)) hear()
    expect(told).toEqual(['STOMP_ERR_SUBSCRIPTION_EXISTS'])
    claim.end()
  })

  it('are refused as unavailable when the question does not come back', async () => {
    const bus = openBus()
    bus.passes = () => false
    const fate = fateOf(bus.node('a').claim('x'))
    await bus.clock.pass(5_000)
    await everyChance()
    expect(fate.is).toBe('STOMP_ERR_BROKER_UNAVAILABLE')
  })
})
