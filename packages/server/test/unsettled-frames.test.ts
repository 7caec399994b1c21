import { describe, expect, it } from 'vitest'
import { embeddedBroker, type HoofbeatLimits } from '../src/index.js'
import type { StompTestClient } from '../src/testing/stomp-client.js'
import { createWaitingStore, rest, send, usePlugin } from './plugin-application.js'

const start = usePlugin()

const MOST = 10

/** A server whose disk answers when the test says so. */
async function setUp(limits: Partial<HoofbeatLimits> = { maxUnsettledFrames: MOST }) {
  const { store, commits } = createWaitingStore()
  const { connect } = await start({ broker: embeddedBroker({ store }), limits })
  const settle = async (client: StompTestClient, from: number, to: number): Promise<string[]> => {
    for (const commit of commits.slice(from, to)) commit.resolve()
    return rest(client)
  }
  return { commits, connect, settle }
}

const keep = (i: number) => send(`/queue/${i}`, `${i}`, { persistent: 'true', receipt: `${i}` })
const receipts = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => `RECEIPT ${from + i}`)

describe('a session whose frames wait for the disk', () => {
  it('reads no further when there are too many of them, until less than half are left', async () => {
    const { commits, connect, settle } = await setUp()
    const client = await connect()
    for (let i = 0; i < 3 * MOST; i++) client.send(keep(i))
    expect(await rest(client)).toEqual([])
    expect(commits).toHaveLength(MOST)
    expect(client.link.isPaused).toBe(true)
    expect(await settle(client, 0, MOST / 2)).toEqual(receipts(0, MOST / 2))
    expect(commits).toHaveLength(MOST)
    expect(client.link.isPaused).toBe(true)
    // One more, and four are left: so six more are taken in.
    expect(await settle(client, MOST / 2, MOST / 2 + 1)).toEqual(receipts(MOST / 2, MOST / 2 + 1))
    expect(commits).toHaveLength(MOST + 6)
    expect(client.link.isPaused).toBe(true)
    await settle(client, 0, commits.length)
    await settle(client, 0, commits.length)
    await settle(client, 0, commits.length)
    expect(commits).toHaveLength(3 * MOST)
    expect(client.link.isPaused).toBe(false)
  })

  it('reads no further where they came in one piece, either', async () => {
    const { commits, connect, settle } = await setUp()
    const client = await connect()
    const frame = (i: number) => `SEND\ndestination:/queue/${i}\npersistent:true\nreceipt:${i}\n\n\0`
    client.sendRaw(Array.from({ length: 2 * MOST }, (_, i) => frame(i)).join(''))
    await client.rest()
    expect(commits).toHaveLength(MOST)
    expect(await settle(client, 0, MOST)).toEqual(receipts(0, MOST))
    expect(await settle(client, MOST, 2 * MOST)).toEqual(receipts(MOST, 2 * MOST))
  })

  it('reads no further when too many wait behind a SUBSCRIBE that waits for it, and keeps their order', async () => {
    const { connect, settle } = await setUp()
    const [client, reader] = [await connect(), await connect()]
    await reader.subscribe('r', '/topic/a')
    client.send(keep(0))
    client.send({ command: 'SUBSCRIBE', headers: { id: 's', destination: '/topic/a', receipt: 'subscribed' } })
    for (let i = 0; i < 2 * MOST; i++) client.send(send('/topic/a', `${i}`))
    expect([await rest(client), await rest(reader)]).toEqual([[], []])
    expect(client.link.isPaused).toBe(true)
    const all = Array.from({ length: 2 * MOST }, (_, i) => `${i}`)
    const seen = await settle(client, 0, 1)
    expect(seen).toContain('RECEIPT subscribed')
    expect(seen.filter((frame) => !frame.startsWith('RECEIPT'))).toEqual(all)
    expect(await rest(reader)).toEqual(all)
    expect(client.link.isPaused).toBe(false)
  })

  it('reads no further when their bodies are too large together, until less than half of that is left', async () => {
    const { commits, connect, settle } = await setUp({ maxUnsettledBytes: 40_000 })
    const client = await connect()
    const large = (i: number) => send(`/queue/${i}`, 'x'.repeat(10_000), { persistent: 'true', receipt: `${i}` })
    for (let i = 0; i < 7; i++) client.send(large(i))
    expect(await rest(client)).toEqual([])
    expect(commits).toHaveLength(4)
    expect(client.link.isPaused).toBe(true)
    await settle(client, 0, 2)
    expect(commits).toHaveLength(4)
    expect(await settle(client, 2, 3)).toEqual(receipts(2, 3))
    expect(commits).toHaveLength(7)
    await settle(client, 3, 7)
    expect(client.link.isPaused).toBe(false)
  })

  it('reads one at a time where each is too large alone', async () => {
    const { commits, connect, settle } = await setUp({ maxUnsettledBytes: 10 })
    const client = await connect()
    for (let i = 0; i < 3; i++) {
      client.send(send(`/queue/${i}`, 'more than ten bytes', { persistent: 'true', receipt: `${i}` }))
    }
    for (let i = 0; i < 3; i++) {
      await client.rest()
      expect(commits).toHaveLength(i + 1)
      expect(await settle(client, i, i + 1)).toEqual(receipts(i, i + 1))
    }
    expect(client.link.isPaused).toBe(false)
  })

  it('holds up no other session', async () => {
    const { commits, connect, settle } = await setUp()
    const [client, other] = [await connect(), await connect()]
    for (let i = 0; i < 2 * MOST; i++) client.send(keep(i))
    await client.rest()
    await other.subscribe('s', '/topic/a')
    other.send(send('/topic/a', 'hello'))
    expect(await rest(other)).toEqual(['hello'])
    expect(commits).toHaveLength(MOST)
    await settle(client, 0, MOST)
    await settle(client, MOST, 2 * MOST)
  })

  it('reads its DISCONNECT when there is room again, and answers it last', async () => {
    const { connect, settle, commits } = await setUp()
    const client = await connect()
    for (let i = 0; i < MOST; i++) client.send(keep(i))
    client.send({ command: 'DISCONNECT', headers: { receipt: 'bye' } })
    await client.rest()
    expect(commits).toHaveLength(MOST)
    expect((await settle(client, 0, MOST)).at(-1)).toBe('RECEIPT bye')
  })
})
