import { expect } from 'vitest'
import { cell, type SockJsCell } from '../cell.js'
import type { SockJsHarness } from '../harness.js'
import { CLIENT_URL } from '../services.js'
import { expectCached, expectCors, expectNoSuchMethod, expectPreflight, expectType, expectUncached } from './answers.js'

const greeting: readonly SockJsCell[] = [
  cell(['GREETING-1', 'GREETING-2'], 'greets at the base URL, with and without a slash', async (t) => {
    for (const path of ['/echo', '/echo/', '/disabled_websocket_echo', '/disabled_websocket_echo/']) {
      const answer = await t.get(path)
      expect([answer.status, answer.body]).toEqual([200, 'Welcome to SockJS!\n'])
      expectType(answer, 'text/plain;charset=UTF-8')
      expect(answer.header('set-cookie')).toBeUndefined()
    }
  }),
  cell('GREETING-3', 'knows nothing at odd paths below the base URL', async (t) => {
    for (const path of ['/a', '/a.html', '//', '///', '/a/a', '/a/a/', '/a/', '/infoo', '/info/', '/Info']) {
      expect([path, (await t.get(`/echo${path}`)).status]).toEqual([path, 404])
    }
  }),
]

async function expectPage(t: SockJsHarness, path: string): Promise<string> {
  const answer = await t.get(`/echo${path}`)
  expect([path, answer.status]).toEqual([path, 200])
  expectType(answer, 'text/html;charset=UTF-8')
  expectCached(answer)
  expect(answer.header('etag')).toBeTruthy()
  expect(answer.header('set-cookie')).toBeUndefined()
  return answer.body
}

const iframe: readonly SockJsCell[] = [
  cell(
    ['IFRAME-1', 'IFRAME-5', 'IFRAME-6', 'IFRAME-7'],
    'serves a page that loads the client and starts it, to be cached for a year',
    async (t) => {
      const page = (await expectPage(t, '/iframe.html')).trim()
      expect(page).toMatch(/^<!DOCTYPE html>\n<html>\n<head>\n/)
      expect(page).toContain('<meta http-equiv="X-UA-Compatible" content="IE=edge" />')
      expect(page).toContain('<meta http-equiv="Content-Type" content="text/html; charset=UTF-8" />')
      const [, url] = /<script src="([^"]*)"><\/script>/.exec(page) ?? []
      expect(url).toBe(CLIENT_URL)
      expect(page).toMatch(
        /<script>\n\s*document\.domain = document\.domain;\n\s*SockJS\.bootstrap_iframe\(\);\n\s*<\/script>/,
      )
      expect(page).toMatch(/<body>\n[^<]*<h2>.*<\/h2>\n[^<]*<p>.*<\/p>\n<\/body>\n<\/html>$/)
    },
  ),
  cell(['IFRAME-2', 'IFRAME-3'], 'serves the same page under every version and query', async (t) => {
    const page = await expectPage(t, '/iframe.html')
    const versions = ['-a', '-', '-0.1.2', '-0.1.2abc-dirty.2144']
    const queries = ['-a.html?t=1234', '-0.1.2.html?t=123414', '-0.1.2abc-dirty.2144.html?t=qweqweq123', '.html?t=1']
    for (const path of [...versions.map((version) => `${version}.html`), ...queries]) {
      expect(await expectPage(t, `/iframe${path}`)).toBe(page)
    }
  }),
  cell('IFRAME-4', 'has no page at names that are nearly right', async (t) => {
    const paths = ['.htm', '', '.HTML', '.xml', '-/.html'].map((ending) => `/iframe${ending}`)
    for (const path of [...paths, '/IFRAME.HTML', '/IFRAME']) {
      expect([path, (await t.get(`/echo${path}`)).status]).toEqual([path, 404])
    }
  }),
  cell('IFRAME-8', 'answers 304 to who has the page', async (t) => {
    const etag = (await t.get('/echo/iframe.html')).header('etag') ?? ''
    expect(etag).not.toBe('')
    expect((await t.get('/echo/iframe.html')).header('etag')).toBe(etag)
    const answer = await t.get('/echo/iframe.html', { 'if-none-match': etag })
    expect([answer.status, answer.body]).toEqual([304, ''])
    expect(answer.header('content-type')).toBeUndefined()
    expect((await t.get('/echo/iframe.html', { 'if-none-match': '"other"' })).status).toBe(200)
  }),
  cell('IFRAME-9', 'has no iframe page where no script was named', async (t) => {
    expect((await t.get('/defaults/iframe.html')).status).toBe(404)
    expect((await t.get('/defaults/iframe-1.6.1.html')).status).toBe(404)
  }),
  cell(
    'IFRAME-10',
    'lets only listed origins frame the page',
    async (t) => {
      const policy = (await t.get('/echo/iframe.html')).header('content-security-policy') ?? ''
      const ancestors = /frame-ancestors ([^;]*)/.exec(policy)?.[1]?.split(' ')
      expect(ancestors).toContain('https://shop.example.org')
      expect(ancestors).not.toContain('*')
    },
    ['https://shop.example.org'],
  ),
]

