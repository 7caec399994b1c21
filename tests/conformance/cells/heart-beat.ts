import { expect } from 'vitest'
import { type ServerCell, serverCell } from '../cells.js'
import type { Harness } from '../harness.js'
import { FROM_1_1, ONLY_1_1, ONLY_1_2 } from '../requirement.js'
import { connect, connectFrame, handshake, message, nothingElse, refused, send, subscribe } from './conversation.js'

// The server of the harness states 10000,10000: so it beats every max(10000, cy) ms, and a client that beats at all
// owes something every max(cx, 10000) ms.
const BEATS_BOTH_WAYS = { 'heart-beat': '10000,10000' }
const BEATS_FROM_SERVER = { 'heart-beat': '0,10000' }
const BEATS_FROM_CLIENT = { 'heart-beat': '10000,0' }

const cell = (
  ids: string | readonly string[],
  title: string,
  run: (t: Harness) => Promise<void>,
  versions = FROM_1_1,
): ServerCell => serverCell(ids, title, run, versions)

const agreeing: readonly ServerCell[] = [
  cell(
    ['1.2/heart-beat/both-declare', '1.2/connect/heart-beat', 'ours/heart-beat/default'],
    'takes the client’s numbers from CONNECT and states its own, 10000,10000, in CONNECTED',
    async (t) => {
      const { connected } = await handshake(t, { 'heart-beat': '4000,6000' })
      expect(connected.headers.get('heart-beat')).toBe('10000,10000')
    },
  ),
  cell(
    ['1.2/heart-beat/two-integers', 'E4'],
    'refuses a heart-beat header that is not two numbers, and names it',
    async (t) => {
      for (const value of ['10000', 'a,b', '-1,0', '1.5,0', '1,2,3', '']) {
        const client = await t.open()
        client.send(connectFrame(t.version, { 'heart-beat': value }))
        const error = await refused(client)
        expect([value, error.headers.get('message')]).toEqual([value, expect.stringContaining('heart-beat')])
      }
    },
  ),
  cell(
    ['1.2/heart-beat/absent-means-0,0', '1.2/heart-beat/none-when-either-is-0'],
    'neither sends nor expects heart-beats when the client states none',
    async (t) => {
      for (const headers of [{}, { 'heart-beat': '0,0' }]) {
        const client = await connect(t, headers)
        await t.advance(120_000)
        await nothingElse(client)
        expect(client.heartBeats).toBe(0)
      }
    },
  ),
  cell(
    ['1.2/heart-beat/none-when-either-is-0', '1.2/heart-beat/first-is-what-it-can-send'],
    'expects nothing from a client that cannot send, and still beats for it',
    async (t) => {
      const client = await connect(t, BEATS_FROM_SERVER)
      await t.advance(120_000)
      await client.nextHeartBeat()
      await nothingElse(client)
    },
  ),
  cell(
    ['1.2/heart-beat/none-when-either-is-0', '1.2/heart-beat/second-is-what-it-wants'],
    'sends no heart-beat to a client that wants none, and still expects its own',
    async (t) => {
      const client = await connect(t, BEATS_FROM_CLIENT)
      for (let i = 0; i < 10; i++) {
        await t.advance(9_000)
        client.send('\n')
      }
      await nothingElse(client)
      expect(client.heartBeats).toBe(0)
      await t.advance(31_000)
      await refused(client)
    },
  ),
  cell(
    ['1.2/heart-beat/interval-is-the-greater', '1.2/heart-beat/second-is-what-it-wants'],
    'beats at the greater of what it can and what the client wants',
    async (t) => {
      const slow = await connect(t, { 'heart-beat': '0,30000' })
      const eager = await connect(t, { 'heart-beat': '0,1000' })
      await t.advance(5_000)
      await nothingElse(eager)
      expect(eager.heartBeats).toBe(0)
      await t.advance(15_000)
      await eager.nextHeartBeat()
      await nothingElse(slow)
      expect(slow.heartBeats).toBe(0)
      await t.advance(30_000)
      await slow.nextHeartBeat()
    },
  ),
  cell(
    ['1.2/heart-beat/interval-is-the-greater', '1.2/heart-beat/first-is-what-it-can-send'],
    'expects heart-beats at the greater of what the client can and what it wants itself',
    async (t) => {
      const rare = await connect(t, { 'heart-beat': '60000,0' })
      const eager = await connect(t, { 'heart-beat': '1000,0' })
      await t.advance(19_000)
      expect(eager.isClosed).toBe(false)
      await t.advance(12_000)
      await refused(eager)
      await t.advance(80_000)
      expect(rare.isClosed).toBe(false)
      await t.advance(70_000)
      await refused(rare)
    },
  ),
]

