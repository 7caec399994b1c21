import type { FrameInit } from '@hoofbeat/codec'
import { expect } from 'vitest'
import { type ServerCell, serverCell } from '../cells.js'
import { ALL, FROM_1_1, ONLY_1_2 } from '../requirement.js'
import {
  connect,
  connectFrame,
  given,
  message,
  nothingElse,
  receipt,
  refused,
  send,
  subscribe,
  transact,
} from './conversation.js'

const streams: readonly ServerCell[] = [
  serverCell(
    '1.2/overview/over-a-stream',
    'reads many frames that come in one piece, and frames cut anywhere, and answers on the same stream',
    async (t) => {
      const client = await t.open()
      const sends = Array.from({ length: 50 }, (_, i): FrameInit => {
        return { command: 'SEND', headers: { destination: '/topic/a', receipt: String(i) }, body: `ü ${i}` }
      })
      client.send(connectFrame(t.version), ...sends)
      expect((await client.next()).command).toBe('CONNECTED')
      for (let i = 0; i < sends.length; i++) await receipt(client, String(i))
      const bytes = new TextEncoder().encode('SEND\ndestination:/topic/a\nreceipt:grüße\n\nü\0\n\n'.repeat(20))
      for (let at = 0; at < bytes.length; at += 7) client.send(bytes.subarray(at, at + 7))
      for (let i = 0; i < 20; i++) await receipt(client, 'grüße')
    },
    ALL,
    ['tcp'],
  ),
  serverCell(
    '1.2/overview/producer-and-consumer',
    'serves clients that send and receive at the same time, also to themselves',
    async (t) => {
      const [one, other] = [await connect(t), await connect(t)]
      await subscribe(one, '/topic/a')
      await subscribe(other, '/topic/a')
      for (let i = 0; i < 20; i++) {
        for (const client of [one, other]) {
          client.send({ command: 'SEND', headers: { destination: '/topic/a' }, body: String(i) })
        }
      }
      for (const client of [one, other]) {
        const bodies: string[] = []
        for (let i = 0; i < 40; i++) bodies.push((await message(client)).text)
        for (let i = 0; i < 20; i++) expect(bodies.filter((body) => body === String(i))).toHaveLength(2)
        await nothingElse(client)
      }
    },
    FROM_1_1,
  ),
]

/** Each frame of a connected client with what it must have; what they name exists when they are sent in this order. */
const required = (ack: string): readonly FrameInit[] => [
  { command: 'SEND', headers: { destination: '/topic/a' } },
  { command: 'SUBSCRIBE', headers: { destination: '/topic/b', id: 'new' } },
  { command: 'UNSUBSCRIBE', headers: { id: 'new' } },
  { command: 'NACK', headers: { id: ack } },
  { command: 'BEGIN', headers: { transaction: 'new' } },
  { command: 'COMMIT', headers: { transaction: 'new' } },
  { command: 'BEGIN', headers: { transaction: 'newer' } },
  { command: 'ABORT', headers: { transaction: 'newer' } },
]

const table: readonly ServerCell[] = [
  serverCell(
    '1.2/overview/required-headers-suffice',
    'takes every client frame with its required headers alone',
    async (t) => {
      const { client, frame } = await given(t)
      client.send(...required(frame.headers.get('ack') ?? ''))
      const again = await message(client)
      client.send({ command: 'ACK', headers: { id: again.headers.get('ack') ?? '' } })
      await nothingElse(client)
      client.send({ command: 'DISCONNECT' })
      await expect(client.next()).rejects.toThrow()
    },
    ONLY_1_2,
  ),
  serverCell(
    '1.2/overview/required-headers-are-demanded',
    'refuses every client frame without one of its required headers, and names it',
    async (t) => {
      const frames = [...required('x'), { command: 'ACK', headers: { id: 'x' } } satisfies FrameInit]
      for (const { command, headers = {} } of frames) {
        for (const missing of Object.keys(headers)) {
          const others = Object.entries(headers).filter(([name]) => name !== missing)
          const client = await connect(t)
          client.send({ command, headers: [...others, ['receipt', 'r']] })
          const error = await refused(client)
          expect([command, error.headers.get('message')]).toEqual([command, expect.stringContaining(`'${missing}'`)])
          expect(error.headers.get('message')).toContain(command)
          expect(error.headers.get('receipt-id')).toBe('r')
        }
      }
    },
    ONLY_1_2,
  ),
  serverCell(
    '1.2/overview/optional-headers',
    'takes every client frame with all its optional headers',
    async (t) => {
      const client = await connect(t, { login: 'ada', passcode: 'right', 'heart-beat': '0,0' })
      await subscribe(client, '/queue/a', 'mine', { ack: 'client-individual' })
      await send(await connect(t), '/queue/a', 'hello')
      const frame = await message(client)
      await transact(client, 'BEGIN')
      await send(client, '/topic/a', 'in it', { transaction: 'tx1' })
      for (const command of ['NACK', 'ACK'] as const) {
        const transaction = `of ${command}`
        await transact(client, 'BEGIN', transaction)
        const id = frame.headers.get('ack') ?? ''
        client.send({ command, headers: { id, transaction, receipt: command } })
        await receipt(client, command)
        await transact(client, 'ABORT', transaction)
      }
      await transact(client, 'COMMIT')
      client.send({ command: 'DISCONNECT', headers: { receipt: 'bye' } })
      await receipt(client, 'bye')
    },
    ONLY_1_2,
  ),
]

const connecting: readonly ServerCell[] = [
  serverCell('ours/connect/receipt-is-not-asked-for', 'answers CONNECT by CONNECTED alone', async (t) => {
    const client = await connect(t, { receipt: 'never' })
    await nothingElse(client)
    expect(client.wire).not.toContain('never')
  }),
]

/** What is said of the whole protocol. */
export const overviewCells: readonly ServerCell[] = [...streams, ...table, ...connecting]
