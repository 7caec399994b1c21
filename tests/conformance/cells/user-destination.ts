import { expect } from 'vitest'
import { type ServerCell, serverCell } from '../cells.js'
import { connect, exactly, message, nothingElse, refused, send, subscribe } from './conversation.js'

const NAME = 'a/b c:ü'
const ENCODED = encodeURIComponent(NAME)

/** User destinations. */
export const userDestinationCells: readonly ServerCell[] = [
  serverCell(
    'E29',
    'brings what the application sends to a user to all sessions of the user, under the name they subscribed to',
    async (t) => {
      const sessions = [await connect(t, { login: 'ada' }), await connect(t, { login: 'ada' })]
      const others = [await connect(t, { login: 'eve' }), await connect(t)]
      for (const client of [...sessions, ...others]) await subscribe(client, '/user/queue/notices', 'mine')
      await t.sendToUser('ada', '/queue/notices', 'for you')
      await t.sendToUser('ada', '/queue/elsewhere', 'not subscribed to')
      for (const client of sessions) {
        const frame = await message(client)
        expect(frame.text).toBe('for you')
        expect(frame.headers.getAll('destination')).toEqual(['/user/queue/notices'])
        expect(frame.headers.get('subscription')).toBe('mine')
        await nothingElse(client)
      }
      for (const client of others) await nothingElse(client)
    },
  ),
  serverCell(
    ['ours/user/from-clients', 'E29'],
    'brings what a client sends to a user, whose name is percent-encoded, to all sessions of the user',
    async (t) => {
      const login = t.version === '1.0' ? 'ada' : NAME
      const name = t.version === '1.0' ? 'ada' : ENCODED
      const sessions = [await connect(t, { login }), await connect(t, { login })]
      const sender = await connect(t, { login: 'bob' })
      for (const client of [...sessions, sender]) await subscribe(client, '/user/queue/chat', 'chat')
      await send(sender, `/user/${name}/queue/chat`, 'hello')
      for (const client of sessions) {
        const frame = await message(client)
        expect([frame.text, frame.headers.get('destination')]).toEqual(['hello', '/user/queue/chat'])
      }
      await nothingElse(sender)
    },
  ),
  serverCell(
    'ours/user/from-clients',
    'brings what a user sends to its own name to each of its sessions',
    async (t) => {
      const [one, other] = [await connect(t, { login: 'ada' }), await connect(t, { login: 'ada' })]
      for (const client of [one, other]) await subscribe(client, '/user/queue/chat', 'chat')
      one.send({ command: 'SEND', headers: { destination: '/user/ada/queue/chat' }, body: 'to myself' })
      await exactly(one, 'to myself')
      await exactly(other, 'to myself')
    },
  ),
  serverCell('ours/user/absent', 'drops a message to a user who is not there, and keeps nothing', async (t) => {
    const sender = await connect(t)
    await send(sender, '/user/ada/queue/chat', 'too early')
    await t.sendToUser('ada', '/queue/chat', 'too early')
    await nothingElse(sender)
    const client = await connect(t, { login: 'ada' })
    await subscribe(client, '/user/queue/chat')
    await nothingElse(client)
  }),
  serverCell('ours/user/private', 'gives nobody what is for another user', async (t) => {
    const thief = await connect(t, { login: 'eve' })
    await subscribe(thief, '/user/ada/queue/chat', 'as if mine')
    await subscribe(thief, '/topic/**', 'all topics')
    for (const destination of [
      '/user/*/queue/chat',
      '/user/**',
      '/user/queue/*',
      '/**',
      '/user',
      '/user//queue/chat',
    ]) {
      const client = await connect(t, { login: 'eve' })
      client.send({ command: 'SUBSCRIBE', headers: { id: '1', destination, receipt: 'r' } })
      expect((await refused(client)).headers.get('receipt-id')).toBe('r')
    }
    const ada = await connect(t, { login: 'ada' })
    await subscribe(ada, '/user/queue/chat')
    await send(ada, '/user/eve/topic/hello', 'for eve, who listens elsewhere')
    await t.sendToUser('ada', '/queue/chat', 'secret')
    expect((await message(ada)).text).toBe('secret')
    await nothingElse(thief)
  }),
]
