import { createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { createPeerSeal, PEER_HEADER, type PeerClaim } from '../../src/server/peer-signature.js'
import { readControl, writeControl } from '../../src/wire/control.js'
import { LINK_PROTOCOL } from '../../src/wire/protocol.js'
import type { ClusterNode, ClusterOptions } from './cluster.js'
import { Cluster, PAGE, PATH, SECRET } from './cluster.js'

const clusters: Cluster[] = []
const servers: Server[] = []
const sockets: Socket[] = []

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await Promise.all(clusters.splice(0).map((cluster) => cluster.stop()))
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))))
})

/** Two nodes: the owner of a link that was opened by hand, and another one. */
async function start(options: Partial<ClusterOptions> = {}, headers: Record<string, string> = {}) {
  const cluster = await Cluster.start({ nodes: 2, ...options })
  clusters.push(cluster)
  const [owner, other] = cluster.pair
  const { link, key } = await owner.open(headers)
  const up = (node: ClusterNode, body: object = {}, more: Record<string, string> = {}): Promise<Response> =>
    node.post(`${link}/up`, { key, seq: 1, ack: 0, items: [], ...body }, more)
  const down = (node: ClusterNode, body: object, more: Record<string, string> = {}): Promise<Response> =>
    node.post(`${link}/down`, { key, attach: 1, ack: 0, ...body }, more)
  return { cluster, owner, other, link, key, up, down }
}

/** What a WebSocket says until it ends. */
async function upgrade(node: ClusterNode, headers: Record<string, string>, first?: string) {
  const socket = new WebSocket(node.origin.replace('http', 'ws') + PATH, [LINK_PROTOCOL], { headers })
  const got: string[] = []
  socket.on('message', (data) => got.push(String(data)))
  const error = await new Promise<Error | undefined>((resolve) => {
    socket.once('error', resolve)
    socket.once('open', () => resolve(undefined))
  })
  if (error === undefined && first !== undefined) socket.send(first)
  return { socket, got, error }
}

const json = async (response: Response): Promise<unknown> => [response.status, await response.json()]

