import { expect } from 'vitest'
import { cell, type SockJsCell } from '../cell.js'
import { PRELUDE } from './answers.js'

const GREETING = 'Welcome to SockJS!\n'
const KEEP = { connection: 'Keep-Alive' }

export const httpCells: readonly SockJsCell[] = [
  cell('HTTP-1', 'greets a client of HTTP/1.0, and keeps or ends the connection as it has said', async (t) => {
    for (const headers of [KEEP, {}]) {
      const socket = await t.socket()
      socket.send('GET', '/echo', { http: '1.0', headers })
      const head = await socket.head()
      expect(head.status).toBe(200)
      expect(['1.0', '1.1']).toContain(head.http)
      expect(head.header('transfer-encoding')).toBeUndefined()
      expect(head.header('content-length')).toBe(String(GREETING.length))
      expect(await socket.read(GREETING.length)).toBe(GREETING)
      if (head.header('connection')?.toLowerCase() === 'keep-alive') {
        socket.send('GET', '/echo', { http: '1.0', headers })
        expect((await socket.head()).status).toBe(200)
      } else {
        expect(await socket.readToEnd()).toBe('')
      }
    }
  }),
  cell('HTTP-1', 'polls and sends for a client of HTTP/1.0, whose answers are never chunked', async (t) => {
    const url = t.session()
    for (const [path, body, status, answer] of [
      ['xhr', '', 200, 'o\n'],
      ['xhr_send', '["a"]', 204, ''],
      ['xhr', '', 200, 'a["a"]\n'],
    ] as const) {
      const socket = await t.socket()
      socket.send('POST', `${url}/${path}`, { http: '1.0', body })
      const head = await socket.head()
      expect([head.status, head.header('transfer-encoding')]).toEqual([status, undefined])
      expect(await socket.readToEnd()).toBe(answer)
    }
  }),
  cell('HTTP-2', 'streams to a client of HTTP/1.0 until the connection ends', async (t) => {
    for (const headers of [KEEP, {}]) {
      const socket = await t.socket()
      socket.send('POST', `${t.session('/close')}/xhr_streaming`, { http: '1.0', headers })
      const head = await socket.head()
      expect(head.status).toBe(200)
      expect(head.header('transfer-encoding')).toBeUndefined()
      expect(head.header('content-length')).toBeUndefined()
      expect(await socket.readToEnd()).toBe(`${PRELUDE}o\nc[3000,"Go away!"]\n`)
    }
  }),
  cell('HTTP-2', 'streams events and pages to a client of HTTP/1.0 in the same way', async (t) => {
    for (const [path, end] of [
      ['eventsource', 'data: c[3000,"Go away!"]\r\n\r\n'],
      ['htmlfile?c=x', '<script>\np("c[3000,\\"Go away!\\"]");\n</script>\r\n'],
    ]) {
      const socket = await t.socket()
      socket.send('GET', `${t.session('/close')}/${path}`, { http: '1.0' })
      const head = await socket.head()
      expect([head.header('transfer-encoding'), head.header('content-length')]).toEqual([undefined, undefined])
      expect((await socket.readToEnd()).endsWith(end ?? '')).toBe(true)
    }
  }),
  cell('HTTP-3', 'greets a client of HTTP/1.1 again and again on one connection', async (t) => {
    const socket = await t.socket()
    for (let i = 0; i < 3; i++) {
      socket.send('GET', '/echo', { headers: KEEP })
      const head = await socket.head()
      expect([head.http, head.status]).toEqual(['1.1', 200])
      expect(['keep-alive', '']).toContain(head.header('connection')?.toLowerCase() ?? '')
      expect(head.header('content-length')).toBe(String(GREETING.length))
      expect(head.header('transfer-encoding')).toBeUndefined()
      expect(await socket.read(GREETING.length)).toBe(GREETING)
    }
  }),
  cell('HTTP-3', 'takes polls and sends one after the other on one connection', async (t) => {
    const socket = await t.socket()
    const url = t.session()
    const ask = async (path: string, body = ''): Promise<readonly [number, string]> => {
      socket.send('POST', `${url}/${path}`, { body })
      const head = await socket.head()
      return [head.status, await socket.read(Number(head.header('content-length') ?? 0))]
    }
    expect(await ask('xhr')).toEqual([200, 'o\n'])
    expect(await ask('xhr_send', '["a"]')).toEqual([204, ''])
    expect(await ask('xhr_send', '["')).toEqual([500, expect.stringContaining('Broken JSON encoding.')])
    expect(await ask('xhr')).toEqual([200, 'a["a"]\n'])
  }),
  cell('HTTP-4', 'streams chunks to a client of HTTP/1.1, one for each frame', async (t) => {
    const socket = await t.socket()
    socket.send('POST', `${t.session('/close')}/xhr_streaming`, { headers: KEEP })
    const head = await socket.head()
    expect(head.status).toBe(200)
    expect(head.header('transfer-encoding')?.toLowerCase()).toBe('chunked')
    expect(head.header('content-length')).toBeUndefined()
    for (const chunk of [PRELUDE, 'o\n', 'c[3000,"Go away!"]\n', '']) expect(await socket.readChunk()).toBe(chunk)
  }),
  cell('HTTP-5', 'takes a POST without Content-Length for an empty one', async (t) => {
    const url = t.session()
    const answer = await t.request('POST', `${url}/xhr`, { isBare: true })
    expect([answer.status, answer.body]).toEqual([200, 'o\n'])
    expect((await t.request('POST', `${url}/xhr_send`, { isBare: true })).body).toContain('Payload expected.')
  }),
]
