import { describe, expect, it } from 'vitest'
import { createWheel } from '../clock/wheel.js'
import { openTestCluster } from '../testing/test-cluster.js'
import { createIntroduction } from './introduction.js'

describe('the introduction of a node', () => {
  async function introduce(...ids: readonly string[]) {
    const { clock, a } = await openTestCluster(...ids)
    const wheel = createWheel(clock)
    const introduction = createIntroduction({
      nodes: a.cluster.nodes,
      after: (delayMs, run) => wheel.after(delayMs, run),
      greetingMs: 300,
    })
    return { clock, introduction }
  }

  it('gives others their time from the moment at which they can know that it is there, and not before', async () => {
    const { clock, introduction } = await introduce('a')
    expect(introduction.pending).toBeUndefined()
    let say = (): void => {}
    const said = new Promise<void>((resolve) => {
      say = resolve
    })
    let isOver = false
    introduction.begin(said).then(() => {
      isOver = true
    })
    await clock.pass(4_000)
    expect(introduction.pending).toBeDefined()
    say()
    await clock.pass(250)
    expect([introduction.pending === undefined, isOver]).toEqual([false, false])
    await clock.pass(100)
    expect([introduction.pending === undefined, isOver]).toEqual([true, true])
  })

  it('waits two seconds at most for one that is there and has told nothing of itself', async () => {
    const { clock, introduction } = await introduce('a', 'b')
    introduction.begin()
    await clock.pass(1_900)
    expect(introduction.pending).toBeDefined()
    await clock.pass(200)
    expect(introduction.pending).toBeUndefined()
  })

  it('is over when its node ends', async () => {
    const { clock, introduction } = await introduce('a')
    const begun = introduction.begin(new Promise(() => {}))
    introduction.end()
    await begun
    await clock.pass(3_000)
    expect(introduction.pending).toBeUndefined()
  })
})
