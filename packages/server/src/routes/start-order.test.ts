import { describe, expect, it } from 'vitest'
import { createStartOrder } from './start-order.js'

/** Notes what has started. */
function noting() {
  const started: string[] = []
  return { started, run: (name: string) => () => void started.push(name) }
}

describe('the order of starts', () => {
  it('is that of the calls for each session, whatever is ready first', async () => {
    const order = createStartOrder()
    const { started, run } = noting()
    let go = (): void => {}
    const slow = new Promise<void>((resolve) => {
      go = resolve
    })
    const first = order.start('s', slow, run('first'))
    const others = [order.start('s', Promise.resolve(), run('second')), order.start('s', undefined, run('third'))]
    await order.start('other', undefined, run('other'))
    expect(started).toEqual(['other'])
    go()
    await Promise.all([first, ...others])
    expect(started).toEqual(['other', 'first', 'second', 'third'])
  })

  it('goes on behind what was refused and behind a handler that fails, which run rejects with', async () => {
    const order = createStartOrder()
    const { started, run } = noting()
    const refused = order.start('s', Promise.reject(new Error('refused')), run('never'))
    const failing = order.start('s', undefined, () => Promise.reject(new Error('failed')))
    const last = order.start('s', undefined, run('last'))
    await expect(refused).rejects.toThrow('refused')
    await expect(failing).rejects.toThrow('failed')
    await last
    expect(started).toEqual(['last'])
  })

  it('waits for the start of the one before, not for its end, and gives what was returned', async () => {
    const order = createStartOrder()
    const endless = order.start('s', Promise.resolve(), () => new Promise(() => {}))
    expect(await order.start('s', undefined, async () => 17)).toBe(17)
    expect(endless).toBeInstanceOf(Promise)
  })

  it('remembers a session only while one of its handlers waits', async () => {
    const order = createStartOrder()
    const started = order.start('s', Promise.resolve(), () => 1)
    expect(order.isWaiting('s')).toBe(true)
    expect(order.isWaiting('other')).toBe(false)
    await started
    expect(order.isWaiting('s')).toBe(false)
  })
})