const beating: readonly ServerCell[] = [
  cell('1.2/heart-beat/sent-in-time', 'sends something in every interval, for as long as it lasts', async (t) => {
    const client = await connect(t, BEATS_FROM_SERVER)
    for (let i = 0; i < 12; i++) {
      await t.advance(10_000)
      await client.nextHeartBeat()
    }
  }),
  cell(
    ['1.2/heart-beat/is-an-eol', 'E28'],
    'sends a single LF as its heart-beat, and takes LF and CRLF for one',
    async (t) => {
      const client = await connect(t, BEATS_BOTH_WAYS)
      for (let i = 0; i < 10; i++) {
        await t.advance(9_900)
        client.send(i % 2 === 0 ? '\n' : '\r\n')
      }
      await client.nextHeartBeat()
      expect(client.wire.slice(client.wire.indexOf('\0') + 1)).toMatch(/^\n+$/)
      await nothingElse(client)
    },
    ONLY_1_2,
  ),
  cell(
    ['1.1/heart-beat/is-a-newline', 'E28'],
    'sends the single octet 0x0A as its heart-beat, and takes the same for one',
    async (t) => {
      const client = await connect(t, BEATS_BOTH_WAYS)
      for (let i = 0; i < 10; i++) {
        await t.advance(9_900)
        client.send('\n')
      }
      await client.nextHeartBeat()
      expect(client.wire.slice(client.wire.indexOf('\0') + 1)).toMatch(/^\n+$/)
      await nothingElse(client)
    },
    ONLY_1_1,
  ),
  cell('E28', 'sends no heart-beat while its frames show that it lives', async (t) => {
    const client = await connect(t, BEATS_FROM_SERVER)
    await subscribe(client, '/topic/a')
    const sender = await connect(t)
    for (let i = 0; i < 10; i++) {
      await t.advance(5_000)
      await send(sender, '/topic/a')
      await message(client)
    }
    expect(client.heartBeats).toBe(0)
  }),
]

const judging: readonly ServerCell[] = [
  cell(
    ['1.2/heart-beat/any-data-is-life', 'E28'],
    'takes any octets for life, even those of a frame that is not finished yet',
    async (t) => {
      const client = await connect(t, BEATS_FROM_CLIENT)
      for (const piece of ['SEND\n', 'dest', 'ination:/to', 'pic/a\nreceipt', ':r\n', '\nhel', 'lo']) {
        client.send(piece)
        await t.advance(15_000)
        expect(client.isClosed).toBe(false)
      }
      client.send('\0')
      expect((await client.next()).headers.get('receipt-id')).toBe('r')
    },
  ),
  cell(
    ['1.2/heart-beat/tolerance', 'ours/heart-beat/judged-at-2x-to-3x'],
    'bears a silence of nearly twice the interval',
    async (t) => {
      const client = await connect(t, BEATS_FROM_CLIENT)
      for (let i = 0; i < 5; i++) {
        await t.advance(19_500)
        expect(client.isClosed).toBe(false)
        client.send('\n')
      }
      await nothingElse(client)
    },
  ),
  cell(
    ['1.2/heart-beat/silence-may-be-death', 'ours/heart-beat/judged-at-2x-to-3x', 'E18'],
    'says and closes before a silence lasts three times the interval',
    async (t) => {
      const client = await connect(t, BEATS_FROM_CLIENT)
      await t.advance(30_000)
      await refused(client)
    },
  ),
  serverCell('E27', 'shows heart-beats of the client to no hook', async (t) => {
    const client = await connect(t)
    client.send('\n', '\n\n', { command: 'SEND', headers: { destination: '/topic/a', receipt: 'r' } }, '\n')
    expect((await client.next()).headers.get('receipt-id')).toBe('r')
    expect(t.authorized).toEqual(['/topic/a'])
  }),
]

/** Heart-beating, on the server's own virtual time. */
export const heartBeatCells: readonly ServerCell[] = [...agreeing, ...beating, ...judging]
