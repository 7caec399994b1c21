import type { FrameInit } from '@hoofbeat/codec'
import { expect } from 'vitest'
import { type ServerCell, serverCell } from '../cells.js'
import { ALL, FROM_1_1, ONLY_1_0, ONLY_1_2 } from '../requirement.js'
import { closedWith, connect, message, nothingElse, receipt, refused, send, subscribe } from './conversation.js'

const EVERY_OCTET = Uint8Array.from({ length: 256 }, (_, i) => i)

const headers: readonly ServerCell[] = [
  serverCell(
    ['1.2/message/destination', '1.2/message/message-id', '1.2/message/subscription'],
    'names destination, message-id and subscription in MESSAGE',
    async (t) => {
      const client = await connect(t)
      await subscribe(client, '/topic/a', 'mine')
      await send(await connect(t), '/topic/a')
      const frame = await message(client)
      expect(frame.headers.get('destination')).toBe('/topic/a')
      expect(frame.headers.get('subscription')).toBe('mine')
      expect(frame.headers.get('message-id')).toMatch(/\S/)
    },
  ),
  serverCell(
    ['1.2/message/message-id', 'ours/message/id-is-shared', 'E8'],
    'gives every message an id of its own, the same for all its subscribers',
    async (t) => {
      const one = await connect(t)
      const other = await connect(t)
      await subscribe(one, '/topic/a')
      await subscribe(other, '/topic/a')
      const sender = await connect(t)
      const ids = new Set<string | undefined>()
      for (let i = 0; i < 20; i++) {
        await send(sender, '/topic/a', 'the same')
        const id = (await message(one)).headers.get('message-id')
        expect((await message(other)).headers.get('message-id')).toBe(id)
        ids.add(id)
      }
      expect(ids.size).toBe(20)
    },
  ),
  serverCell(
    '1.2/message/destination-as-sent',
    'shows the destination of the SEND, under an exact and under a wildcard subscription',
    async (t) => {
      const client = await connect(t)
      const destination = '/topic/a b/ü:\\x'
      await subscribe(client, destination, 'exact')
      await subscribe(client, '/topic/**', 'wildcard')
      await send(await connect(t), destination)
      expect((await message(client)).headers.get('destination')).toBe(destination)
      expect((await message(client)).headers.get('destination')).toBe(destination)
    },
    ONLY_1_2,
  ),
  serverCell(
    ['ours/message/reserved-headers', 'E9', 'E10'],
    'lets no sender set what belongs to its own frame or to the server',
    async (t) => {
      const client = await connect(t)
      await subscribe(client, '/topic/a', 'mine')
      const sender = await connect(t)
      await send(sender, '/topic/a', 'hello', [
        ['destination', '/topic/forged'],
        ['message-id', 'forged'],
        ['subscription', 'forged'],
        ['ack', 'forged'],
        ['simpOrigDestination', '/topic/forged'],
      ])
      const frame = await message(client)
      expect(frame.headers.getAll('destination')).toEqual(['/topic/a'])
      expect(frame.headers.getAll('subscription')).toEqual(['mine'])
      expect(frame.headers.getAll('message-id')).not.toContain('forged')
      expect(frame.headers.getAll('message-id')).toHaveLength(1)
      for (const name of ['receipt', 'ack', 'transaction']) expect(frame.headers.has(name)).toBe(false)
      expect(frame.headers.getAll('content-length')).toEqual(['5'])
    },
  ),
  serverCell(
    'ours/message/unwritable-header-is-left-out',
    'leaves a header with a line feed out of the MESSAGE of a 1.0 subscriber, and nothing else',
    async (t) => {
      const client = await connect(t)
      await subscribe(client, '/topic/a')
      const sender = await connect(t, {}, { version: '1.2' })
      await send(sender, '/topic/a', 'hello', { first: '1', broken: 'a\nforged:header', 'na:me': '2', last: '3' })
      const frame = await message(client)
      for (const name of ['broken', 'forged', 'na:me', 'na']) expect(frame.headers.has(name)).toBe(false)
      expect([frame.headers.get('first'), frame.headers.get('last')]).toEqual(['1', '3'])
      expect(frame.text).toBe('hello')
    },
    ONLY_1_0,
  ),
  serverCell(
    ['ours/message/content-type-passes-through', 'E21'],
    'passes content-type on as the sender wrote it, and makes none up',
    async (t) => {
      const client = await connect(t)
      await subscribe(client, '/topic/a')
      const sender = await connect(t)
      for (const type of ['text/html;charset=utf-16', 'no mime type at all', ';;;']) {
        await send(sender, '/topic/a', '{}', { 'content-type': type })
        expect((await message(client)).headers.getAll('content-type')).toEqual([type])
      }
      await send(sender, '/topic/a', '{}')
      expect((await message(client)).headers.has('content-type')).toBe(false)
    },
  ),
]

