import { expect } from 'vitest'
import { cell, type SockJsCell } from '../cell.js'
import { expectPoll, openByPoll, openByStream, PRELUDE, send } from './answers.js'

const urls: readonly SockJsCell[] = [
  cell('SESSION-1', 'takes any words for server and session', async (t) => {
    for (const words of [
      '/a/a',
      '/_/_',
      '/1/1',
      '/abcdefgh_i-j%20/abcdefg_i-j%20',
      '/%3F/%25',
      '/a;b/c;d',
      '/%C3%BC/x',
    ]) {
      await expectPoll(t, `/echo${words}`, 'o')
    }
    expect(t.opened).toHaveLength(7)
  }),
  cell('SESSION-2', 'knows no empty words, no dots, and no more or fewer parts', async (t) => {
    const odd = ['//', '/a./a', '/a/a.', '/./.', '/', '///', '/../..', '/a//', '//a', '/a', '/a/a/a']
    for (const path of odd.map((words) => `/echo${words}/xhr`)) {
      expect([path, (await t.get(path)).status]).toEqual([path, 404])
      expect([path, (await t.post(path)).status]).toEqual([path, 404])
    }
    for (const path of ['/echo/a/a/xhr/', '/echo/a/a/xhr/a', '/echo/a/a/XHR', '/echo/a/a/xhrr', '//echo/a/a/xhr']) {
      expect([path, (await t.post(path)).status]).toEqual([path, 404])
    }
    expect(t.opened).toEqual([])
  }),
  cell('SESSION-3', 'finds a session under any server', async (t) => {
    await expectPoll(t, '/echo/000/wanders', 'o')
    await send(t, '/echo/111/wanders', '["a"]')
    await expectPoll(t, '/echo/999/wanders', 'a["a"]')
    expect(t.opened).toHaveLength(1)
  }),
  cell('SESSION-4', 'shows a session to nobody who shares neither its cookie nor its address', async (t) => {
    const url = t.session()
    const opening = await t.post(`${url}/xhr`)
    const cookie = (opening.header('set-cookie') ?? '').split(';')[0] ?? ''
    expect(cookie).toMatch(/^[^=]+=.+/)
    const elsewhere = { 'x-forwarded-for': '192.0.2.7' }
    for (const path of ['xhr', 'xhr_streaming', 'xhr_send']) {
      const answer = await t.post(`${url}/${path}`, '["a"]', elsewhere)
      expect([path, answer.status]).toEqual([path, 404])
    }
    for (const path of ['eventsource', 'htmlfile?c=x', 'jsonp?c=x']) {
      const answer = await t.get(`${url}/${path}`, elsewhere)
      expect([path, answer.status]).toEqual([path, 404])
    }
    const moved = await t.post(`${url}/xhr_send`, '["a"]', { ...elsewhere, cookie })
    expect(moved.status).toBe(204)
    await expectPoll(t, url, 'a["a"]')
  }),
  cell('SESSION-5', 'gives connections ids of its own', async (t) => {
    await expectPoll(t, '/echo/000/told_by_nobody', 'o')
    expect(t.opened).toHaveLength(1)
    expect(t.opened[0]).not.toContain('told_by_nobody')
  }),
  cell('SESSION-6', 'passes over a query string', async (t) => {
    const url = t.session()
    expect((await t.post(`${url}/xhr?t=1/2.3?4`)).body).toBe('o\n')
    expect((await t.post(`${url}/xhr_send?t=5`, '["a"]')).status).toBe(204)
    const stream = await t.stream('POST', `${url}/xhr_streaming?t=6`)
    expect([await stream.next(), await stream.next()]).toEqual([PRELUDE, 'a["a"]\n'])
    expect((await t.get('/echo/info?t=7')).status).toBe(200)
    expect(await (await t.webSocket(`${t.session()}/websocket?t=8`)).next()).toBe('o')
  }),
]

