import { expect } from 'vitest'
import { type ServerCell, serverCell } from '../cells.js'
import { FROM_1_1, ONLY_1_0, ONLY_1_1, ONLY_1_2 } from '../requirement.js'
import { connect, message, nothingElse, receipt, refused, send, subscribe } from './conversation.js'

const malformed: readonly ServerCell[] = [
  serverCell(
    ['1.2/client-frames/unknown-command', 'ours/bad-input/unknown-command'],
    'refuses a command that is not of the protocol',
    async (t) => {
      for (const command of ['PUBLISH', 'GET / HTTP/1.1', 'SENDER', ' SEND', 'SEND ']) {
        const client = await connect(t)
        client.send(`${command}\ndestination:/topic/a\n\nx\0`)
        await refused(client)
      }
    },
  ),
  serverCell(
    '1.2/frame/case-sensitive',
    'takes neither a command nor a header name in another case',
    async (t) => {
      for (const bad of ['send\ndestination:/topic/a\n\nx\0', 'SEND\nDestination:/topic/a\n\nx\0']) {
        const client = await connect(t)
        client.send(bad)
        await refused(client)
      }
    },
    FROM_1_1,
  ),
  serverCell('E12', 'refuses the frames of a server when a client sends them, and delivers nothing', async (t) => {
    const subscriber = await connect(t)
    await subscribe(subscriber, '/topic/a')
    for (const command of ['MESSAGE', 'CONNECTED', 'RECEIPT', 'ERROR']) {
      const client = await connect(t)
      client.send(`${command}\ndestination:/topic/a\nmessage-id:1\nsubscription:sub-1\nreceipt-id:1\n\n\0`)
      await refused(client)
    }
    await nothingElse(subscriber)
  }),
  serverCell(
    '1.2/body/others-must-not',
    'refuses a body where none may be',
    async (t) => {
      for (const body of ['\nwhat is this?', 'content-length:5\n\nwhat?']) {
        const client = await connect(t)
        client.send(`SUBSCRIBE\nid:1\ndestination:/topic/a\n${body}\0`)
        await refused(client)
      }
    },
    FROM_1_1,
  ),
  serverCell(
    '1.2/escape/undefined-is-fatal',
    'refuses an escape sequence that is not defined',
    async (t) => {
      for (const bad of ['\\t', '\\', '\\C', '\\0', 'a\\:b']) {
        const client = await connect(t)
        client.send(`SEND\ndestination:/topic/a\nfoo:${bad}\n\nx\0`)
        await refused(client)
      }
    },
    FROM_1_1,
  ),
  serverCell(
    '1.1/escape/cr-is-undefined',
    'refuses the escape sequence for a carriage return in 1.1',
    async (t) => {
      const client = await connect(t)
      client.send('SEND\ndestination:/topic/a\nfoo:a\\rb\n\nx\0')
      await refused(client)
    },
    ONLY_1_1,
  ),
  serverCell(
    ['1.2/bnf/header-has-colon', 'ours/bad-input/header-without-colon'],
    'refuses a header line without a colon',
    async (t) => {
      const client = await connect(t)
      client.send('SEND\ndestination:/topic/a\nno colon here\n\nx\0')
      await refused(client)
    },
  ),
  serverCell('E22', 'acts on good frames before a bad one in the same transport message', async (t) => {
    const subscriber = await connect(t)
    await subscribe(subscriber, '/topic/a')
    const client = await connect(t)
    client.send('SEND\ndestination:/topic/a\nreceipt:r\n\ngood\0SEND\nbad\n\nx\0')
    await receipt(client, 'r')
    await refused(client)
    expect((await message(subscriber)).text).toBe('good')
  }),
  serverCell(
    'E23',
    'takes a line end that is cut between CR and LF',
    async (t) => {
      const client = await connect(t)
      client.send('SEND\r')
      client.send('\ndestination:/topic/a\r')
      client.send('\nreceipt:r\r\n\r')
      client.send('\nx\0')
      await receipt(client, 'r')
    },
    ONLY_1_2,
  ),
  serverCell(
    'ours/bad-input/binary-rubbish',
    'refuses octets that are no STOMP, before and after CONNECT',
    async (t) => {
      const rubbish = Uint8Array.from({ length: 512 }, (_, i) => (i * 151 + 128) % 256)
      const fresh = await t.open()
      fresh.send(rubbish)
      await refused(fresh)
      const connected = await connect(t)
      connected.send(rubbish)
      await refused(connected)
    },
  ),
  serverCell('ours/bad-input/one-octet-at-a-time', 'serves a session whose octets come one by one', async (t) => {
    const client = await t.open()
    const accept = t.version === '1.0' ? '' : `accept-version:${t.version}\nhost:h\n`
    const frames = `CONNECT\n${accept}\n\0\nSEND\ndestination:/topic/a\nreceipt:ü\ncontent-length:4\n\nh\0ü\0`
    for (const octet of new TextEncoder().encode(frames)) client.send(Uint8Array.of(octet))
    expect((await client.next()).command).toBe('CONNECTED')
    await receipt(client, 'ü')
  }),
  serverCell('ours/bad-input/half-a-frame', 'ends a session that stops in the middle of a frame', async (t) => {
    const client = await connect(t)
    client.send('SEND\ndestination:/topic/a\n\nhalf')
    await t.advance(29_000)
    expect(client.isClosed).toBe(false)
    await t.advance(1_200)
    await refused(client)
  }),
]