describe('a request that came to another node than its owner', () => {
  it('is answered by the owner, with the head of the node that it came to', async () => {
    const { owner, other, up, down } = await start()
    const reply = await up(other, { items: ['one'] }, { origin: PAGE })
    expect(reply.headers.get('access-control-allow-origin')).toBe(PAGE)
    expect(reply.headers.get('cache-control')).toBe('no-store, no-transform')
    expect(await json(reply)).toEqual([200, { v: 1, ack: 1, attach: 0, sent: 0 }])
    expect(owner.side.got).toEqual(['one'])
    owner.side.send('down', new Uint8Array([1, 2]))
    const poll = await down(other, { hold: 0 })
    const text = await poll.text()
    expect(Number(poll.headers.get('content-length'))).toBe(text.length)
    expect(text).toContain('data: ["down"]\n\ndata: [{"b":"AQI="}]\n\n')
    expect(other.links.counts).toMatchObject({ poll: 0, detached: 0 })
  })

  it('is a stream that begins at once and flows as the owner writes', async () => {
    const { owner, other, up, down } = await start()
    await up(owner)
    const controller = new AbortController()
    const stream = await down(other, {})
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    const until = async (wanted: string): Promise<void> => {
      while (!text.includes(wanted)) text += (await reader?.read())?.value ?? ''
    }
    await until('event: o\n')
    for (const word of ['one', 'two', 'three']) {
      owner.side.send(word)
      await until(`["${word}"]`)
    }
    expect(owner.links.counts.stream).toBe(1)
    await reader?.cancel()
    controller.abort()
    // The client has gone: so has what was asked of the owner.
    await expect.poll(() => owner.links.counts.stream).toBe(0)
  })

  it('ends at the owner when the client of a held poll goes', async () => {
    const { owner, other, up, key, link } = await start()
    await up(owner)
    const body = JSON.stringify({ v: 1, key, attach: 1, ack: 0, hold: 25_000 })
    const socket = other.connect()
    sockets.push(socket)
    socket.write(`POST ${PATH}/${link}/down HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    await expect.poll(() => owner.links.counts.poll).toBe(1)
    socket.destroy()
    await expect.poll(() => owner.links.counts.poll).toBe(0)
    expect(other.failures).toEqual([])
  })

  it('has its stream ended when the owner goes in the middle of it', async () => {
    const { owner, other, up, down } = await start()
    await up(owner)
    const stream = await down(other, {})
    const text = stream.text()
    owner.side.send('one')
    await owner.kill()
    expect(await text).toMatch(/^event: o\n/)
  })

  it('is passed on without the headers of the client, and shown to the application where it came in', async () => {
    const { owner, other, up } = await start({}, { authorization: 'Bearer zoe' })
    expect([owner.admits, other.admits]).toEqual([1, 0])
    expect((await up(other, {}, { authorization: 'Bearer zoe' })).status).toBe(200)
    expect((await up(other, {}, { authorization: 'Bearer yan' })).status).toBe(403)
    expect((await up(other)).status).toBe(200)
    expect([owner.admits, other.admits]).toEqual([1, 2])
  })

  it('is refused where it came in if its page is foreign', async () => {
    const { owner, other, up } = await start({}, { origin: PAGE })
    owner.asked.length = 0
    expect(await json(await up(other, {}, { origin: 'https://foreign.example' }))).toEqual([
      403,
      { v: 1, error: 'forbidden' },
    ])
    expect(owner.asked).toEqual([])
    expect((await up(other, {}, { origin: PAGE })).status).toBe(200)
    expect(owner.asked).toEqual(['POST up 200'])
  })

  it('is 503 where nothing listens, and where somebody answers who is no node', async () => {
    const { cluster, owner, other, up } = await start()
    const pages = ['Not Found', '{"error":"not found"}']
    const page = createServer((socket) => {
      const body = pages.shift() ?? ''
      sockets.push(socket)
      socket
        .on('error', () => {})
        .resume()
        .end(`HTTP/1.1 404 Not Found\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    })
    servers.push(page)
    await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve))
    const address = page.address()
    const port = typeof address === 'object' ? address?.port : undefined
    cluster.directory.set(owner.alias, new URL(`http://127.0.0.1:${port}`))
    while (pages.length > 0) expect(await json(await up(other))).toEqual([503, { v: 1, error: 'busy', after: 1000 }])
    servers.pop()
    await new Promise((resolve) => page.close(resolve))
    expect(await json(await up(other))).toEqual([503, { v: 1, error: 'busy', after: 1000 }])
    expect(other.failures).toHaveLength(3)
    cluster.directory.set(owner.alias, new URL(owner.origin))
    expect((await up(other)).status).toBe(200)
  })

  it('goes once to a node that a stale directory takes for the owner: 503, and 404 when the owner is known to have gone', async () => {
    const { cluster, owner, other, up } = await start({ nodes: 3 })
    const third = cluster.nodes[2]
    cluster.directory.set(owner.alias, new URL(third?.origin ?? ''))
    owner.asked.length = other.asked.length = 0
    expect((await up(other)).status).toBe(503)
    expect(third?.asked).toEqual(['POST up 503'])
    expect(owner.asked).toEqual([])
    cluster.directory.set(owner.alias, 'gone')
    expect(await json(await up(other))).toEqual([404, { v: 1, error: 'unknown' }])
  })

  it('is sent again on a new connection when the one that was kept is closed as it is used', async () => {
    const { cluster, owner, other, up } = await start()
    const connections: string[][] = []
    const flaky = createServer((socket) => {
      sockets.push(socket)
      const requests: string[] = []
      connections.push(requests)
      socket
        .on('error', () => {})
        .on('data', (data) => {
          if (!data.includes('POST ')) return
          requests.push(String(data))
          if (requests.length > 1) return socket.destroy()
          const body = '{"v":1,"ack":0,"attach":0,"sent":0}'
          socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
        })
    })
    servers.push(flaky)
    await new Promise<void>((resolve) => flaky.listen(0, '127.0.0.1', resolve))
    const address = flaky.address()
    const port = typeof address === 'object' ? address?.port : undefined
    cluster.directory.set(owner.alias, new URL(`http://127.0.0.1:${port}/behind/`))
    expect((await up(other)).status).toBe(200)
    expect((await up(other)).status).toBe(200)
    expect(connections.map((requests) => requests.length)).toEqual([2, 1])
    expect(connections[0]?.[0]).toMatch(/^POST \/behind\/stomp\/[\w~-]+\/up HTTP/)
    expect(other.failures).toEqual([])
  })
})