const protocol: readonly SockJsCell[] = [
  cell(['PROTOCOL-1', 'PROTOCOL-2'], 'opens a session for the first who receives, and echoes', async (t) => {
    const url = await openByPoll(t)
    await send(t, url, '["a"]')
    await expectPoll(t, url, 'a["a"]')
    expect(t.opened).toHaveLength(1)
  }),
  cell('PROTOCOL-3', 'refuses messages for a session that nobody has opened', async (t) => {
    expect((await t.post('/echo/000/bad_session/xhr_send', '["a"]')).status).toBe(404)
    expect((await t.post(`${t.session()}/xhr_send`, '["x"]')).status).toBe(404)
    expect(t.opened).toEqual([])
  }),
  cell('PROTOCOL-4', 'forgets a session that nobody receives from', async (t) => {
    const url = await openByPoll(t)
    await t.advance(4_000)
    await send(t, url, '["a"]')
    await expectPoll(t, url, 'a["a"]')
    // From the end of the last poll on; then it is as if it had never been.
    await t.advance(4_000)
    expect(t.closed).toEqual([])
    await t.advance(1_200)
    expect(t.closed).toEqual([{ code: 1006, reason: '' }])
    expect((await t.post(`${url}/xhr_send`, '["a"]')).status).toBe(404)
    await expectPoll(t, url, 'o')
    expect(t.opened).toHaveLength(2)
  }),
  cell('PROTOCOL-5', 'beats over every transport', async (t) => {
    const polled = await openByPoll(t)
    const poll = await t.begin('POST', `${polled}/xhr`)
    const lines = await openByStream(t, t.session())
    const events = await t.stream('GET', `${t.session()}/eventsource`)
    const page = await t.stream('GET', `${t.session()}/htmlfile?c=x`)
    for (const stream of [events, page]) for (let i = 0; i < 2; i++) await stream.next()
    const called = t.session()
    expect((await t.get(`${called}/jsonp?c=x`)).body).toBe('/**/x("o");\r\n')
    const call = await t.begin('GET', `${called}/jsonp?c=x`)
    const socket = await t.webSocket(`${t.session()}/websocket`)
    expect(await socket.next()).toBe('o')
    await t.advance(24_000)
    await socket.ping()
    expect(socket.waiting).toEqual([])
    await t.advance(2_000)
    expect((await poll.answer()).body).toBe('h\n')
    expect((await call.answer()).body).toBe('/**/x("h");\r\n')
    const frames = { lines: await lines.next(), events: await events.next(), page: await page.next() }
    expect(frames).toEqual({ lines: 'h\n', events: 'data: h\r\n\r\n', page: '<script>\np("h");\n</script>\r\n' })
    expect(await socket.next()).toBe('h')
    // And again.
    await t.advance(26_000)
    expect([await lines.next(), await socket.next()]).toEqual(['h\n', 'h'])
  }),
  cell('PROTOCOL-6', 'beats and forgets when the options say so', async (t) => {
    const stream = await openByStream(t, t.session('/quick'))
    await t.advance(1_100)
    expect(await stream.next()).toBe('h\n')
    const url = await openByPoll(t, '/quick')
    await t.advance(1_500)
    expect(t.closed).toEqual([])
    await t.advance(1_000)
    expect(t.closed).toHaveLength(1)
    expect((await t.post(`${url}/xhr_send`, '["a"]')).status).toBe(404)
  }),
  cell('PROTOCOL-7', 'tells a second poll that the first one is open, which goes on', async (t) => {
    const url = await openByPoll(t)
    const first = await t.begin('POST', `${url}/xhr`)
    await expectPoll(t, url, 'c[2010,"Another connection still open"]')
    await send(t, url, '["a"]')
    expect((await first.answer()).body).toBe('a["a"]\n')
    expect(t.closed).toEqual([])
  }),
  cell(
    ['PROTOCOL-8', 'PROTOCOL-9'],
    'tells the application’s close to every poll until it has forgotten',
    async (t) => {
      const url = await openByPoll(t, '/close')
      for (let i = 0; i < 3; i++) {
        await expectPoll(t, url, 'c[3000,"Go away!"]')
        await t.advance(1_000)
      }
      await t.advance(6_000)
      await expectPoll(t, url, 'o')
    },
  ),
]