const limits: readonly ServerCell[] = [
  serverCell(
    '1.2/limits/of-the-implementation',
    'refuses a subscription more than it takes, and counts those that ended no longer',
    async (t) => {
      const client = await connect(t)
      for (let i = 0; i < 256; i++) await subscribe(client, '/topic/a', `id ${i}`)
      client.send({ command: 'UNSUBSCRIBE', headers: { id: 'id 7' } })
      await subscribe(client, '/topic/a', 'in its place')
      client.send({ command: 'SUBSCRIBE', headers: { id: 'one more', destination: '/topic/a', receipt: 'r' } })
      expect((await refused(client)).headers.get('receipt-id')).toBe('r')
    },
    FROM_1_1,
  ),
  serverCell(
    ['1.2/limits/header-count', '1.2/limits/error-then-close'],
    'refuses more headers than it takes, before the frame has ended',
    async (t) => {
      const client = await connect(t)
      client.send(`SEND\ndestination:/topic/a\n${'foo:barbarbarbar\n'.repeat(64)}`)
      await refused(client)
    },
    FROM_1_1,
  ),
  serverCell(
    ['1.2/limits/header-line', '1.2/limits/error-then-close', 'ours/bad-input/header-beyond-limit'],
    'refuses a header line that is too long, before it has ended',
    async (t) => {
      const client = await connect(t)
      client.send(`SEND\ndestination:/topic/a\nfoo:${'x'.repeat(9_000)}`)
      await refused(client)
    },
  ),
  serverCell(
    ['1.2/limits/body', '1.2/limits/error-then-close', 'ours/bad-input/body-beyond-limit'],
    'refuses a body that is too large by its content-length, before it has come',
    async (t) => {
      const client = await connect(t)
      client.send('SEND\ndestination:/topic/a\nreceipt:r\ncontent-length:65537\n\n', 'x'.repeat(1_024))
      expect((await refused(client)).headers.get('receipt-id')).toBe('r')
    },
  ),
  serverCell(
    ['1.2/limits/body', 'ours/bad-input/body-beyond-limit'],
    'takes a body of just the limit, and refuses one that grows beyond it without content-length',
    async (t) => {
      const client = await connect(t)
      await send(client, '/topic/a', 'x'.repeat(65_536))
      client.send('SEND\ndestination:/topic/a\n\n')
      for (let i = 0; i < 9; i++) client.send('x'.repeat(8_192))
      await refused(client)
    },
  ),
]

const old: readonly ServerCell[] = [
  serverCell(
    'ours/connect/padding-of-1.0',
    'takes login and passcode without the spaces that 1.0 clients put before them',
    async (t) => {
      const client = await t.open()
      client.send('CONNECT\nlogin: alice\npasscode: correct \n\n\0')
      expect((await client.next()).headers.get('user-name')).toBe('alice')
      const refusedClient = await t.open()
      refusedClient.send('CONNECT\nlogin: alice\npasscode: wrong\n\n\0')
      await refused(refusedClient)
    },
    ONLY_1_0,
  ),
]

/** What is no sound STOMP, or too much of it. */
export const badInputCells: readonly ServerCell[] = [...malformed, ...limits, ...old]