describe('a claim to come from a node', () => {
  const claimOf = (link: string, more: Partial<PeerClaim> = {}): PeerClaim => ({
    door: 'up',
    link,
    origin: PAGE,
    remoteAddress: '192.0.2.7',
    standing: undefined,
    ...more,
  })
  const sign = (claim: PeerClaim, secret = SECRET, atMs = Date.now()): string =>
    createPeerSeal([secret], () => atMs).sign(claim)

  it('is believed if it is signed: the page and the subject are those that it tells', async () => {
    const { owner, up, link } = await start({}, { authorization: 'Bearer zoe', origin: PAGE })
    const header = (more: Partial<PeerClaim>) => ({ [PEER_HEADER]: sign(claimOf(link, more)) })
    expect((await up(owner, {}, header({}))).status).toBe(200)
    expect((await up(owner, {}, header({ origin: 'https://other.example' }))).status).toBe(403)
    expect((await up(owner, {}, header({ standing: { subject: 'yan' } }))).status).toBe(403)
    const renewed = await up(owner, {}, header({ standing: { subject: 'zoe', expiresMs: 5_000 } }))
    expect(await renewed.json()).toMatchObject({ expires: expect.any(Number) })
    expect(owner.admits).toBe(1)
  })

  it.each<[string, (link: string) => string]>([
    ['is forged', (link) => sign(claimOf(link), 'another secret, of as many characters as needed')],
    ['is altered', (link) => `A${sign(claimOf(link)).slice(1)}`],
    ['is not signed', (link) => Buffer.from(JSON.stringify(claimOf(link))).toString('base64url')],
    ['is empty', () => ''],
    ['was for another door', (link) => sign(claimOf(link, { door: 'down' }))],
    ['was for another link', () => sign(claimOf('owner~another'))],
    ['is replayed after 30 s', (link) => sign(claimOf(link), SECRET, Date.now() - 31_000)],
    ['is of a node whose clock is 31 s ahead', (link) => sign(claimOf(link), SECRET, Date.now() + 31_000)],
  ])('is refused if it %s, with an answer that ends no link', async (_name, header) => {
    const { owner, up, link } = await start()
    const refused = await up(owner, { items: ['forged'] }, { [PEER_HEADER]: header(link) })
    expect([refused.status, await refused.text()]).toEqual([403, 'not proved\n'])
    expect(owner.sides).toEqual([])
    expect((await up(owner)).status).toBe(200)
  })

  it('opens no link', async () => {
    const { owner, link } = await start()
    const headers = { [PEER_HEADER]: sign(claimOf(link)) }
    expect((await owner.post('open', { protocols: [] }, headers)).status).toBe(403)
  })

  it('is checked at upgrades too, where it opens no link and attaches that one only', async () => {
    const { owner, link, key } = await start()
    const more = await owner.open()
    const attach = (keys: object): string => writeControl('a', { v: 1, ...keys, attach: 1, ack: 0 })
    const refused = await upgrade(owner, { [PEER_HEADER]: sign(claimOf(link, { door: 'up' })) })
    expect(refused.error?.message).toContain('403')
    const header = { [PEER_HEADER]: sign(claimOf(link, { door: 'socket' })) }
    const attached = await upgrade(owner, header, attach({ link, key }))
    await expect
      .poll(() => attached.got.map((text) => readControl(text)))
      .toEqual([{ letter: 'o', data: { v: 1, attach: 1, from: 1, ack: 0 } }])
    attached.socket.terminate()
    const other = await upgrade(owner, header, attach(more))
    expect(await new Promise((resolve) => other.socket.once('close', resolve))).toBe(4400)
    expect(other.got).toEqual([])
  })

  it('fails where secrets or clocks of nodes differ: clients come again, and the node says why', async () => {
    const { owner, other, up, link, key } = await start({ secretOf: (index) => `${index} ${SECRET}` })
    expect(await json(await up(other))).toEqual([503, { v: 1, error: 'busy', after: 1000 }])
    const { got, socket } = await upgrade(other, {}, writeControl('a', { v: 1, link, key, attach: 1, ack: 0 }))
    await new Promise((resolve) => socket.once('close', resolve))
    expect(readControl(got[1] ?? '')).toEqual({ letter: 'e', data: { v: 1, error: 'busy', after: 1000, status: 503 } })
    expect(other.failures).toHaveLength(2)
    expect(owner.sides).toEqual([])
    const late = await start()
    late.other.skewMs = -40_000
    expect((await late.up(late.other)).status).toBe(503)
    late.other.skewMs = -20_000
    expect((await late.up(late.other)).status).toBe(200)
  })
})

