import { expect } from 'vitest'
import { type ServerCell, serverCell } from '../cells.js'
import { LOCKED, SECRET } from '../harness.js'
import { FROM_1_1 } from '../requirement.js'
import { connect, connectFrame, message, nothingElse, receipt, refused, send, subscribe, told } from './conversation.js'

const shape: readonly ServerCell[] = [
  serverCell(
    [
      '1.2/error/sent-when-something-is-wrong',
      '1.2/error/then-close',
      '1.2/error/message-header',
      '1.2/error/body',
      '1.2/error/identifies-the-frame',
      '1.2/error/content-length',
      '1.0/error/content-length',
      '1.2/error/content-type',
      '1.2/content-type/is-a-mime-type',
      '1.1/content-type/is-a-mime-type',
      'E6',
    ],
    'says what is wrong, for which receipt, and what to do about it, then closes with 1002',
    async (t) => {
      const client = await connect(t)
      client.send({ command: 'SEND', headers: { destination: '/nowhere', receipt: 'mine' }, body: 'x' })
      const error = await refused(client)
      expect(error.headers.get('message')).toMatch(/\w+ \w+/)
      expect(error.headers.get('receipt-id')).toBe('mine')
      expect(error.text).toMatch(/\w+ \w+/)
      expect(error.headers.get('content-length')).toBe(String(error.body.length))
      expect(error.headers.get('content-type')).toMatch(/^text\/plain(;|$)/)
      expect(told(error)).not.toMatch(/\bat \S+ \(|node_modules|\.[jt]s:\d/)
    },
  ),
  serverCell('E6', 'leaves receipt-id out of an ERROR when no receipt was asked for', async (t) => {
    const client = await connect(t)
    client.send({ command: 'SEND', headers: { destination: '/nowhere' }, body: 'x' })
    expect((await refused(client)).headers.has('receipt-id')).toBe(false)
  }),
  serverCell(
    '1.2/error/identifies-the-frame',
    'names the receipt of a frame that is malformed behind it',
    async (t) => {
      const client = await connect(t)
      client.send('SEND\nreceipt:mine\ndestination:/topic/a\nbad:\\q\n\nx\0')
      expect((await refused(client)).headers.get('receipt-id')).toBe('mine')
    },
    FROM_1_1,
  ),
  serverCell('ours/bad-input/only-its-sender-is-hurt', 'lets no other session notice', async (t) => {
    const other = await connect(t)
    await subscribe(other, '/topic/a')
    for (const bad of ['rubbish\n\n\0', 'SEND\n\n\0', 'SUBSCRIBE\nid:1\ndestination:nowhere\n\n\0']) {
      const client = await connect(t)
      await subscribe(client, '/topic/a')
      client.send(bad)
      await refused(client)
    }
    await send(await connect(t), '/topic/a', 'still here')
    expect((await message(other)).text).toBe('still here')
    await nothingElse(other)
  }),
]

const refusals: readonly ServerCell[] = [
  serverCell(['1.2/send/destination-required', 'E14'], 'refuses SEND without destination', async (t) => {
    const client = await connect(t)
    client.send({ command: 'SEND', headers: { receipt: 'r' }, body: 'x' })
    const error = await refused(client)
    expect(error.headers.get('message')).toContain('destination')
    expect(error.headers.get('receipt-id')).toBe('r')
  }),
  serverCell(
    ['1.2/send/failure-is-an-error', 'E16'],
    'refuses a SEND to a destination that nothing serves, or that is not open to clients',
    async (t) => {
      for (const destination of ['/nowhere', '/elsewhere', '/app/no-such-route', '/queue/closed/a', 'no slash']) {
        const client = await connect(t)
        client.send({ command: 'SEND', headers: { destination, receipt: 'r' }, body: 'x' })
        expect((await refused(client)).headers.get('receipt-id')).toBe('r')
      }
    },
  ),
  serverCell(
    ['E7', 'E33', '1.2/send/failure-is-an-error', '1.2/subscribe/failure-is-an-error'],
    'tells a client why a hook refused its SEND or SUBSCRIBE, with the receipt-id',
    async (t) => {
      for (const command of ['SEND', 'SUBSCRIBE'] as const) {
        const client = await connect(t)
        client.send({ command, headers: { id: '1', destination: '/topic/locked', receipt: 'r' } })
        const error = await refused(client)
        expect(error.headers.get('message')).toBe(LOCKED)
        expect(error.headers.get('receipt-id')).toBe('r')
      }
    },
  ),
  serverCell('E33', 'answers a CONNECT that the hook refuses', async (t) => {
    const client = await t.open()
    client.send(connectFrame(t.version, { login: 'eve', passcode: 'wrong' }))
    await refused(client)
  }),
  serverCell('E34', 'answers a refusal in its turn, and acts on nothing behind it', async (t) => {
    const subscriber = await connect(t)
    await subscribe(subscriber, '/topic/a')
    const client = await connect(t)
    client.send(
      { command: 'SEND', headers: { destination: '/topic/a', receipt: '1' }, body: 'before' },
      { command: 'SEND', headers: { destination: '/topic/locked', receipt: '2' }, body: 'refused' },
      { command: 'SEND', headers: { destination: '/topic/a', receipt: '3' }, body: 'after' },
    )
    await receipt(client, '1')
    expect((await refused(client)).headers.get('receipt-id')).toBe('2')
    expect((await message(subscriber)).text).toBe('before')
    await nothingElse(subscriber)
  }),
  serverCell(
    ['ours/route/failure', '1.2/send/failure-is-an-error'],
    'answers for a handler that throws, and tells nothing of what it threw',
    async (t) => {
      const client = await connect(t)
      client.send({ command: 'SEND', headers: { destination: '/app/broken', receipt: 'r' }, body: '{}' })
      const error = await refused(client)
      expect(error.headers.get('receipt-id')).toBe('r')
      for (const word of SECRET.split(/\W+/)) expect(told(error)).not.toContain(word)
    },
  ),
]

/** ERROR: its shape, and what is refused with it. */
export const errorCells: readonly ServerCell[] = [...shape, ...refusals]
