import { expect } from 'vitest'
import { type ServerCell, serverCell } from '../cells.js'
import { ODD_NAMES } from '../harness.js'
import { ALL, FROM_1_1, ONLY_1_0 } from '../requirement.js'
import { connect, connectFrame, handshake, nothingElse, receipt, refused, subscribe, told } from './conversation.js'

const connecting: readonly ServerCell[] = [
  serverCell(
    ['1.2/connect/accepted-with-connected', '1.2/connected/version'],
    'answers CONNECT with CONNECTED, which names the version of the session',
    async (t) => {
      const { connected } = await handshake(t)
      expect(connected.headers.get('version')).toBe(t.version)
      expect(connected.body).toHaveLength(0)
    },
  ),
  serverCell(
    ['1.2/stomp/same-as-connect', '1.1/stomp/same-as-connect'],
    'answers STOMP as it answers CONNECT',
    async (t) => {
      const client = await t.open()
      client.send({ ...connectFrame(t.version), command: 'STOMP' })
      const connected = await client.next()
      expect([connected.command, connected.headers.get('version')]).toEqual(['CONNECTED', t.version])
      await subscribe(client, '/topic/a')
    },
    FROM_1_1,
  ),
  serverCell(
    ['1.2/connect/connect-comes-first', 'ours/bad-input/first-frame-is-not-connect'],
    'refuses a SEND that comes before CONNECT, and publishes nothing',
    async (t) => {
      const subscriber = await connect(t)
      await subscribe(subscriber, '/topic/a')
      const client = await t.open()
      client.send({ command: 'SEND', headers: { destination: '/topic/a', receipt: 'r' }, body: 'too early' })
      const error = await refused(client)
      expect(error.headers.get('receipt-id')).toBe('r')
      await nothingElse(subscriber)
    },
  ),
  serverCell(
    'ours/bad-input/first-frame-is-not-connect',
    'refuses any other client frame that comes before CONNECT',
    async (t) => {
      for (const command of ['SUBSCRIBE', 'UNSUBSCRIBE', 'BEGIN', 'ACK', 'DISCONNECT'] as const) {
        const client = await t.open()
        client.send({ command, headers: { id: '1', destination: '/topic/a', transaction: 't', 'message-id': 'm' } })
        await refused(client)
      }
    },
  ),
  serverCell(
    ['1.2/connect/rejected-with-error', 'ours/connect/credentials-refused'],
    'says in an ERROR that credentials are refused, without repeating them, then closes',
    async (t) => {
      const client = await t.open()
      client.send(connectFrame(t.version, { login: 'alice-in-chains', passcode: 'wrong' }))
      const error = await refused(client)
      expect(error.text).toMatch(/\S/)
      expect(told(error)).not.toMatch(/alice-in-chains|passcode:/)
    },
  ),
  serverCell('1.2/connect/login-and-passcode', 'accepts a client that gives login and passcode', async (t) => {
    const { connected } = await handshake(t, { login: 'alice', passcode: 'correct' })
    expect(connected.headers.get('user-name')).toBe('alice')
  }),
  serverCell('ours/connect/host-and-login-are-optional', 'accepts CONNECT without host and login', async (t) => {
    const client = await t.open()
    client.send({ command: 'CONNECT', headers: t.version === '1.0' ? {} : { 'accept-version': t.version } })
    const connected = await client.next()
    expect([connected.command, connected.headers.get('version')]).toEqual(['CONNECTED', t.version])
    expect(connected.headers.has('user-name')).toBe(false)
  }),
  serverCell('1.2/connect/unknown-host', 'serves a client that names a host it does not know', async (t) => {
    const client = await connect(t, { host: 'nobody.knows.this.host' })
    await subscribe(client, '/topic/a')
  }),
  serverCell('E25', 'refuses a user name that would add a header to CONNECTED', async (t) => {
    const client = await t.open()
    client.send(connectFrame(t.version, { login: 'forger' }))
    const error = await refused(client)
    expect(error.headers.has('admin')).toBe(false)
  }),
  serverCell(
    'E25',
    'refuses a user name with spaces around it in 1.0, which cannot write it',
    async (t) => {
      const client = await t.open()
      client.send(connectFrame(t.version, { login: 'padder' }))
      await refused(client)
    },
    ONLY_1_0,
  ),
  serverCell(
    'E25',
    'writes a user name with spaces around it as it is',
    async (t) => {
      const { connected } = await handshake(t, { login: 'padder' })
      expect(connected.headers.get('user-name')).toBe(ODD_NAMES.padder)
    },
    FROM_1_1,
  ),
  serverCell('ours/connect/deadline', 'gives a client 10 s to CONNECT, then says so and closes', async (t) => {
    const client = await t.open()
    await t.advance(5_000)
    client.send('\n')
    await t.advance(4_900)
    expect(client.isClosed).toBe(false)
    await t.advance(200)
    await refused(client)
  }),
  serverCell('E5', 'refuses a second CONNECT', async (t) => {
    for (const command of ['CONNECT', 'STOMP'] as const) {
      const client = await connect(t)
      client.send({ ...connectFrame(t.version), command })
      const error = await refused(client)
      expect(error.headers.get('message')).toMatch(/connected/i)
    }
  }),
  serverCell('E5', 'skips line ends before the first CONNECT', async (t) => {
    const client = await t.open()
    client.send('\n\n', connectFrame(t.version))
    expect((await client.next()).command).toBe('CONNECTED')
  }),
]

