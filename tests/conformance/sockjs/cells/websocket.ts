import { expect } from 'vitest'
import { cell, type SockJsCell } from '../cell.js'
import type { SockJsHarness } from '../harness.js'
import type { TestWebSocket } from '../web-socket.js'
import { expectNoSuchMethod } from './answers.js'

/** Of RFC 6455, section 1.3: the key of its example and the answer to it. */
const UPGRADE = {
  upgrade: 'websocket',
  connection: 'Upgrade',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
}
const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='

/** A WebSocket session that has been told `o`. */
async function openSession(t: SockJsHarness, url = t.session()): Promise<TestWebSocket> {
  const socket = await t.webSocket(`${url}/websocket`)
  expect(await socket.next()).toBe('o')
  return socket
}

async function expectEcho(socket: TestWebSocket, frame: string): Promise<void> {
  socket.send(frame)
  expect(await socket.next()).toBe(`a${frame}`)
}

const http: readonly SockJsCell[] = [
  cell('WEBSOCKET-1', 'answers 400 to a plain GET', async (t) => {
    expect((await t.get('/echo/0/0/websocket')).status).toBe(400)
  }),
  cell('WEBSOCKET-2', 'answers 400 to an upgrade without the Connection header for it', async (t) => {
    const answer = await t.get('/echo/0/0/websocket', { upgrade: 'WebSocket', connection: 'close' })
    expect(answer.status).toBe(400)
    expect((await t.get('/echo/0/0/websocket', { ...UPGRADE, connection: 'close' })).status).toBe(400)
    expect(t.opened).toEqual([])
  }),
  cell('WEBSOCKET-3', 'answers 405 to other methods, whether they ask for an upgrade or not', async (t) => {
    const asking = { upgrade: 'WebSocket', connection: 'Upgrade' }
    for (const headers of [asking, {}]) {
      expectNoSuchMethod(await t.post('/echo/0/0/websocket', '', headers), 'GET')
      expectNoSuchMethod(await t.request('PUT', '/echo/0/0/websocket', { headers, body: '' }), 'GET')
    }
    expectNoSuchMethod(await t.post('/echo/0/0/websocket', '', UPGRADE), 'GET')
    expect(t.opened).toEqual([])
  }),
  cell('WEBSOCKET-6', 'shakes hands as RFC 6455 says', async (t) => {
    const socket = await t.socket()
    socket.send('GET', `${t.session()}/websocket`, { headers: { ...UPGRADE, 'sec-websocket-origin': 'http://asd' } })
    const head = await socket.head()
    expect(head.status).toBe(101)
    expect(head.header('sec-websocket-accept')).toBe(ACCEPT)
    expect(head.header('connection')?.toLowerCase()).toBe('upgrade')
    expect(head.header('upgrade')?.toLowerCase()).toBe('websocket')
    expect(head.header('content-length')).toBeUndefined()
    // One text frame of one character.
    expect(await socket.read(3)).toBe(Buffer.from([0x81, 1, 0x6f]).toString())
  }),
  cell('WEBSOCKET-11', 'has no WebSocket where they are switched off', async (t) => {
    const url = `${t.session('/disabled_websocket_echo')}/websocket`
    expect((await t.get(url, UPGRADE)).status).toBe(404)
    expect((await t.get('/disabled_websocket_echo/websocket', UPGRADE)).status).toBe(404)
    expect((await t.get(url)).status).toBe(404)
    expect(t.opened).toEqual([])
  }),
  cell('SESSION-2', 'opens no WebSocket at odd paths', async (t) => {
    const odd = ['/a./a', '/a/a.', '/./.', '//', '///', '//a', '/a/', '/a', '/a/a/a'].map(
      (words) => `${words}/websocket`,
    )
    for (const path of [...odd, '/a/a/websocket/', '/websocket/', '//websocket', '/a/a/WebSocket', '/websockets']) {
      expect([path, (await t.get(`/echo${path}`, UPGRADE)).status]).toEqual([path, 404])
    }
    expect(t.opened).toEqual([])
  }),
  cell('WEBSOCKET-12', 'refuses the nonces of draft 76', async (t) => {
    const headers = {
      upgrade: 'WebSocket',
      connection: 'Upgrade',
      origin: 'http://localhost',
      'sec-websocket-key1': '1 8 x 27 y3',
      'sec-websocket-key2': '7 3  z4 a 1',
    }
    expect((await t.get(`${t.session()}/websocket`, headers)).status).toBe(400)
    expect(t.opened).toEqual([])
  }),
]

