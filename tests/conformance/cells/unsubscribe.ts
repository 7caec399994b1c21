import { expect } from 'vitest'
import { type ServerCell, serverCell } from '../cells.js'
import { FROM_1_1, ONLY_1_0 } from '../requirement.js'
import { connect, nothingElse, receipt, refused, send, subscribe } from './conversation.js'

/** UNSUBSCRIBE. */
export const unsubscribeCells: readonly ServerCell[] = [
  serverCell('1.2/unsubscribe/no-more-messages', 'delivers nothing after UNSUBSCRIBE', async (t) => {
    const client = await connect(t)
    await subscribe(client, '/topic/a')
    client.send({ command: 'UNSUBSCRIBE', headers: { id: 'sub-1', receipt: 'gone' } })
    await receipt(client, 'gone')
    await send(await connect(t), '/topic/a')
    await nothingElse(client)
  }),
  serverCell(
    ['1.2/unsubscribe/id-required', 'E14'],
    'refuses UNSUBSCRIBE without id, even if it names a destination',
    async (t) => {
      const client = await connect(t)
      await subscribe(client, '/topic/a')
      client.send({ command: 'UNSUBSCRIBE', headers: { destination: '/topic/a', receipt: 'r' } })
      const error = await refused(client)
      expect(error.headers.get('receipt-id')).toBe('r')
      expect(error.headers.get('message')).toContain('id')
    },
    FROM_1_1,
  ),
  serverCell(
    ['1.2/unsubscribe/id-of-a-subscription', 'E14'],
    'refuses UNSUBSCRIBE with an id that no subscription has, or no longer has',
    async (t) => {
      const client = await connect(t)
      client.send({ command: 'UNSUBSCRIBE', headers: { id: 'never', receipt: 'r' } })
      expect((await refused(client)).headers.get('receipt-id')).toBe('r')
      const twice = await connect(t)
      await subscribe(twice, '/topic/a')
      twice.send({ command: 'UNSUBSCRIBE', headers: { id: 'sub-1' } })
      twice.send({ command: 'UNSUBSCRIBE', headers: { id: 'sub-1' } })
      await refused(twice)
    },
    FROM_1_1,
  ),
  serverCell(
    'E14',
    'refuses a 1.0 UNSUBSCRIBE that names neither or a destination without subscription',
    async (t) => {
      for (const headers of [{}, { destination: '/topic/b' }, { id: 'never' }]) {
        const client = await connect(t)
        client.send({ command: 'SUBSCRIBE', headers: { destination: '/topic/a' } })
        client.send({ command: 'UNSUBSCRIBE', headers })
        await refused(client)
      }
    },
    ONLY_1_0,
  ),
]
