import { expect, it } from 'vitest'
import { readSettings } from '../src/settings.js'

it('has defaults for everything, also where a variable is empty', () => {
  const absent = { dataDirectory: undefined, adminToken: undefined, pushToken: undefined, maxBodyBytes: undefined }
  const defaults = { port: 3000, host: '127.0.0.1', stompTcpPort: 61_613, ...absent }
  expect(readSettings({})).toEqual(defaults)
  const names = ['PORT', 'HOST', 'STOMP_TCP_PORT', 'DATA_DIR', 'ADMIN_TOKEN', 'PUSH_TOKEN', 'MAX_BODY_BYTES']
  expect(readSettings(Object.fromEntries(names.map((name) => [name, ''])))).toEqual(defaults)
})

it('reads what is set', () => {
  const tcp = { STOMP_TCP_PORT: '61614', DATA_DIR: 'data', ADMIN_TOKEN: 'secret', PUSH_TOKEN: 'other' }
  expect(readSettings({ PORT: '0', HOST: '::1', ...tcp, MAX_BODY_BYTES: '1000' })).toEqual({
    port: 0,
    host: '::1',
    stompTcpPort: 61_614,
    dataDirectory: 'data',
    adminToken: 'secret',
    pushToken: 'other',
    maxBodyBytes: 1000,
  })
})

it.each(['abc', '-1', '1.5', '65536', '0x10', ' 80', '1e3'])('refuses PORT=%s in words for people', (PORT) => {
  expect(() => readSettings({ PORT })).toThrow(`PORT must be a whole number from 0 to 65535, not '${PORT}'.`)
})

it('takes STOMP_TCP_PORT=0 as no port', () => {
  expect(readSettings({ PORT: '0', STOMP_TCP_PORT: '0' }).stompTcpPort).toBeUndefined()
})

it.each(['abc', '-1', '65536'])('refuses STOMP_TCP_PORT=%s', (STOMP_TCP_PORT) => {
  expect(() => readSettings({ STOMP_TCP_PORT })).toThrow(/^STOMP_TCP_PORT must be a whole number from 0 to 65535/)
})

it.each([{ PORT: '61613' }, { STOMP_TCP_PORT: '3000' }, { PORT: '80', STOMP_TCP_PORT: '80' }])(
  'refuses one port for both: %j',
  (environment) => {
    expect(() => readSettings(environment)).toThrow(/^PORT and STOMP_TCP_PORT are both \d+: /)
  },
)

it.each(['0', '-1', 'much'])('refuses MAX_BODY_BYTES=%s', (MAX_BODY_BYTES) => {
  expect(() => readSettings({ MAX_BODY_BYTES })).toThrow(/^MAX_BODY_BYTES must be a whole number from 1 to /)
})
