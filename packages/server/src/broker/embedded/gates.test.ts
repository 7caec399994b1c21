import { describe, expect, it } from 'vitest'
import { createGates } from './gates.js'

/** Gates whose later turns are run by hand, and a log of what happens. */
function open() {
  const log: string[] = []
  let later: (() => void)[] = []
  const gates = createGates((run) => later.push(run))
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 20; i++) await Promise.resolve()
  }
  return {
    gates,
    log,
    effect: (name: string) => ({ apply: () => log.push(`apply ${name}`), undo: () => log.push(`undo ${name}`) }),
    /** Lets promises settle, then the next turn come. */
    async turn() {
      await settle()
      const due = later
      later = []
      for (const run of due) run()
      await settle()
    },
    settle,
  }
}

function pend() {
  let resolve: () => void = () => {}
  let reject: (error: Error) => void = () => {}
  const promise = new Promise<void>((...both) => {
    ;[resolve, reject] = both
  })
  return { promise, resolve, reject }
}

describe('gates', () => {
  it('let through at once what waits for nothing', () => {
    const { gates, log, effect } = open()
    expect(gates.pass(['a'], undefined, effect('1'))).toBeUndefined()
    expect(log).toEqual(['apply 1'])
  })

  it('tell first, and apply in a later turn', async () => {
    const { gates, log, effect, turn, settle } = open()
    const { promise, resolve } = pend()
    gates.pass(['a'], promise, effect('1'))?.then(() => log.push('settled 1'))
    await turn()
    expect(log).toEqual([])
    resolve()
    await settle()
    expect(log).toEqual(['settled 1'])
    await turn()
    expect(log).toEqual(['settled 1', 'apply 1'])
  })

  it('hold up what comes later for the same destination, and nothing else', async () => {
    const { gates, log, effect, turn } = open()
    const { promise, resolve } = pend()
    gates.pass(['a', 'b'], promise, effect('1'))
    gates.pass(['b', 'c'], undefined, effect('2'))?.then(() => log.push('settled 2'))
    expect(gates.pass(['d'], undefined, effect('3'))).toBeUndefined()
    gates.pass(['c'], undefined, effect('4'))
    expect(log).toEqual(['apply 3'])
    resolve()
    await turn()
    await turn()
    expect(log).toEqual(['apply 3', 'settled 2', 'apply 1', 'apply 2', 'apply 4'])
    expect(gates.pass(['c'], undefined, effect('5'))).toBeUndefined()
  })

  it('keep the order between one that is settled and not yet applied, and the next', async () => {
    const { gates, log, effect, turn, settle } = open()
    const { promise, resolve } = pend()
    gates.pass(['a'], promise, effect('1'))
    resolve()
    await settle()
    expect(gates.pass(['a'], undefined, effect('2'))).toBeInstanceOf(Promise)
    await turn()
    await turn()
    expect(log).toEqual(['apply 1', 'apply 2'])
  })

  it('undo what is refused, and let the next one through', async () => {
    const { gates, log, effect, turn } = open()
    const { promise, reject } = pend()
    const refused = gates.pass(['a'], promise, effect('1'))
    gates.pass(['a'], undefined, effect('2'))
    reject(new Error('full'))
    await expect(refused).rejects.toThrow('full')
    await turn()
    expect(log).toEqual(['undo 1', 'apply 2'])
  })

  it('hear a refusal that comes before its turn', async () => {
    const { gates, log, effect, turn } = open()
    const [first, second] = [pend(), pend()]
    gates.pass(['a'], first.promise, effect('1'))
    const refused = gates.pass(['a'], second.promise, effect('2'))
    second.reject(new Error('full'))
    // Time enough for the process to complain of a rejection that nobody has heard.
    await new Promise((resolve) => setImmediate(resolve))
    first.resolve()
    await turn()
    await expect(refused).rejects.toThrow('full')
    expect(log.sort()).toEqual(['apply 1', 'undo 2'])
  })

  it('are quiet when all that waited has had its effect', async () => {
    const { gates, log, effect } = open()
    const { promise, resolve } = pend()
    gates.pass(['a'], promise, effect('1'))
    gates.pass(['a'], undefined, effect('2'))
    const quiet = gates.quiet().then(() => log.push('quiet'))
    resolve()
    await quiet
    expect(log).toEqual(['apply 1', 'apply 2', 'quiet'])
  })
})
