import { expect } from 'vitest'
import { type ServerCell, serverCell } from '../cells.js'
import { FROM_1_1, ONLY_1_0, ONLY_1_2 } from '../requirement.js'
import { connect, message, nothingElse, receipt, send, subscribe } from './conversation.js'

/** SEND: its destination, and what it carries to subscribers. */
export const sendCells: readonly ServerCell[] = [
  serverCell(
    ['1.2/send/destination-is-opaque', '1.2/frame/case-sensitive'],
    'takes destinations apart by every octet',
    async (t) => {
      const client = await connect(t)
      await subscribe(client, '/topic/a')
      const sender = await connect(t)
      for (const destination of ['/topic/A', '/topic/a/b', '/topic/aa', '/topic/%61', '/topic/a%20']) {
        await send(sender, destination)
      }
      await nothingElse(client)
    },
  ),
  serverCell(
    [
      '1.2/send/user-headers',
      '1.2/send/user-headers-pass-through',
      '1.2/message/user-headers',
      '1.2/repeated/later-ones-are-history',
      'E8',
    ],
    'passes headers of the user on in their order, repeated ones among them, and content-length last',
    async (t) => {
      const client = await connect(t)
      await subscribe(client, '/topic/a')
      const own = [
        ['foo', 'World'],
        ['bar', ' padded '],
        ['foo', 'Hello'],
        ['Foo', 'another name'],
        ['a:b', 'c\\d\ne'],
        ['empty', ''],
        ['ü', '🐴'],
        ['priority', '5'],
      ] as const
      await send(await connect(t), '/topic/a', 'hello', own)
      const frame = await message(client)
      const names = new Set<string>(own.map(([name]) => name))
      expect([...frame.headers].filter(([name]) => names.has(name))).toEqual(own)
      expect([...frame.headers].at(-1)).toEqual(['content-length', '5'])
    },
    FROM_1_1,
  ),
  serverCell(
    'E8',
    'passes headers of a 1.0 user on in their order',
    async (t) => {
      const client = await connect(t)
      await subscribe(client, '/topic/a')
      const own = [
        ['foo', 'World'],
        ['bar', 'a:b\\c'],
        ['foo', 'Hello'],
      ] as const
      await send(await connect(t), '/topic/a', 'hello', own)
      const frame = await message(client)
      expect([...frame.headers].filter(([name]) => name === 'foo' || name === 'bar')).toEqual(own)
      expect([...frame.headers].at(-1)?.[0]).toBe('content-length')
    },
    ONLY_1_0,
  ),
  serverCell(
    '1.2/send/user-headers-are-of-the-message',
    'gives the same headers of the user to every subscriber',
    async (t) => {
      const clients = [await connect(t), await connect(t, {}, { version: '1.1' })]
      for (const client of clients) await subscribe(client, '/topic/a')
      await send(await connect(t), '/topic/a', 'hello', { foo: 'a:b\rc' })
      for (const client of clients) expect((await message(client)).headers.get('foo')).toBe('a:b\rc')
    },
    ONLY_1_2,
  ),
  serverCell(
    '1.2/headers/never-trimmed-or-padded',
    'neither trims nor pads a header on its way through',
    async (t) => {
      const client = await connect(t)
      await subscribe(client, '/topic/a')
      const sender = await connect(t)
      sender.send('SEND\ndestination:/topic/a\n foo : bar \nbaz:\n\nx\0')
      const frame = await message(client)
      expect(frame.headers.get(' foo ')).toBe(' bar ')
      expect(frame.headers.get('baz')).toBe('')
      expect(client.wire).toContain('\n foo : bar \n')
    },
    FROM_1_1,
  ),
  serverCell(
    ['1.2/repeated/first-one-counts'],
    'goes by the first of repeated headers',
    async (t) => {
      const client = await connect(t)
      client.send({
        command: 'SUBSCRIBE',
        headers: [
          ['id', 'first'],
          ['id', 'second'],
          ['destination', '/topic/a'],
          ['destination', '/topic/b'],
          ['receipt', 'r1'],
          ['receipt', 'r2'],
        ],
      })
      await receipt(client, 'r1')
      const sender = await connect(t)
      await send(sender, '/topic/b', 'wrong')
      await send(sender, '/topic/a', 'right', [['destination', '/topic/b']])
      const frame = await message(client)
      expect([frame.text, frame.headers.get('subscription')]).toEqual(['right', 'first'])
      await nothingElse(client)
    },
    FROM_1_1,
  ),
]
