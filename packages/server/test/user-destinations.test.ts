import fc from 'fast-check'
import Fastify, { type FastifyInstance } from 'fastify'
import { describe, expect, it } from 'vitest'
import hoofbeat, { type BrokerFactory, embeddedBroker, type SendToUser } from '../src/index.js'
import { encodeUserName, innerUserDestination } from '../src/users/user-destination.js'
import { answer, frames, gate, rest, send, transact, turn, usePlugin } from './plugin-application.js'

const start = usePlugin()

describe('sendToUser', () => {
  it('reaches every session of the user that has subscribed, and nobody else', async () => {
    const { app, connect } = await start()
    const [one, two, mute, bob, nobody] = [
      await connect('ada'),
      await connect('ada'),
      await connect('ada'),
      await connect('bob'),
      await connect(),
    ]
    for (const client of [one, two, bob, nobody]) await client.subscribe('s', '/user/queue/x')
    await app.stomp.sendToUser('ada', '/queue/x', { n: 1 }, { headers: { 'x-tag': 'a' } })
    for (const client of [one, two]) {
      const message = await client.next()
      expect([message.text, message.headers.get('destination'), message.headers.get('x-tag')]).toEqual([
        '{"n":1}',
        '/user/queue/x',
        'a',
      ])
    }
    for (const client of [one, two, mute, bob, nobody]) expect(await rest(client)).toEqual([])
  })

  it('is done where nobody is there, and keeps nothing', async () => {
    const { app, connect } = await start()
    await app.stomp.sendToUser('ada', '/queue/x', 'lost')
    const ada = await connect('ada')
    await ada.subscribe('s', '/user/queue/x')
    expect(await rest(ada)).toEqual([])
  })

  it('reaches one session alone, an anonymous one too, if that is named', async () => {
    const { app, connect } = await start()
    const [one, two, nobody] = [await connect('ada'), await connect('ada'), await connect()]
    for (const client of [one, two, nobody]) await client.subscribe('s', '/user/queue/x')
    const [first] = app.stomp.users.get('ada')?.sessions ?? []
    await app.stomp.sendToUser({ session: first?.id ?? '' }, '/queue/x', 'one')
    await app.stomp.sendToUser({ user: 'ada' }, '/queue/x', 'both')
    expect([await rest(one), await rest(two), await rest(nobody)]).toEqual([['one', 'both'], ['both'], []])
  })

  it('reaches an anonymous session by its id, and nobody by an id that is gone or guessed', async () => {
    const { app, connect } = await start()
    const nobody = await connect()
    await nobody.subscribe('s', '/user/queue/x')
    const [found] = app.stomp.users.subscriptions('/user/queue/x')
    const session = found?.sessionId ?? ''
    await app.stomp.sendToUser({ session }, '/queue/x', 'here')
    for (const id of ['', 'ada', `${session}x`, '*']) await app.stomp.sendToUser({ session: id }, '/queue/x', 'lost')
    expect(await rest(nobody)).toEqual(['here'])
    nobody.link.close()
    await nobody.closed()
    await app.stomp.sendToUser({ session }, '/queue/x', 'lost')
    expect(await rest(nobody)).toEqual([])
  })

  it('takes any name of a user as it is', async () => {
    const { app, connect } = await start()
    for (const name of ['a/b', 'a%2Fb', '*', 'jane.doe', 'Jürgen 🐎', '__proto__']) {
      const client = await connect(name)
      await client.subscribe('s', '/user/queue/x')
      await app.stomp.sendToUser(name, '/queue/x', name)
      expect(await rest(client)).toEqual([name])
    }
  })

  it.each(['queue/x', '/queue/*', '/**', '', '/queue//x', '/queue/\0'])('refuses %j', async (destination) => {
    const { app } = await start()
    await expect(app.stomp.sendToUser('ada', destination, 'x')).rejects.toMatchObject({
      code: 'STOMP_ERR_DESTINATION_INVALID',
    })
  })

  it('stops when the session has gone', async () => {
    const { app, connect } = await start()
    const ada = await connect('ada')
    await ada.subscribe('s', '/user/queue/x')
    ada.link.close()
    await ada.closed()
    await app.stomp.sendToUser('ada', '/queue/x', 'lost')
    expect([await rest(ada), app.stomp.users.get('ada'), app.stomp.users.size]).toEqual([[], undefined, 0])
  })

  it('stands with publish and sendTo: a destination below /user/<name> means the same', async () => {
    const { app, connect } = await start({}, (instance) => {
      instance.stomp.message('/tell/:name', { sendTo: '/user/:name/queue/x' }, async () => 'from a route')
    })
    const [ada, bob] = [await connect('ada'), await connect('b/b')]
    await bob.subscribe('s', '/user/queue/x')
    await app.stomp.publish(`/user/${encodeUserName('b/b')}/queue/x`, 'published')
    ada.send(send('/app/tell/b%2Fb', '', { receipt: '1' }))
    expect(await frames(ada, 1)).toEqual(['RECEIPT 1'])
    expect(await rest(bob)).toEqual(['published', 'from a route'])
  })
})

