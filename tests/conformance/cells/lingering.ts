import { expect } from 'vitest'
import { type ServerCell, serverCell } from '../cells.js'
import { ALL, FROM_1_1 } from '../requirement.js'
import {
  closedWith,
  connect,
  connectFrame,
  exactly,
  message,
  receipt,
  refused,
  send,
  subscribe,
} from './conversation.js'

const coming: readonly ServerCell[] = [
  serverCell(
    '1.2/lingering/rapid-clients',
    'serves a hundred clients that connect, send and leave at once, and one after them',
    async (t) => {
      const subscriber = await connect(t)
      await subscribe(subscriber, '/topic/a')
      for (let i = 0; i < 100; i++) {
        const client = await t.open()
        client.send(
          connectFrame(t.version),
          { command: 'SEND', headers: { destination: '/topic/a' }, body: String(i) },
          { command: 'DISCONNECT', headers: { receipt: 'bye' } },
        )
        expect((await client.next()).command).toBe('CONNECTED')
        await receipt(client, 'bye')
        client.leave()
      }
      for (let i = 0; i < 100; i++) expect((await message(subscriber)).text).toBe(String(i))
      await connect(t)
    },
    FROM_1_1,
  ),
  serverCell(
    '1.2/lingering/rapid-clients',
    'serves others while clients come and go in every state, in good order or not',
    async (t) => {
      const subscriber = await connect(t)
      await subscribe(subscriber, '/topic/a')
      for (let i = 0; i < 30; i++) {
        const silent = await t.open()
        const halfway = await t.open()
        halfway.send('CONN')
        const connected = await t.open()
        connected.send(connectFrame(t.version), 'SUBSCRIBE\nid:1\ndestination:/topic/a\n\n\0SEND\n')
        for (const client of [silent, halfway, connected]) {
          if (i % 2 === 0) client.leave()
          else client.reset()
        }
      }
      await send(await connect(t), '/topic/a', 'still here?')
      await exactly(subscriber, 'still here?')
    },
    FROM_1_1,
  ),
]

const going: readonly ServerCell[] = [
  serverCell(
    '1.2/lingering/closed-connections-linger-briefly',
    'closes soon after DISCONNECT even when the client does not',
    async (t) => {
      const client = await connect(t)
      client.send({ command: 'DISCONNECT', headers: { receipt: 'bye' } })
      await receipt(client, 'bye')
      await t.advance(1_200)
      await closedWith(client, 1000)
    },
    FROM_1_1,
  ),
  serverCell(
    '1.2/lingering/closed-connections-linger-briefly',
    'gives a client that does not end its side 5 s after the last word, then resets the connection',
    async (t) => {
      for (const last of ['ERROR', 'DISCONNECT'] as const) {
        const client = await connect(t, {}, { lingers: true })
        client.send(last === 'ERROR' ? 'NONSENSE\n\n\0' : { command: 'DISCONNECT' })
        if (last === 'ERROR') expect((await client.next()).command).toBe('ERROR')
        await closedWith(client, 1000)
        const write = async (): Promise<void> => {
          client.send('are you there?')
          await t.advance(0)
        }
        await t.advance(4_500)
        // Only who writes sees that a connection is gone, and only at the second write.
        for (let i = 0; i < 3; i++) await write()
        expect(client.isGone).toBe(false)
        await t.advance(600)
        while (!client.isGone) await write()
      }
    },
    ALL,
    ['tcp'],
  ),
  serverCell(
    '1.2/lingering/last-frame-may-be-lost',
    'gets the ERROR through to a client that goes on sending',
    async (t) => {
      const client = await connect(t)
      client.send('NONSENSE\n\n\0')
      for (let i = 0; i < 100; i++) client.send('x'.repeat(10_000))
      await refused(client)
    },
    FROM_1_1,
  ),
  serverCell(
    '1.2/lingering/last-frame-may-be-lost',
    'gets the RECEIPT of DISCONNECT through to a client that sends more behind it',
    async (t) => {
      const client = await connect(t)
      client.send({ command: 'DISCONNECT', headers: { receipt: 'bye' } })
      for (let i = 0; i < 100; i++) client.send('x'.repeat(10_000))
      await receipt(client, 'bye')
      await t.advance(1_200)
      await closedWith(client, 1000)
    },
    FROM_1_1,
  ),
]

/** Connections that come and go quickly, and what becomes of the last frame. */
export const lingeringCells: readonly ServerCell[] = [...coming, ...going]
