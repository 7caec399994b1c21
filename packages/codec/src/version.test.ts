import { describe, expect, it } from 'vitest'
import { negotiateVersion, VERSIONS, type Version } from './version.js'

describe('negotiateVersion', () => {
  const rows: [string | undefined, readonly Version[] | undefined, Version | undefined][] = [
    [undefined, undefined, '1.0'],
    [undefined, ['1.1', '1.2'], undefined],
    ['1.0,1.1,2.0', undefined, '1.1'],
    ['1.2', undefined, '1.2'],
    ['1.0,1.1,1.2', undefined, '1.2'],
    ['1.2,1.0,1.1', undefined, '1.2'],
    [' 1.1 ,\t1.2', undefined, '1.2'],
    ['1.0,1.1,1.2', ['1.1', '1.0'], '1.1'],
    ['2.0', undefined, undefined],
    ['', undefined, undefined],
    [',,', undefined, undefined],
    ['11.1', undefined, undefined],
    ['1.2', [], undefined],
  ]
  it.each(rows)('of %j with %j is %j', (accepted, supported, expected) => {
    expect(negotiateVersion(accepted, supported)).toBe(expected)
  })

  it('has its versions in ascending order, for good', () => {
    expect(VERSIONS).toEqual(['1.0', '1.1', '1.2'])
    expect(Object.isFrozen(VERSIONS)).toBe(true)
  })
})
