import { expect, it } from 'vitest'
import { createRepeats } from './repeats.js'

it('remembers what has come, for each topic by itself', () => {
  const repeats = createRepeats()
  const [one, two] = [{}, {}]
  repeats.note(one, 'a', false)
  expect([repeats.has(one, 'a'), repeats.has(two, 'a'), repeats.has(one, 'b')]).toEqual([true, false, false])
})

it('remembers as many as it should, and at most twice as many', () => {
  const repeats = createRepeats(10)
  const topic = {}
  for (let i = 0; i < 100; i++) {
    repeats.note(topic, `${i}`, false)
    for (let back = Math.max(0, i - 9); back <= i; back++) expect(repeats.has(topic, `${back}`)).toBe(true)
  }
  expect(Array.from({ length: 100 }, (_, i) => repeats.has(topic, `${i}`)).filter(Boolean).length).toBeLessThanOrEqual(
    20,
  )
})
