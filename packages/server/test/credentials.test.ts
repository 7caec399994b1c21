import { describe, expect, it } from 'vitest'
import type { ConnectRequest, HoofbeatOptions, User } from '../src/index.js'
import { createFakeClock } from '../src/testing/fake-clock.js'
import { connectTestClient, type StompTestClient } from '../src/testing/stomp-client.js'
import { frames, gate, rest, send, turn, usePlugin } from './plugin-application.js'

declare module '../src/index.js' {
  interface User {
    readonly role?: string
  }
}

const start = usePlugin()
const MINUTE_MS = 60_000

/** Tokens are `name/minutes/role`. */
async function startWithTokens(options: HoofbeatOptions = {}, prepare?: Parameters<typeof start>[1]) {
  const clock = createFakeClock()
  const asked: ConnectRequest[] = []
  const authenticate = async (connect: ConnectRequest): Promise<User | undefined> => {
    asked.push(connect)
    const token = connect.headers.get('authorization')
    if (token === undefined) return undefined
    if (token === 'bad') throw new Error('no such token')
    const [name = '', minutes = '', role = ''] = token.split('/')
    const user = { name, role }
    return minutes === '' ? user : { ...user, expiresAtMs: clock.epochMs() + Number(minutes) * MINUTE_MS }
  }
  const application = await start({ clock, authenticate, ...options }, prepare)
  const connect = (token?: string): Promise<StompTestClient> =>
    application.connect(undefined, token === undefined ? {} : { authorization: token })
  return { ...application, clock, asked, connect }
}

const renewal = (authorization: string, headers: Readonly<Record<string, string>> = {}) =>
  send('/session/renew', '', { authorization, receipt: 'renewed', ...headers })

describe('a session whose credentials end', () => {
  it('gets an ERROR that names the cure, and closes with 4401', async () => {
    const { clock, connect } = await startWithTokens()
    const client = await connect('alice/5')
    clock.advance(5 * MINUTE_MS - 1)
    expect(await rest(client)).toEqual([])
    clock.advance(100)
    const error = await client.next()
    expect(error.headers.get('code')).toBe('STOMP_ERR_CREDENTIALS_EXPIRED')
    expect(error.text).toContain('renew them in time by a SEND to /session/renew')
    expect(await client.closed()).toEqual({ code: 4401, reason: 'STOMP_ERR_CREDENTIALS_EXPIRED' })
  })

  it('is refused in the same way where they had ended before CONNECT', async () => {
    const { connect, app } = await startWithTokens()
    await expect(connect('alice/0')).rejects.toThrow('The credentials have ended')
    await expect(connect('alice/-1')).rejects.toThrow('The credentials have ended')
    expect(app.stomp.users.sessionCount).toBe(0)
  })

  it('lives on without an end where the user names none', async () => {
    const { clock, connect } = await startWithTokens({ heartBeat: { sendMs: 0, receiveMs: 0 } })
    const client = await connect('alice')
    clock.advance(100 * 24 * 60 * MINUTE_MS)
    expect(await rest(client)).toEqual([])
    expect(await client.closed()).toBeUndefined()
  })

  it('takes the end from what identify has found where there is no other authentication', async () => {
    const clock = createFakeClock()
    const { app } = await start({ clock, authenticate: ({ identity }) => identity })
    const identity = { name: 'alice', expiresAtMs: clock.epochMs() + MINUTE_MS }
    const client = connectTestClient(app, { identity })
    await client.connect()
    clock.advance(MINUTE_MS + 100)
    expect((await client.next()).headers.get('code')).toBe('STOMP_ERR_CREDENTIALS_EXPIRED')
  })

  it('does not cut off what a DISCONNECT waits for', async () => {
    const { open, opened } = gate()
    const { clock, connect } = await startWithTokens({}, (app) => {
      app.stomp.message('/slow', async () => opened)
    })
    const client = await connect('alice/1')
    clock.advance(MINUTE_MS - 2_000)
    client.send(send('/app/slow', '', { receipt: 'slow' }))
    client.send({ command: 'DISCONNECT', headers: { receipt: 'bye' } })
    await turn()
    clock.advance(4_000)
    await turn()
    expect(await client.closed()).toBeUndefined()
    open()
    expect(await frames(client, 2)).toEqual(['RECEIPT slow', 'RECEIPT bye'])
  })
})

