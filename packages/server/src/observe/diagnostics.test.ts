import { channel } from 'node:diagnostics_channel'
import { describe, expect, it } from 'vitest'
import { openDiagnostics } from './diagnostics.js'
import type { StompEvent } from './events.js'

describe('diagnostics', () => {
  it('know whether somebody listens to subscriptions, at any time', () => {
    const diagnostics = openDiagnostics()
    const listener = (): void => {}
    expect(diagnostics.isOnSubscriptions).toBe(false)
    channel('hoofbeat:unsubscribed').subscribe(listener)
    expect(diagnostics.isOnSubscriptions).toBe(true)
    channel('hoofbeat:unsubscribed').unsubscribe(listener)
    expect(diagnostics.isOnSubscriptions).toBe(false)
  })

  it('publish the very event, on the channel of its name alone', () => {
    const { observe } = openDiagnostics()
    const told: unknown[] = []
    const listener = (event: unknown, name: string | symbol): void => void told.push([name, event])
    channel('hoofbeat:dead-letter').subscribe(listener)
    const event: StompEvent = { type: 'dead-letter', destination: '/queue/a', messageId: '1', deliveries: 3 }
    observe(event)
    observe({ type: 'reply-dropped', destination: '/reply-queue' })
    channel('hoofbeat:dead-letter').unsubscribe(listener)
    expect(told).toEqual([['hoofbeat:dead-letter', event]])
  })
})
