import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import fastifyJwt from '@fastify/jwt'
import hoofbeat from '@hoofbeat/server'
import { connectTestClient } from '@hoofbeat/server/testing'
import type { Client } from '@stomp/stompjs'
import Fastify, { type FastifyInstance } from 'fastify'
import ts from 'typescript'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { examples, inProjectFolder, runExample } from './example.js'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

async function run(name: string): Promise<FastifyInstance> {
  const app = await runExample(name)
  ends.push(() => app.close())
  await app.listen({ port: 0, host: '127.0.0.1' })
  return app
}

/** CONNECT over a WebSocket with that cookie: what comes, as text. */
async function openWith(app: FastifyInstance, cookie: string) {
  const { port } = app.server.address() as AddressInfo
  const socket = new WebSocket(`ws://127.0.0.1:${port}/stomp`, { headers: { cookie } })
  ends.push(() => socket.terminate())
  let text = ''
  socket.on('message', (data) => {
    text += String(data)
  })
  const closed = new Promise<number>((resolve) => {
    socket.once('close', resolve)
  })
  await once(socket, 'open')
  socket.send('CONNECT\naccept-version:1.2\nhost:x\nheart-beat:0,0\n\n\0')
  return { closed, text: () => text }
}

async function login(app: FastifyInstance): Promise<string> {
  const response = await app.inject({ method: 'POST', url: '/login?user=ada' })
  return [response.headers['set-cookie']].flat()[0]?.split(';')[0] ?? ''
}

describe('the examples of authentication', () => {
  it('take the user of a token, renew it, and ask for one', async () => {
    const app = await run('authentication-jwt')
    const token = (sub: string): string => `Bearer ${app.jwt.sign({ sub }, { expiresIn: '1m' })}`
    const client = connectTestClient(app)
    expect((await client.connect({ authorization: token('ada') })).headers.get('user-name')).toBe('ada')
    const headers = { destination: '/session/renew', authorization: token('ada'), receipt: '42' }
    client.send({ command: 'SEND', headers })
    expect((await client.next()).headers.get('receipt-id')).toBe('42')
    client.send({ command: 'SEND', headers: { ...headers, authorization: token('bob') } })
    expect((await client.next()).headers.get('code')).toBe('STOMP_ERR_NOT_AUTHENTICATED')
    await expect(connectTestClient(app).connect()).rejects.toThrow('ERROR came instead of CONNECTED')
    const endless = { authorization: app.jwt.sign({ sub: 'ada' }) }
    await expect(connectTestClient(app).connect(endless)).rejects.toThrow('The credentials have ended')
  })

  it('take the user of an HTTP session, up to the logout', async () => {
    const app = await run('authentication-session')
    const cookie = await login(app)
    const ada = await openWith(app, cookie)
    await expect.poll(ada.text).toContain('user-name:ada\n')
    await app.inject({ method: 'POST', url: '/logout', headers: { cookie } })
    expect(await ada.closed).toBe(1008)
    expect(ada.text()).toContain('message:You have logged out\n')
    await expect(openWith(app, cookie)).rejects.toThrow('401')
  })

  it('take the user of a signed cookie, as it was signed', async () => {
    const app = await run('authentication-cookie')
    const cookie = await login(app)
    const ada = await openWith(app, cookie)
    await expect.poll(ada.text).toContain('user-name:ada\n')
    await expect(openWith(app, cookie.replace('ada', 'eve'))).rejects.toThrow('401')
  })

  it('renew in time with stompjs, again and again', async () => {
    const app = Fastify()
    ends.push(() => app.close())
    await app.register(fastifyJwt, { secret: 'what only this server knows' })
    const asked: boolean[] = []
    await app.register(hoofbeat, {
      drainMs: 0,
      authenticate: ({ headers, renews }) => {
        asked.push(renews !== undefined)
        const token = (headers.get('authorization') ?? '').replace('Bearer ', '')
        const { sub, exp } = app.jwt.verify<{ sub: string; exp: number }>(token)
        return { name: sub, expiresAtMs: exp * 1000 }
      },
    })
    // Good for three seconds; by its own account for one.
    app.post('/token', () => {
      const exp = Math.floor(Date.now() / 1000) + 3
      return app.jwt.sign({ sub: 'ada', iat: exp - 1, exp })
    })
    const origin = await app.listen({ port: 0, host: '127.0.0.1' })
    Object.assign(globalThis, { WebSocket })
    const client = await runClient(origin)
    ends.push(() => client.deactivate({ force: true }))
    await expect.poll(() => asked.length, { timeout: 15_000 }).toBeGreaterThanOrEqual(5)
    expect(asked.slice(0, 5)).toEqual([false, true, true, true, true])
    expect(app.stomp.users.get('ada')?.sessions).toHaveLength(1)
  }, 30_000)
})

/** Runs the example of the client against that server. */
function runClient(origin: string): Promise<Client> {
  const code = examples.find(({ name }) => name === 'authentication-client')?.code ?? ''
  const source = `${code.replace('https://chat.example.org', origin)}\nexport { client }\n`
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  })
  return inProjectFolder(async (folder) => {
    const file = join(folder, 'client.mjs')
    await writeFile(file, outputText)
    const module: { client: Client } = await import(pathToFileURL(file).href)
    return module.client
  })
}