const bodies: readonly ServerCell[] = [
  serverCell(
    [
      '1.2/send/body-is-the-message',
      '1.2/message/body',
      '1.2/message/content-length',
      '1.2/content-length/octets-are-read',
      '1.0/content-length/octets-are-read',
      '1.2/content-length/sent-when-body-has-nul',
      '1.2/content-type/absent-means-binary',
      '1.2/body/encoding-is-free',
    ],
    'carries every octet of a body, NUL among them, with its content-length',
    async (t) => {
      const client = await connect(t)
      await subscribe(client, '/topic/a')
      await send(await connect(t), '/topic/a', EVERY_OCTET)
      const frame = await message(client)
      expect([...frame.body]).toEqual([...EVERY_OCTET])
      expect(frame.headers.get('content-length')).toBe('256')
      expect(frame.headers.has('content-type')).toBe(false)
    },
  ),
  serverCell('ours/message/content-length-always', 'states content-length for an empty body too', async (t) => {
    const client = await connect(t)
    await subscribe(client, '/topic/a')
    const sender = await connect(t)
    sender.send('SEND\ndestination:/topic/a\n\n\0')
    const frame = await message(client)
    expect([frame.headers.get('content-length'), frame.body.length]).toEqual(['0', 0])
  }),
  serverCell(
    '1.2/content-type/utf-8-supported',
    'carries UTF-8 in bodies, and in headers',
    async (t) => {
      const client = await connect(t)
      await subscribe(client, '/topic/grüße-🐴')
      await send(await connect(t), '/topic/grüße-🐴', 'żółć 🐴', { 'content-type': 'text/plain' })
      const frame = await message(client)
      expect([frame.text, frame.headers.get('destination')]).toEqual(['żółć 🐴', '/topic/grüße-🐴'])
    },
    FROM_1_1,
  ),
  serverCell(
    'E20',
    'sends a frame that is UTF-8 as text and any other as binary, and takes in both',
    async (t) => {
      const client = await connect(t)
      await subscribe(client, '/topic/a')
      const sender = await connect(t)
      const text = new TextEncoder().encode('SEND\ndestination:/topic/a\ncontent-length:5\n\nh\u0000llo\0')
      sender.send(text)
      expect((await message(client)).text).toBe('h\u0000llo')
      expect(client.received.at(-1)?.isBinary).toBe(false)
      await send(sender, '/topic/a', Uint8Array.of(0xff, 0, 0xfe))
      expect([...(await message(client)).body]).toEqual([0xff, 0, 0xfe])
      expect(client.received.at(-1)?.isBinary).toBe(true)
    },
    ALL,
    ['websocket'],
  ),
]

const flow: readonly ServerCell[] = [
  serverCell('ours/message/order', 'delivers the messages of one sender in their order', async (t) => {
    const clients = [await connect(t), await connect(t)]
    for (const client of clients) await subscribe(client, '/topic/a')
    const sender = await connect(t)
    for (let round = 0; round < 10; round++) {
      const burst = Array.from({ length: 20 }, (_, i): FrameInit => {
        return { command: 'SEND', headers: { destination: '/topic/a' }, body: String(round * 20 + i) }
      })
      sender.send(...burst)
    }
    for (const client of clients) {
      for (let i = 0; i < 200; i++) expect((await message(client)).text).toBe(String(i))
    }
  }),
  serverCell('1.2/server-frames/which', 'sends nothing but MESSAGE, RECEIPT and ERROR after CONNECTED', async (t) => {
    const client = await connect(t)
    await subscribe(client, '/topic/a')
    client.send({ command: 'SEND', headers: { destination: '/topic/a', receipt: 'r' }, body: 'hello' })
    await receipt(client, 'r')
    await message(client)
    client.send('nonsense\n\n\0')
    await refused(client)
    await expect(client.next()).rejects.toThrow()
  }),
  serverCell('E35', 'closes a reader that is too slow, says why, and serves the others meanwhile', async (t) => {
    const slow = await connect(t)
    const quick = await connect(t)
    for (const client of [slow, quick]) await subscribe(client, '/topic/a')
    const sender = await connect(t)
    slow.setStalled(true)
    // More than the server's outbox and the buffers of a socket hold together.
    for (let i = 0; i < 300; i++) {
      await send(sender, '/topic/a', 'x'.repeat(60_000))
      await message(quick)
    }
    slow.setStalled(false)
    const { reason } = await slow.closed()
    await closedWith(slow, 1013)
    if (t.transport !== 'tcp') expect(reason).toMatch(/slow/i)
    await nothingElse(quick)
  }),
  serverCell('E40', 'drops a message for a session that is gone, without harm to others', async (t) => {
    const goes = await connect(t)
    const stays = await connect(t)
    await subscribe(goes, '/topic/a')
    await subscribe(stays, '/topic/a')
    const sender = await connect(t)
    goes.leave()
    for (let i = 0; i < 10; i++) await send(sender, '/topic/a', String(i))
    for (let i = 0; i < 10; i++) expect((await message(stays)).text).toBe(String(i))
  }),
]

/** SEND and MESSAGE. */
export const messageCells: readonly ServerCell[] = [...headers, ...bodies, ...flow]
