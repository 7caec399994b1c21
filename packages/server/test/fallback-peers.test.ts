import { createHttpPeers } from '@hoofbeat/sse'
import { HttpLink } from '@hoofbeat/sse/client'
import { Client } from '@stomp/stompjs'
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import hoofbeat, { type HoofbeatOptions } from '../src/index.js'

const apps: FastifyInstance[] = []
const clients: Client[] = []

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.deactivate({ force: true })))
  await Promise.all(apps.splice(0).map((app) => app.close()))
})

const PREFIX = '/behind'
const SECRET = 'a secret that all nodes of the cluster share'

/** Nodes with two endpoints each, behind a prefix; gives their origins. */
async function start(count: number, options: HoofbeatOptions = {}): Promise<string[]> {
  const directory = new Map<string, URL | 'gone'>()
  const origins: string[] = []
  for (let index = 0; index < count; index++) {
    const aliases: string[] = []
    const peers = createHttpPeers({
      secret: SECRET,
      directory: (alias) => directory.get(alias),
      joined: (alias) => {
        aliases.push(alias)
        return () => directory.set(alias, 'gone')
      },
    })
    const app = Fastify({ return503OnClosing: false, forceCloseConnections: true })
    apps.push(app)
    const whole: HoofbeatOptions = {
      endpoints: [{ path: '/stomp' }, { path: '/other' }],
      allow: { send: ['/topic/**'], subscribe: ['/topic/**'] },
      drainMs: 0,
      fallback: { peers },
      ...options,
    }
    await app.register(async (scope) => void (await scope.register(hoofbeat, whole)), { prefix: PREFIX })
    const origin = await app.listen({ port: 0, host: '127.0.0.1' })
    for (const alias of aliases) directory.set(alias, new URL(origin))
    origins.push(origin)
  }
  return origins
}

/** An unmodified stompjs whose link asks one node after the other. */
function connect(origins: readonly string[], rung: 'websocket' | 'stream' | 'poll') {
  const sockets: WebSocket[] = []
  let turn = 0
  const pick = (): string => origins[turn++ % origins.length] ?? ''
  class RoamingSocket extends WebSocket {
    constructor(_url: string, protocols: string[]) {
      super(`${pick().replace('http', 'ws')}${PREFIX}/stomp`, protocols)
      sockets.push(this)
    }
  }
  const client = new Client({
    reconnectDelay: 0,
    webSocketFactory: () =>
      new HttpLink(`http://cluster.invalid${PREFIX}/stomp`, {
        rungs: [rung],
        WebSocket: RoamingSocket as never,
        fetch: (input, init) => fetch(String(input).replace('http://cluster.invalid', pick()), init),
      }) as never,
  })
  clients.push(client)
  const connected = new Promise<void>((resolve) => {
    client.onConnect = () => resolve()
  })
  client.activate()
  return { client, connected, sockets }
}

describe.each(['websocket', 'stream', 'poll'] as const)('a link by %s between several nodes', (rung) => {
  it('carries a STOMP session whose requests come to any of them', async () => {
    const { client, connected, sockets } = connect(await start(2), rung)
    await connected
    const bodies: string[] = []
    client.subscribe('/topic/a', ({ body }) => bodies.push(body))
    for (let number = 0; number < 20; number++) {
      client.publish({ destination: '/topic/a', body: `${number}` })
      // What comes after a loss may wait for the next try.
      await expect.poll(() => bodies.length, { timeout: 10_000 }).toBe(number + 1)
      if (number % 7 === 3) sockets.at(-1)?.terminate()
    }
    expect(bodies).toEqual(Array.from({ length: 20 }, (_, number) => `${number}`))
    await client.deactivate()
  }, 30_000)
})

describe('nodes of a cluster', () => {
  it('ask the application about a client once, though its upgrade goes on to another node', async () => {
    const asked: string[] = []
    const identify = async ({ headers }: FastifyRequest) => {
      asked.push(headers.authorization ?? '')
      return headers.authorization ? { name: headers.authorization } : undefined
    }
    const [owner = '', other = ''] = await start(2, { identify })
    const open = await fetch(`${owner}${PREFIX}/stomp/open`, {
      method: 'POST',
      headers: { authorization: 'zoe', connection: 'close' },
      body: JSON.stringify({ v: 1, protocols: ['v12.stomp'] }),
    })
    const { link, key } = (await open.json()) as { link: string; key: string }
    const attach = `\u0001a${JSON.stringify({ v: 1, link, key, attach: 1, ack: 0 })}`
    const say = async (authorization: string): Promise<string> => {
      const socket = new WebSocket(`${other.replace('http', 'ws')}${PREFIX}/stomp`, ['v1.link.hoofbeat'], {
        headers: { authorization },
      })
      const got: string[] = []
      const answered = new Promise<string>((resolve) => {
        socket.on('message', (data) => {
          if (got.push(String(data)) === 2) resolve(String(data))
        })
      })
      socket.once('open', () => socket.send(attach))
      const answer = await answered
      socket.terminate()
      return answer
    }
    expect(await say('zoe')).toBe('\u0001o{"v":1,"attach":1,"from":1,"ack":0}')
    expect(await say('yan')).toMatch(/^\u0001e.*"status":403/)
    expect(asked).toEqual(['zoe', 'zoe', 'yan'])
  })

  it('refuse an upgrade or a request whose claim to come from a node is forged', async () => {
    const [origin = ''] = await start(1)
    const headers = { 'hoofbeat-peer': 'forged.forged' }
    for (const path of ['/stomp', '/other']) {
      const socket = new WebSocket(`${origin.replace('http', 'ws')}${PREFIX}${path}`, ['v1.link.hoofbeat'], { headers })
      expect(await new Promise((resolve) => socket.once('error', resolve))).toMatchObject({
        message: 'Unexpected server response: 403',
      })
      const response = await fetch(`${origin}${PREFIX}${path}/open`, {
        method: 'POST',
        headers: { ...headers, connection: 'close' },
        body: '{"v":1,"protocols":[]}',
      })
      expect(response.status).toBe(403)
    }
  })

  it('know no link of another endpoint', async () => {
    const [owner = '', other = ''] = await start(2)
    const post = (url: string, body: object): Promise<Response> =>
      fetch(url, { method: 'POST', headers: { connection: 'close' }, body: JSON.stringify({ v: 1, ...body }) })
    const open = await post(`${owner}${PREFIX}/stomp/open`, { protocols: [] })
    const { link, key } = (await open.json()) as { link: string; key: string }
    const up = { key, seq: 1, ack: 0, items: [] }
    expect((await post(`${other}${PREFIX}/stomp/${link}/up`, up)).status).toBe(200)
    expect((await post(`${owner}${PREFIX}/other/${link}/up`, up)).status).toBe(404)
    expect((await post(`${other}${PREFIX}/other/${link}/up`, up)).status).toBe(404)
  })
})
