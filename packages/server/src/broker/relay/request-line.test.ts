import { describe, expect, it } from 'vitest'
import { RequestLine } from './request-line.js'

function scene() {
  const line = new RequestLine()
  const begun: string[] = []
  const ends = new Map<string, { resolve(): void; reject(error: Error): void }>()
  /** A request that settles when it is told to. */
  const later = (name: string, isBarrier = false) =>
    line.run(isBarrier, () => {
      begun.push(name)
      return new Promise<void>((resolve, reject) => ends.set(name, { resolve, reject }))
    })
  const now = (name: string, isBarrier = false) =>
    line.run(isBarrier, () => {
      begun.push(name)
      return undefined
    })
  return { line, begun, ends, later, now }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('the order of a channel', () => {
  it('lets requests begin at once, whether those before have settled or not', () => {
    const { begun, later, now } = scene()
    later('a')
    later('b')
    expect(now('c')).toBeUndefined()
    expect(begun).toEqual(['a', 'b', 'c'])
  })

  it('lets a barrier wait for all before it, and all behind it wait for the barrier', async () => {
    const { begun, ends, later, now } = scene()
    later('a')
    later('barrier', true)
    const behind = now('c')
    expect(begun).toEqual(['a'])
    ends.get('a')?.resolve()
    await turn()
    expect(begun).toEqual(['a', 'barrier'])
    ends.get('barrier')?.resolve()
    await behind
    expect(begun).toEqual(['a', 'barrier', 'c'])
  })

  it('goes on after a refusal, and gives it to who asked', async () => {
    const { line, begun, ends, later, now } = scene()
    const first = later('a')
    const barrier = line.run(true, () => {
      throw new Error('refused at once')
    })
    now('c')
    ends.get('a')?.reject(new Error('refused later'))
    await expect(first).rejects.toThrow('refused later')
    await expect(barrier).rejects.toThrow('refused at once')
    await turn()
    expect(begun).toEqual(['a', 'c'])
  })

  it('tells each that it has settled before what waited for it', async () => {
    const { ends, later, now } = scene()
    const told: string[] = []
    later('barrier', true)
    const [second, third] = [later('second'), now('third', true)]
    second?.then(() => told.push('second'))
    third?.then(() => told.push('third'))
    ends.get('barrier')?.resolve()
    await turn()
    ends.get('second')?.resolve()
    await turn()
    expect(told).toEqual(['second', 'third'])
  })
})
