import { expect } from 'vitest'
import { type ServerCell, serverCell } from '../cells.js'
import type { Harness, WireClient } from '../harness.js'
import { FROM_1_1, ONLY_1_0 } from '../requirement.js'
import {
  answer,
  connect,
  disconnect,
  exactly,
  message,
  nothingElse,
  refused,
  remains,
  send,
  subscribe,
  texts,
} from './conversation.js'

/** Fills the queue, then gives all of it to a new client in that mode. */
async function consume(t: Harness, ack: string, ...bodies: readonly string[]) {
  const sender = await connect(t)
  for (const body of bodies) await send(sender, '/queue/a', body)
  const client = await connect(t)
  await subscribe(client, '/queue/a', 'mine', { ack })
  const frames = []
  for (const body of bodies) {
    const frame = await message(client)
    expect(frame.text).toBe(body)
    frames.push(frame)
  }
  return { client, sender, frames }
}

const modes: readonly ServerCell[] = [
  serverCell(
    ['1.2/ack-mode/values', '1.0/ack-mode/values'],
    'takes each ack mode of the version, on queues and on topics',
    async (t) => {
      for (const ack of t.version === '1.0' ? ['auto', 'client'] : ['auto', 'client', 'client-individual']) {
        for (const destination of ['/queue/a', '/topic/a']) {
          const client = await connect(t)
          await subscribe(client, destination, 'mine', { ack })
          await send(await connect(t), destination, ack)
          expect((await message(client)).text).toBe(ack)
          await disconnect(client)
          await disconnect(await drained(t))
        }
      }
    },
  ),
  serverCell(
    ['1.2/ack-mode/values', '1.0/ack-mode/values', 'ours/ack-mode/unknown'],
    'refuses an ack value that is no mode, and names it',
    async (t) => {
      for (const destination of ['/queue/a', '/topic/a', '/app/now']) {
        for (const ack of ['perhaps', '', 'Client', 'client individual']) {
          const client = await connect(t)
          client.send({ command: 'SUBSCRIBE', headers: { id: '1', destination, ack, receipt: 'r' } })
          const error = await refused(client)
          expect(error.headers.get('message')).toContain(`'${ack}'`)
          expect(error.headers.get('receipt-id')).toBe('r')
        }
      }
    },
  ),
  serverCell(
    ['1.2/ack-mode/auto-is-the-default', '1.2/ack-mode/auto-needs-no-ack', '1.2/ack-mode/auto-may-lose'],
    'takes what was sent without an ack header, or with auto, for received, though its client went at once',
    async (t) => {
      for (const headers of [{}, { ack: 'auto' }]) {
        const client = await connect(t)
        await subscribe(client, '/queue/a', 'mine', headers)
        await send(await connect(t), '/queue/a', 'once')
        expect((await message(client)).headers.has('ack')).toBe(false)
        await disconnect(client)
        await remains(t)
      }
    },
  ),
  serverCell(
    '1.2/ack-mode/auto-needs-no-ack',
    'gives a queue subscription in mode auto more than the credit of the other modes, without an answer',
    async (t) => {
      const bodies = Array.from({ length: 250 }, (_, i) => String(i))
      const { client } = await consume(t, 'auto', ...bodies)
      await nothingElse(client)
    },
    FROM_1_1,
  ),
  serverCell(
    ['1.2/ack-mode/client-unacked-may-return', '1.2/ack/consumed-only-when-acked'],
    'gives what was not acknowledged to another client when its own has gone, however it went',
    async (t) => {
      for (const ack of t.version === '1.0' ? ['client'] : ['client', 'client-individual']) {
        for (const go of ['disconnect', 'leave', 'reset'] as const) {
          const { client, frames } = await consume(t, ack, 'acked', 'open', 'open too')
          const [first] = frames
          if (first === undefined) throw new Error('nothing came')
          await answer(client, 'ACK', first)
          const heir = await connect(t)
          await subscribe(heir, '/queue/a', 'heir')
          if (go === 'disconnect') await disconnect(client)
          else client[go]()
          for (const [i, body] of ['open', 'open too'].entries()) {
            const frame = await message(heir)
            expect([frame.text, frame.headers.get('redelivered')]).toEqual([body, 'true'])
            expect(frame.headers.get('message-id')).toBe(frames[i + 1]?.headers.get('message-id'))
          }
          await exactly(heir)
          await disconnect(heir)
        }
      }
    },
  ),
  serverCell(
    ['1.2/ack-mode/client-unacked-may-return', '1.2/ack/consumed-only-when-acked'],
    'gives what was not acknowledged to another subscription when its own has ended',
    async (t) => {
      const { client } = await consume(t, 'client', 'open')
      client.send({ command: 'UNSUBSCRIBE', headers: { id: 'mine' } })
      await nothingElse(client)
      await remains(t, 'open')
    },
  ),
]

