import { expect } from 'vitest'
import { type ServerCell, serverCell } from '../cells.js'
import { ONLY_1_2 } from '../requirement.js'
import { answer, connect, disconnect, given, message, nothingElse, send, subscribe } from './conversation.js'

/** The ack header of MESSAGE. */
export const ackHeaderCells: readonly ServerCell[] = [
  serverCell(
    '1.2/message/ack-header',
    'gives each message that wants an answer an ack header of its own, and no other one',
    async (t) => {
      const sender = await connect(t)
      for (const destination of ['/queue/a', '/topic/a']) {
        const client = await connect(t)
        await subscribe(client, destination, 'mine', { ack: 'client' })
        const acks = new Set<string | undefined>()
        for (let i = 0; i < 3; i++) {
          await send(sender, destination, String(i))
          acks.add((await message(client)).headers.get('ack'))
        }
        expect(acks.size).toBe(3)
        for (const ack of acks) expect(ack).toMatch(/\S/)
        await disconnect(client)
      }
      const { frame } = await given(t, 'auto', 'without')
      expect(frame.headers.has('ack')).toBe(false)
    },
    ONLY_1_2,
  ),
  serverCell(
    '1.2/message/ack-header',
    'gives each subscription that gets the same message an ack header of its own, which answers for that one',
    async (t) => {
      const client = await connect(t)
      for (const id of ['x', 'y']) {
        await subscribe(client, '/topic/a', id, { ack: 'client', 'prefetch-count': '1' })
      }
      const sender = await connect(t)
      await send(sender, '/topic/a', 'first')
      await send(sender, '/topic/a', 'second')
      const [one, other] = [await message(client), await message(client)]
      expect(one.headers.get('ack')).not.toBe(other.headers.get('ack'))
      await answer(client, 'ACK', other)
      const next = await message(client)
      expect([next.text, next.headers.get('subscription')]).toEqual(['second', other.headers.get('subscription')])
      await nothingElse(client)
    },
    ONLY_1_2,
  ),
]
