import { expect, it } from 'vitest'
import { systemClock } from './clock.js'

it('runs what is asked for soon after the present turn, in order', async () => {
  const seen: string[] = []
  await new Promise<void>((resolve) => {
    systemClock.soon(() => seen.push('first'))
    systemClock.soon(() => {
      seen.push('second')
      resolve()
    })
    queueMicrotask(() => seen.push('microtask'))
    seen.push('now')
  })
  expect(seen).toEqual(['now', 'microtask', 'first', 'second'])
})

it('repeats until it is stopped, and time does not go back', async () => {
  const seen: number[] = [systemClock.now()]
  // An interval never keeps the process alive, so something else does while the test waits.
  const keeper = setInterval(() => {}, 1_000)
  await new Promise<void>((resolve) => {
    const stop = systemClock.every(1, () => {
      if (seen.push(systemClock.now()) < 4) return
      stop()
      resolve()
    })
  })
  clearInterval(keeper)
  expect(seen).toEqual([...seen].sort((a, b) => a - b))
})
