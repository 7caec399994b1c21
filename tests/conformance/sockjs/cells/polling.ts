import { expect } from 'vitest'
import { cell, type SockJsCell } from '../cell.js'
import type { Answer, SockJsHarness } from '../harness.js'
import {
  expectCors,
  expectPoll,
  expectPreflight,
  expectType,
  expectUncached,
  FORM,
  openByPoll,
  send,
} from './answers.js'

const CONTENT_TYPES = [
  'text/plain',
  'T',
  'application/json',
  'application/xml',
  '',
  'application/json; charset=utf-8',
  'text/xml; charset=utf-8',
  'text/xml',
  'application/x-www-form-urlencoded',
  'application/json;charset=UTF-16',
]

const xhr: readonly SockJsCell[] = [
  cell('XHR-1', 'answers preflights of polls and sends', async (t) => {
    for (const path of ['xhr', 'xhr_send']) await expectPreflight(t, `/echo/abc/abc/${path}`, ['OPTIONS', 'POST'])
    expect(t.opened).toEqual([])
  }),
  cell(
    ['XHR-2', 'XHR-3', 'XHR-4', 'XHR-5'],
    'polls and sends, readable for the page that asks and kept by no cache',
    async (t) => {
      const url = t.session()
      const opening = await t.post(`${url}/xhr`, '', { origin: 'test' })
      expect([opening.status, opening.body]).toEqual([200, 'o\n'])
      expectType(opening, 'application/javascript;charset=UTF-8')
      const sent = await t.post(`${url}/xhr_send`, '["x"]', { origin: 'test' })
      expect([sent.status, sent.body]).toEqual([204, ''])
      expectType(sent, 'text/plain;charset=UTF-8')
      for (const answer of [opening, sent]) {
        expectCors(answer, 'test')
        expectUncached(answer)
      }
      await expectPoll(t, url, 'a["x"]')
    },
  ),
  cell(['XHR-7', 'XHR-8'], 'refuses what is no JSON or nothing, and goes on', async (t) => {
    const url = await openByPoll(t)
    for (const broken of ['["x', '[x]', '{"a":1}', '[1]', '"a']) {
      const answer = await t.post(`${url}/xhr_send`, broken)
      expect([broken, answer.status]).toEqual([broken, 500])
      expect(answer.body).toContain('Broken JSON encoding.')
    }
    const nothing = await t.post(`${url}/xhr_send`, '')
    expect(nothing.status).toBe(500)
    expect(nothing.body).toContain('Payload expected.')
    await send(t, url, '["a"]')
    await expectPoll(t, url, 'a["a"]')
  }),
  cell(['XHR-6', 'XHR-9'], 'takes messages whatever type they claim, and delivers them at once', async (t) => {
    const url = await openByPoll(t)
    for (const type of CONTENT_TYPES) {
      const answer = await t.post(`${url}/xhr_send`, '["a"]', { 'content-type': type })
      expect([type, answer.status, answer.body]).toEqual([type, 204, ''])
    }
    await expectPoll(t, url, `a[${CONTENT_TYPES.map(() => '"a"').join()}]`)
  }),
  cell('XHR-9', 'polls whatever type the empty body claims', async (t) => {
    for (const type of CONTENT_TYPES) {
      const answer = await t.post(`${t.session()}/xhr`, '', { 'content-type': type })
      expect([type, answer.status, answer.body]).toEqual([type, 200, 'o\n'])
    }
  }),
  cell(['XHR-10', 'XHR-11'], 'allows the headers that a preflight asks for, and no others', async (t) => {
    const preflight = (headers: Record<string, string>): Promise<Answer> =>
      t.request('OPTIONS', `${t.session()}/xhr`, {
        headers: { origin: 'test', 'access-control-request-method': 'POST', ...headers },
      })
    const asked = await preflight({ 'access-control-request-headers': 'a, b, c' })
    expect(asked.header('access-control-allow-headers')).toBe('a, b, c')
    const none = [await preflight({ 'access-control-request-headers': '' }), await preflight({})]
    for (const answer of none) expect(answer.header('access-control-allow-headers') ?? '').toBe('')
    for (const answer of [asked, ...none]) {
      expect([200, 204]).toContain(answer.status)
      expectCors(answer, 'test')
    }
  }),
  cell('XHR-12', 'takes an array without messages', async (t) => {
    const url = await openByPoll(t)
    await send(t, url, '[]')
    await send(t, url, '["a"]')
    await expectPoll(t, url, 'a["a"]')
  }),
]

/** Polls by JSONP, and expects this frame, which stands in a string. */
async function expectCall(t: SockJsHarness, url: string, frame: string): Promise<Answer> {
  const answer = await t.get(`${url}/jsonp?c=x`)
  expect([answer.status, answer.body]).toEqual([200, `/**/x(${JSON.stringify(frame)});\r\n`])
  return answer
}

