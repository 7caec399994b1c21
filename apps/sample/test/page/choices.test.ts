import { describe, expect, it } from 'vitest'
import { addressWith, chosenBy, TRANSPORTS } from '../../public/transport/choices.js'

describe('the transport that is chosen', () => {
  it('is the automatic one, until somebody chooses', () => {
    expect(chosenBy('', null).name).toBe('auto')
  })

  it.each(TRANSPORTS.map(({ name }) => name))('is what the address names: %s', (name) => {
    expect(chosenBy(`?transport=${name}`, 'poll').name).toBe(name)
  })

  it('is what the browser remembers where the address names none', () => {
    expect(chosenBy('?other=1', 'stream').name).toBe('stream')
  })

  it('is never one that does not exist', () => {
    expect(chosenBy('?transport=pigeon', 'poll').name).toBe('poll')
    expect(chosenBy('?transport=', 'pigeon').name).toBe('auto')
  })
})

describe('the address after a choice', () => {
  it('names the new transport where it named one before', () => {
    expect(addressWith('http://a/?x=1&transport=poll#tea', 'plain')).toBe('http://a/?x=1&transport=plain#tea')
  })

  it('stays as it was where it named none', () => {
    expect(addressWith('http://a/?x=1#tea', 'plain')).toBe('http://a/?x=1#tea')
  })
})
