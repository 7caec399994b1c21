import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createConnectionLocks } from './connection-locks.js'
import { globalSurroundings } from './global-surroundings.js'
import { watchPage } from './page-watch.js'
import { createRungMemory } from './rung-memory.js'
import { createTasks } from './tasks.js'

describe('the watch of a page', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  class Target extends EventTarget {
    visibilityState = 'visible'
    count = 0
    override addEventListener(...parts: Parameters<EventTarget['addEventListener']>): void {
      this.count++
      super.addEventListener(...parts)
    }
    override removeEventListener(...parts: Parameters<EventTarget['removeEventListener']>): void {
      this.count--
      super.removeEventListener(...parts)
    }
  }
  const setUp = () => {
    const told: string[] = []
    const document = new Target()
    const page = Object.assign(new Target(), { document })
    const stop = watchPage((sign) => told.push(sign), page)
    const dispatch = (target: EventTarget, type: string, members = {}) =>
      target.dispatchEvent(Object.assign(new Event(type), members))
    return { told, document, page, stop, dispatch }
  }

  it('tells signs', () => {
    const { told, document, page, dispatch } = setUp()
    dispatch(page, 'online')
    dispatch(page, 'offline')
    for (const persisted of [true, false]) {
      dispatch(page, 'pageshow', { persisted })
      dispatch(page, 'pagehide', { persisted })
    }
    dispatch(document, 'visibilitychange')
    document.visibilityState = 'hidden'
    dispatch(document, 'visibilitychange')
    expect(told).toEqual(['online', 'offline', 'restored', 'left', 'visible'])
  })

  it('tells a suspension by a tick that comes too late, but not the slow timers of a hidden page', () => {
    const { told, document } = setUp()
    vi.advanceTimersByTime(60_000)
    expect(told).toEqual([])
    vi.setSystemTime(Date.now() + 30_000)
    vi.advanceTimersByTime(5_000)
    expect(told).toEqual(['suspended'])
    document.visibilityState = 'hidden'
    vi.setSystemTime(Date.now() + 60_000)
    vi.advanceTimersByTime(5_000)
    expect(told).toEqual(['suspended'])
    vi.setSystemTime(Date.now() + 80_000)
    vi.advanceTimersByTime(5_000)
    expect(told).toEqual(['suspended', 'suspended'])
  })

  it('leaves nothing behind, and lives where there are no events', () => {
    const { document, page, stop } = setUp()
    expect([page.count, document.count]).toEqual([4, 1])
    stop()
    expect([page.count, document.count, vi.getTimerCount()]).toEqual([0, 0, 0])
    watchPage(() => {}, {})()
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('the locks of connections', () => {
  const createManager = () => {
    const held = new Set<string>()
    return {
      held,
      async request(name: string, _: unknown, run: (lock: unknown) => Promise<void> | undefined) {
        if (held.has(name)) return run(null)
        held.add(name)
        await run({ name })
        held.delete(name)
        return undefined
      },
    }
  }

  it('give four seats to an origin, and take them back', async () => {
    const manager = createManager()
    const locks = createConnectionLocks(manager, undefined)
    const seats = await Promise.all([1, 2, 3, 4].map(() => locks.take('https://h/a')))
    expect(seats.every(Boolean)).toBe(true)
    expect(await locks.take('https://h/b')).toBeUndefined()
    expect(await locks.take('https://other/a')).toBeDefined()
    seats[2]?.()
    await new Promise((resolve) => setImmediate(resolve))
    expect(await locks.take('https://h/b')).toBeDefined()
    expect([...manager.held].sort()[0]).toBe('hoofbeat-https://h-1')
  })

  it('need no seat where requests are known to share a connection', async () => {
    const manager = createManager()
    for (const [nextHopProtocol, held] of [
      ['h2', 0],
      ['h3', 0],
      ['http/1.1', 1],
      ['', 2],
    ] as const) {
      const timing = {
        getEntriesByType: () => [
          { name: 'https://h/a/open', nextHopProtocol },
          { name: 'https://x/', nextHopProtocol: 'h2' },
        ],
      }
      expect(await createConnectionLocks(manager, timing).take('https://h/a')).toBeDefined()
      expect(manager.held.size).toBe(held)
    }
  })
})

it('remembers a rung for ten minutes, and lives without storage', () => {
  const kept = new Map<string, string>()
  let now = 1_000
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  }
  const memory = createRungMemory(
    () => storage,
    () => now,
  )
  expect(memory.get('u')).toBeUndefined()
  memory.set('u', 'poll')
  expect([...kept.values()]).toEqual(['poll 601000'])
  now += 599_999
  expect(memory.get('u')).toBe('poll')
  now += 1
  expect(memory.get('u')).toBeUndefined()
  const broken = () => {
    throw new Error('forbidden')
  }
  for (const storage of [broken, () => ({ getItem: broken, setItem: broken })]) {
    const without = createRungMemory(storage, () => now)
    without.set('u', 'poll')
    expect(without.get('u')).toBeUndefined()
  }
})

it('runs tasks in order, each in a turn of its own', async () => {
  const soon = createTasks()
  const told: string[] = []
  await new Promise<void>((resolve) => {
    for (const name of ['a', 'b']) {
      soon(() => {
        told.push(name)
        queueMicrotask(() => told.push(`after ${name}`))
        if (name === 'a') soon(() => told.push('c'))
      })
    }
    soon(() => soon(resolve))
  })
  expect(told).toEqual(['a', 'after a', 'b', 'after b', 'c'])
})

it('finds what Node has', () => {
  const surroundings = globalSurroundings({})
  expect(surroundings.fetch).toBeTypeOf('function')
  expect(surroundings.canStream).toBe(true)
  expect(surroundings.locks).toBeUndefined()
})
