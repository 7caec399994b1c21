import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import hoofbeat, { type HoofbeatOptions } from '../index.js'
import { createTestKit, type TestKit, UpgradeRefused } from './index.js'

let kit: TestKit
let app: FastifyInstance

async function open(options: HoofbeatOptions = {}): Promise<TestKit> {
  app = Fastify()
  app.get('/plain', async () => 'no WebSocket here')
  await app.register(hoofbeat, {
    allow: { send: ['/topic/**'], subscribe: ['/topic/**'] },
    identify: async ({ headers }) => {
      if (headers.cookie === 'expired') throw new Error('secret reason')
      return headers.cookie
    },
    ...options,
  })
  kit = await createTestKit(app)
  return kit
}

afterEach(() => kit.close())

describe('a client through the door of WebSockets', () => {
  it('is who identify says, with the address and headers that the test gave', async () => {
    let seen: unknown
    const { openWebSocket } = await open({
      identify: async (request) => {
        seen = [request.ip, request.headers.host, request.headers.origin]
        return 'ada'
      },
    })
    const ada = await openWebSocket('/stomp', { headers: { Host: 'example.org' }, remoteAddress: '10.1.2.3' })
    await ada.connect()
    expect(ada.user).toBe('ada')
    expect(seen).toEqual(['10.1.2.3', 'example.org', undefined])
    expect([...app.stomp.users].map(({ name }) => name)).toEqual(['ada'])
  })

  it('speaks STOMP there, text and bytes', async () => {
    const { openWebSocket, connect } = await open()
    const ada = await openWebSocket('/stomp', { headers: { cookie: 'ada' } })
    await ada.connect()
    const topic = await ada.subscribe('/topic/a')
    await ada.send('/topic/a', { x: 'ü' })
    await ada.send('/topic/a', new Uint8Array([255, 0, 1]))
    expect((await topic.next()).json()).toEqual({ x: 'ü' })
    expect((await topic.next()).body).toEqual(new Uint8Array([255, 0, 1]))
    const bob = await connect()
    await bob.send('/topic/a', 'from a linked one')
    expect((await topic.next()).text()).toBe('from a linked one')
    await ada.disconnect()
    expect(app.stomp.users.get('ada')).toBeUndefined()
  })

  it('is refused by the Origin, by identify, or where there is no such door', async () => {
    const { openWebSocket } = await open()
    const foreign = openWebSocket('/stomp', { headers: { origin: 'https://evil.example' } })
    await expect(foreign).rejects.toBeInstanceOf(UpgradeRefused)
    await expect(foreign).rejects.toMatchObject({
      name: 'UpgradeRefused',
      statusCode: 403,
      body: expect.stringContaining('STOMP_ERR_ORIGIN_REFUSED'),
      message: expect.stringMatching(/^no WebSocket at \/stomp: the server answered 403: \{.*STOMP_ERR_ORIGIN_REFUSED/),
    })
    await expect(openWebSocket('/stomp', { headers: { cookie: 'expired' } })).rejects.toMatchObject({
      statusCode: 401,
      body: expect.not.stringContaining('secret'),
    })
    await expect(openWebSocket('/elsewhere')).rejects.toMatchObject({ statusCode: 404 })
    await expect(openWebSocket('/plain')).rejects.toThrow('no WebSocket at /plain')
    // Refusals leave nothing behind: the next one is let in.
    const page = await openWebSocket('/stomp', { headers: { host: 'a.example', origin: 'http://a.example' } })
    await page.connect()
    expect(app.server.listenerCount('upgrade')).toBe(await listenersOf())
  })

  it('reads the ERROR before the close, and the code of the close', async () => {
    const { openWebSocket } = await open()
    const client = await openWebSocket('/stomp', { protocols: [] })
    client.sendRaw('NONSENSE\n\n\0')
    expect((await client.next()).command).toBe('ERROR')
    expect((await client.closed()).code).toBe(1002)
  })

  it('comes in by TLS where the application has it', async () => {
    const secure = Fastify({ https: {} })
    await secure.register(hoofbeat, { identify: async ({ protocol }) => protocol })
    const secureKit = await createTestKit(secure)
    const ada = await secureKit.openWebSocket('/stomp')
    await ada.connect()
    expect(ada.user).toBe('https')
    await secureKit.close()
  })

  it('passes the hooks of the application, whatever its type provider', async () => {
    await open()
    const typed = Fastify().withTypeProvider<TypeBoxTypeProvider>()
    typed.addHook('onRequest', async (request, reply) => {
      if (request.headers['x-tenant'] === undefined) return reply.code(400).send('which tenant?')
    })
    await typed.register(hoofbeat)
    const typedKit = await createTestKit(typed)
    await expect(typedKit.openWebSocket('/stomp')).rejects.toMatchObject({ statusCode: 400, body: 'which tenant?' })
    const ada = await typedKit.openWebSocket('/stomp', { headers: { 'X-Tenant': 'a' } })
    expect((await ada.connect()).command).toBe('CONNECTED')
    await typedKit.close()
  })

  it('rejects where the server does not answer, unless there is patience', async () => {
    await open()
    const silent = Fastify()
    let answer: (name: string) => void = () => {}
    await silent.register(hoofbeat, { identify: () => new Promise<string>((resolve) => (answer = resolve)) })
    const hasty = await createTestKit(silent)
    await expect(hasty.openWebSocket('/stomp')).rejects.toThrow('no WebSocket at /stomp: the server did not answer')
    const patient = await createTestKit(silent, { patienceMs: 10_000 })
    const opening = patient.openWebSocket('/stomp')
    await patient.settle()
    await patient.settle()
    answer('ada')
    const ada = await opening
    await ada.connect()
    expect(ada.user).toBe('ada')
    await patient.close()
  })

  it('is drained with the application', async () => {
    const { openWebSocket } = await open({ drainMs: 0 })
    const client = await openWebSocket('/stomp')
    await client.connect()
    await app.close()
    expect((await client.closed()).code).toBe(1001)
    await expect(openWebSocket('/stomp')).rejects.toThrow()
  })
})

/** How many listeners an application has that nobody has come to. */
async function listenersOf(): Promise<number> {
  const untouched = Fastify()
  await untouched.register(hoofbeat)
  await untouched.ready()
  const count = untouched.server.listenerCount('upgrade')
  await untouched.close()
  return count
}
