import { expect, it } from 'vitest'
import { readSettings } from '../src/settings.js'

it('has defaults for everything, also where a variable is empty', () => {
  const absent = { dataDirectory: undefined, adminToken: undefined, pushToken: undefined, maxBodyBytes: undefined }
  const defaults = { port: 3000, host: '127.0.0.1', stompTcpPort: 61_613, ...absent, relay: undefined }
  expect(readSettings({})).toEqual(defaults)
  const names = ['PORT', 'HOST', 'STOMP_TCP_PORT', 'DATA_DIR', 'ADMIN_TOKEN', 'PUSH_TOKEN', 'MAX_BODY_BYTES']
  names.push('BROKER_URL', 'NODE_URL', 'CLUSTER_SECRET')
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
    relay: undefined,
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

it('reads the addresses of a broker elsewhere', () => {
  const read = (BROKER_URL: string) => readSettings({ BROKER_URL }).relay
  expect(read('stomp://app:secret@localhost:61613')).toEqual({
    hosts: ['stomp://app:secret@localhost:61613'],
    cluster: {},
  })
  expect(read('stomp+ssl://a,stomp+ssl://[::1]:3')).toMatchObject({ hosts: ['stomp+ssl://a', 'stomp+ssl://[::1]:3'] })
})

it.each([
  'broker:61613',
  'http://broker',
  'stomp://',
  'stomp://u:secret@',
  'stomp://u:secret@a,',
  'stomp://u:secret@a:65536',
  'stomp://u:secret@a:1,b:2',
  'stomp://u:secret@a/shop',
])('refuses BROKER_URL=%s, and does not repeat what may be a password', (BROKER_URL) => {
  expect(() => readSettings({ BROKER_URL })).toThrow(/^BROKER_URL must be like stomp:(?!.*secret)/)
})

it('reads what several nodes need', () => {
  const environment = {
    BROKER_URL: 'stomp://b',
    NODE_URL: 'http://10.0.0.1:3000',
    CLUSTER_SECRET: 'known to all nodes',
  }
  const cluster = { url: 'http://10.0.0.1:3000', secret: 'known to all nodes' }
  expect(readSettings(environment).relay).toEqual({ hosts: ['stomp://b'], cluster })
})

it('refuses a secret that can be guessed', () => {
  expect(() => readSettings({ BROKER_URL: 'stomp://b', CLUSTER_SECRET: 'short' })).toThrow(/^CLUSTER_SECRET must have/)
})

it.each(['10.0.0.1:3000', 'ftp://10.0.0.1'])('refuses NODE_URL=%s', (NODE_URL) => {
  expect(() => readSettings({ BROKER_URL: 'stomp://b', NODE_URL })).toThrow(/^NODE_URL must be like http:/)
})

it.each([{ NODE_URL: 'http://a' }, { CLUSTER_SECRET: 'x' }])('refuses %j without a broker', (environment) => {
  expect(() => readSettings(environment)).toThrow(/set BROKER_URL, too, or neither/)
})

it('refuses a store beside a broker elsewhere, which would keep nothing', () => {
  expect(() => readSettings({ BROKER_URL: 'stomp://b', DATA_DIR: 'data' })).toThrow(/^DATA_DIR and BROKER_URL are both/)
})
