import { describe, expect, it } from 'vitest'
import { runHooks } from './hooks.js'

const later = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('hooks', () => {
  it('have passed at once where none is asynchronous, whatever they return', () => {
    const seen: string[] = []
    const hooks = ['a', 'b', 'c'].map((name) => (request: string) => seen.push(`${name} ${request}`))
    expect(runHooks(hooks, 'x')).toBeUndefined()
    expect(seen).toEqual(['a x', 'b x', 'c x'])
    expect(runHooks([], 'x')).toBeUndefined()
    expect(runHooks([() => false, () => null], 'x')).toBeUndefined()
  })

  it('run one after another: none starts before the one ahead of it is settled', async () => {
    const seen: string[] = []
    const slow = (name: string) => async (): Promise<void> => {
      seen.push(`${name} starts`)
      await later()
      seen.push(`${name} ends`)
    }
    const pending = runHooks([() => seen.push('first'), slow('second'), () => seen.push('third'), slow('fourth')], 'x')
    expect(seen).toEqual(['first', 'second starts'])
    await pending
    expect(seen).toEqual(['first', 'second starts', 'second ends', 'third', 'fourth starts', 'fourth ends'])
  })

  it('await any object with a then', async () => {
    let isAwaited = false
    const thenable = {
      // biome-ignore lint/suspicious/noThenProperty: what is awaited need not be a Promise
      then(resolve: (value: undefined) => void): void {
        isAwaited = true
        resolve(undefined)
      },
    }
    await runHooks([() => thenable], 'x')
    expect(isAwaited).toBe(true)
  })

  it('refuse by a throw at once, and later ones do not run', () => {
    const seen: string[] = []
    const refusing = (): void => {
      throw new Error('no')
    }
    expect(() => runHooks([() => seen.push('before'), refusing, () => seen.push('after')], 'x')).toThrow('no')
    expect(seen).toEqual(['before'])
  })

  it('refuse by a rejection, also where one throws behind an asynchronous one, and later ones do not run', async () => {
    const seen: string[] = []
    const refusing = (): void => {
      throw new Error('no')
    }
    await expect(runHooks([() => Promise.reject(new Error('never')), () => seen.push('a')], 'x')).rejects.toThrow(
      'never',
    )
    await expect(runHooks([later, refusing, () => seen.push('b')], 'x')).rejects.toThrow('no')
    expect(seen).toEqual([])
  })
})
