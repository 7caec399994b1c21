import { expect } from 'vitest'
import { type ServerCell, serverCell } from '../cells.js'
import { FROM_1_1 } from '../requirement.js'
import {
  answer,
  connect,
  disconnect,
  exactly,
  given,
  message,
  nothingElse,
  remains,
  send,
  subscribe,
} from './conversation.js'

/** How often a message of a queue is delivered before it is a dead letter. */
const MAX_DELIVERIES = 20

/** NACK. */
export const nackCells: readonly ServerCell[] = [
  serverCell(
    ['1.2/nack/not-consumed', '1.2/nack/headers', 'ours/nack/comes-back-at-once', '1.2/message/server-headers'],
    'gives a refused message again: the same message-id, marked, counted, before those behind it',
    async (t) => {
      const client = await connect(t)
      const sender = await connect(t)
      for (const body of ['1', '2']) await send(sender, '/queue/a', body, { foo: 'bar' })
      await subscribe(client, '/queue/a', 'mine', { ack: 'client-individual', 'prefetch-count': '1' })
      let frame = await message(client)
      const id = frame.headers.get('message-id')
      for (const name of ['redelivered', 'delivery-count']) expect(frame.headers.has(name)).toBe(false)
      for (const count of ['2', '3']) {
        await answer(client, 'NACK', frame)
        frame = await message(client)
        expect([frame.text, frame.headers.get('message-id'), frame.headers.get('foo')]).toEqual(['1', id, 'bar'])
        expect([frame.headers.get('redelivered'), frame.headers.get('delivery-count')]).toEqual(['true', count])
      }
      await answer(client, 'ACK', frame)
      await exactly(client, '2')
    },
    FROM_1_1,
  ),
  serverCell(
    '1.2/nack/not-consumed',
    'gives a refused message to the next client, where another one has room',
    async (t) => {
      const [client, other] = [await connect(t), await connect(t)]
      for (const each of [client, other]) await subscribe(each, '/queue/a', 'mine', { ack: 'client' })
      await send(await connect(t), '/queue/a', 'hello')
      await answer(client, 'NACK', await message(client))
      const again = await message(other)
      expect([again.text, again.headers.get('redelivered')]).toEqual(['hello', 'true'])
      await nothingElse(client)
    },
    FROM_1_1,
  ),
  serverCell(
    '1.2/nack/scope',
    'refuses one message in mode client-individual',
    async (t) => {
      const sender = await connect(t)
      for (const body of ['1', '2', '3']) await send(sender, '/queue/a', body)
      const client = await connect(t)
      await subscribe(client, '/queue/a', 'mine', { ack: 'client-individual' })
      const frames = [await message(client), await message(client), await message(client)]
      const second = frames[1]
      if (second === undefined) throw new Error('nothing came')
      await answer(client, 'NACK', second)
      await exactly(client, '2')
    },
    FROM_1_1,
  ),
  serverCell(
    '1.2/nack/scope',
    'refuses all open messages up to the one it names in mode client, and none that was answered or came after',
    async (t) => {
      const sender = await connect(t)
      for (const body of ['1', '2', '3', '4']) await send(sender, '/queue/a', body)
      const client = await connect(t)
      await subscribe(client, '/queue/a', 'mine', { ack: 'client' })
      const [first, , third] = [await message(client), await message(client), await message(client)]
      await message(client)
      if (first === undefined || third === undefined) throw new Error('too little came')
      await answer(client, 'ACK', first)
      await answer(client, 'NACK', third)
      await exactly(client, '2', '3')
      await disconnect(client)
      await remains(t, '2', '3', '4')
    },
    FROM_1_1,
  ),
  serverCell(
    'ours/nack/dead-letter',
    'puts a message that is refused again and again into the queue of dead letters, with its origin and the reason',
    async (t) => {
      const { client, frame } = await given(t)
      let last = frame
      for (let i = 1; i < MAX_DELIVERIES; i++) {
        await answer(client, 'NACK', last)
        last = await message(client)
        expect(last.headers.get('delivery-count')).toBe(String(i + 1))
      }
      await answer(client, 'NACK', last)
      await nothingElse(client)
      const reader = await connect(t)
      await subscribe(reader, '/queue/dead-letters')
      const letter = await message(reader)
      expect([letter.text, letter.headers.get('message-id')]).toEqual(['hello', frame.headers.get('message-id')])
      expect(letter.headers.get('original-destination')).toBe('/queue/a')
      expect(letter.headers.get('dead-letter-reason')).toMatch(/\w/)
    },
    FROM_1_1,
  ),
]
