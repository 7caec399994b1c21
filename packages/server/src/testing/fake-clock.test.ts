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

  it('passes time so that what has happened settles before the next thing falls due', async () => {
    const clock = createFakeClock()
    const seen: string[] = []
    clock.every(10, () => {
      clock.soon(() => setImmediate(() => seen.push(`then ${clock.now()}`)))
    })
    clock.every(15, () => seen.push(`every ${clock.now()}`))
    await clock.pass(35)
    expect(seen).toEqual(['then 10', 'every 15', 'then 20', 'every 30', 'then 30'])
    expect(clock.now()).toBe(35)
  })

  it('passes time for who sleeps, waking each at its moment, also one after another', async () => {
    const clock = createFakeClock()
    const seen: number[] = []
    const sleeper = async (): Promise<void> => {
      for (const ms of [10, 0, 20, 5]) {
        await clock.sleep(ms)
        seen.push(clock.now())
      }
    }
    const slept = sleeper()
    await clock.pass(30)
    expect(seen).toEqual([10, 10, 30])
    await clock.pass(5)
    await slept
    expect(seen).toEqual([10, 10, 30, 35])
  })

  it('runs once what is to come after a delay, unless it is called off', () => {
    const clock = createFakeClock()
    const seen: string[] = []
    clock.after(10, () => seen.push(`a ${clock.now()}`))
    clock.after(5, () => seen.push('called off'))()
    clock.after(10, () => seen.push(`b ${clock.now()}`))
    clock.after(-1, () => seen.push(`at once ${clock.now()}`))
    clock.advance(100)
    expect(seen).toEqual(['at once 0', 'a 10', 'b 10'])
    clock.after(10, () => seen.push(`stalled ${clock.now()}`))
    clock.stall(50)
    clock.stall(50)
    expect(seen.slice(3)).toEqual(['stalled 150'])
  })

  it('lets what a moment sets off get on before the next one', async () => {
    const clock = createFakeClock()
    const seen: number[] = []
    clock.every(1, () => {})
    clock.after(10, async () => {
      for (let turn = 0; turn < 8; turn++) await new Promise((resolve) => setImmediate(resolve))
      await clock.sleep(5)
      seen.push(clock.now())
    })
    await clock.pass(20)
    expect(seen).toEqual([15])
  })

  it('never goes back, though what runs on the way moves it further', () => {
    const clock = createFakeClock()
    clock.after(5, () => clock.advance(100))
    clock.advance(10)
    expect(clock.now()).toBe(105)
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY, -1])('cannot be moved by %s', async (ms) => {
    const clock = createFakeClock()
    expect(() => clock.advance(ms)).toThrow('time moves on by ms, 0 or more')
    expect(() => clock.stall(ms)).toThrow('time moves on by ms, 0 or more')
    await expect(clock.pass(ms)).rejects.toThrow('time moves on by ms, 0 or more')
    expect([clock.now(), clock.isPassing]).toEqual([0, false])
  })

  it('begins at the time of day that it is given', () => {
    expect(createFakeClock().epochMs()).toBe(Date.parse('2001-09-09T01:46:40Z'))
    const clock = createFakeClock({ epochMs: Date.parse('2030-01-01T00:00:00Z') })
    clock.advance(1_000)
    expect(clock.epochMs()).toBe(Date.parse('2030-01-01T00:00:01Z'))
  })
})
