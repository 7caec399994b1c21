import { expect } from 'vitest'
import { type ServerCell, serverCell } from '../cells.js'
import { FROM_1_1, ONLY_1_0, ONLY_1_1, ONLY_1_2 } from '../requirement.js'
import { connect, message, nothingElse, receipt, refused, send, subscribe } from './conversation.js'

const subscribing: readonly ServerCell[] = [
  serverCell(
    ['1.2/subscribe/messages-follow', '1.2/message/body', '1.2/ack-mode/auto-is-the-default'],
    'delivers what is sent to a destination from SUBSCRIBE on, and asks for no acknowledgement',
    async (t) => {
      const subscriber = await connect(t)
      const sender = await connect(t)
      await send(sender, '/topic/a', 'too early')
      await subscribe(subscriber, '/topic/a')
      await send(sender, '/topic/a', 'in time')
      const frame = await message(subscriber)
      expect(frame.text).toBe('in time')
      expect(frame.headers.has('ack')).toBe(false)
      await nothingElse(subscriber)
    },
  ),
  serverCell(
    '1.2/ack-mode/auto-needs-no-ack',
    'goes on delivering to a subscription in mode auto that acknowledges nothing',
    async (t) => {
      const subscriber = await connect(t)
      await subscribe(subscriber, '/topic/a', 'sub-1', { ack: 'auto' })
      const sender = await connect(t)
      for (let i = 0; i < 50; i++) await send(sender, '/topic/a', String(i))
      for (let i = 0; i < 50; i++) expect((await message(subscriber)).text).toBe(String(i))
    },
    FROM_1_1,
  ),
  serverCell(['1.2/subscribe/destination-required', 'E14'], 'refuses SUBSCRIBE without destination', async (t) => {
    const client = await connect(t)
    client.send({ command: 'SUBSCRIBE', headers: { id: '1', receipt: 'r' } })
    const error = await refused(client)
    expect(error.headers.get('message')).toContain('destination')
    expect(error.headers.get('receipt-id')).toBe('r')
  }),
  serverCell(
    ['1.2/subscribe/id-required', 'E14'],
    'refuses SUBSCRIBE without id',
    async (t) => {
      const client = await connect(t)
      client.send({ command: 'SUBSCRIBE', headers: { destination: '/topic/a', receipt: 'r' } })
      const error = await refused(client)
      expect(error.headers.get('message')).toContain('id')
      expect(error.headers.get('receipt-id')).toBe('r')
    },
    FROM_1_1,
  ),
  serverCell(
    '1.2/subscribe/id-relates-frames',
    'ties each MESSAGE and UNSUBSCRIBE to one of several subscriptions by its id',
    async (t) => {
      const client = await connect(t)
      await subscribe(client, '/topic/a', 'first')
      await subscribe(client, '/topic/a', 'second')
      const sender = await connect(t)
      await send(sender, '/topic/a', '1')
      const ids = [
        (await message(client)).headers.get('subscription'),
        (await message(client)).headers.get('subscription'),
      ]
      expect(ids.toSorted()).toEqual(['first', 'second'])
      client.send({ command: 'UNSUBSCRIBE', headers: { id: 'first', receipt: 'gone' } })
      await receipt(client, 'gone')
      await send(sender, '/topic/a', '2')
      expect((await message(client)).headers.get('subscription')).toBe('second')
      await nothingElse(client)
    },
    FROM_1_1,
  ),
  serverCell(
    ['1.2/subscribe/ids-differ', 'E15'],
    'refuses an id that is in use in the same connection, for the same and for another destination',
    async (t) => {
      for (const destination of ['/topic/a', '/topic/b']) {
        const client = await connect(t)
        await subscribe(client, '/topic/a', 'same')
        client.send({ command: 'SUBSCRIBE', headers: { id: 'same', destination, receipt: 'r' } })
        expect((await refused(client)).headers.get('receipt-id')).toBe('r')
      }
    },
    ONLY_1_2,
  ),
  serverCell(
    ['1.1/subscribe/ids-differ', 'E15'],
    'refuses an id that is in use in the same connection, whatever its destination',
    async (t) => {
      for (const destination of ['/topic/a', '/topic/b']) {
        const client = await connect(t)
        await subscribe(client, '/topic/a', 'same')
        client.send({ command: 'SUBSCRIBE', headers: { id: 'same', destination } })
        await refused(client)
      }
    },
    ['1.0', ...ONLY_1_1],
  ),
  serverCell(
    '1.2/subscribe/ids-differ',
    'lets two connections use the same id, and an id be used again after UNSUBSCRIBE',
    async (t) => {
      const one = await connect(t)
      const other = await connect(t)
      await subscribe(one, '/topic/a', 'same')
      await subscribe(other, '/topic/b', 'same')
      one.send({ command: 'UNSUBSCRIBE', headers: { id: 'same' } })
      await subscribe(one, '/topic/c', 'same')
      await send(other, '/topic/c', 'again')
      expect((await message(one)).text).toBe('again')
    },
    ONLY_1_2,
  ),
  serverCell(
    ['1.2/subscribe/failure-is-an-error', 'E16'],
    'refuses a subscription to a destination that nothing serves',
    async (t) => {
      for (const destination of ['/nowhere', '/elsewhere', '/app/no-such-route', 'no slash', '/topic//a']) {
        const client = await connect(t)
        client.send({ command: 'SUBSCRIBE', headers: { id: '1', destination, receipt: 'r' } })
        expect((await refused(client)).headers.get('receipt-id')).toBe('r')
      }
    },
  ),
  serverCell('E31', 'takes a prefix by whole segments', async (t) => {
    for (const destination of ['/topicfoo', '/apphello']) {
      for (const command of ['SUBSCRIBE', 'SEND'] as const) {
        const client = await connect(t)
        client.send({ command, headers: { id: '1', destination } })
        await refused(client)
      }
    }
  }),
  serverCell('E32', 'delivers once for a wildcard and once for an exact subscription', async (t) => {
    const client = await connect(t)
    await subscribe(client, '/topic/a/b', 'exact')
    await subscribe(client, '/topic/*/b', 'one segment')
    await subscribe(client, '/topic/**', 'the rest')
    await subscribe(client, '/topic/*', 'another depth')
    await send(await connect(t), '/topic/a/b')
    const frames = [await message(client), await message(client), await message(client)]
    expect(frames.map((frame) => frame.headers.get('subscription')).toSorted()).toEqual([
      'exact',
      'one segment',
      'the rest',
    ])
    expect(new Set(frames.map((frame) => frame.headers.get('destination')))).toEqual(new Set(['/topic/a/b']))
  }),
  serverCell('E32', 'never takes the destination of a SEND as a pattern', async (t) => {
    const subscriber = await connect(t)
    await subscribe(subscriber, '/topic/a')
    for (const destination of ['/topic/*', '/topic/**']) {
      const sender = await connect(t)
      sender.send({ command: 'SEND', headers: { destination, receipt: 'r' }, body: 'to everybody?' })
      expect(['ERROR', 'RECEIPT']).toContain((await sender.next()).command)
    }
    await nothingElse(subscriber)
  }),
  serverCell('E30', 'answers a subscription route once, with id and destination of the SUBSCRIBE', async (t) => {
    const client = await connect(t)
    await subscribe(client, '/app/now', 'once')
    const answer = await message(client)
    expect(JSON.parse(answer.text)).toEqual({ now: 0 })
    expect([answer.headers.get('subscription'), answer.headers.get('destination')]).toEqual(['once', '/app/now'])
    client.send({ command: 'UNSUBSCRIBE', headers: { id: 'once', receipt: 'gone' } })
    await receipt(client, 'gone')
    await nothingElse(client)
  }),
]