const websocket: readonly SockJsCell[] = [
  cell('WEBSOCKET-4', 'opens with o and echoes arrays', async (t) => {
    const socket = await openSession(t)
    await expectEcho(socket, '["a"]')
    socket.send('["b","c"]')
    // Each in a frame of its own, or both in one.
    const first = await socket.next()
    expect(first === 'a["b"]' ? [first, await socket.next()] : [first]).toEqual(
      first === 'a["b"]' ? ['a["b"]', 'a["c"]'] : ['a["b","c"]'],
    )
  }),
  cell('WEBSOCKET-4', 'echoes messages on both sides of each step of a frame’s length', async (t) => {
    const socket = await openSession(t)
    for (const frameLength of [125, 126, 127, 65_535, 65_536]) {
      await expectEcho(socket, `["${'x'.repeat(frameLength - 'a[""]'.length)}"]`)
    }
  }),
  cell('WEBSOCKET-5', 'closes behind the close frame', async (t) => {
    const socket = await openSession(t, t.session('/close'))
    expect(await socket.next()).toBe('c[3000,"Go away!"]')
    await socket.ended()
    expect(socket.waiting).toEqual([])
  }),
  cell('WEBSOCKET-7', 'passes over messages without content', async (t) => {
    const socket = await openSession(t)
    socket.send('')
    socket.send('[]')
    await expectEcho(socket, '["a"]')
    expect(t.closed).toEqual([])
  }),
  cell('WEBSOCKET-8', 'keeps WebSockets of one session id apart', async (t) => {
    const url = t.session()
    const [first, second] = [await openSession(t, url), await openSession(t, url)]
    await expectEcho(first, '["a"]')
    await expectEcho(second, '["b"]')
    expect(new Set(t.opened).size).toBe(2)
    expect([first.waiting, second.waiting]).toEqual([[], []])
    for (const socket of [first, second]) {
      socket.leave()
      await socket.ended()
    }
    await expectEcho(await openSession(t, url), '["a"]')
    expect(t.opened).toHaveLength(3)
  }),
  cell('WEBSOCKET-9', 'ends a WebSocket at once that says broken JSON', async (t) => {
    for (const broken of ['["a', '[a]', '{"a":1}', '[1]', '["a"]]']) {
      const socket = await openSession(t)
      socket.send(broken)
      socket.send('["behind"]')
      const { code } = await socket.ended()
      expect([broken, code]).not.toEqual([broken, 1000])
      expect([broken, socket.waiting.filter((frame) => frame.startsWith('a'))]).toEqual([broken, []])
    }
  }),
  cell('WEBSOCKET-10', 'takes a single string for a message', async (t) => {
    const socket = await openSession(t)
    socket.send('"a"')
    expect(await socket.next()).toBe('a["a"]')
  }),
]

const raw: readonly SockJsCell[] = [
  cell('RAW-1', 'echoes as it is at the raw URL', async (t) => {
    const socket = await t.webSocket('/echo/websocket')
    for (const text of ['Hello world!\uffff', '', '["a"]', '"', '\u0000\u2028\u{1f40e}']) {
      socket.send(text)
      expect(await socket.next()).toBe(text)
    }
  }),
  cell('RAW-2', 'says nothing of its own at the raw URL', async (t) => {
    const socket = await t.webSocket('/echo/websocket')
    await socket.ping()
    await t.advance(26_000)
    await socket.ping()
    expect(socket.waiting).toEqual([])
    expect(t.closed).toEqual([])
  }),
  cell('RAW-3', 'closes with code and reason at the raw URL', async (t) => {
    const socket = await t.webSocket('/close/websocket')
    expect(await socket.ended()).toEqual({ code: 3000, reason: 'Go away!' })
    expect(socket.waiting).toEqual([])
  }),
]

export const webSocketCells: readonly SockJsCell[] = [...http, ...websocket, ...raw]
