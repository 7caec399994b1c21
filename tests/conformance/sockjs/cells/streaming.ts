import { expect } from 'vitest'
import { cell, type SockJsCell } from '../cell.js'
import type { SockJsHarness, Stream } from '../harness.js'
import { STREAM_LIMIT_BYTES } from '../services.js'
import { expectCors, expectPreflight, expectType, expectUncached, openByStream, PRELUDE, send } from './answers.js'

const LONG = 'x'.repeat(STREAM_LIMIT_BYTES)

const lines: readonly SockJsCell[] = [
  cell('STREAMING-1', 'answers a preflight of a stream', async (t) => {
    await expectPreflight(t, '/echo/abc/abc/xhr_streaming', ['OPTIONS', 'POST'])
    expect(t.opened).toEqual([])
  }),
  cell(['STREAMING-2', 'STREAMING-3', 'STREAMING-4'], 'streams lines behind a prelude', async (t) => {
    const url = t.session()
    const stream = await t.stream('POST', `${url}/xhr_streaming`, { origin: 'test' })
    expect(stream.status).toBe(200)
    expectType(stream, 'application/javascript;charset=UTF-8')
    expectCors(stream, 'test')
    expectUncached(stream)
    expect(await stream.next()).toBe(PRELUDE)
    expect(await stream.next()).toBe('o\n')
    for (const message of ['["x"]', '["y"]']) {
      await send(t, url, message)
      expect(await stream.next()).toBe(`a${message}\n`)
    }
  }),
  cell('STREAMING-5', 'ends a stream that has carried enough, and goes on with the next', async (t) => {
    const url = t.session()
    const stream = await openByStream(t, url)
    const message = `["${'x'.repeat(128)}"]`
    for (let i = 0; i < 31; i++) {
      await send(t, url, message)
      expect(await stream.next()).toBe(`a${message}\n`)
    }
    expect(await stream.next()).toBe('')
    await send(t, url, '["meanwhile"]')
    const next = await t.stream('POST', `${url}/xhr_streaming`)
    expect(await next.next()).toBe(PRELUDE)
    expect(await next.next()).toBe('a["meanwhile"]\n')
    expect(t.opened).toHaveLength(1)
  }),
  cell('STREAMING-6', 'ends a stream after 128 KiB', async (t) => {
    const url = t.session('/defaults')
    const stream = await openByStream(t, url)
    const message = `["${'x'.repeat(43_000)}"]`
    for (let i = 0; i < 4; i++) {
      await send(t, url, message)
      expect((await stream.next()).length).toBe(message.length + 2)
    }
    expect(await stream.next()).toBe('')
  }),
]

const events: readonly SockJsCell[] = [
  cell(['EVENTSOURCE-1', 'EVENTSOURCE-2', 'EVENTSOURCE-3', 'EVENTSOURCE-4'], 'streams events', async (t) => {
    const url = t.session()
    const stream = await t.stream('GET', `${url}/eventsource`)
    expect(stream.status).toBe(200)
    expectType(stream, 'text/event-stream')
    expectUncached(stream)
    expect(await stream.next()).toBe('\r\n')
    expect(await stream.next()).toBe('data: o\r\n\r\n')
    await send(t, url, '["x"]')
    expect(await stream.next()).toBe('data: a["x"]\r\n\r\n')
  }),
  cell('EVENTSOURCE-5', 'keeps an event whole, whatever stands in the message', async (t) => {
    const url = t.session()
    const stream = await openEvents(t, url)
    await send(t, url, '["  \\u0000\\n\\r "]')
    expect(await stream.next()).toBe('data: a["  \\u0000\\n\\r "]\r\n\r\n')
  }),
  cell('EVENTSOURCE-7', 'leaves a message whole for clients that decode it twice', async (t) => {
    const url = t.session()
    const stream = await openEvents(t, url)
    for (const message of ['100%', '%41%20b', '%', '%\u00e9%']) {
      await send(t, url, JSON.stringify([message]))
      const data = /^data: (.*)\r\n\r\n$/.exec(await stream.next())?.[1] ?? ''
      expect(JSON.parse(decodeURI(data).slice(1))).toEqual([message])
      expect(JSON.parse(data.slice(1))).toEqual([message])
    }
  }),
  cell('EVENTSOURCE-6', 'ends events that have carried enough', async (t) => {
    const url = t.session()
    const stream = await openEvents(t, url)
    await send(t, url, `["${LONG}"]`)
    expect(await stream.next()).toBe(`data: a["${LONG}"]\r\n\r\n`)
    expect(await stream.next()).toBe('')
  }),
]