describe('a renewal', () => {
  it('is receipted when it is done, and puts the end off', async () => {
    const { clock, connect, asked } = await startWithTokens()
    const client = await connect('alice/5')
    clock.advance(4 * MINUTE_MS)
    client.send(renewal('alice/5'))
    expect(await frames(client, 1)).toEqual(['RECEIPT renewed'])
    clock.advance(4 * MINUTE_MS)
    expect(await rest(client)).toEqual([])
    clock.advance(MINUTE_MS + 100)
    expect(await frames(client, 1)).toEqual(['ERROR STOMP_ERR_CREDENTIALS_EXPIRED'])
    expect(asked.map(({ renews }) => renews?.name)).toEqual([undefined, 'alice'])
    expect(asked[1]).toMatchObject({ request: undefined, sessionId: asked[0]?.sessionId, version: '1.2' })
  })

  it('may be repeated, shorten the time, end it, or begin it', async () => {
    const { clock, connect } = await startWithTokens({ heartBeat: { sendMs: 0, receiveMs: 0 } })
    const client = await connect('alice')
    for (const token of ['alice/9', 'alice/1', 'alice', 'alice/2']) client.send(renewal(token))
    expect(await frames(client, 4)).toEqual(Array.from({ length: 4 }, () => 'RECEIPT renewed'))
    clock.advance(2 * MINUTE_MS - 1)
    expect(await rest(client)).toEqual([])
    client.send(renewal('alice'))
    expect(await frames(client, 1)).toEqual(['RECEIPT renewed'])
    clock.advance(90 * MINUTE_MS)
    expect(await rest(client)).toEqual([])
  })

  it('gives login and passcode to authenticate, and what identify had found', async () => {
    const seen: ConnectRequest[] = []
    const { connect } = await start({
      authenticate: (request) => {
        seen.push(request)
        return request.login
      },
    })
    const client = await connect('alice')
    client.send(send('/session/renew', '', { login: 'alice', passcode: 'secret', receipt: 'r' }))
    expect(await frames(client, 1)).toEqual(['RECEIPT r'])
    expect(seen[1]).toMatchObject({
      login: 'alice',
      passcode: 'secret',
      identity: undefined,
      renews: { name: 'alice' },
    })
  })

  it('shows the new user to hooks, handlers and the registry, and leaves subscriptions as they are', async () => {
    const seen: string[] = []
    const note = (what: string) => (request: { readonly user: User | undefined }) => {
      seen.push(`${what} ${request.user?.role}`)
    }
    const { app, connect } = await startWithTokens({}, (application) => {
      application.stomp.addHook('authorizeSend', note('send'))
      application.stomp.addHook('authorizeSubscribe', note('subscribe'))
      application.stomp.addHook('onSubscribed', note('subscribed'))
      application.stomp.addHook('onDisconnected', note('disconnected'))
      application.stomp.message('/who', ({ user }) => {
        seen.push(`handler ${user?.role}`)
      })
    })
    const client = await connect('alice/5/guest')
    await client.subscribe('1', '/topic/a')
    client.send(send('/app/who', '', { receipt: '1' }))
    client.send(renewal('alice/5/admin'))
    client.send(send('/app/who', '', { receipt: '2' }))
    expect((await frames(client, 3)).toSorted()).toEqual(['RECEIPT 1', 'RECEIPT 2', 'RECEIPT renewed'])
    await client.subscribe('2', '/topic/b')
    expect([...app.stomp.users].map(({ name, sessions }) => [name, sessions.map(({ user }) => user.role)])).toEqual([
      ['alice', ['admin']],
    ])
    expect(app.stomp.users.get('alice')?.sessions[0]?.subscriptions).toHaveLength(2)
    await app.stomp.publish('/topic/a', 'still here')
    expect(await frames(client, 1)).toEqual(['still here'])
    client.link.close()
    await turn()
    expect(seen).toEqual([
      ...['subscribe guest', 'subscribed guest', 'send guest', 'handler guest'],
      ...['send admin', 'handler admin', 'subscribe admin', 'subscribed admin', 'disconnected admin'],
    ])
  })

  it('lets no later frame overtake it', async () => {
    const answers: ((user: User) => void)[] = []
    const roles: (string | undefined)[] = []
    const { connect } = await start(
      {
        authenticate: ({ renews, login }) =>
          renews === undefined ? login : new Promise<User>((resolve) => answers.push(resolve)),
      },
      (app) => app.stomp.addHook('authorizeSend', ({ user }) => void roles.push(user?.role)),
    )
    const client = await connect('alice')
    client.send(send('/topic/a', '', { receipt: 'before' }))
    client.send(renewal('x'))
    client.send(send('/topic/a', '', { receipt: 'after' }))
    expect(await rest(client)).toEqual(['RECEIPT before'])
    answers[0]?.({ name: 'alice', role: 'admin' })
    expect(await rest(client)).toEqual(['RECEIPT renewed', 'RECEIPT after'])
    expect(roles).toEqual([undefined, 'admin'])
  })

  it('needs no rule, and reaches no hook and no route', async () => {
    const seen: string[] = []
    const { connect } = await startWithTokens({ applicationPrefix: '/session', allow: {} }, (application) => {
      application.stomp.addHook('authorizeSend', ({ destination }) => void seen.push(destination))
      application.stomp.message('/renew', () => void seen.push('a route'))
    })
    const client = await connect('alice/5')
    client.send(renewal('alice/5'))
    expect(await frames(client, 1)).toEqual(['RECEIPT renewed'])
    expect(await rest(client)).toEqual([])
    expect(seen).toEqual([])
  })

  it.each([
    ['of another user', 'bob/5', 'not those of the user of this session'],
    ['that nobody knows', 'bad', 'The credentials were not accepted'],
  ])('with credentials %s is refused, ends the session and tells nothing more', async (_, token, text) => {
    const { app, connect } = await startWithTokens()
    const client = await connect('alice/5')
    client.send(renewal(token))
    const error = await client.next()
    expect([error.headers.get('code'), error.headers.get('receipt-id')]).toEqual([
      'STOMP_ERR_NOT_AUTHENTICATED',
      'renewed',
    ])
    expect(error.headers.get('message')).toContain(text)
    expect((await client.closed())?.code).toBe(1002)
    expect(app.stomp.users.size).toBe(0)
  })

  it('with credentials that have ended already is refused', async () => {
    const { connect } = await startWithTokens()
    const client = await connect('alice/5')
    client.send(renewal('alice/0'))
    expect(await frames(client, 1)).toEqual(['ERROR STOMP_ERR_CREDENTIALS_EXPIRED renewed'])
    expect((await client.closed())?.code).toBe(4401)
  })

  it('without credentials, or by an anonymous session, is refused', async () => {
    const { connect } = await startWithTokens()
    const alice = await connect('alice/5')
    alice.send(send('/session/renew'))
    expect(await frames(alice, 1)).toEqual(['ERROR STOMP_ERR_NOT_AUTHENTICATED'])
    const anybody = await connect()
    anybody.send(renewal('alice/5'))
    const error = await anybody.next()
    expect(error.headers.get('message')).toBe('An anonymous session has no credentials to renew')
  })

  it('is refused in a transaction', async () => {
    const { connect } = await startWithTokens()
    const client = await connect('alice/5')
    client.send({ command: 'BEGIN', headers: { transaction: 't' } })
    client.send(renewal('alice/5', { transaction: 't' }))
    expect(await frames(client, 1)).toEqual(['ERROR STOMP_ERR_UNSUPPORTED renewed'])
  })

  it('is refused where the server has no authenticate', async () => {
    const clock = createFakeClock()
    const { app } = await start({ clock, authenticate: undefined as never })
    const client = connectTestClient(app, { identity: 'alice' })
    await client.connect()
    client.send(renewal('alice/5'))
    expect(await frames(client, 1)).toEqual(['ERROR STOMP_ERR_UNSUPPORTED renewed'])
  })

  it('that is refused softly leaves the session as it was, to its old end', async () => {
    const { clock, connect } = await startWithTokens({ refusals: 'soft' })
    const client = await connect('alice/5')
    await client.subscribe('errors', '/user/queue/errors')
    client.send(renewal('bob/50'))
    const refusal = await client.next()
    expect([refusal.command, refusal.headers.get('code')]).toEqual(['MESSAGE', 'STOMP_ERR_NOT_AUTHENTICATED'])
    clock.advance(5 * MINUTE_MS + 100)
    expect(await frames(client, 1)).toEqual(['ERROR STOMP_ERR_CREDENTIALS_EXPIRED'])
  })
})