const closing: readonly SockJsCell[] = [
  cell('CLOSE-1', 'ends a stream with the close, and tells the next one as well', async (t) => {
    const url = t.session('/close')
    const first = await openByStream(t, url)
    expect(await first.next()).toBe('c[3000,"Go away!"]\n')
    const second = await t.stream('POST', `${url}/xhr_streaming`)
    expect(await second.next()).toBe(PRELUDE)
    expect(await second.next()).toBe('c[3000,"Go away!"]\n')
    expect([await first.next(), await second.next()]).toEqual(['', ''])
  }),
  cell(['PROTOCOL-7', 'CLOSE-2'], 'tells a second stream that the first one is open, which goes on', async (t) => {
    const url = t.session()
    const first = await openByStream(t, url)
    const second = await t.stream('POST', `${url}/xhr_streaming`)
    expect(await second.next()).toBe(PRELUDE)
    expect(await second.next()).toBe('c[2010,"Another connection still open"]\n')
    expect(await second.next()).toBe('')
    await send(t, url, '["a"]')
    expect(await first.next()).toBe('a["a"]\n')
  }),
  cell(['CLOSE-3', 'CLOSE-5'], 'takes a stream that breaks off for the end of the session', async (t) => {
    const url = t.session()
    const first = await openByStream(t, url)
    const second = await t.stream('POST', `${url}/xhr_streaming`)
    expect(await second.next()).toBe(PRELUDE)
    expect(await second.next()).toBe('c[2010,"Another connection still open"]\n')
    await second.abort()
    expect(t.closed).toEqual([])
    await first.abort()
    expect(t.closed).toEqual([{ code: 1006, reason: '' }])
    const third = await t.stream('POST', `${url}/xhr_streaming`)
    expect(await third.next()).toBe(PRELUDE)
    expect(await third.next()).toBe('c[1002,"Connection interrupted"]\n')
    expect(await third.next()).toBe('')
  }),
  cell(['CLOSE-4', 'CLOSE-5'], 'takes a poll that breaks off for the end of the session', async (t) => {
    const url = await openByPoll(t)
    const first = await t.begin('POST', `${url}/xhr`)
    await expectPoll(t, url, 'c[2010,"Another connection still open"]')
    await first.abort()
    expect(t.closed).toEqual([{ code: 1006, reason: '' }])
    await expectPoll(t, url, 'c[1002,"Connection interrupted"]')
  }),
  cell(['CLOSE-3', 'CLOSE-5'], 'takes events or a page that break off for the end of the session', async (t) => {
    for (const path of ['eventsource', 'htmlfile?c=x']) {
      const url = t.session()
      const stream = await t.stream('GET', `${url}/${path}`)
      for (let i = 0; i < 2; i++) await stream.next()
      await stream.abort()
      await expectPoll(t, url, 'c[1002,"Connection interrupted"]')
    }
    expect(t.closed).toEqual(Array(2).fill({ code: 1006, reason: '' }))
  }),
  cell('CLOSE-6', 'gives the last words before the close', async (t) => {
    const polled = await openByPoll(t, '/last_words')
    await send(t, polled, '["end"]')
    await expectPoll(t, polled, 'a["end","bye"]')
    await expectPoll(t, polled, 'c[3000,"Go away!"]')
    const streamed = t.session('/last_words')
    const stream = await openByStream(t, streamed)
    await send(t, streamed, '["end"]')
    expect(await stream.next()).toBe('a["end","bye"]\n')
    expect(await stream.next()).toBe('c[3000,"Go away!"]\n')
    expect(await stream.next()).toBe('')
  }),
]

/** `JSESSIONID=value` and the path that go with each answer. */
function jsessionidOf(setCookie: string | undefined): readonly (string | undefined)[] {
  const own = (setCookie ?? '').split('\n').find((cookie) => cookie.startsWith('JSESSIONID='))
  const [value, path] = own?.split(';').map((part) => part.trim()) ?? []
  return [value, path?.toLowerCase()]
}

