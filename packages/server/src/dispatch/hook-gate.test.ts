import { describe, expect, it } from 'vitest'
import { createWheel } from '../clock/wheel.js'
import { createFakeClock } from '../testing/fake-clock.js'
import { createHookGate, type HookGate, type LateOutcome } from './hook-gate.js'

function setUp() {
  const clock = createFakeClock()
  const wheel = createWheel(clock)
  const told: string[] = []
  const listener = { changed: () => told.push(gate.isPending ? 'pending' : 'free') }
  const gate: HookGate = createHookGate(listener, { after: wheel.after.bind(wheel), limits: { hookTimeoutMs: 1_000 } })
  const outcome: LateOutcome<void> = {
    passedLater: () => told.push('passed later'),
    refused: (error) => told.push(`refused: ${error instanceof Error ? error.message : error}`),
  }
  return { clock, gate, outcome, told }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('the hook gate', () => {
  it('is pending until a hook has answered, then tells the outcome before it is free', async () => {
    const { gate, outcome, told } = setUp()
    gate.hold(Promise.resolve(), outcome)
    expect(gate.isPending).toBe(true)
    await turn()
    expect(told).toEqual(['pending', 'passed later', 'free'])
  })

  it('refuses what a hook rejects', async () => {
    const { gate, outcome, told } = setUp()
    gate.hold(Promise.reject(new Error('not you')), outcome)
    await turn()
    expect(told).toEqual(['pending', 'refused: not you', 'free'])
  })

  it('refuses what is not decided in time, and takes no notice of an answer that comes later', async () => {
    const { clock, gate, outcome, told } = setUp()
    let answer: () => void = () => {}
    gate.hold(new Promise<void>((resolve) => (answer = resolve)), outcome)
    clock.advance(1_200)
    gate.hold(new Promise<void>(() => {}), outcome)
    answer()
    await turn()
    expect(told).toEqual(['pending', 'refused: Whether this is allowed was not decided in time', 'free', 'pending'])
  })
})