const scope: readonly ServerCell[] = [
  serverCell(
    ['1.2/ack-mode/client-is-cumulative', 'ours/ack-mode/all-in-1.0'],
    'takes an ACK in mode client for all that the subscription was sent up to it, and for nothing after',
    async (t) => {
      const { client, frames } = await consume(t, 'client', '1', '2', '3', '4', '5')
      const third = frames[2]
      if (third === undefined) throw new Error('nothing came')
      await answer(client, 'ACK', third)
      await disconnect(client)
      await remains(t, '4', '5')
    },
  ),
  serverCell(
    ['1.2/ack-mode/client-is-cumulative', 'ours/ack/within-its-subscription'],
    'takes a cumulative ACK for nothing of another subscription, of the same session or of another',
    async (t) => {
      const sender = await connect(t)
      const client = await connect(t)
      const other = await connect(t)
      await subscribe(client, '/queue/a', 'a', { ack: 'client' })
      await subscribe(client, '/queue/b', 'b', { ack: 'client' })
      await subscribe(other, '/queue/c', 'a', { ack: 'client' })
      for (const queue of ['/queue/a', '/queue/c', '/queue/b']) await send(sender, queue, queue)
      const [a, b] = [await message(client), await message(client)]
      expect([a.text, b.text]).toEqual(['/queue/a', '/queue/b'])
      await message(other)
      await answer(client, 'ACK', b)
      await disconnect(client)
      await disconnect(other)
      for (const [queue, bodies] of [
        ['/queue/a', ['/queue/a']],
        ['/queue/b', []],
        ['/queue/c', ['/queue/c']],
      ] as const) {
        const heir = await connect(t)
        await subscribe(heir, queue)
        await exactly(heir, ...bodies)
      }
    },
  ),
  serverCell(
    ['1.2/ack-mode/individual-is-not-cumulative', 'ours/ack-mode/all-in-1.0'],
    'takes an ACK or NACK in mode client-individual for its own message, and for none before',
    async (t) => {
      const { client, frames } = await consume(t, 'client-individual', '1', '2', '3', '4')
      const [, , third, fourth] = frames
      if (third === undefined || fourth === undefined) throw new Error('too little came')
      await answer(client, 'ACK', third)
      await answer(client, 'NACK', fourth)
      const again = await message(client)
      expect([again.text, again.headers.get('redelivered')]).toEqual(['4', 'true'])
      await answer(client, 'ACK', again)
      await exactly(client)
      await disconnect(client)
      await remains(t, '1', '2')
    },
  ),
  serverCell(
    'ours/ack-mode/all-in-1.0',
    'gives a refused message back in 1.0 too',
    async (t) => {
      const { client, frames } = await consume(t, 'client', '1', '2')
      const [first] = frames
      if (first === undefined) throw new Error('nothing came')
      await answer(client, 'NACK', first)
      expect((await message(client)).text).toBe('1')
      await exactly(client)
    },
    ONLY_1_0,
  ),
]

const credit: readonly ServerCell[] = [
  serverCell(
    'ours/ack-mode/credit',
    'gives a subscription no more than its prefetch-count, or 100, until it answers',
    async (t) => {
      for (const [count, headers] of [
        [2, { 'prefetch-count': '2' }],
        [100, {}],
      ] as const) {
        const sender = await connect(t)
        for (let i = 0; i < count + 1; i++) await send(sender, '/queue/a', String(i))
        const client = await connect(t)
        await subscribe(client, '/queue/a', 'mine', { ack: 'client-individual', ...headers })
        const first = await message(client)
        await texts(client, count - 1)
        await nothingElse(client)
        await answer(client, 'ACK', first)
        await exactly(client, String(count))
        await disconnect(client)
        await disconnect(await drained(t))
      }
    },
  ),
  serverCell(
    'ours/ack-mode/credit-only-on-topics',
    'waits on a topic for answers when the credit is used up, and gives nothing twice',
    async (t) => {
      const sender = await connect(t)
      const client = await connect(t)
      await subscribe(client, '/topic/a', 'mine', { ack: 'client', 'prefetch-count': '2' })
      for (const body of ['1', '2', '3']) await send(sender, '/topic/a', body)
      await message(client)
      const second = await message(client)
      await nothingElse(client)
      await answer(client, 'NACK', second)
      const third = await message(client)
      expect([third.text, third.headers.has('redelivered')]).toEqual(['3', false])
      client.leave()
      const next = await connect(t)
      await subscribe(next, '/topic/a', 'mine', { ack: 'client' })
      await exactly(next)
    },
  ),
]

/** A client that has emptied the queue. */
async function drained(t: Harness): Promise<WireClient> {
  const client = await connect(t)
  await subscribe(client, '/queue/a', 'drain')
  const sender = await connect(t)
  await send(sender, '/queue/a', 'last')
  while ((await message(client)).text !== 'last');
  return client
}

/** The ack modes of SUBSCRIBE. */
export const ackModeCells: readonly ServerCell[] = [...modes, ...scope, ...credit]
