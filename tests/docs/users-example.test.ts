import { connectTestClient } from '@hoofbeat/server/testing'
import { describe, expect, it } from 'vitest'
import { runExample } from './example.js'

describe('the example of users', () => {
  it('shows who is there, tells who comes and goes, and bans', async () => {
    const app = await runExample('users')
    const [ada, bob] = [connectTestClient(app), connectTestClient(app)]
    await ada.connect({ login: 'ada' })
    await ada.subscribe('1', '/topic/rooms/lobby')
    await bob.connect({ login: 'bob' })
    expect((await ada.next()).text).toBe('{"online":"bob"}')
    expect((await app.inject('/users')).json()).toEqual([
      { name: 'ada', sessions: 1 },
      { name: 'bob', sessions: 1 },
    ])
    expect((await app.inject('/rooms/lobby')).json()).toEqual(['ada'])

    expect((await app.inject({ method: 'POST', url: '/users/bob/ban' })).json()).toEqual({ ended: 1 })
    expect((await bob.next()).headers.get('message')).toBe('You have been banned')
    expect((await ada.next()).text).toBe('{"offline":"bob"}')
    await expect(connectTestClient(app).connect({ login: 'bob' })).rejects.toThrow('ERROR came instead of CONNECTED')
    ada.link.close()
    await app.close()
  })
})