describe('stomp.users', () => {
  it('tells who is connected, by user and session', async () => {
    const { app, connect } = await start()
    const sessions = [await connect('ada'), await connect('ada'), await connect('bob'), await connect()]
    const { users } = app.stomp
    expect([users.size, users.sessionCount, users.get('ada')?.sessions.length]).toEqual([2, 4, 2])
    sessions[0]?.send({ command: 'DISCONNECT', headers: { receipt: 'bye' } })
    await sessions[0]?.next()
    expect([users.sessionCount, users.get('ada')?.sessions.length]).toEqual([3, 1])
  })
})

describe('a user destination', () => {
  it('needs no rule to be subscribed to, but one to be sent to; hooks are asked for both', async () => {
    const asked: string[] = []
    const { connect } = await start({ allow: { subscribe: [] } }, (app) => {
      app.stomp.addHook('authorizeSubscribe', ({ destination }) => void asked.push(destination))
      app.stomp.addHook('authorizeSend', ({ destination }) => void asked.push(destination))
    })
    const client = await connect('ada')
    await client.subscribe('s', '/user/queue/x')
    client.send(send('/user/ada/queue/x', 'm', { receipt: '1' }))
    expect(await frames(client, 1)).toEqual(['ERROR STOMP_ERR_FORBIDDEN 1'])
    expect(asked).toEqual(['/user/queue/x'])
  })

  it('a hook may refuse the session its own', async () => {
    const { connect } = await start({}, (app) => {
      app.stomp.addHook('authorizeSubscribe', () => {
        throw new Error('no')
      })
    })
    const client = await connect('ada')
    client.send({ command: 'SUBSCRIBE', headers: { id: 's', destination: '/user/queue/x', receipt: '1' } })
    expect(await frames(client, 1)).toEqual(['ERROR STOMP_ERR_FORBIDDEN 1'])
  })

  it('a rule for one user is no rule for another', async () => {
    const { connect } = await start({ allow: { send: ['/user/bob/**'] } })
    const [ada, bob] = [await connect('ada'), await connect('bob')]
    await bob.subscribe('s', '/user/queue/x')
    ada.send(send('/user/bob/queue/x', 'm', { receipt: '1' }))
    ada.send(send('/user/ada/queue/x', 'm', { receipt: '2' }))
    expect(await frames(ada, 2)).toEqual(['RECEIPT 1', 'ERROR STOMP_ERR_FORBIDDEN 2'])
    expect(await frames(bob, 1)).toEqual(['m'])
  })

  it('a client sends to all sessions of a user, its own among them: RECEIPT, then MESSAGE', async () => {
    const { connect } = await start()
    const [one, two] = [await connect('ada'), await connect('ada')]
    for (const client of [one, two]) await client.subscribe('s', '/user/queue/x')
    one.send(send('/user/ada/queue/x', 'm', { receipt: 'sent' }))
    expect(await frames(one, 2)).toEqual(['RECEIPT sent', 'm'])
    expect(await frames(two, 1)).toEqual(['m'])
  })

  it.each(['/user/%61lice/queue/x', '/user/a%2fb/queue/x', '/user/alice', '/user/%/queue/x', '/user/*/queue/x'])(
    'cannot be written as %s, so that a hook is never asked for it',
    async (destination) => {
      const asked: string[] = []
      const { connect } = await start({}, (app) => {
        app.stomp.addHook('authorizeSend', (request) => void asked.push(request.destination))
      })
      const [client, alice] = [await connect('eve'), await connect('alice')]
      await alice.subscribe('s', '/user/queue/x')
      client.send(send(destination, 'x', { receipt: '1' }))
      expect(await frames(client, 1)).toEqual(['ERROR STOMP_ERR_DESTINATION_INVALID 1'])
      expect([asked, await rest(alice)]).toEqual([[], []])
    },
  )

  it('acknowledges for credit, as a topic does', async () => {
    const { app, connect } = await start()
    const ada = await connect('ada')
    await ada.subscribe('s', '/user/queue/x', { ack: 'client-individual', 'prefetch-count': '1' })
    for (const body of ['1', '2']) await app.stomp.sendToUser('ada', '/queue/x', body)
    const first = await ada.next()
    expect(await rest(ada)).toEqual([])
    ada.send(answer('ACK', first))
    expect([first.text, await rest(ada)]).toEqual(['1', ['2']])
  })

  it('does not tell the inner name where it refuses', async () => {
    const { connect } = await start()
    const ada = await connect('ada')
    const headers = { id: 's', destination: '/user/queue/x', replay: '1', receipt: '1' }
    ada.send({ command: 'SUBSCRIBE', headers })
    const error = await ada.next()
    expect([error.headers.get('code'), error.headers.get('message')]).toEqual([
      'STOMP_ERR_UNSUPPORTED',
      'This server does not offer what was asked for',
    ])
  })
})

