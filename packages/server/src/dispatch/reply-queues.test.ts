import { describe, expect, it } from 'vitest'
import { createReplyQueues } from './reply-queues.js'

const LIMIT = expect.objectContaining({ code: 'STOMP_ERR_DESTINATION_LIMIT' })

describe('the temporary queues of a session', () => {
  it('have inner names of their own, which their addresses lead to', () => {
    const queues = createReplyQueues(2)
    const one = queues.open('1')
    const two = queues.open('2')
    expect([one.own('/temp-queue/a'), two.own('/temp-queue/a')]).toEqual(['\0temp/1/a', '\0temp/2/a'])
    const address = one.address('/temp-queue/a')
    expect(one.address('/temp-queue/a')).toBe(address)
    expect(queues.find(address)).toBe('\0temp/1/a')
    expect(queues.find(two.address('/temp-queue/a'))).toBe('\0temp/2/a')
    expect(queues.find('/reply-queue/other')).toBeUndefined()
  })

  it('are counted by their names, each once', () => {
    const own = createReplyQueues(2).open('1')
    own.own('/temp-queue/a')
    own.address('/temp-queue/a')
    own.address('/temp-queue/b')
    own.own('/temp-queue/b')
    expect(() => own.own('/temp-queue/c')).toThrow(LIMIT)
    expect(() => own.address('/temp-queue/c')).toThrow(LIMIT)
  })

  it('end with the session, and none comes after it', () => {
    const queues = createReplyQueues(2)
    const own = queues.open('1')
    const before = own.address('/temp-queue/a')
    own.end()
    const after = own.address('/temp-queue/a')
    expect([queues.find(before), queues.find(after), own.own('/temp-queue/a')]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })
})
