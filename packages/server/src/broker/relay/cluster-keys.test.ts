import { describe, expect, it } from 'vitest'
import { createClusterKeys } from './cluster-keys.js'

const SHARED = { login: 'chat', passcode: 'p', virtualHost: '/' }

describe('the keys of a cluster', () => {
  it('are the same at all nodes with the same login, passcode and virtual host, and at no others', () => {
    const one = createClusterKeys(undefined, SHARED)
    const same = createClusterKeys(undefined, { ...SHARED })
    expect([one.key('seal'), one.word('all'), one.isAlone]).toEqual([same.key('seal'), same.word('all'), false])
    for (const other of [
      { login: 'shop' },
      { login: undefined },
      { passcode: 'q' },
      { virtualHost: '/staging' },
      { login: 'cha', virtualHost: 't/' },
    ]) {
      const keys = createClusterKeys(undefined, { ...SHARED, ...other })
      expect(keys.key('seal')).not.toEqual(one.key('seal'))
      expect(keys.word('all')).not.toBe(one.word('all'))
    }
  })

  it('are those of the secret where there is one, whatever the login is', () => {
    const [one, other] = [SHARED, { ...SHARED, login: 'shop', passcode: 'q', virtualHost: '/shop' }]
    const secret = 'a secret of the cluster'
    expect(createClusterKeys(secret, one).key('seal')).toEqual(createClusterKeys(secret, other).key('seal'))
    expect(createClusterKeys(secret, one).key('seal')).not.toEqual(createClusterKeys('another', one).key('seal'))
    expect(createClusterKeys(secret, { ...one, passcode: undefined }).isAlone).toBe(false)
  })

  it('are of one node alone where there is nothing secret', () => {
    const shared = { ...SHARED, passcode: undefined }
    const [one, other] = [createClusterKeys(undefined, shared), createClusterKeys(undefined, shared)]
    expect([one.isAlone, other.isAlone]).toEqual([true, true])
    expect(one.key('seal')).not.toEqual(other.key('seal'))
  })
})