describe('privacy', () => {
  const SECRET = 'for ada alone'

  it.each(['/', '.'] as const)(
    'no SUBSCRIBE, whatever it says, reads what is for another (separator %s)',
    { timeout: 60_000 },
    async (separator) => {
      const { app, connect } = await start({
        separator,
        broker: embeddedBroker({ topics: ['/topic', '/user', '/temp'], history: [{ topics: '/topic/**' }] }),
        allow: { send: ['/**'], subscribe: ['/**'] },
      })
      const ada = await connect('ada')
      await ada.subscribe('s', '/user/queue/x')
      await ada.subscribe('t', '/temp-queue/x')
      const [session] = app.stomp.users.get('ada')?.sessions ?? []
      const id = session?.id ?? 'none'
      const inner = innerUserDestination(id, '/queue/x')

      // What means something somewhere: prefixes, names, wildcards, the inner name in any spelling, escapes of any version.
      const words = ['*', '**', 'user', 'queue', 'topic', 'temp', 'temp-queue', 'reply-queue', 'x', 'ada', 'app', id]
      const odd = [
        '/',
        '.',
        inner,
        inner.slice(1),
        '\0',
        '\\0',
        '%00',
        '\\c',
        '\\\\',
        '%2F',
        '%61da',
        ' ',
        '\u2400',
        'durable:',
      ]
      const word = fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...words) }, fc.constantFrom(...odd))
      const path = fc.array(word, { minLength: 1, maxLength: 4 }).map((segments) => segments.join(separator))
      const destination = fc.oneof(
        fc
          .tuple(fc.constantFrom('/topic/', '/queue/', '/user/', '/temp-queue/', '/temp/', '/'), path)
          .map((it) => it.join('')),
        fc.array(fc.constantFrom(...words, ...odd), { minLength: 1, maxLength: 6 }).map((parts) => parts.join('')),
        fc.constantFrom(inner, '/**', '/*', '/user/**', `/user/ada/queue/x`, `/user/${id}/queue/x`, `/temp/${id}/x`),
      )
      const version = fc.constantFrom('1.0', '1.1', '1.2')
      const headers = fc.record(
        { ack: fc.constantFrom('auto', 'client'), more: fc.constantFrom('', '', '', 'durable:true\n', 'replay:9\n') },
        { requiredKeys: [] },
      )
      let taken = 0
      await fc.assert(
        fc.asyncProperty(destination, version, headers, async (text, spoken, { ack = 'auto', more = '' }) => {
          const eve = await connect('eve', { 'accept-version': spoken, 'client-id': 'eve' })
          // Raw, as a client that follows no rule would: no encoder refuses or escapes anything.
          const lines = Object.entries({ id: 's', destination: text, receipt: 'r', ack })
          eve.sendRaw(`SUBSCRIBE\n${lines.map(([name, value]) => `${name}:${value}\n`).join('')}${more}\n\0`)
          const [first] = await eve.rest()
          if (first?.command === 'RECEIPT') taken++
          await app.stomp.sendToUser('ada', '/queue/x', SECRET)
          ada.send(send('/temp-queue/x', SECRET))
          expect((await rest(ada)).filter((body) => body === SECRET)).toHaveLength(2)
          expect(await rest(eve)).not.toContain(SECRET)
          eve.link.close()
          await eve.closed()
        }),
        { numRuns: 300 },
      )
      // Else nothing was tried.
      expect(taken).toBeGreaterThan(20)
    },
  )
})