const old: readonly ServerCell[] = [
  serverCell(
    ['1.0/subscribe/id-is-optional', '1.0/unsubscribe/by-destination-or-id'],
    'takes a SUBSCRIBE without id, whose MESSAGE names no subscription, and ends it by its destination',
    async (t) => {
      const client = await connect(t)
      client.send({ command: 'SUBSCRIBE', headers: { destination: '/topic/a', receipt: 'r' } })
      await receipt(client, 'r')
      const sender = await connect(t)
      await send(sender, '/topic/a', '1')
      const frame = await message(client)
      expect(frame.headers.has('subscription')).toBe(false)
      client.send({ command: 'UNSUBSCRIBE', headers: { destination: '/topic/a', receipt: 'gone' } })
      await receipt(client, 'gone')
      await send(sender, '/topic/a', '2')
      await nothingElse(client)
    },
    ONLY_1_0,
  ),
  serverCell(
    ['1.0/subscribe/id-shows-in-message', '1.0/subscribe/overlapping', '1.0/unsubscribe/by-destination-or-id'],
    'tells overlapping subscriptions apart by id, in MESSAGE and in UNSUBSCRIBE',
    async (t) => {
      const client = await connect(t)
      await subscribe(client, '/topic/a', 'x')
      await subscribe(client, '/topic/a', 'y')
      const sender = await connect(t)
      await send(sender, '/topic/a', '1')
      const ids = [
        (await message(client)).headers.get('subscription'),
        (await message(client)).headers.get('subscription'),
      ]
      expect(ids.toSorted()).toEqual(['x', 'y'])
      client.send({ command: 'UNSUBSCRIBE', headers: { id: 'x' } })
      await send(sender, '/topic/a', '2')
      expect((await message(client)).headers.get('subscription')).toBe('y')
      await nothingElse(client)
    },
    ONLY_1_0,
  ),
  serverCell(
    '1.0/subscribe/body-is-ignored',
    'subscribes although SUBSCRIBE has a body',
    async (t) => {
      const client = await connect(t)
      client.send('SUBSCRIBE\nid:1\ndestination:/topic/a\nreceipt:r\n\nwhat is this?\0')
      await receipt(client, 'r')
      await send(await connect(t), '/topic/a', 'hello')
      expect((await message(client)).text).toBe('hello')
    },
    ONLY_1_0,
  ),
]

/** SUBSCRIBE; the ack modes stand apart. */
export const subscribeCells: readonly ServerCell[] = [...subscribing, ...old]
