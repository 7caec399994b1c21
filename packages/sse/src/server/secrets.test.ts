import { describe, expect, it } from 'vitest'
import { digestOf, isKeyOf, newKey, newLinkId, newOwnerAlias } from './secrets.js'

describe('secrets of a link', () => {
  it('have 256 random bits in 43 characters fit for JSON', () => {
    expect(newKey()).toMatch(/^[\w-]{43}$/)
    expect(newKey()).not.toBe(newKey())
  })

  it('stand behind an id that names the owner and has 128 random bits', () => {
    expect(newLinkId('here')).toMatch(/^here~[\w-]{22}$/)
    expect(newLinkId('here')).not.toBe(newLinkId('here'))
    expect(newOwnerAlias()).toMatch(/^[\w-]{12}$/)
    expect(newOwnerAlias()).not.toBe(newOwnerAlias())
  })

  it('are kept as a digest that only the key itself fits', () => {
    const key = newKey()
    const digest = digestOf(key)
    expect(digest).toHaveLength(32)
    expect(digest).not.toContain(key.slice(0, 8))
    expect(isKeyOf(key, digest)).toBe(true)
    expect(isKeyOf(`${key}x`, digest)).toBe(false)
    expect(isKeyOf(newKey(), digest)).toBe(false)
    expect(isKeyOf('', digest)).toBe(false)
  })
})
