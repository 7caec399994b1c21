import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { writeControl } from '../../src/wire/control.js'
import { LINK_PROTOCOL } from '../../src/wire/protocol.js'
import type { ClusterNode } from './cluster.js'
import { Cluster, PATH } from './cluster.js'

let cluster: Cluster | undefined

afterEach(async () => {
  await cluster?.stop()
  cluster = undefined
})

const MESSAGE_BYTES = 65_536
/** Far above what the buffers of the system hold on two connections. */
const COUNT = 768
const TOTAL_BYTES = COUNT * MESSAGE_BYTES
/** Most that a node may hold for one connection beside those buffers. */
const MOST_HELD_BYTES = 1_048_576

const messageOf = (number: number): string => `${number} `.padEnd(MESSAGE_BYTES, 'x')

/** Two nodes, and a link at the first one that may retain all that the test sends. */
async function start() {
  cluster = await Cluster.start({
    nodes: 2,
    limits: { maxRetainedBytes: 2 * TOTAL_BYTES, maxMessageBytes: 2 * MESSAGE_BYTES, maxInboxBytes: MOST_HELD_BYTES },
  })
  const [owner, other] = cluster.pair
  const { link, key } = await owner.open()
  const up = async (): Promise<{ readonly ack: number; readonly sent: number }> => {
    const response = await owner.post(`${link}/up`, { key, seq: 1, ack: 0, items: [] })
    return (await response.json()) as { ack: number; sent: number }
  }
  await up()
  return { owner, other, link, key, up }
}

/** What is said twice in a row, some time apart: nothing moves any more. */
async function standing(ask: () => number | Promise<number>): Promise<number> {
  let last = Number.NaN
  let times = 0
  await expect
    .poll(
      async () => {
        const now = await ask()
        times = now === last ? times + 1 : 0
        last = now
        return times
      },
      { timeout: 20_000, interval: 50 },
    )
    .toBeGreaterThan(3)
  return last
}

/** Most bytes that wait in this process for one connection of a node. */
function held(node: ClusterNode): number {
  return Math.max(...[...node.sockets].map((socket) => socket.writableLength))
}

async function attachSocket(node: ClusterNode, link: string, key: string): Promise<WebSocket> {
  const socket = new WebSocket(node.origin.replace('http', 'ws') + PATH, [LINK_PROTOCOL], { perMessageDeflate: false })
  await new Promise((resolve) => socket.once('open', resolve))
  const attached = new Promise<void>((resolve) => {
    const read = (data: Buffer): void => {
      if (!data.toString('utf8', 0, 64).includes('"attach":5')) return
      socket.off('message', read)
      resolve()
    }
    socket.on('message', read)
  })
  socket.send(writeControl('a', { v: 1, link, key, attach: 5, ack: 0 }))
  await attached
  return socket
}

describe('a client that does not read', () => {
  it('holds back the owner of its stream through another node, which keeps nothing, and then gets all', async () => {
    const { owner, other, link, key, up } = await start()
    const body = JSON.stringify({ v: 1, key, attach: 1, ack: 0 })
    const socket = other.connect()
    socket.write(`POST ${PATH}/${link}/down HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    socket.pause()
    await expect.poll(() => owner.links.counts.stream).toBe(1)
    for (let number = 0; number < COUNT; number++) owner.side.send(messageOf(number))
    const sent = await standing(async () => (await up()).sent)
    expect(sent).toBeLessThan(COUNT / 2)
    expect(held(other)).toBeLessThan(MOST_HELD_BYTES)
    expect(held(owner)).toBeLessThan(MOST_HELD_BYTES)
    const numbers: number[] = []
    let line = ''
    socket.on('data', (bytes: Buffer) => {
      const lines = (line + bytes.toString('latin1')).split('\n')
      line = lines.pop() ?? ''
      for (const whole of lines) {
        const number = /^data: \["(\d+) x/.exec(whole)?.[1]
        if (number !== undefined) numbers.push(Number(number))
      }
    })
    socket.resume()
    await expect.poll(() => numbers.length, { timeout: 20_000 }).toBe(COUNT)
    expect(numbers).toEqual(Array.from({ length: COUNT }, (_, number) => number))
    socket.destroy()
  }, 60_000)

  it('holds back the owner of its WebSocket through another node, which keeps nothing, and then gets all', async () => {
    const { owner, other, link, key, up } = await start()
    const socket = await attachSocket(other, link, key)
    const numbers: number[] = []
    socket.on('message', (data: Buffer) => {
      if (data.length === MESSAGE_BYTES) numbers.push(Number.parseInt(data.toString('latin1', 0, 8), 10))
    })
    socket.pause()
    for (let number = 0; number < COUNT; number++) owner.side.send(messageOf(number))
    const sent = await standing(async () => (await up()).sent)
    expect(sent).toBeLessThan(COUNT / 2)
    expect(held(other)).toBeLessThan(MOST_HELD_BYTES)
    expect(held(owner)).toBeLessThan(MOST_HELD_BYTES)
    socket.resume()
    await expect.poll(() => numbers.length, { timeout: 20_000 }).toBe(COUNT)
    expect(numbers).toEqual(Array.from({ length: COUNT }, (_, number) => number))
    socket.terminate()
  }, 60_000)
})

describe('an application that does not take messages', () => {
  it('holds back its client through another node, and then gets all', async () => {
    const { owner, other, link, key } = await start()
    const { side } = owner
    side.link.setPaused(true)
    const socket = await attachSocket(other, link, key)
    socket.send(writeControl('s', { seq: 1 }))
    for (let number = 0; number < COUNT; number++) socket.send(messageOf(number))
    const [carrier] = [...other.sockets]
    expect(await standing(() => carrier?.bytesRead ?? 0)).toBeLessThan(TOTAL_BYTES / 2)
    expect(side.got).toEqual([])
    side.link.setPaused(false)
    await expect.poll(() => side.got.length, { timeout: 20_000 }).toBe(COUNT)
    expect(side.got.map((data) => Number.parseInt(String(data), 10))).toEqual(
      Array.from({ length: COUNT }, (_, number) => number),
    )
    socket.terminate()
  }, 60_000)
})
