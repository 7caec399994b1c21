import { describe, expect, it } from 'vitest'
import type { Dial } from '../../src/broker/relay/dialer.js'
import { openRelay } from '../../src/broker/relay/relay-broker.js'
import { type RelayBrokerOptions, resolveRelaySettings } from '../../src/broker/relay/relay-options.js'
import { relayBroker } from '../../src/index.js'
import { createBrokerParts } from '../../src/testing/broker-parts.js'
import { useUpstream } from './upstream-broker.js'

const openUpstream = useUpstream()

/** Starts a relay; what is told of the start, when it has ended. */
function start(
  upstream: Awaited<ReturnType<typeof openUpstream>>,
  options: Partial<RelayBrokerOptions> = {},
  dial: Dial = upstream.dial,
) {
  const settings = resolveRelaySettings({ hosts: ['stomp://system:secret@broker'], ...options })
  let outcome = 'waiting'
  const started = openRelay(settings, createBrokerParts(upstream.clock), dial)
  started.then(
    () => {
      outcome = 'started'
    },
    (error: Error) => {
      outcome = error.message
    },
  )
  return { started, outcome: () => outcome }
}

describe('the start of a relay', () => {
  it('waits for the broker, which says what it is', async () => {
    const upstream = await openUpstream()
    upstream.isThere = false
    const { started, outcome } = start(upstream, { startTimeoutMs: 60_000 })
    await upstream.clock.pass(3_000)
    expect(outcome()).toBe('waiting')
    upstream.isThere = true
    // No pause between two attempts is longer than 10 s.
    await upstream.clock.pass(12_000)
    expect(outcome()).toBe('started')
    const broker = await started
    expect(broker.capabilities).toMatchObject({ wildcards: true, queues: true, history: false })
    const closed = broker.close()
    await upstream.clock.pass(10_000)
    await closed
  })

  it('is refused after a while, with what to do', async () => {
    const upstream = await openUpstream()
    upstream.isThere = false
    const { outcome } = start(upstream, { startTimeoutMs: 2_000 })
    await upstream.clock.pass(9_000)
    expect(outcome()).toMatch(/no CONNECTED of the broker within 2000 ms; it could not be reached: see that it runs/)
    expect(upstream.open.length).toBe(0)
  })

  it('says so when the broker refuses the login', async () => {
    const upstream = await openUpstream()
    const { outcome } = start(upstream, { systemLogin: { login: 'system', passcode: 'wrong' } })
    await upstream.clock.pass(20_000)
    expect(outcome()).toMatch(/it has refused the connection: see that systemLogin and virtualHost are right/)
  })

  it('does not wait with a profile: clients come and go while the broker is away', async () => {
    const upstream = await openUpstream()
    upstream.isThere = false
    const broker = await upstream.relay({ profile: 'hoofbeat' })
    expect(broker.isAvailable).toBe(false)
    expect(broker.isQueue('/queue/a')).toBe(true)
  })

  it('refuses a profile that is none', async () => {
    const upstream = await openUpstream()
    const { outcome } = start(upstream, { profile: 'other' as 'hoofbeat' })
    await upstream.quiet()
    expect(outcome()).toMatch(/^profile: 'other' is none of .*hoofbeat/)
    expect(() => relayBroker({ hosts: [] })).toThrow(/^hosts: /)
  })
})