describe('a renewal under way when the credentials end', () => {
  async function startLate(options: HoofbeatOptions = {}) {
    const clock = createFakeClock()
    const answers: { resolve(user: User): void; reject(error: unknown): void }[] = []
    const { connect } = await start({
      clock,
      limits: { hookTimeoutMs: 8_000 },
      heartBeat: { sendMs: 0, receiveMs: 0 },
      authenticate: ({ renews, login = '' }) => {
        if (renews === undefined) return { name: login, expiresAtMs: clock.epochMs() + MINUTE_MS }
        return new Promise<User>((resolve, reject) => answers.push({ resolve, reject }))
      },
      ...options,
    })
    const client = await connect('alice')
    clock.advance(MINUTE_MS - 2_000)
    client.send(renewal('x'))
    expect(await rest(client)).toEqual([])
    clock.advance(4_000)
    expect(await rest(client)).toEqual([])
    return { clock, client, answers }
  }

  it('still counts if it comes to a good end', async () => {
    const { clock, client, answers } = await startLate()
    answers[0]?.resolve({ name: 'alice', expiresAtMs: clock.epochMs() + MINUTE_MS })
    expect(await frames(client, 1)).toEqual(['RECEIPT renewed'])
    clock.advance(MINUTE_MS - 1)
    expect(await rest(client)).toEqual([])
    clock.advance(101)
    expect(await frames(client, 1)).toEqual(['ERROR STOMP_ERR_CREDENTIALS_EXPIRED'])
  })

  it('ends the session with its refusal', async () => {
    const { client, answers } = await startLate()
    answers[0]?.reject(new Error('no'))
    expect(await rest(client)).toEqual(['ERROR STOMP_ERR_NOT_AUTHENTICATED renewed'])
  })

  it('ends the session by their end where the refusal is soft', async () => {
    const { client, answers } = await startLate({ refusals: 'soft' })
    answers[0]?.reject(new Error('no'))
    expect((await rest(client)).at(-1)).toMatch(/^ERROR STOMP_ERR_/)
    expect(await client.closed()).toBeDefined()
  })

  it('has hookTimeoutMs, and an answer behind that changes nothing', async () => {
    const { clock, client, answers } = await startLate()
    clock.advance(4_200)
    const error = await client.next()
    expect([error.headers.get('code'), error.headers.get('message')]).toEqual([
      'STOMP_ERR_NOT_AUTHENTICATED',
      'The credentials were not checked in time',
    ])
    answers[0]?.resolve({ name: 'alice' })
    expect(await rest(client)).toEqual([])
  })
})
