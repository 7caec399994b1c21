import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectTestClient, type StompTestClient } from '@hoofbeat/server/testing'
import type { FastifyInstance } from 'fastify'
import { afterEach, expect, it } from 'vitest'
import { type AppOptions, buildApp } from '../src/app.js'

let app: FastifyInstance

afterEach(() => app.close())

const start = async (options: AppOptions): Promise<StompTestClient> => {
  app = await buildApp({ drainMs: 0, ...options })
  await app.ready()
  const client = connectTestClient(app)
  await client.connect()
  return client
}

const send = async (client: StompTestClient, destination: string, headers: Record<string, string> = {}) => {
  client.send({ command: 'SEND', headers: { destination, receipt: 'sent', ...headers }, body: 'hi' })
  // A store on disk takes longer than the turns that a test client waits.
  await expect.poll(() => client.next().catch(() => undefined)).toMatchObject({ command: 'RECEIPT' })
}

const ask = (method: 'GET' | 'POST', url: string, token?: string, payload?: object) =>
  app.inject({
    method,
    url,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    ...(payload && { payload }),
  })

it('has no operator side without a token', async () => {
  await start({})
  expect((await ask('GET', '/admin/destinations', 'x')).statusCode).toBe(404)
})

it('lists, purges and moves for who has the token, and for nobody else', async () => {
  const client = await start({ adminToken: 'secret' })
  for (let i = 0; i < 3; i++) await send(client, '/queue/jobs')
  expect((await ask('GET', '/admin/destinations')).statusCode).toBe(401)
  expect((await ask('GET', '/admin/destinations', 'guessed')).statusCode).toBe(401)
  const listed = (await ask('GET', '/admin/destinations', 'secret')).json()
  expect(listed.destinations).toMatchObject([{ destination: '/queue/jobs', kind: 'queue', depth: 3, consumers: 0 }])

  const moved = await ask('POST', '/admin/move', 'secret', { from: '/queue/jobs', to: '/queue/later', limit: 2 })
  expect(moved.json()).toEqual({ moved: 2 })
  expect((await ask('POST', '/admin/purge', 'secret', { destination: '/queue/later' })).json()).toEqual({ purged: 2 })
  expect((await ask('POST', '/admin/purge', 'secret', { destination: '/queue/none' })).statusCode).toBe(404)
  expect((await ask('POST', '/admin/purge', 'secret', {})).statusCode).toBe(400)
})

it('keeps persistent messages in its folder over a restart', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hoofbeat-sample-'))
  try {
    const before = await start({ dataDirectory: folder })
    await send(before, '/queue/jobs', { persistent: 'true' })
    await app.close()

    const after = await start({ dataDirectory: folder })
    await after.subscribe('jobs', '/queue/jobs')
    expect(await after.next()).toMatchObject({ command: 'MESSAGE' })
    await app.close()
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
