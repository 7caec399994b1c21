import { connectTestClient } from '@hoofbeat/server/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { runExample } from './example.js'

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('docs/push.md', () => {
  it('pushes to a user, for who has the token', async () => {
    vi.stubEnv('PUSH_TOKEN', 'secret')
    const app = await runExample('push')
    const alice = connectTestClient(app)
    await alice.connect({ login: 'alice' })
    await alice.subscribe('s', '/user/queue/notices')
    const post = (authorization: string, payload: object = { user: 'alice', body: { text: 'hi' } }) =>
      app.inject({ method: 'POST', url: '/push', headers: { authorization }, payload })

    const refused = await post('Bearer guessed')
    expect(refused.statusCode).toBe(401)
    expect(refused.headers['www-authenticate']).toBe('Bearer')
    expect((await post('Bearer secret', { user: 'alice' })).statusCode).toBe(400)
    const answer = await post('Bearer secret')
    expect(answer.statusCode).toBe(202)
    expect(answer.json()).toEqual({ reached: 1 })
    expect((await alice.next()).text).toBe('{"text":"hi"}')
    expect(await alice.rest()).toEqual([])
    alice.link.close()
    await app.close()
  })

  it('has no route without a token', async () => {
    vi.stubEnv('PUSH_TOKEN', '')
    const app = await runExample('push')
    const payload = { user: 'alice', body: 'hi' }
    expect((await app.inject({ method: 'POST', url: '/push', payload })).statusCode).toBe(404)
    await app.close()
  })
})
