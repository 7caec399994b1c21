import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import hoofbeat, { type User } from '../src/index.js'
import { frames, rest, send, usePlugin } from './plugin-application.js'

// What a team that comes from Spring asks for, and what no other suite shows; docs/spring-features.md has the whole table.

const start = usePlugin()
const apps: FastifyInstance[] = []

afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()))
})

describe('a WebSocket handshake', () => {
  async function listen(): Promise<number> {
    const app = Fastify()
    apps.push(app)
    await app.register(hoofbeat, { drainMs: 0 })
    await app.listen({ port: 0, host: '127.0.0.1' })
    return (app.server.address() as AddressInfo).port
  }

  /** The status of an upgrade with these header fields in the place of the proper ones. */
  const upgrade = (port: number, fields: Readonly<Record<string, string>>): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const proper = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' }
      const key = { 'sec-websocket-key': Buffer.alloc(16).toString('base64') }
      const asked = request({ port, host: '127.0.0.1', path: '/stomp', headers: { ...proper, ...key, ...fields } })
      asked.on('response', (response) => resolve(response.resume().statusCode))
      asked.on('upgrade', (response, socket) => {
        socket.destroy()
        resolve(response.statusCode)
      })
      asked.on('error', reject)
      asked.end()
    })

  it.each([
    ['as it should be', {}, 101],
    ['in a version that nobody speaks', { 'sec-websocket-version': '7' }, 400],
    ['with a key that is none', { 'sec-websocket-key': 'short' }, 400],
  ])('%s is answered as RFC 6455 says', async (_what, fields, status) => {
    expect(await upgrade(await listen(), fields)).toBe(status)
  })

  it('agrees on no compression, whoever offers it', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${await listen()}/stomp`, ['v12.stomp'], { perMessageDeflate: true })
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
    expect(socket.extensions).toBe('')
    socket.terminate()
  })
})

describe('the application prefix', () => {
  it('says what goes to routes: they are found behind it, and nowhere else', async () => {
    const { connect } = await start({ applicationPrefix: '/service/v1', allow: { send: ['/**'] } }, (app) => {
      app.stomp.message('/hello', { sendTo: '/topic/hello' }, () => 'hello')
    })
    const client = await connect('ada')
    await client.subscribe('s', '/topic/hello')
    client.send(send('/service/v1/hello'))
    expect(await frames(client, 1)).toEqual(['hello'])
    client.send(send('/app/hello', '', { receipt: 'r' }))
    expect(await frames(client, 1)).toEqual(['ERROR STOMP_ERR_DESTINATION_UNKNOWN r'])
  })
})

describe('what belongs to a session', () => {
  it('may lie in the user that authenticate makes for it: handlers get that very object', async () => {
    interface Visitor extends User {
      readonly attributes: Map<string, unknown>
    }
    const isVisitor = (user: unknown): user is Visitor =>
      typeof user === 'object' && user !== null && 'attributes' in user
    const { connect } = await start(
      { authenticate: ({ login }): Visitor => ({ name: login ?? '', attributes: new Map() }) },
      (app) => {
        app.stomp.message('/count', { sendToUser: { destination: '/queue/count', session: 'sender' } }, ({ user }) => {
          if (!isVisitor(user)) throw new Error('nobody')
          const count = Number(user.attributes.get('count') ?? 0) + 1
          user.attributes.set('count', count)
          return { count }
        })
      },
    )
    const [one, two] = [await connect('ada'), await connect('ada')]
    for (const client of [one, two]) await client.subscribe('s', '/user/queue/count')
    one.send(send('/app/count'))
    one.send(send('/app/count'))
    expect(await frames(one, 2)).toEqual(['{"count":1}', '{"count":2}'])
    two.send(send('/app/count'))
    expect(await frames(two, 1)).toEqual(['{"count":1}'])
    expect(await rest(one)).toEqual([])
  })
})

describe('the log', () => {
  it('holds neither credentials nor bodies, whatever is refused and however much is logged', async () => {
    const secrets = ['passcode-1', 'bearer-1', 'body-1', 'value-1']
    const { app, log, connect } = await start(
      {
        refusals: 'soft',
        authenticate: ({ login, passcode }) => {
          if (passcode !== 'passcode-1') throw new Error('no')
          return login
        },
      },
      (application) => {
        application.log.level = 'trace'
        application.stomp.message('/fails', () => {
          throw new Error('has failed')
        })
        application.stomp.message('/checks', { schema: { body: { type: 'object' } } }, () => undefined)
      },
    )
    const headers = { passcode: 'passcode-1', authorization: 'Bearer bearer-1' }
    await expect(connect('eve', { ...headers, passcode: 'passcode-12' })).rejects.toThrow()
    for (const destination of ['/app/fails', '/app/checks', '/app/nowhere', '/queue/x', '/nowhere']) {
      const client = await connect('ada', headers)
      client.send(send(destination, '"body-1"', { 'x-secret': 'value-1', receipt: 'r' }))
      await client.rest()
    }
    await app.close()
    expect(log.join('')).toContain('has failed')
    for (const secret of secrets) expect(log.filter((line) => line.includes(secret))).toEqual([])
  })
})