const connected: readonly ServerCell[] = [
  serverCell(
    ['E1', '1.2/connected/heart-beat'],
    'sends version, heart-beat, user-name, server and session in this order',
    async (t) => {
      const { connected } = await handshake(t, { login: 'alice', 'heart-beat': '1000,2000' })
      expect([...connected.headers]).toEqual([
        ['version', t.version],
        ['heart-beat', '10000,10000'],
        ['user-name', 'alice'],
        ['server', expect.any(String)],
        ['session', expect.any(String)],
      ])
    },
    FROM_1_1,
  ),
  serverCell(
    'E1',
    'sends a 1.0 client no heart-beat header, since 1.0 knows none',
    async (t) => {
      const { connected } = await handshake(t, { login: 'alice' })
      expect([...connected.headers].map(([name]) => name)).toEqual(['version', 'user-name', 'server', 'session'])
    },
    ONLY_1_0,
  ),
  serverCell('E1', 'leaves user-name out of CONNECTED when there is no user', async (t) => {
    const { connected } = await handshake(t)
    expect(connected.headers.has('user-name')).toBe(false)
  }),
  serverCell(
    ['1.2/connected/session', '1.0/connected/session'],
    'gives each session an identifier of its own',
    async (t) => {
      const sessions = new Set<string | undefined>()
      for (let i = 0; i < 5; i++) sessions.add((await handshake(t)).connected.headers.get('session'))
      expect(sessions.size).toBe(5)
      expect(sessions).not.toContain(undefined)
      expect(sessions).not.toContain('')
    },
  ),
  serverCell(
    ['1.2/connected/server', '1.2/connected/server-has-a-name'],
    'names itself in the server header: a name, perhaps a version, perhaps comments',
    async (t) => {
      const { connected } = await handshake(t)
      expect(connected.headers.get('server')).toMatch(/^[^\s/]+(\/[^\s/]+)?( .+)?$/)
    },
    FROM_1_1,
  ),
]

const negotiation: readonly ServerCell[] = [
  serverCell(
    ['1.2/negotiation/highest-common', '1.2/negotiation/list-of-versions'],
    'takes the highest version of the list that it speaks, in whatever order it stands',
    async (t) => {
      for (const [list, version] of [
        ['1.0,1.1,2.0', '1.1'],
        ['2.0,1.1,1.0', '1.1'],
        ['1.0,1.1,1.2', '1.2'],
        ['1.2', '1.2'],
        ['1.0,9.9', '1.0'],
      ] as const) {
        const { connected } = await handshake(t, { 'accept-version': list }, { version })
        expect([list, connected.headers.get('version')]).toEqual([list, version])
      }
    },
    FROM_1_1,
  ),
  serverCell('E3', 'reads versions with spaces around them', async (t) => {
    const client = await t.open()
    client.send(`CONNECT\naccept-version: 0.9 , ${t.version} \nhost:h\n\n\0`)
    expect((await client.next()).headers.get('version')).toBe(t.version)
  }),
  serverCell(['1.2/negotiation/absent-means-1.0', 'E2'], 'speaks 1.0 where accept-version is missing', async (t) => {
    const { client, connected } = await handshake(t, {}, { version: '1.0' })
    expect(connected.headers.get('version')).toBe('1.0')
    client.send('SUBSCRIBE\ndestination: /topic/a\nreceipt: a\\cb \n\n\0')
    await receipt(client, 'a\\cb')
  }),
  serverCell(
    '1.2/negotiation/rest-of-the-session',
    'reads and writes escapes as the version agreed on has them, from the very next frame on',
    async (t) => {
      const client = await t.open({ version: '1.2' })
      const accept = `CONNECT\naccept-version:${t.version}\nhost:h\n\n\0`
      const value = t.version === '1.2' ? 'a\\cb\\r\\\\n' : 'a\\cb\\\\n'
      client.send(accept, `SUBSCRIBE\nid:1\ndestination:/topic/a\nreceipt:${value}\n\n\0`)
      expect((await client.next()).headers.get('version')).toBe(t.version)
      await receipt(client, t.version === '1.2' ? 'a:b\r\\n' : 'a:b\\n')
      expect(client.wire).toContain(`receipt-id:${value}\n`)
    },
    FROM_1_1,
  ),
  serverCell(
    ['1.2/negotiation/none-in-common', '1.1/negotiation/none-in-common', 'E2'],
    'answers a list without a known version with ERROR that lists its own, then closes',
    async (t) => {
      for (const list of ['2.0', '0.9,3.1', '', 'one']) {
        const client = await t.open()
        client.send({ command: 'CONNECT', headers: { 'accept-version': list, host: 'h' } })
        const error = await refused(client)
        expect(error.headers.get('version')?.split(',').toSorted()).toEqual(['1.0', '1.1', '1.2'])
        expect(error.headers.get('content-type')).toMatch(/^text\/plain/)
        expect(error.text).toContain('1.2')
      }
    },
  ),
]

const subProtocols: readonly ServerCell[] = [
  serverCell(
    'ours/sub-protocol/agreed',
    'agrees to the STOMP sub-protocol that a client offers, and serves a client that offers none',
    async (t) => {
      const protocol = `v${t.version.replace('.', '')}.stomp`
      const agreed = await handshake(t, {}, { protocols: [protocol] })
      expect(agreed.client.protocol).toBe(protocol)
      const { client } = await handshake(t)
      expect(client.protocol).toBeUndefined()
    },
    ALL,
    ['websocket'],
  ),
  serverCell(
    'ours/sub-protocol/unknown',
    'passes over a sub-protocol that it does not know',
    async (t) => {
      const { client } = await handshake(t, {}, { protocols: ['mqtt', 'v99.stomp', 'v12.stomp'] })
      expect(client.protocol).toBe('v12.stomp')
    },
    ALL,
    ['websocket'],
  ),
]

/** From the first octet to CONNECTED. */
export const connectionCells: readonly ServerCell[] = [...connecting, ...connected, ...negotiation, ...subProtocols]
