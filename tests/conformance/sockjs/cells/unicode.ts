import { expect } from 'vitest'
import { cell, type SockJsCell } from '../cell.js'
import type { SockJsHarness } from '../harness.js'
import { expectPoll, FORM, openByPoll, send } from './answers.js'

/** First and last code units of what a server has to escape: control characters, and what browsers drop or change. */
const ESCAPED_BY_SERVER: readonly (readonly [number, number])[] = [
  [0x0000, 0x001f],
  [0x200c, 0x200f],
  [0x2028, 0x202f],
  [0x2060, 0x206f],
  [0xfff0, 0xffff],
]

const escapeUnit = (unit: number): string => `\\u${unit.toString(16).padStart(4, '0')}`
const range = (first: number, last: number): number[] => Array.from({ length: last - first + 1 }, (_, i) => first + i)
const isSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdfff
const mustBeEscaped = (unit: number): boolean =>
  ESCAPED_BY_SERVER.some(([first, last]) => unit >= first && unit <= last)

/** Every character of 16 bits. */
const CHARACTERS = range(0, 0xffff).filter((unit) => !isSurrogate(unit))
/** So many to a message; escaped they stay below the largest body of a request. */
const PIECE = 8_192
const PIECES = Array.from({ length: Math.ceil(CHARACTERS.length / PIECE) }, (_, i) =>
  CHARACTERS.slice(i * PIECE, (i + 1) * PIECE),
)

/** A session over one transport, from which the next frame can be had as it lies on the wire. */
interface Receiver {
  readonly url: string
  next(): Promise<string>
}

/** Streams are opened at the service whose own do not end so soon. */
const opening = {
  async xhr(t: SockJsHarness): Promise<Receiver> {
    const url = await openByPoll(t)
    return { url, next: async () => (await t.post(`${url}/xhr`)).body.slice(0, -1) }
  },
  async jsonp(t: SockJsHarness): Promise<Receiver> {
    const url = t.session()
    await t.get(`${url}/jsonp?c=x`)
    return { url, next: async () => inString((await t.get(`${url}/jsonp?c=x`)).body, '/**/x(', ');\r\n') }
  },
  async xhr_streaming(t: SockJsHarness): Promise<Receiver> {
    const url = t.session('/defaults')
    const stream = await t.stream('POST', `${url}/xhr_streaming`)
    for (let i = 0; i < 2; i++) await stream.next()
    return { url, next: async () => (await stream.next()).slice(0, -1) }
  },
  async eventsource(t: SockJsHarness): Promise<Receiver> {
    const url = t.session('/defaults')
    const stream = await t.stream('GET', `${url}/eventsource`)
    for (let i = 0; i < 2; i++) await stream.next()
    return { url, next: async () => between(await stream.next(), 'data: ', '\r\n\r\n') }
  },
  async htmlfile(t: SockJsHarness): Promise<Receiver> {
    const url = t.session('/defaults')
    const stream = await t.stream('GET', `${url}/htmlfile?c=x`)
    for (let i = 0; i < 2; i++) await stream.next()
    return { url, next: async () => inString(await stream.next(), '<script>\np(', ');\n</script>\r\n') }
  },
}

function between(text: string, start: string, end: string): string {
  expect([text.slice(0, start.length), text.slice(-end.length)]).toEqual([start, end])
  return text.slice(start.length, -end.length)
}

/** The string is written in ASCII where it must be; the frame in it then still is as the other transports have it. */
function inString(text: string, start: string, end: string): string {
  const literal = between(text, start, end)
  expect(literal).not.toMatch(RAW)
  return JSON.parse(literal) as string
}

/** What must not lie on the wire as it is. */
const RAW = new RegExp(`[${ESCAPED_BY_SERVER.map(([a, b]) => `${escapeUnit(a)}-${escapeUnit(b)}`).join('')}]`)

const MESSAGE = String.fromCharCode(...CHARACTERS.filter(mustBeEscaped))

/** Every character that must be escaped is, and the message is what it was. */
function expectEscaped(frame: string): void {
  expect(frame).not.toMatch(RAW)
  expect(JSON.parse(frame.slice(1))).toEqual([MESSAGE])
}

async function expectEverything(
  sendPiece: (array: string) => Promise<void>,
  next: () => Promise<string>,
): Promise<void> {
  for (const units of PIECES) {
    await sendPiece(`["${units.map(escapeUnit).join('')}"]`)
    const received: unknown = JSON.parse((await next()).slice(1))
    // Not `toEqual`: what it says of two such strings is of no use.
    expect(JSON.stringify(received) === JSON.stringify([String.fromCharCode(...units)])).toBe(true)
  }
}

export const unicodeCells: readonly SockJsCell[] = [
  ...Object.entries(opening).map(([transport, open]) =>
    cell('UNICODE-1', `escapes what browsers would change, over ${transport}`, async (t) => {
      const { url, next } = await open(t)
      await send(t, url, JSON.stringify([MESSAGE]))
      expectEscaped(await next())
    }),
  ),
  cell('UNICODE-1', 'escapes what browsers would change, over WebSocket', async (t) => {
    const socket = await t.webSocket(`${t.session()}/websocket`)
    await socket.next()
    socket.send(JSON.stringify([MESSAGE]))
    expectEscaped(await socket.next())
  }),
  cell('UNICODE-1', 'escapes them in the form that the protocol’s own suite expects', async (t) => {
    const url = await openByPoll(t)
    const units = CHARACTERS.filter((unit) => unit >= 0xff && mustBeEscaped(unit))
    await send(t, url, `["${String.fromCharCode(...units)}"]`)
    await expectPoll(t, url, `a["${units.map(escapeUnit).join('')}"]`)
  }),
  cell('UNICODE-2', 'decodes every escaped character, over xhr_send', async (t) => {
    const { url, next } = await opening.xhr(t)
    await expectEverything((array) => send(t, url, array), next)
  }),
  cell('UNICODE-2', 'decodes every escaped character, over jsonp_send', async (t) => {
    const { url, next } = await opening.jsonp(t)
    await expectEverything(async (array) => {
      const answer = await t.post(`${url}/jsonp_send`, `d=${encodeURIComponent(array)}`, FORM)
      expect([answer.status, answer.body]).toEqual([200, 'ok'])
    }, next)
  }),
  cell('UNICODE-2', 'decodes every escaped character, over WebSocket', async (t) => {
    const socket = await t.webSocket(`${t.session()}/websocket`)
    await socket.next()
    await expectEverything(
      async (array) => socket.send(array),
      () => socket.next(),
    )
  }),
  cell('UNICODE-3', 'echoes characters beyond 16 bits', async (t) => {
    const url = await openByPoll(t)
    await send(t, url, '["\u{1f40e}","\\ud83d\\udc0e","\u{10ffff}"]')
    const { body } = await t.post(`${url}/xhr`)
    expect(JSON.parse(body.slice(1))).toEqual(['\u{1f40e}', '\u{1f40e}', '\u{10ffff}'])
  }),
  cell('UNICODE-4', 'replaces half a surrogate pair', async (t) => {
    const url = await openByPoll(t)
    await send(t, url, '["a\\ud800b","\\udc0e"]')
    const { body } = await t.post(`${url}/xhr`)
    expect(JSON.parse(body.slice(1))).toEqual(['a\ufffdb', '\ufffd'])
  }),
]
