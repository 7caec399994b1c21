import type { FrameInit } from '@hoofbeat/codec'
import { expect } from 'vitest'
import { type ServerCell, serverCell } from '../cells.js'
import { FROM_1_1 } from '../requirement.js'
import {
  closedWith,
  connect,
  connectFrame,
  message,
  nothingElse,
  receipt,
  refused,
  send,
  subscribe,
} from './conversation.js'

/** How sessions end. */
export const disconnectCells: readonly ServerCell[] = [
  serverCell(
    ['1.2/disconnect/receipt-assures', '1.0/disconnect/graceful', '1.2/disconnect/time-to-read-the-receipt', 'E17'],
    'answers DISCONNECT with its RECEIPT, then leaves the client 1 s to close before it closes with 1000',
    async (t) => {
      const client = await connect(t)
      client.send({ command: 'SEND', headers: { destination: '/topic/a' }, body: 'last words' })
      client.send({ command: 'DISCONNECT', headers: { receipt: 'bye' } })
      await receipt(client, 'bye')
      await t.advance(900)
      expect(client.isClosed).toBe(false)
      await t.advance(300)
      await closedWith(client, 1000)
    },
  ),
  serverCell(
    ['E18', '1.0/disconnect/graceful'],
    'closes with 1000 and no ERROR on DISCONNECT without receipt',
    async (t) => {
      const client = await connect(t)
      client.send({ command: 'DISCONNECT' })
      await closedWith(client, 1000)
      await expect(client.next()).rejects.toThrow()
    },
  ),
  serverCell(['1.2/disconnect/nothing-after', 'E17'], 'acts on nothing that comes after DISCONNECT', async (t) => {
    const subscriber = await connect(t)
    await subscribe(subscriber, '/topic/a')
    const client = await connect(t)
    client.send(
      { command: 'SEND', headers: { destination: '/topic/a' }, body: 'before' },
      { command: 'DISCONNECT', headers: { receipt: 'bye' } },
      { command: 'SEND', headers: { destination: '/topic/a', receipt: 'late' }, body: 'after' },
      'this is no STOMP at all\n\n\0',
    )
    await receipt(client, 'bye')
    expect((await message(subscriber)).text).toBe('before')
    await t.advance(1_200)
    await closedWith(client, 1000)
    await nothingElse(subscriber)
  }),
  serverCell(
    '1.2/disconnect/socket-may-close-any-time',
    'ends the session of a client that just goes, and no other',
    async (t) => {
      const stays = await connect(t)
      await subscribe(stays, '/topic/a')
      const goes = await connect(t)
      await subscribe(goes, '/topic/a')
      goes.leave()
      await send(await connect(t), '/topic/a', 'still here?')
      expect((await message(stays)).text).toBe('still here?')
    },
    FROM_1_1,
  ),
  serverCell('E19', 'tells the application once of each session that ends, however it ends', async (t) => {
    const says = async (login: string, ...pieces: readonly (string | FrameInit)[]): Promise<void> => {
      const client = await connect(t, { login })
      client.send(...pieces)
      await t.advance(1_200)
      client.leave()
    }
    await says('polite', { command: 'DISCONNECT', headers: { receipt: 'bye' } })
    await says('brief', { command: 'DISCONNECT' })
    await says('wrong', 'this is no STOMP at all\n\n\0')
    await says('twice wrong', { command: 'DISCONNECT', headers: { receipt: 'bye' } }, 'NONSENSE\n\n\0')
    await says('gone')
    const lost = await connect(t, { login: 'lost' })
    lost.reset()
    const refusedOne = await t.open()
    refusedOne.send(connectFrame(t.version, { login: 'refused', passcode: 'wrong' }))
    await refused(refusedOne)
    await connect(t, { login: 'last' })
    const known = ['brief', 'gone', 'lost', 'polite', 'twice wrong', 'wrong']
    await expect.poll(() => t.disconnected.toSorted()).toEqual(known)
    await t.shutdown()
    expect(t.disconnected.toSorted()).toEqual([...known, 'last'].toSorted())
  }),
  serverCell('E39', 'closes every session with 1012 when the application ends', async (t) => {
    const clients = [await connect(t), await connect(t)]
    const ended = t.shutdown()
    for (const client of clients) await closedWith(client, 1012)
    await ended
  }),
]