describe('sendToUser of a route', () => {
  const answering = (sendToUser: SendToUser | readonly SendToUser[], sendTo?: string) => (app: FastifyInstance) =>
    app.stomp.message('/ask/:room', { sendToUser, ...(sendTo === undefined ? {} : { sendTo }) }, ({ body }) => body)

  it('answers every session of the sender, and nobody else', async () => {
    const { connect } = await start({}, answering('/queue/answers/:room'))
    const [one, two, bob] = [await connect('ada'), await connect('ada'), await connect('bob')]
    for (const client of [one, two, bob]) await client.subscribe('s', '/user/queue/answers/blue')
    one.send(send('/app/ask/blue', '"why?"', { receipt: 'r' }))
    expect(await frames(one, 2)).toEqual(['RECEIPT r', 'why?'])
    expect(await frames(two, 1)).toEqual(['why?'])
    expect(await rest(bob)).toEqual([])
  })

  it('answers the session alone that has sent, where that is asked for', async () => {
    const { connect } = await start({}, answering({ destination: '/queue/answers', session: 'sender' }))
    const [one, two] = [await connect('ada'), await connect('ada')]
    for (const client of [one, two]) await client.subscribe('s', '/user/queue/answers')
    two.send(send('/app/ask/blue', '1'))
    expect(await frames(two, 1)).toEqual(['1'])
    expect(await rest(one)).toEqual([])
  })

  it('answers an anonymous sender in its own session', async () => {
    const { connect } = await start({}, answering(['/queue/answers']))
    const [one, two] = [await connect(), await connect()]
    for (const client of [one, two]) await client.subscribe('s', '/user/queue/answers')
    two.send(send('/app/ask/blue', '1'))
    expect(await frames(two, 1)).toEqual(['1'])
    expect(await rest(one)).toEqual([])
  })

  it('publishes beside sendTo, also behind a COMMIT', async () => {
    const { connect } = await start({}, answering('/queue/answers', '/topic/:room'))
    const ada = await connect('ada')
    await ada.subscribe('t', '/topic/blue')
    await ada.subscribe('u', '/user/queue/answers')
    ada.send(transact('BEGIN', 't'))
    ada.send(send('/app/ask/blue', '1', { transaction: 't' }))
    ada.send(transact('COMMIT', 't'))
    const got = [await ada.next(), await ada.next()]
    expect(got.map(({ headers }) => headers.get('destination'))).toEqual(['/topic/blue', '/user/queue/answers'])
  })

  it('keeps nothing for a session that left while its handler was at work', async () => {
    const { open, opened } = gate()
    const published: string[] = []
    const broker: BrokerFactory = async (parts) => {
      const broker = await embeddedBroker()(parts)
      broker.publish = ({ destination }) => void published.push(destination)
      return broker
    }
    const { app, connect } = await start({ broker }, (app) =>
      app.stomp.message('/ask', { sendToUser: { destination: '/queue/x', session: 'sender' } }, async () => {
        await opened
        return 'late'
      }),
    )
    const ada = await connect('ada')
    ada.send(send('/app/ask'))
    await turn()
    ada.link.close()
    while (app.stomp.users.sessionCount > 0) await turn()
    open()
    await turn()
    expect(published).toEqual([])
  })

  it.each<[unknown, RegExp]>([
    ['queue/x', /sendToUser: 'queue\/x' is not a destination/],
    ['/user/queue/x', /sendToUser: write what follows \/user/],
    ['/queue/:other', /:other, which is no param/],
    [[], /there is no destination in the list/],
    [{ destination: '/queue/x', session: 'mine' }, /session is 'all' or 'sender'/],
    [{ destination: 7 }, /'7' is not a destination/],
  ])('refuses %j when it is declared', async (sendToUser, text) => {
    const app = Fastify()
    await app.register(hoofbeat)
    expect(() => app.stomp.message('/ask/:room', { sendToUser: sendToUser as string }, () => 1)).toThrow(text)
    await app.close()
  })
})
