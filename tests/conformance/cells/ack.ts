import type { Frame } from '@hoofbeat/codec'
import { expect } from 'vitest'
import { type ServerCell, serverCell } from '../cells.js'
import type { Harness, WireClient } from '../harness.js'
import { ONLY_1_0, ONLY_1_1, ONLY_1_2 } from '../requirement.js'
import {
  answer,
  connect,
  disconnect,
  exactly,
  given,
  message,
  nothingElse,
  receipt,
  referenceTo,
  refused,
  remains,
  send,
  subscribe,
} from './conversation.js'

/** Shows that ACK and NACK with these headers are refused, and that the message is still there. */
async function refusedAnswer(
  t: Harness,
  what: string,
  headersFor: (client: WireClient, frame: Frame) => Readonly<Record<string, string>>,
): Promise<void> {
  for (const command of t.version === '1.0' ? (['ACK'] as const) : (['ACK', 'NACK'] as const)) {
    const { client, frame } = await given(t)
    client.send({ command, headers: { ...headersFor(client, frame), receipt: 'r' } })
    const error = await refused(client)
    const said = error.headers.get('message')
    expect([said, error.headers.get('receipt-id')]).toEqual([expect.stringContaining(what), 'r'])
    await remains(t, 'hello')
  }
}

const naming: readonly ServerCell[] = [
  serverCell(
    ['1.2/ack/id', '1.1/ack/message-id-and-subscription', '1.0/ack/message-id', '1.2/ack/consumed-only-when-acked'],
    'takes an ACK that names its message as the version has it: then the message is consumed',
    async (t) => {
      const { client, frame } = await given(t)
      await answer(client, 'ACK', frame)
      await disconnect(client)
      await remains(t)
    },
  ),
  serverCell(
    ['1.2/ack/id', '1.1/ack/message-id-and-subscription', '1.0/ack/message-id', '1.2/nack/headers'],
    'refuses ACK and NACK without the header that names the message',
    async (t) => {
      if (t.version === '1.2') {
        await refusedAnswer(t, "'id'", () => ({}))
        // Those of 1.1 do not stand in for it.
        return refusedAnswer(t, "'id'", (_, frame) => referenceTo({ version: '1.1' }, frame))
      }
      await refusedAnswer(t, "'message-id'", () => ({}))
      await refusedAnswer(t, "'message-id'", () => ({ subscription: 'mine', id: '1' }))
    },
  ),
  serverCell(
    ['1.1/ack/message-id-and-subscription', '1.2/nack/headers'],
    'refuses ACK and NACK of 1.1 without the subscription',
    (t) => refusedAnswer(t, "'subscription'", (_, { headers }) => ({ 'message-id': headers.get('message-id') ?? '' })),
    ONLY_1_1,
  ),
  serverCell(
    ['1.1/ack/message-id-and-subscription', 'ours/ack/unknown-is-refused'],
    'refuses ACK and NACK of 1.1 that name another subscription',
    async (t) => {
      await refusedAnswer(t, "'no such'", (client, frame) => ({
        ...referenceTo(client, frame),
        subscription: 'no such',
      }))
      const { client, frame } = await given(t)
      await subscribe(client, '/queue/b', 'other', { ack: 'client' })
      client.send({ command: 'ACK', headers: { ...referenceTo(client, frame), subscription: 'other' } })
      await refused(client)
      await remains(t, 'hello')
    },
    ONLY_1_1,
  ),
  serverCell(
    ['1.2/ack/id', '1.1/ack/message-id-and-subscription', '1.0/ack/message-id', 'ours/ack/unknown-is-refused'],
    'refuses ACK and NACK that name a message nobody has sent',
    async (t) => {
      for (const name of ['nobody-knows', '', '1-1-', '1-999-x']) {
        const { client, frame } = await given(t)
        const reference = referenceTo(client, frame)
        const [key = ''] = Object.keys(reference)
        client.send({ command: 'ACK', headers: { ...reference, [key]: name, receipt: 'r' } })
        const error = await refused(client)
        expect(error.headers.get('message')).toContain('ACK')
        expect(error.headers.get('receipt-id')).toBe('r')
        await remains(t, 'hello')
      }
    },
  ),
  serverCell(
    ['1.2/ack/id', 'ours/ack/unknown-is-refused'],
    'takes no message-id for the value of the ack header',
    (t) => refusedAnswer(t, 'no message', (_, { headers }) => ({ id: headers.get('message-id') ?? '' })),
    ONLY_1_2,
  ),
  serverCell(
    ['ours/ack/unknown-is-refused', '1.1/ack/nack-answers-too'],
    'refuses a second answer to the same delivery, and the first one stands',
    async (t) => {
      for (const second of ['ACK', 'NACK'] as const) {
        const { client, frame } = await given(t)
        await answer(client, 'ACK', frame)
        client.send({ command: second, headers: { ...referenceTo(client, frame), receipt: 'r' } })
        const error = await refused(client)
        expect([error.headers.get('message'), error.headers.get('receipt-id')]).toEqual([
          expect.stringContaining(second),
          'r',
        ])
        await remains(t)
      }
    },
  ),
  serverCell(
    ['ours/ack/unknown-is-refused', 'ours/ack/within-its-subscription'],
    'refuses an answer to what another session was given',
    async (t) => {
      const { client, frame } = await given(t)
      const thief = await connect(t)
      await subscribe(thief, '/queue/b', 'mine', { ack: 'client' })
      thief.send({ command: 'ACK', headers: { ...referenceTo(client, frame), receipt: 'r' } })
      expect((await refused(thief)).headers.get('receipt-id')).toBe('r')
      await disconnect(client)
      await remains(t, 'hello')
    },
  ),
  serverCell(
    'ours/ack/unknown-is-refused',
    'refuses an answer whose subscription has ended, since its message has gone back',
    async (t) => {
      const { client, frame } = await given(t)
      client.send({ command: 'UNSUBSCRIBE', headers: { id: 'mine' } })
      client.send({ command: 'ACK', headers: referenceTo(client, frame) })
      await refused(client)
      await remains(t, 'hello')
    },
  ),
  serverCell(
    'ours/ack/harmless-in-auto',
    'lets a client acknowledge what needs no acknowledgement',
    async (t) => {
      const { client, frame } = await given(t, 'auto')
      await answer(client, 'ACK', frame)
      await disconnect(client)
      await remains(t)
    },
    ['1.0', '1.1'],
  ),
  serverCell(
    '1.1/ack/nack-answers-too',
    'makes room for the next message by an ACK, and by a NACK, and by nothing else',
    async (t) => {
      const client = await connect(t)
      await subscribe(client, '/queue/a', 'mine', { ack: 'client-individual', 'prefetch-count': '1' })
      const sender = await connect(t)
      for (const body of ['1', '2']) await send(sender, '/queue/a', body)
      const first = await message(client)
      await nothingElse(client)
      await answer(client, 'NACK', first)
      const again = await message(client)
      expect(again.text).toBe('1')
      await answer(client, 'ACK', again)
      await exactly(client, '2')
    },
    ONLY_1_1,
  ),
]