describe('a WebSocket that attaches at another node', () => {
  it('is joined to the owner, whatever the messages are', async () => {
    const { owner, other, link, key } = await start()
    const { socket, got } = await upgrade(other, {}, writeControl('a', { v: 1, link, key, attach: 1, ack: 0 }))
    await expect.poll(() => got.length).toBe(2)
    const texts = ['', 'a', '\u0001\u0001marked', 'ünï 🐎', 'x'.repeat(70_000)]
    socket.send(writeControl('s', { seq: 1 }))
    for (const text of texts) socket.send(text)
    socket.send(new Uint8Array([0, 255]))
    socket.send(writeControl('k', { ack: 0, sent: 6, ping: 1 }))
    await expect.poll(() => readControl(got.at(-1) ?? '')).toEqual({ letter: 'k', data: { ack: 6, sent: 0 } })
    expect(owner.side.got).toEqual(['', 'a', '\u0001marked', 'ünï 🐎', 'x'.repeat(70_000), Buffer.from([0, 255])])
    owner.side.send('\u0001marked', new Uint8Array([1]), 'y'.repeat(70_000))
    // The binary one is the same character here, and no control.
    await expect.poll(() => got.at(-1)).toBe('y'.repeat(70_000))
    expect(got.slice(-3)).toEqual(['\u0001\u0001marked', '\u0001', 'y'.repeat(70_000)])
    // What it says last is heard, though it closes at once.
    socket.send(writeControl('c', { code: 3000, reason: 'bye' }))
    socket.close()
    await expect.poll(() => owner.side.closedBy).toEqual({ code: 3000, reason: 'bye' })
  })

  it('closes when the owner goes, and the owner detaches when it is cut', async () => {
    const { owner, other, link, key } = await start()
    const attach = (number: number): string => writeControl('a', { v: 1, link, key, attach: number, ack: 0 })
    const cut = await upgrade(other, {}, attach(1))
    await expect.poll(() => owner.links.counts.websocket).toBe(1)
    cut.socket.terminate()
    await expect.poll(() => owner.links.counts).toMatchObject({ websocket: 0, detached: 1 })
    const { socket } = await upgrade(other, {}, attach(2))
    await expect.poll(() => owner.links.counts.websocket).toBe(1)
    const closed = new Promise((resolve) => socket.once('close', resolve))
    await owner.kill()
    expect(await closed).toBe(1012)
  })
})