async function openEvents(t: SockJsHarness, url: string): Promise<Stream> {
  const stream = await t.stream('GET', `${url}/eventsource`)
  expect([await stream.next(), await stream.next()]).toEqual(['\r\n', 'data: o\r\n\r\n'])
  return stream
}

/** One frame of a page. */
const script = (frame: string): string => `<script>\np(${JSON.stringify(frame)});\n</script>\r\n`

async function openPage(t: SockJsHarness, url: string): Promise<Stream> {
  const stream = await t.stream('GET', `${url}/htmlfile?c=callback`)
  await stream.next()
  expect(await stream.next()).toBe(script('o'))
  return stream
}

const page: readonly SockJsCell[] = [
  cell(['HTMLFILE-1', 'HTMLFILE-2', 'HTMLFILE-3', 'HTMLFILE-4'], 'streams scripts behind a page', async (t) => {
    const url = t.session()
    const stream = await t.stream('GET', `${url}/htmlfile?c=%63allback`)
    expect(stream.status).toBe(200)
    expectType(stream, 'text/html;charset=UTF-8')
    expectUncached(stream)
    const start = await stream.next()
    expect(start.length).toBeGreaterThan(1_024)
    const lines = start
      .trim()
      .split('\n')
      .map((line) => line.trim())
    expect(lines[0]).toBe('<!doctype html>')
    expect(lines.slice(lines.indexOf('<script>'))).toEqual([
      '<script>',
      'document.domain = document.domain;',
      'var c = parent.callback;',
      'c.start();',
      'function p(d) {c.message(d);};',
      'window.onload = function() {c.stop();};',
      '</script>',
    ])
    expect(await stream.next()).toBe(script('o'))
    await send(t, url, '["x"]')
    expect(await stream.next()).toBe('<script>\np("a[\\"x\\"]");\n</script>\r\n')
  }),
  cell(['HTMLFILE-5', 'HTMLFILE-6'], 'wants a callback that is a name', async (t) => {
    const none = await t.get('/echo/a/a/htmlfile')
    expect(none.status).toBe(500)
    expect(none.body).toContain('"callback" parameter required')
    for (const callback of ['%20', '*', 'abc(', 'abc%28', '%3Cscript%3E']) {
      const answer = await t.get(`/echo/a/a/htmlfile?c=${callback}`)
      expect([callback, answer.status]).toEqual([callback, 500])
      expect(answer.body).toContain('invalid "callback" parameter')
    }
    expect(t.opened).toEqual([])
  }),
  cell('HTMLFILE-7', 'ends a page that has carried enough', async (t) => {
    const url = t.session()
    const stream = await openPage(t, url)
    await send(t, url, `["${LONG}"]`)
    expect(await stream.next()).toBe(script(`a["${LONG}"]`))
    expect(await stream.next()).toBe('')
  }),
  cell('HTMLFILE-8', 'lets no message out of its script', async (t) => {
    const url = t.session()
    const stream = await openPage(t, url)
    const message = '</script><script>alert(1)</script><!-- <script'
    await send(t, url, JSON.stringify([message]))
    const [, text = ''] = /^<script>\np\((.*)\);\n<\/script>\r\n$/.exec(await stream.next()) ?? []
    // HTML, "script data double escaped state": behind `<!--` and `<script` an end tag does not end the element.
    expect(text).not.toMatch(/<\/|<!--|<script/i)
    expect(JSON.parse(text)).toBe(`a${JSON.stringify([message])}`)
  }),
]

export const streamingCells: readonly SockJsCell[] = [...lines, ...events, ...page]
