import { describe, expect, it } from 'vitest'
import { createPresence } from './presence.js'
import type { PresenceHooks } from './presence-hooks.js'

type Lists = { [Name in keyof PresenceHooks]: PresenceHooks[Name][] }

/** All hooks, each noting its name and what tells the events apart. */
function setUp(more: Partial<Lists> = {}) {
  const told: string[] = []
  const failures: unknown[] = []
  const hooks: Lists = {
    onConnected: [({ sessionId, isFirst }) => void told.push(`${sessionId} connected${isFirst ? ', first' : ''}`)],
    onDisconnected: [({ sessionId, isLast }) => void told.push(`${sessionId} gone${isLast ? ', last' : ''}`)],
    onSubscribed: [({ sessionId, id }) => void told.push(`${sessionId} subscribed ${id}`)],
    onUnsubscribed: [({ sessionId, id }) => void told.push(`${sessionId} unsubscribed ${id}`)],
    ...more,
  }
  const presence = createPresence({
    hooks,
    failed: (error, hook, sessionId) => failures.push([error, hook, sessionId]),
  })
  const open = (sessionId: string, name?: string) => {
    const user = name === undefined ? undefined : { name }
    const opened = presence.open({ sessionId, user, transport: 'linked' })
    if (opened === undefined) throw new Error('there are hooks')
    return opened
  }
  return { presence, open, told, failures }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const at = (id: string) => ({ id, destination: '/topic/a' })

describe('createPresence', () => {
  it('opens nothing where there is no hook', () => {
    const { presence } = setUp({ onConnected: [], onDisconnected: [], onSubscribed: [], onUnsubscribed: [] })
    expect(presence.open({ sessionId: 's', user: undefined, transport: 'tcp' })).toBeUndefined()
  })

  it('tells later, in the order in which it happened', async () => {
    const { open, told } = setUp()
    const session = open('s')
    const [one, two] = [{}, {}]
    session.subscribed(one, at('1'))
    session.subscribed(two, at('2'))
    session.unsubscribed(one)
    session.gone(1000, '')
    expect(told).toEqual([])
    await turn()
    expect(told).toEqual([
      's connected',
      's subscribed 1',
      's subscribed 2',
      's unsubscribed 1',
      's unsubscribed 2',
      's gone',
    ])
  })

  it('tells of each end once: of what was told to have begun, and of nothing that begins behind it', async () => {
    const { open, told } = setUp()
    const session = open('s')
    const key = {}
    session.unsubscribed(key)
    session.subscribed(key, at('1'))
    session.left()
    session.subscribed({}, at('late'))
    session.unsubscribed(key)
    session.left()
    session.gone(1000, '')
    session.gone(1006, '')
    await turn()
    expect(told).toEqual(['s connected', 's subscribed 1', 's unsubscribed 1', 's gone'])
  })

  it('tells the first and the last session of a user, as a counter of what was told has it', async () => {
    const { open, told } = setUp()
    const [one, two, other, nobody] = [open('s1', 'ada'), open('s2', 'ada'), open('s3', 'bob'), open('s4')]
    one.gone(1000, '')
    two.left()
    // The old connection is not gone yet, so she was never away.
    const three = open('s5', 'ada')
    for (const each of [two, three, other, nobody]) each.gone(1000, '')
    open('s6', 'ada')
    await turn()
    expect(told).toEqual([
      's1 connected, first',
      's2 connected',
      's3 connected, first',
      's4 connected',
      's1 gone',
      's5 connected',
      's2 gone',
      's5 gone, last',
      's3 gone, last',
      's4 gone',
      's6 connected, first',
    ])
  })

  it('counts a user under the name of the beginning, whatever becomes of it', async () => {
    const { presence, told } = setUp()
    const user = { name: 'ada' }
    const session = presence.open({ sessionId: 's', user, transport: 'tcp' })
    user.name = 'bob'
    session?.gone(1000, '')
    await turn()
    expect(told).toEqual(['s connected, first', 's gone, last'])
  })

  it('goes on when a hook throws or rejects, and tells of it', async () => {
    const [thrown, rejected] = [new Error('thrown'), new Error('rejected')]
    const seen: string[] = []
    const { open, failures, told } = setUp({
      onConnected: [
        () => {
          throw thrown
        },
        () => Promise.reject(rejected),
        ({ transport }) => void seen.push(transport),
      ],
    })
    open('s').gone(1000, '')
    await turn()
    expect([seen, told]).toEqual([['linked'], ['s gone']])
    expect(failures).toEqual([
      [thrown, 'onConnected', 's'],
      [rejected, 'onConnected', 's'],
    ])
  })

  it('does not wait for the promise of a hook', async () => {
    const { open, told } = setUp({ onConnected: [() => new Promise(() => {})] })
    open('s').gone(1000, '')
    await turn()
    expect(told).toEqual(['s gone'])
  })
})
