import { expect, it } from 'vitest'
import { readSettings } from '../src/settings.js'

it('has defaults for everything, also where a variable is empty', () => {
  const defaults = { port: 3000, host: '127.0.0.1', maxBodyBytes: undefined }
  expect(readSettings({})).toEqual(defaults)
  expect(readSettings({ PORT: '', HOST: '', MAX_BODY_BYTES: '' })).toEqual(defaults)
})

it('reads what is set', () => {
  expect(readSettings({ PORT: '0', HOST: '::1', MAX_BODY_BYTES: '1000' })).toEqual({
    port: 0,
    host: '::1',
    maxBodyBytes: 1000,
  })
})

it.each(['abc', '-1', '1.5', '65536', '0x10', ' 80', '1e3'])('refuses PORT=%s in words for people', (PORT) => {
  expect(() => readSettings({ PORT })).toThrow(`PORT must be a whole number from 0 to 65535, not '${PORT}'.`)
})

it.each(['0', '-1', 'much'])('refuses MAX_BODY_BYTES=%s', (MAX_BODY_BYTES) => {
  expect(() => readSettings({ MAX_BODY_BYTES })).toThrow(/^MAX_BODY_BYTES must be a whole number from 1 to /)
})