async function openByCall(t: SockJsHarness, service?: string): Promise<string> {
  const url = t.session(service)
  await expectCall(t, url, 'o')
  return url
}

async function expectOk(t: SockJsHarness, url: string, body: string, headers: Record<string, string>): Promise<Answer> {
  const answer = await t.post(`${url}/jsonp_send`, body, headers)
  expect([answer.status, answer.body]).toEqual([200, 'ok'])
  return answer
}

const jsonp: readonly SockJsCell[] = [
  cell(['JSONP-1', 'JSONP-2', 'JSONP-3', 'JSONP-4'], 'calls back with frames, and takes forms', async (t) => {
    const url = t.session()
    const opening = await t.get(`${url}/jsonp?c=%63allback`)
    expect([opening.status, opening.body]).toEqual([200, '/**/callback("o");\r\n'])
    expectType(opening, 'application/javascript;charset=UTF-8')
    const sent = await expectOk(t, url, 'd=%5B%22x%22%5D', FORM)
    expectType(sent, 'text/plain;charset=UTF-8')
    for (const answer of [opening, sent]) expectUncached(answer)
    const polled = await t.get(`${url}/jsonp?c=%63allback`)
    expect([polled.status, polled.body]).toEqual([200, '/**/callback("a[\\"x\\"]");\r\n'])
  }),
  cell(['JSONP-5', 'JSONP-6'], 'wants a callback that is a name', async (t) => {
    const none = await t.get('/echo/a/a/jsonp')
    expect(none.status).toBe(500)
    expect(none.body).toContain('"callback" parameter required')
    for (const callback of ['%20', '*', 'abc(', 'abc%28', '%3Cscript%3E', '%C3%BC']) {
      const answer = await t.get(`/echo/a/a/jsonp?c=${callback}`)
      expect([callback, answer.status]).toEqual([callback, 500])
      expect(answer.body).toContain('invalid "callback" parameter')
    }
    expect((await t.get(`${t.session()}/jsonp?c=a.b-c_9`)).body).toBe('/**/a.b-c_9("o");\r\n')
    expect(t.opened).toHaveLength(1)
  }),
  cell(['JSONP-7', 'JSONP-8'], 'refuses forms with broken JSON or with nothing, and goes on', async (t) => {
    const url = await openByCall(t)
    const broken = await t.post(`${url}/jsonp_send`, 'd=%5B%22x', FORM)
    expect(broken.status).toBe(500)
    expect(broken.body).toContain('Broken JSON encoding.')
    for (const body of ['', 'd=', 'p=p']) {
      const answer = await t.post(`${url}/jsonp_send`, body, FORM)
      expect([body, answer.status]).toEqual([body, 500])
      expect(answer.body).toContain('Payload expected.')
    }
    await expectOk(t, url, 'd=%5B%22b%22%5D', FORM)
    await expectCall(t, url, 'a["b"]')
  }),
  cell('JSONP-9', 'unescapes forms, and nothing else', async (t) => {
    const url = await openByCall(t)
    await expectOk(t, url, 'd=%5B%22abc%22%5D', FORM)
    await expectOk(t, url, '["%61bc"]', { 'content-type': 'text/plain' })
    await expectCall(t, url, 'a["abc","%61bc"]')
    await expectOk(t, url, 'd=%5B%22a+b%2Bc%22%5D', { 'content-type': `${FORM['content-type']};charset=UTF-8` })
    await expectCall(t, url, 'a["a b+c"]')
  }),
  cell('JSONP-10', 'calls back with the close, again and again', async (t) => {
    const url = await openByCall(t, '/close')
    await expectCall(t, url, 'c[3000,"Go away!"]')
    await expectCall(t, url, 'c[3000,"Go away!"]')
  }),
  cell('JSONP-11', 'takes a form with an array without messages', async (t) => {
    const url = await openByCall(t)
    await expectOk(t, url, 'd=%5B%5D', FORM)
    await expectOk(t, url, 'd=%5B%22x%22%5D', FORM)
    await expectCall(t, url, 'a["x"]')
  }),
  cell('JSONP-12', 'serves JSONP only where it was asked for', async (t) => {
    const url = t.session('/defaults')
    expect((await t.get(`${url}/jsonp?c=x`)).status).toBe(404)
    expect((await t.get(`${url}/jsonp`)).status).toBe(404)
    await expectPoll(t, url, 'o')
    expect((await t.post(`${url}/jsonp_send`, 'd=%5B%22x%22%5D', FORM)).status).toBe(404)
  }),
]

export const pollingCells: readonly SockJsCell[] = [...xhr, ...jsonp]