const DUMMY = ['JSESSIONID=dummy', 'path=/']
const SERVICE = '/cookie_needed_echo'

const jsessionid: readonly SockJsCell[] = [
  cell(['COOKIE-1', 'INFO-7'], 'asks for cookies in the info, and sets none there', async (t) => {
    const answer = await t.get(`${SERVICE}/info`)
    expect(answer.status).toBe(200)
    expect(answer.header('set-cookie')).toBeUndefined()
    expect(JSON.parse(answer.body)).toMatchObject({ cookie_needed: true })
  }),
  cell('COOKIE-2', 'sets the cookie on every answer below a session', async (t) => {
    const url = await openByPoll(t, SERVICE)
    await send(t, url, '["x"]')
    const called = t.session(SERVICE)
    const answers = {
      xhr: await t.post(`${url}/xhr`),
      xhr_send: await t.post(`${url}/xhr_send`, '["x"]'),
      xhr_streaming: await t.stream('POST', `${t.session(SERVICE)}/xhr_streaming`),
      eventsource: await t.stream('GET', `${t.session(SERVICE)}/eventsource`),
      htmlfile: await t.stream('GET', `${t.session(SERVICE)}/htmlfile?c=%63allback`),
      jsonp: await t.get(`${called}/jsonp?c=%63allback`),
      jsonp_send: await t.post(`${called}/jsonp_send`, '["x"]', { 'content-type': 'text/plain' }),
    }
    expect([answers.jsonp.body, answers.jsonp_send.body]).toEqual(['/**/callback("o");\r\n', 'ok'])
    for (const [transport, answer] of Object.entries(answers)) {
      expect([transport, ...jsessionidOf(answer.header('set-cookie'))]).toEqual([transport, ...DUMMY])
    }
  }),
  cell('COOKIE-5', 'names the cookie behind any other that it sets', async (t) => {
    const answers = [
      await t.post(`${t.session(SERVICE)}/xhr`),
      await t.stream('GET', `${t.session(SERVICE)}/eventsource`),
      await t.get(`${t.session(SERVICE)}/jsonp?c=x`),
    ]
    for (const answer of answers) {
      const cookies = answer.header('set-cookie')?.split('\n') ?? []
      expect(cookies).toHaveLength(2)
      expect(cookies.at(-1)).toMatch(/^JSESSIONID=dummy; ?path=\//i)
    }
  }),
  cell('COOKIE-3', 'sets the client’s own value again', async (t) => {
    for (const cookie of ['JSESSIONID=abcdef', 'a=b; JSESSIONID=abcdef; c=d']) {
      const answer = await t.post(`${t.session(SERVICE)}/xhr`, '', { cookie })
      expect([answer.status, answer.body]).toEqual([200, 'o\n'])
      expect(jsessionidOf(answer.header('set-cookie'))).toEqual(['JSESSIONID=abcdef', 'path=/'])
    }
  }),
  cell('COOKIE-4', 'sets no such cookie unasked', async (t) => {
    const headers = { cookie: 'JSESSIONID=abcdef' }
    const [polled, called] = [t.session(), t.session()]
    const answers = [
      await t.post(`${t.session()}/xhr`),
      await t.post(`${polled}/xhr`, '', headers),
      await t.post(`${polled}/xhr_send`, '["x"]', headers),
      await t.stream('POST', `${t.session()}/xhr_streaming`, headers),
      await t.stream('GET', `${t.session()}/eventsource`, headers),
      await t.stream('GET', `${t.session()}/htmlfile?c=x`, headers),
      await t.get(`${called}/jsonp?c=x`, headers),
      await t.post(`${called}/jsonp_send`, '["x"]', headers),
    ]
    for (const answer of answers) {
      expect([200, 204]).toContain(answer.status)
      expect(answer.header('set-cookie') ?? '').not.toContain('JSESSIONID')
    }
  }),
]

export const sessionCells: readonly SockJsCell[] = [...urls, ...protocol, ...closing, ...jsessionid]