const receipts: readonly ServerCell[] = [
  serverCell(
    ['1.2/receipt/any-client-frame', '1.2/receipt/answered', '1.1/receipt/no-body', '1.2/receipt/receipt-id'],
    'answers ACK and NACK that ask with a RECEIPT that carries receipt-id alone',
    async (t) => {
      for (const command of t.version === '1.0' ? (['ACK'] as const) : (['ACK', 'NACK'] as const)) {
        const { client, frame } = await given(t)
        client.send({ command, headers: { ...referenceTo(client, frame), receipt: `my ${command}` } })
        const told = await receipt(client, `my ${command}`)
        expect([...told.headers]).toEqual([['receipt-id', `my ${command}`]])
        expect(told.body).toHaveLength(0)
        await exactly(client, ...(command === 'NACK' ? ['hello'] : []))
        await disconnect(client)
        await remains(t, ...(command === 'NACK' ? ['hello'] : []))
      }
    },
  ),
  serverCell(
    '1.2/subscribe/id-relates-frames',
    'ties ACK and NACK of 1.1 to one of several subscriptions that got the same message',
    async (t) => {
      const client = await connect(t)
      for (const id of ['x', 'y']) {
        await subscribe(client, '/topic/a', id, { ack: 'client', 'prefetch-count': '1' })
      }
      const sender = await connect(t)
      await send(sender, '/topic/a', 'first')
      await send(sender, '/topic/a', 'second')
      const [one, other] = [await message(client), await message(client)]
      expect(one.headers.get('message-id')).toBe(other.headers.get('message-id'))
      await answer(client, 'ACK', other)
      const next = await message(client)
      expect([next.text, next.headers.get('subscription')]).toEqual(['second', other.headers.get('subscription')])
      await nothingElse(client)
    },
    ONLY_1_1,
  ),
  serverCell(
    ['1.0/ack/message-id', '1.0/subscribe/id-is-optional'],
    'takes an ACK of 1.0 for a subscription that has no id',
    async (t) => {
      const client = await connect(t)
      client.send({ command: 'SUBSCRIBE', headers: { destination: '/queue/a', ack: 'client', receipt: 'r' } })
      await receipt(client, 'r')
      await send(await connect(t), '/queue/a', 'hello')
      await answer(client, 'ACK', await message(client))
      await disconnect(client)
      await remains(t)
    },
    ONLY_1_0,
  ),
]

/** ACK; NACK where it is the same. */
export const ackCells: readonly ServerCell[] = [...naming, ...receipts]
