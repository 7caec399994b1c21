import { expect } from 'vitest'
import { type ServerCell, serverCell } from '../cells.js'
import { FROM_1_1, ONLY_1_0 } from '../requirement.js'
import {
  connect,
  disconnect,
  exactly,
  message,
  nothingElse,
  receipt,
  refused,
  send,
  subscribe,
} from './conversation.js'

const selecting: readonly ServerCell[] = [
  serverCell(
    [
      'ours/selector/filters',
      '1.2/subscribe/server-headers',
      '1.2/send/user-headers-are-selected-by',
      '1.0/subscribe/selector',
      '1.0/subscribe/overlapping',
      '1.0/subscribe/id-shows-in-message',
    ],
    'gives a subscription with a selector only the messages whose headers it fits',
    async (t) => {
      const client = await connect(t)
      await subscribe(client, '/topic/a', 'dear', { selector: "price > 10 AND kind LIKE 'b%'" })
      await subscribe(client, '/topic/a', 'cheap', { selector: 'price <= 10' })
      const sender = await connect(t)
      for (const [price, kind] of [
        ['11', 'book'],
        ['10', 'book'],
        ['11', 'car'],
      ] as const) {
        await send(sender, '/topic/a', `${kind} ${price}`, { price, kind })
      }
      await send(sender, '/topic/a', 'without price')
      for (const [id, body] of [
        ['dear', 'book 11'],
        ['cheap', 'book 10'],
      ]) {
        const frame = await message(client)
        expect([frame.headers.get('subscription'), frame.text]).toEqual([id, body])
      }
      await nothingElse(client)
    },
  ),
  serverCell('ours/selector/filters', 'leaves in a queue what a selector does not fit, for others', async (t) => {
    const sender = await connect(t)
    for (const kind of ['a', 'b', 'a']) await send(sender, '/queue/a', kind, { kind })
    const picky = await connect(t)
    await subscribe(picky, '/queue/a', 'picky', { selector: "kind = 'b'" })
    await exactly(picky, 'b')
    const other = await connect(t)
    await subscribe(other, '/queue/a', 'other')
    await exactly(other, 'a', 'a')
  }),
  serverCell(
    ['ours/selector/malformed', '1.2/subscribe/failure-is-an-error'],
    'refuses a selector that cannot be read',
    async (t) => {
      for (const destination of ['/topic/a', '/queue/a']) {
        for (const selector of ['AND', 'price >', "kind = 'b", 'process.exit()']) {
          const client = await connect(t)
          client.send({ command: 'SUBSCRIBE', headers: { id: '1', destination, selector, receipt: 'r' } })
          expect((await refused(client)).headers.get('receipt-id')).toBe('r')
        }
      }
    },
  ),
  serverCell(
    '1.0/subscribe/overlapping',
    'delivers to overlapping subscriptions with wildcards once each',
    async (t) => {
      const client = await connect(t)
      for (const [id, destination] of [
        ['all', '/topic/**'],
        ['one', '/topic/*'],
        ['exact', '/topic/a'],
      ] as const) {
        await subscribe(client, destination, id)
      }
      await send(await connect(t), '/topic/a')
      const frames = [await message(client), await message(client), await message(client)]
      expect(frames.map(({ headers }) => headers.get('subscription')).toSorted()).toEqual(['all', 'exact', 'one'])
      await nothingElse(client)
    },
    ONLY_1_0,
  ),
  serverCell(
    'ours/subscription-route/plain-only',
    'refuses ack modes and selectors on a subscription route, and names them',
    async (t) => {
      for (const [name, value] of [
        ['ack', 'client'],
        ['ack', 'client-individual'],
        ['selector', 'x > 1'],
      ] as const) {
        const client = await connect(t)
        client.send({
          command: 'SUBSCRIBE',
          headers: { id: '1', destination: '/app/now', [name]: value, receipt: 'r' },
        })
        const error = await refused(client)
        expect(error.headers.get('message')).toContain(name === 'ack' ? value : name)
        expect(error.headers.get('receipt-id')).toBe('r')
      }
    },
  ),
]

const remembering: readonly ServerCell[] = [
  serverCell(
    ['ours/topic/history', '1.2/subscribe/server-headers'],
    'gives what a topic has kept, by number or from a message on, and goes on with what follows',
    async (t) => {
      const sender = await connect(t)
      const first = await connect(t)
      await subscribe(first, '/topic/history/a')
      for (const body of ['1', '2', '3']) await send(sender, '/topic/history/a', body)
      const seen = await message(first)
      for (const [headers, bodies] of [
        [{ replay: '2' }, ['2', '3', '4']],
        [{ since: seen.headers.get('message-id') ?? '' }, ['2', '3', '4', '4']],
      ] as const) {
        const client = await connect(t)
        await subscribe(client, '/topic/history/a', 'mine', headers)
        await send(sender, '/topic/history/a', '4')
        await exactly(client, ...bodies)
        for (const name of ['since', 'replay', 'history-gap']) expect(client.wire).not.toContain(`\n${name}:`)
      }
      const plain = await connect(t)
      await subscribe(plain, '/topic/history/a')
      await nothingElse(plain)
    },
  ),
  serverCell('ours/topic/no-history', 'refuses replay and since where nothing is kept', async (t) => {
    for (const destination of ['/topic/a', '/queue/a', '/app/now']) {
      for (const [name, value] of [
        ['replay', '5'],
        ['since', 'x'],
      ] as const) {
        const client = await connect(t)
        client.send({ command: 'SUBSCRIBE', headers: { id: '1', destination, [name]: value, receipt: 'r' } })
        expect((await refused(client)).headers.get('receipt-id')).toBe('r')
      }
    }
  }),
  serverCell(
    ['ours/topic/durable', '1.2/subscribe/server-headers'],
    'keeps the messages of a durable subscription while its client is away, until UNSUBSCRIBE',
    async (t) => {
      const sender = await connect(t)
      const mine = { durable: 'true', 'client-id': 'laptop' }
      const first = await connect(t, { login: 'ada' })
      await subscribe(first, '/topic/a', 'mine', mine)
      await disconnect(first)
      await send(sender, '/topic/a', 'meanwhile', { persistent: 'true' })
      await t.restart()
      const stranger = await connect(t, { login: 'eve' })
      await subscribe(stranger, '/topic/a', 'mine', mine)
      await nothingElse(stranger)
      const second = await connect(t, { login: 'ada' })
      await subscribe(second, '/topic/a', 'mine', mine)
      expect((await message(second)).text).toBe('meanwhile')
      second.send({ command: 'UNSUBSCRIBE', headers: { id: 'mine', ...mine, receipt: 'gone' } })
      await receipt(second, 'gone')
      await send(await connect(t), '/topic/a', 'for nobody')
      await subscribe(second, '/topic/a', 'mine', mine)
      await nothingElse(second)
    },
    FROM_1_1,
  ),
]

/** Headers of SUBSCRIBE that shape the delivery; prefetch-count stands with the ack modes. */
export const subscribeHeaderCells: readonly ServerCell[] = [...selecting, ...remembering]
