import { describe, expect, it } from 'vitest'
import { createDestinationSyntax } from '../../destination/destination.js'
import { createSubscriptionIndex } from './subscription-index.js'

const syntax = createDestinationSyntax()
const of = (destination: string): readonly string[] => syntax.segments(destination) ?? []

function setUp() {
  const index = createSubscriptionIndex<string>()
  return {
    index,
    add: (destination: string, name: string) => index.add(destination, of(destination), name),
    remove: (destination: string, name: string) => index.remove(destination, of(destination), name),
    reached: (destination: string): string[] => {
      const names: string[] = []
      index.match(destination, of(destination), (name) => names.push(name))
      return names.sort()
    },
  }
}

describe('the subscription index', () => {
  it('reaches exact names and every pattern that means them', () => {
    const { add, reached } = setUp()
    for (const destination of ['/t/a', '/t/b', '/t/*', '/t/**', '/*/a', '/t/*/c', '/t/a/**', '/**', '/t']) {
      add(destination, destination)
    }
    expect(reached('/t/a')).toEqual(['/**', '/*/a', '/t/*', '/t/**', '/t/a', '/t/a/**'])
    expect(reached('/t/a/c')).toEqual(['/**', '/t/**', '/t/*/c', '/t/a/**'])
    expect(reached('/t')).toEqual(['/**', '/t', '/t/**'])
    expect(reached('/u/x')).toEqual(['/**'])
  })

  it('reaches nobody when it is empty', () => {
    expect(setUp().reached('/t/a')).toEqual([])
  })

  it('reaches several at one destination, and one with several destinations once for each', () => {
    const { add, reached } = setUp()
    add('/t/a', 'x')
    add('/t/a', 'y')
    add('/t/*', 'x')
    expect(reached('/t/a')).toEqual(['x', 'x', 'y'])
  })

  it('counts different destinations, and knows which it has', () => {
    const { index, add, remove } = setUp()
    add('/t/a', 'x')
    add('/t/a', 'y')
    add('/t/*', 'x')
    add('/t/*', 'y')
    expect(index.destinationCount).toBe(2)
    remove('/t/a', 'x')
    remove('/t/*', 'y')
    expect(index.destinationCount).toBe(2)
    expect([index.has('/t/a'), index.has('/t/*'), index.has('/t')]).toEqual([true, true, false])
    remove('/t/a', 'y')
    remove('/t/*', 'x')
    expect(index.destinationCount).toBe(0)
    expect([index.has('/t/a'), index.has('/t/*')]).toEqual([false, false])
  })

  it('takes repeated and needless calls without harm', () => {
    const { index, add, remove, reached } = setUp()
    for (const destination of ['/t/a', '/t/*']) {
      add(destination, 'x')
      add(destination, 'x')
      remove(destination, 'y')
      remove('/other/*', 'x')
    }
    expect(reached('/t/a')).toEqual(['x', 'x'])
    expect(index.destinationCount).toBe(2)
    for (const destination of ['/t/a', '/t/*']) {
      remove(destination, 'x')
      remove(destination, 'x')
    }
    expect(index.destinationCount).toBe(0)
  })

  it('leaves out what is removed while it is being matched', () => {
    const { index, add, remove } = setUp()
    const everywhere = ['/t/a', '/t/*', '/*/a', '/t/**']
    for (const destination of everywhere) for (const name of ['x', 'y']) add(destination, name)
    const visited: string[] = []
    index.match('/t/a', of('/t/a'), (name) => {
      visited.push(name)
      for (const destination of everywhere) remove(destination, name === 'x' ? 'y' : 'x')
    })
    expect(visited).toEqual(['x', 'x', 'x', 'x'])
  })
})
