import { expect, it } from 'vitest'
import { createHandlers } from './handlers.js'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

it('starts handlers in order, no more than allowed at a time, and says when it is full', async () => {
  const started: number[] = []
  const ends: (() => void)[] = []
  const seen: boolean[] = []
  const handlers = createHandlers(2, { changed: () => seen.push(handlers.isFull) })
  for (let i = 0; i < 4; i++) {
    handlers.run(() => {
      started.push(i)
      return new Promise((resolve) => ends.push(resolve))
    })
  }
  expect([started, seen]).toEqual([
    [0, 1],
    [false, true, true, true],
  ])
  ends[1]?.()
  await turn()
  expect([started, handlers.isFull]).toEqual([[0, 1, 2], true])
  ends[0]?.()
  await turn()
  expect([started, handlers.isFull]).toEqual([[0, 1, 2, 3], true])
  ends[2]?.()
  await turn()
  expect([handlers.isFull, seen.at(-1)]).toEqual([false, false])
})
