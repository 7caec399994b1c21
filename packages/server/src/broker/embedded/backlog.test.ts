import { createHeaders } from '@hoofbeat/codec'
import { describe, expect, it } from 'vitest'
import { createMessage } from '../../message/message.js'
import { createBacklog, type Waiting } from './backlog.js'

const waiting = (id: number): Waiting => ({
  message: createMessage({ id: `${id}`, destination: '/topic/a', headers: createHeaders(), body: new Uint8Array() }),
  isAfterGap: false,
})
const refusal = expect.objectContaining({ code: 'STOMP_ERR_SLOW_READER' })

describe('a backlog', () => {
  it('gives what was added in order, and refuses beyond its bound', () => {
    const backlog = createBacklog(3)
    for (let i = 0; i < 3; i++) backlog.add(waiting(i))
    expect(() => backlog.add(waiting(3))).toThrow(refusal)
    expect(backlog.size).toBe(3)
    expect(backlog.shift()?.message.id).toBe('0')
    backlog.add(waiting(4))
    expect([backlog.shift(), backlog.shift(), backlog.shift()].map((each) => each?.message.id)).toEqual(['1', '2', '4'])
    expect(backlog.shift()).toBeUndefined()
    expect(backlog.size).toBe(0)
  })

  it('does not count what is replayed towards its bound', () => {
    const backlog = createBacklog(1)
    backlog.replay([waiting(0), waiting(1), waiting(2)])
    backlog.add(waiting(3))
    expect(() => backlog.add(waiting(4))).toThrow(refusal)
    for (let i = 0; i < 3; i++) backlog.shift()
    expect(() => backlog.add(waiting(4))).toThrow(refusal)
    backlog.shift()
    backlog.add(waiting(5))
    expect(backlog.shift()?.message.id).toBe('5')
  })

  it('takes a history of 300,000 messages', () => {
    const backlog = createBacklog(1)
    const one = waiting(0)
    backlog.replay(Array.from({ length: 300_000 }, () => one))
    let count = 0
    while (backlog.shift() !== undefined) count++
    expect(count).toBe(300_000)
  })
})
