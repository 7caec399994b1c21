import { describe, expect, it } from 'vitest'
import { createFakeClock } from './fake-clock.js'

describe('the fake clock', () => {
  it('stands still until it is moved', () => {
    const clock = createFakeClock()
    expect(clock.now()).toBe(0)
    clock.advance(5)
    clock.advance(0.5)
    expect(clock.now()).toBe(5.5)
  })

  it('runs on the way what falls due, in the order of time, and shows each its own time', () => {
    const clock = createFakeClock()
    const seen: string[] = []
    clock.every(30, () => seen.push(`a ${clock.now()}`))
    clock.advance(10)
    clock.every(15, () => seen.push(`b ${clock.now()}`))
    clock.advance(50)
    expect(seen).toEqual(['b 25', 'a 30', 'b 40', 'b 55', 'a 60'])
    expect(clock.now()).toBe(60)
  })

  it('lets what runs begin and stop intervals, itself too', () => {
    const clock = createFakeClock()
    const seen: string[] = []
    const stop = clock.every(10, () => {
      seen.push(`once ${clock.now()}`)
      stop()
      clock.every(7, () => seen.push(`inner ${clock.now()}`))
    })
    clock.advance(25)
    expect(seen).toEqual(['once 10', 'inner 17', 'inner 24'])
  })

  it('runs once what fell due while the process stood still, and goes on from there', () => {
    const clock = createFakeClock()
    const seen: number[] = []
    clock.every(10, () => seen.push(clock.now()))
    const stopLater = clock.every(10, () => stopLate())
    const stopLate = clock.every(10, () => seen.push(-1))
    clock.stall(95)
    stopLater()
    expect(seen).toEqual([95])
    clock.advance(20)
    expect(seen).toEqual([95, 105, 115])
  })

  it('runs what is asked for soon in a later turn, without being moved', async () => {
    const clock = createFakeClock()
    const seen: string[] = []
    const ran = new Promise<void>((resolve) => {
      clock.soon(() => seen.push('soon'))
      clock.soon(resolve)
    })
    seen.push('now')
    await ran
    expect(seen).toEqual(['now', 'soon'])
  })
})
