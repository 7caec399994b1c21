import { describe, expect, it } from 'vitest'
import { type RelayBrokerOptions, resolveRelaySettings } from './relay-options.js'

const hosts = ['stomp://broker.example']

describe('the options of a relay', () => {
  it('read hosts as texts, with the login of the first, and the ports that are usual', () => {
    const settings = resolveRelaySettings({
      hosts: ['stomp://user:p%40ss@one.example:61700', 'stomp+ssl://two.example', 'stomp://[::1]'],
      tls: { ca: 'pem' },
    })
    expect(settings.addresses).toEqual([
      { host: 'one.example', port: 61_700 },
      { host: 'two.example', port: 61_614, tls: { ca: 'pem' } },
      { host: '::1', port: 61_613 },
    ])
    expect(settings.systemLogin).toEqual({ login: 'user', passcode: 'p@ss' })
  })

  it('read hosts as objects', () => {
    const settings = resolveRelaySettings({
      hosts: [{ host: 'one' }, { host: 'two', tls: true }, { host: 'three', port: 1, tls: { servername: 'x' } }],
      systemLogin: { login: 'a', passcode: 'b' },
    })
    expect(settings.addresses).toEqual([
      { host: 'one', port: 61_613 },
      { host: 'two', port: 61_614, tls: true },
      { host: 'three', port: 1, tls: { servername: 'x' } },
    ])
    expect(settings.systemLogin).toEqual({ login: 'a', passcode: 'b' })
  })

  it('have defaults', () => {
    expect(resolveRelaySettings({ hosts })).toMatchObject({
      ...{ virtualHost: '/', systemLogin: undefined, isPerClient: false, pool: 4, prefetchCount: 10 },
      ...{ heartBeat: { sendMs: 10_000, receiveMs: 10_000 }, topicLingerMs: 1_000, maxWaitMs: 30_000 },
    })
  })

  const wrong: [string, Partial<RelayBrokerOptions>, RegExp][] = [
    ['no host', { hosts: [] }, /^hosts: name at least one/],
    ['a host that is no URL', { hosts: ['broker:61613'] }, /^hosts\[0\]: must read stomp:/],
    ['a host of another scheme', { hosts: ['stomp://a', 'http://b'] }, /^hosts\[1\]: must read stomp:/],
    ['a port that is none', { hosts: [{ host: 'a', port: 70_000 }] }, /^hosts\[0\]: 70000 is no port/],
    ['a mode that is none', { mode: 'other' as 'shared' }, /^mode: /],
    ['an empty pool', { pool: 0 }, /^pool: must be a whole number, 1 or more/],
    ['a prefetch that is none', { prefetch: 1.5 }, /^prefetch: /],
    ['a bound that is none', { waiting: { maxMs: -1 } }, /^waiting\.maxMs: /],
    ['a wait that outlasts what nodes say', { waiting: { maxMs: 90_001 } }, /^waiting\.maxMs: must be at most 90000/],
    ['a heart-beat that is none', { heartBeat: { sendMs: -1, receiveMs: 0 } }, /^heartBeat\.sendMs: /],
    ['a secret that is short', { cluster: { secret: 'short' } }, /^cluster\.secret: /],
    ['an address that is none', { cluster: { url: 'node:80' } }, /^cluster\.url: /],
  ]
  for (const [what, options, message] of wrong) {
    it(`refuse ${what}, by its name`, () => {
      expect(() => resolveRelaySettings({ hosts, ...options })).toThrow(message)
    })
  }

  it('never show a passcode in an error', () => {
    const act = () => resolveRelaySettings({ hosts: ['http://user:hidden@broker'] })
    expect(act).toThrow(expect.objectContaining({ message: expect.not.stringContaining('hidden') }))
  })
})