interface Info {
  readonly websocket: unknown
  readonly cookie_needed: unknown
  readonly origins: unknown
  readonly entropy: unknown
}

async function infoOf(t: SockJsHarness, service = '/echo'): Promise<Info> {
  return JSON.parse((await t.get(`${service}/info`)).body) as Info
}

const info: readonly SockJsCell[] = [
  cell(
    ['INFO-1', 'INFO-2', 'INFO-3', 'INFO-4'],
    'tells what the server can do, as JSON for the page that asks, and for nobody’s cache',
    async (t) => {
      const answer = await t.get('/echo/info', { origin: 'test' })
      expect(answer.status).toBe(200)
      expectType(answer, 'application/json;charset=UTF-8')
      expect(answer.header('set-cookie')).toBeUndefined()
      expectUncached(answer)
      expectCors(answer, 'test')
    },
  ),
  cell(['INFO-5', 'INFO-7', 'INFO-8'], 'tells of WebSockets, cookies and origins', async (t) => {
    const { websocket, cookie_needed, origins } = await infoOf(t)
    expect(websocket).toBe(true)
    expect(typeof cookie_needed).toBe('boolean')
    expect(origins).toEqual(['*:*'])
  }),
  cell('INFO-6', 'tells that WebSockets are switched off', async (t) => {
    expect((await infoOf(t, '/disabled_websocket_echo')).websocket).toBe(false)
  }),
  cell('INFO-9', 'gives another number each time', async (t) => {
    const numbers = new Set<unknown>()
    for (let i = 0; i < 8; i++) {
      const { entropy } = await infoOf(t)
      expect(Number.isInteger(entropy)).toBe(true)
      expect(entropy).toBeGreaterThanOrEqual(0)
      expect(entropy).toBeLessThan(2 ** 32)
      numbers.add(entropy)
    }
    // Two of eight are equal by chance once in 150 million runs.
    expect(numbers.size).toBe(8)
  }),
  cell('INFO-10', 'answers a preflight of the info', (t) => expectPreflight(t, '/echo/info', ['OPTIONS', 'GET'])),
  cell('INFO-11', 'allows a page without an origin by the word null', async (t) => {
    const headers = { origin: 'null', 'access-control-request-method': 'POST' }
    const answer = await t.request('OPTIONS', '/echo/info', { headers })
    expect([200, 204]).toContain(answer.status)
    expect(answer.body).toBe('')
    expect(answer.header('access-control-allow-origin')).toBe('null')
  }),
]

const cors: readonly SockJsCell[] = [
  cell('CORS-1', 'allows any page, and no credentials, when none has said who it is', async (t) => {
    const url = t.session()
    for (const answer of [await t.get('/echo/info'), await t.post(`${url}/xhr`), await t.post(`${url}/xhr_send`)]) {
      expect(answer.header('access-control-allow-origin')).toBe('*')
      expect(answer.header('access-control-allow-credentials')).toBeUndefined()
    }
  }),
  cell(
    'CORS-2',
    'refuses pages that are not allowed',
    async (t) => {
      const open = await t.post(`${t.session()}/xhr`, '', { origin: 'https://shop.example.org' })
      expect([open.status, open.body]).toEqual([200, 'o\n'])
      expectCors(open, 'https://shop.example.org')
      const url = t.session()
      for (const origin of ['https://evil.example.org', 'null']) {
        for (const path of [`${url}/xhr`, `${url}/xhr_streaming`, `${url}/xhr_send`]) {
          const answer = await t.post(path, '["a"]', { origin })
          expect([path, answer.status]).toEqual([path, 403])
          expect(answer.header('access-control-allow-origin')).toBeUndefined()
          expect(answer.header('access-control-allow-credentials')).toBeUndefined()
        }
        expect((await t.get('/echo/info', { origin })).header('access-control-allow-origin')).toBeUndefined()
        const preflight = await t.request('OPTIONS', `${url}/xhr`, { headers: { origin } })
        expect(preflight.header('access-control-allow-origin')).toBeUndefined()
      }
      // Nothing was opened.
      expect(t.opened).toHaveLength(1)
    },
    ['https://shop.example.org'],
  ),
  cell('METHOD-1', 'names the methods that a path has to who comes with another', async (t) => {
    const url = '/echo/000/nobody'
    for (const path of ['xhr', 'xhr_send', 'xhr_streaming', 'jsonp_send']) {
      expectNoSuchMethod(await t.get(`${url}/${path}`), 'POST')
    }
    for (const path of [
      `${url}/eventsource`,
      `${url}/htmlfile?c=x`,
      `${url}/jsonp?c=x`,
      '/echo/info',
      '/echo/websocket',
    ]) {
      expectNoSuchMethod(await t.post(path), 'GET')
    }
    expectNoSuchMethod(await t.request('PUT', `${url}/xhr`, { body: '' }), 'POST')
    expect(t.opened).toEqual([])
  }),
]

export const staticCells: readonly SockJsCell[] = [...greeting, ...iframe, ...info, ...cors]
