import { describe, expect, it } from 'vitest'
import { StompError } from '../errors.js'
import { askHooks } from './authorization.js'

describe('hooks that are asked', () => {
  it('let pass at once where none takes its time', () => {
    expect(askHooks([], undefined)).toBeUndefined()
    expect(askHooks([() => true, () => undefined], undefined)).toBeUndefined()
  })

  it('refuse at once what one of them throws at once, and no further one is asked', () => {
    const asked: string[] = []
    const refusing = (): never => {
      throw new Error('not for clients to read')
    }
    const refusal = new StompError('STOMP_ERR_FORBIDDEN')
    expect(() => askHooks([refusing, () => asked.push('second')], undefined)).toThrow(refusal)
    expect(asked).toEqual([])
  })

  it('refuse with the words of one that throws a refusal', () => {
    const refusal = new StompError('STOMP_ERR_STORE_FULL')
    const refusing = (): never => {
      throw refusal
    }
    expect(() => askHooks([refusing], undefined)).toThrow(refusal)
  })

  it('give the promise of one that takes its time', async () => {
    await expect(askHooks([() => Promise.reject('later')], undefined)).rejects.toBe('later')
  })
})
