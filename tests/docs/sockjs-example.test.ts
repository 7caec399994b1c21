import { describe, expect, it } from 'vitest'
import { runExample } from './example.js'

describe('docs/sockjs.md', () => {
  it('opens SockJS beside the other doors, alone, and without STOMP', async () => {
    const app = await runExample('sockjs')
    const post = (url: string, payload = '') => app.inject({ method: 'POST', url, payload })

    expect((await app.inject('/gs-guide-websocket/info')).json()).toMatchObject({
      websocket: true,
      cookie_needed: true,
    })
    expect((await app.inject('/kiosk/info')).json()).toMatchObject({ websocket: false })
    expect((await app.inject('/kiosk/websocket')).statusCode).toBe(404)
    const opened = await post('/kiosk/0/a/xhr')
    expect(opened.body).toBe('o\n')
    expect(opened.cookies).toContainEqual(expect.objectContaining({ name: 'JSESSIONID' }))

    expect((await post('/echo/0/a/xhr')).body).toBe('o\n')
    expect((await post('/echo/0/a/xhr_send', '["one","two"]')).statusCode).toBe(204)
    expect((await post('/echo/0/a/xhr')).body).toBe('a["one","two"]\n')
    const page = { origin: 'https://app.example.org' }
    const info = await app.inject({ url: '/echo/info', headers: page })
    expect(info.headers['access-control-allow-origin']).toBe(page.origin)
    expect((await app.inject({ url: '/echo/info', headers: { origin: 'https://evil.example' } })).statusCode).toBe(403)
    await app.close()
  })
})
