import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { settled } from './testing/fake-link-clock.js'
import { LinkHouse } from './testing/link-house.js'

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

/** Objects that may be collected, by what they are. */
class Watched {
  readonly #refs: [string, WeakRef<object>][] = []

  add<T extends object>(name: string, watched: T): T {
    this.#refs.push([name, new WeakRef(watched)])
    return watched
  }

  /** How many are left of each, behind a collection. */
  async left(): Promise<Record<string, number>> {
    // What was made or looked at in this turn is kept to its end.
    await settled()
    collect()
    const left: Record<string, number> = {}
    for (const [name, ref] of this.#refs) if (ref.deref() !== undefined) left[name] = (left[name] ?? 0) + 1
    return left
  }
}

const TIMES = 50
/** Longer than the rates of one link hold anything back. */
const APART_MS = 100

describe('what a table of links keeps', () => {
  it('is the present attach of a link, and nothing of those before it, whatever carried them', async () => {
    const house = new LinkHouse()
    const watched = new Watched()
    const keys = await house.open()
    let attach = 0
    const again = async (): Promise<void> => {
      const stream = await house.down(keys, { attach: ++attach })
      watched.add('stream', watched.add('exchange', stream).opened ?? {})
      await house.clock.advance(APART_MS)
      watched.add('exchange', await house.down(keys, { attach: ++attach, hold: 10_000 }))
      await house.clock.advance(APART_MS)
      const socket = watched.add('socket', house.socket())
      socket.say('a', { v: 1, link: keys.link, key: keys.key, attach: ++attach, ack: 0 })
      await house.clock.advance(APART_MS)
    }
    await again()
    const { waiting } = house.clock
    for (let i = 0; i < TIMES; i++) await again()
    expect(house.links.counts).toMatchObject({ websocket: 1, stream: 0, poll: 0, detached: 0 })
    expect(house.clock.waiting).toBe(waiting)
    expect(await watched.left()).toEqual({ socket: 1 })
  })

  it('is nothing of links that were opened and left alone', async () => {
    const house = new LinkHouse()
    const watched = new Watched()
    for (let i = 0; i < TIMES; i++) {
      await house.open()
      watched.add('socket', house.socket())
      await house.clock.advance(APART_MS)
    }
    await house.clock.advance(35_000)
    expect(house.links.counts).toMatchObject({ websocket: 0, stream: 0, poll: 0, detached: 0 })
    expect(house.clock.waiting).toBe(0)
    expect(await watched.left()).toEqual({})
  })

  it('is nothing of links that have ended, once their verdict is forgotten', async () => {
    const house = new LinkHouse()
    const watched = new Watched()
    const close = { code: 1000, reason: '' }
    // A function of its own, since the last of its variables would be kept to the end of the test.
    const lives = async (): Promise<void> => {
      const keys = await house.open()
      watched.add('exchange', await house.down(keys, {}))
      watched.add('exchange', await house.up(keys, { items: ['a'], close }))
      const socket = watched.add('socket', house.takenSocket())
      await house.clock.advance(APART_MS)
      socket.say('c', close)
      expect(house.seen).toHaveLength(2)
      for (const { link } of house.seen.splice(0)) watched.add('link', link)
    }
    for (let i = 0; i < TIMES; i++) await lives()
    await house.clock.advance(200_000)
    expect(house.clock.waiting).toBe(0)
    expect(await watched.left()).toEqual({})
  })
})
