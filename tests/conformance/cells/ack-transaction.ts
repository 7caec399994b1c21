import { expect } from 'vitest'
import { type ServerCell, serverCell } from '../cells.js'
import {
  answer,
  disconnect,
  given,
  message,
  nothingElse,
  referenceTo,
  refused,
  remains,
  transact,
} from './conversation.js'

/** ACK and NACK within transactions. */
export const ackTransactionCells: readonly ServerCell[] = [
  serverCell(
    ['1.2/ack/transaction', '1.2/nack/transaction'],
    'brings about ACK and NACK of a transaction at its COMMIT, and not before',
    async (t) => {
      for (const command of t.version === '1.0' ? (['ACK'] as const) : (['ACK', 'NACK'] as const)) {
        const { client, frame } = await given(t)
        await transact(client, 'BEGIN')
        await answer(client, command, frame, { transaction: 'tx1' })
        await nothingElse(client)
        await transact(client, 'COMMIT')
        if (command === 'NACK') {
          const again = await message(client)
          expect(again.headers.get('redelivered')).toBe('true')
          await answer(client, 'ACK', again)
        }
        await disconnect(client)
        await remains(t)
      }
    },
  ),
  serverCell(
    ['1.2/ack/transaction', '1.2/nack/transaction', '1.2/abort/rolls-back'],
    'forgets ACK and NACK of a transaction at ABORT: the message is open as before',
    async (t) => {
      for (const command of t.version === '1.0' ? (['ACK'] as const) : (['ACK', 'NACK'] as const)) {
        const { client, frame } = await given(t)
        await transact(client, 'BEGIN')
        await answer(client, command, frame, { transaction: 'tx1' })
        await transact(client, 'ABORT')
        await nothingElse(client)
        await answer(client, 'ACK', frame)
        await disconnect(client)
        await remains(t)
      }
    },
  ),
  serverCell(
    ['1.2/ack/transaction', '1.2/ack/consumed-only-when-acked'],
    'has not consumed what was acknowledged in a transaction that never came to its COMMIT',
    async (t) => {
      const { client, frame } = await given(t)
      await transact(client, 'BEGIN')
      await answer(client, 'ACK', frame, { transaction: 'tx1' })
      await disconnect(client)
      await remains(t, 'hello')
    },
  ),
  serverCell(
    ['1.2/ack/transaction', 'ours/transaction/unknown-is-refused'],
    'refuses ACK and NACK in a transaction that is not open, without effect',
    async (t) => {
      for (const command of t.version === '1.0' ? (['ACK'] as const) : (['ACK', 'NACK'] as const)) {
        const { client, frame } = await given(t)
        client.send({ command, headers: { ...referenceTo(client, frame), transaction: 'never', receipt: 'r' } })
        const error = await refused(client)
        expect([error.headers.get('message'), error.headers.get('receipt-id')]).toEqual([
          expect.stringContaining("'never'"),
          'r',
        ])
        await remains(t, 'hello')
      }
    },
  ),
]
