import { expect, it } from 'vitest'
import { createDownlink } from './downlink.js'

const setUp = () => {
  const tasks: (() => void)[] = []
  const handed: unknown[] = []
  const downlink = createDownlink(
    (run) => tasks.push(run),
    (data) => handed.push(data),
  )
  return { downlink, handed, step: () => tasks.shift()?.() }
}

it('hands each message over in a task of its own, in order, and skips repeats', () => {
  const { downlink, handed, step } = setUp()
  expect(downlink.take(1, 'a')).toBe(true)
  expect(downlink.take(2, 'b')).toBe(true)
  expect(downlink.take(1, 'a')).toBe(true)
  expect(downlink.next()).toBe(3)
  expect([handed, downlink.tell()]).toEqual([[], 0])
  step()
  expect([handed, downlink.tell()]).toEqual([['a'], 1])
  step()
  step()
  expect(handed).toEqual(['a', 'b'])
})

it('tells a gap', () => {
  const { downlink } = setUp()
  expect(downlink.take(2, 'b')).toBe(false)
  expect(downlink.next()).toBe(1)
})

it('tells when all is handed over, and how much of that the server does not know', () => {
  const { downlink, step } = setUp()
  const told: string[] = []
  downlink.whenDrained(() => told.push('at once'))
  downlink.take(1, 'é')
  downlink.take(2, new ArrayBuffer(3))
  downlink.whenDrained(() => told.push('later'))
  step()
  expect(told).toEqual(['at once'])
  step()
  expect(told).toEqual(['at once', 'later'])
  expect(downlink.untoldBytes()).toBe(5)
  downlink.tell()
  expect(downlink.untoldBytes()).toBe(0)
})

it('hands nothing over once it is dropped', () => {
  const { downlink, handed, step } = setUp()
  downlink.take(1, 'a')
  downlink.drop()
  step()
  expect(handed).toEqual([])
})
