import { createServer, request as httpRequest } from 'node:http'
import type { Duplex, Readable } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { joinNodes } from '../../test/joined-nodes.js'
import { WINDOW_BYTES } from './tunnel.js'
import { createTunnels, type Tunnels } from './tunnels.js'

/** Timers that run when they are told to. */
function timers() {
  const waiting = new Set<() => void>()
  const after = (_delayMs: number, run: () => void) => {
    waiting.add(run)
    return { cancel: () => void waiting.delete(run) }
  }
  return { after, pass: () => [...waiting].forEach((run) => void run()), waiting }
}

/** Two nodes, and the next stream that the second takes. */
function join() {
  const cluster = joinNodes()
  const time = timers()
  const [a, b] = [cluster.add('a'), cluster.add('b')]
  const from = createTunnels({ ...a, after: time.after })
  const to = createTunnels({ ...b, after: time.after })
  return { cluster, time, a, b, from, to }
}

const accepted = (tunnels: Tunnels): Promise<Duplex> => new Promise((resolve) => tunnels.accept(resolve))

async function pair() {
  const joined = join()
  const taken = accepted(joined.to)
  const near = await joined.from.dial('b')
  return { ...joined, near, far: await taken }
}

/** All bytes of a stream to its end; unlike an iteration it leaves the other direction alone. */
const read = (stream: Readable): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const pieces: Buffer[] = []
    stream.on('data', (piece: Buffer) => pieces.push(piece))
    stream.on('end', () => resolve(Buffer.concat(pieces)))
    stream.on('error', reject)
  })

const closed = (stream: Duplex): Promise<unknown> =>
  new Promise((resolve) => {
    let told: unknown
    stream.on('error', (error) => {
      told = error
    })
    stream.on('close', () => resolve(told))
  })

describe('a tunnel between two nodes', () => {
  it('carries all bytes in order, both ways, however they are written', async () => {
    const plan = fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(plan, plan, async (there, back) => {
        const { near, far } = await pair()
        const bytesOf = (sizes: readonly number[], seed: number): Buffer[] =>
          sizes.map((size, at) => Buffer.alloc(size, (at * 7 + seed) % 251))
        const [up, down] = [bytesOf(there, 1), bytesOf(back, 2)]
        for (const bytes of up) near.write(bytes)
        near.end()
        for (const bytes of down) far.write(bytes)
        far.end()
        const [gotFar, gotNear] = await Promise.all([read(far), read(near)])
        expect(gotFar.equals(Buffer.concat(up))).toBe(true)
        expect(gotNear.equals(Buffer.concat(down))).toBe(true)
      }),
      { numRuns: 30 },
    )
  })

  it('sends no more than one window to an end that does not read', async () => {
    const { near, far, cluster } = await pair()
    const size = 20 * WINDOW_BYTES
    let isWritten = false
    near.write(Buffer.alloc(size), () => {
      isWritten = true
    })
    expect(near.writableNeedDrain).toBe(true)
    await new Promise(setImmediate)
    expect(cluster.toldBytes.get('tunnel')).toBe(WINDOW_BYTES)
    expect(isWritten).toBe(false)
    let got = 0
    far.on('data', (bytes: Buffer) => {
      got += bytes.length
    })
    await expect.poll(() => got, { timeout: 20_000 }).toBe(size)
    expect(isWritten).toBe(true)
  })

  it('ends at one end when the other is destroyed', async () => {
    for (const first of ['near', 'far'] as const) {
      const ends = await pair()
      const other = closed(ends[first === 'near' ? 'far' : 'near'])
      ends[first].destroy()
      expect(await other).toMatchObject({ message: 'the other node has ended the connection' })
    }
  })

  it('ends when a message was lost, when some may have been, and when the other node has gone', async () => {
    const lossy = await pair()
    lossy.cluster.isDelivered = (_from, _to, _kind, head) => (head as { word: string }).word !== 'data'
    lossy.near.write('lost')
    await new Promise(setImmediate)
    lossy.cluster.isDelivered = () => true
    const ends = [closed(lossy.far), closed(lossy.near)]
    lossy.near.end()
    expect(await ends[0]).toMatchObject({ message: 'a message of the other node was lost' })
    expect(await ends[1]).toMatchObject({ message: 'the other node has ended the connection' })

    const missed = await pair()
    const both = [closed(missed.near), closed(missed.far)]
    missed.cluster.miss()
    expect(await Promise.all(both)).toMatchObject([{ message: /lost/ }, { message: /lost/ }])

    const left = await pair()
    const near = closed(left.near)
    left.b.vanish()
    expect(await near).toMatchObject({ message: /lost/ })
  })

  it('is refused where nobody takes it, where the node is not there, and when no answer comes', async () => {
    const { from, to, time, cluster } = join()
    await expect(from.dial('b')).rejects.toThrow('ended the connection')
    await expect(from.dial('c')).rejects.toThrow('not there')
    to.accept(() => {})
    cluster.isDelivered = () => false
    const dialled = from.dial('b')
    time.pass()
    await expect(dialled).rejects.toThrow('did not answer in time')
    expect(time.waiting.size).toBe(0)
    cluster.isDelivered = () => true
    from.close()
    await expect(from.dial('b')).rejects.toThrow('not there')
  })

  it('carries HTTP', async () => {
    const { near, far } = await pair()
    const server = createServer((request, response) => void request.pipe(response))
    server.emit('connection', far)
    const body = Buffer.alloc(500_000, 'x')
    const request = httpRequest('http://b.invalid/', { method: 'POST', createConnection: () => near })
    request.end(body)
    const got = await new Promise<Buffer>((resolve, reject) => {
      request.once('response', (response) => void read(response).then(resolve, reject))
      request.once('error', reject)
    })
    expect(got.equals(body)).toBe(true)
  })
})
