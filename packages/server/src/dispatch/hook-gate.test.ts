import { describe, expect, it } from 'vitest'
import { createWheel } from '../clock/wheel.js'
import { createFakeClock } from '../testing/fake-clock.js'
import { createHookGate, type HookGate, type HookOutcome } from './hook-gate.js'

function setUp() {
  const clock = createFakeClock()
  const wheel = createWheel(clock)
  const told: string[] = []
  const listener = { changed: () => told.push(gate.isPending ? 'pending' : 'free') }
  const gate: HookGate = createHookGate(listener, { after: wheel.after.bind(wheel), limits: { hookTimeoutMs: 1_000 } })
  const outcome: HookOutcome = {
    passed: () => told.push('passed'),
    passedLater: () => told.push('passed later'),
    refused: (error) => told.push(`refused: ${error instanceof Error ? error.message : error}`),
  }
  return { clock, gate, outcome, told }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('the hook gate', () => {
  it('passes at once where no hook takes its time', () => {
    const { gate, outcome, told } = setUp()
    gate.pass([], undefined, outcome)
    gate.pass([() => true, () => undefined], undefined, outcome)
    expect(told).toEqual(['passed', 'passed'])
  })

  it('refuses at once what a hook throws at once, and asks no further hook', () => {
    const { gate, outcome, told } = setUp()
    const hooks = [
      () => {
        throw new Error('no')
      },
      () => told.push('asked'),
    ]
    gate.pass(hooks, undefined, outcome)
    expect(told).toEqual(['refused: no'])
  })

  it('is pending until a hook has answered, then tells the outcome before it is free', async () => {
    const { gate, outcome, told } = setUp()
    gate.pass([async () => {}], undefined, outcome)
    expect(gate.isPending).toBe(true)
    await turn()
    expect(told).toEqual(['pending', 'passed later', 'free'])
  })

  it('refuses what a hook rejects', async () => {
    const { gate, outcome, told } = setUp()
    gate.pass([() => Promise.reject(new Error('not you'))], undefined, outcome)
    await turn()
    expect(told).toEqual(['pending', 'refused: not you', 'free'])
  })

  it('refuses what is not decided in time, and takes no notice of an answer that comes later', async () => {
    const { clock, gate, outcome, told } = setUp()
    let answer: () => void = () => {}
    gate.pass([() => new Promise<void>((resolve) => (answer = resolve))], undefined, outcome)
    clock.advance(1_200)
    gate.pass([() => new Promise(() => {})], undefined, outcome)
    answer()
    await turn()
    expect(told).toEqual(['pending', 'refused: Whether this is allowed was not decided in time', 'free', 'pending'])
  })
})
