import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createTasks } from './tasks.js'

describe('tasks', () => {
  /** What is on its way in ports that are open. */
  let mail: (() => void)[] = []

  /** A channel whose mail is brought, or lost, when the test says so. */
  class Channel {
    readonly port1: { onmessage?: () => void; close(): void } = {
      close: () => {
        delete this.port1.onmessage
      },
    }
    readonly port2 = { postMessage: () => mail.push(() => this.port1.onmessage?.()) }
  }

  /** Brings what is on its way, as one task after the other. */
  const bring = (): void => {
    for (const message of mail.splice(0)) message()
  }

  beforeEach(() => {
    mail = []
    vi.useFakeTimers()
    vi.stubGlobal('MessageChannel', Channel)
  })
  afterEach(() => {
    vi.unstubAllGlobals()
    vi.useRealTimers()
  })

  it('run in order, each in its own', () => {
    const ran: number[] = []
    const soon = createTasks()
    for (const number of [1, 2, 3]) soon(() => ran.push(number))
    expect(ran).toEqual([])
    mail.shift()?.()
    expect(ran).toEqual([1])
    bring()
    expect(ran).toEqual([1, 2, 3])
  })

  it('run once and in order although a port lost what called them', () => {
    const ran: number[] = []
    const soon = createTasks()
    for (const number of [1, 2, 3]) soon(() => ran.push(number))
    mail.splice(0, 2)
    bring()
    soon(() => ran.push(4))
    bring()
    expect(ran).toEqual([1, 2])
    vi.advanceTimersByTime(1_000)
    bring()
    expect(ran).toEqual([1, 2, 3, 4])
  })

  it('leave no timer and no call behind', () => {
    const ran: number[] = []
    const soon = createTasks()
    soon(() => ran.push(1))
    vi.advanceTimersByTime(3_000)
    bring()
    expect(ran).toEqual([1])
    expect(vi.getTimerCount()).toBe(0)
    soon(() => ran.push(2))
    bring()
    expect(ran).toEqual([1, 2])
  })
})
