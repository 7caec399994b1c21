import { headersFromFlat } from '@hoofbeat/codec'
import { describe, expect, it } from 'vitest'
import { createDestinationSyntax } from '../destination/destination.js'
import { StompError } from '../errors.js'
import { askHooks } from './authorization.js'
import { DestinationRequest } from './authorize-request.js'

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

describe('what a hook asks a destination for', () => {
  const touches = (destination: string, pattern: string): boolean =>
    new DestinationRequest(
      destination,
      headersFromFlat([]),
      { user: undefined, sessionId: 's' },
      createDestinationSyntax(),
    ).touches(pattern)

  it('is true of wildcards both ways, and of a user however the name is written', () => {
    expect(touches('/topic/*', '/topic/a')).toBe(true)
    expect(touches('/topic/a', '/topic/**')).toBe(true)
    expect(touches('/topic/a', '/topic/b')).toBe(false)
    expect(touches('/user/ada%40x.org/queue/x', '/user/ada@x.org/**')).toBe(true)
    expect(touches('/user/bob%40x.org/queue/x', '/user/ada@x.org/**')).toBe(false)
  })
})
