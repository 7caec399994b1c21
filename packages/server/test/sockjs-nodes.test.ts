import { request as httpRequest, type IncomingMessage, type RequestListener } from 'node:http'
import fc from 'fast-check'
import type { FastifyRequest } from 'fastify'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createClaimSeal } from '../src/cluster/claim-seal.js'
import { WINDOW_BYTES } from '../src/cluster/tunnel.js'
import { at, closeNodes, type NodeDoors, openNode, openNodes, PATH, say } from './node-doors.js'

vi.setConfig({ testTimeout: 30_000 })
const PATIENCE = { timeout: 20_000 }

afterEach(closeNodes)

type Init = { readonly body?: string; readonly headers?: Record<string, string> }

const post = (node: NodeDoors, session: string, action: string, { body, headers = {} }: Init = {}) =>
  fetch(`${node.origin}${PATH}/0/${session}/${action}`, {
    method: 'POST',
    headers,
    ...(body === undefined ? {} : { body }),
  })
const poll = async (node: NodeDoors, session: string, init?: Init) => (await post(node, session, 'xhr', init)).text()
const send = async (node: NodeDoors, session: string, messages: readonly string[]) =>
  (await post(node, session, 'xhr_send', { body: JSON.stringify(messages) })).status

let count = 0
const newSession = (): string => `s${++count}`

const textsOf = (frame: string): string[] => (frame.startsWith('a') ? JSON.parse(frame.slice(1)) : [])

/** A response that is read when it is told to. */
function stream(node: NodeDoors, session: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${node.origin}${PATH}/0/${session}/xhr_streaming`, { method: 'POST', agent: false })
    request.once('response', resolve)
    request.once('error', reject)
    request.end()
  })
}

/** The node that has a session, by what began there. */
const ownerOf = (nodes: readonly NodeDoors[]): NodeDoors[] => nodes.filter(({ connections }) => connections.length > 0)

/** A session that another than `node` has, among those. */
async function foreignSession(nodes: readonly NodeDoors[], node: NodeDoors) {
  for (;;) {
    const before = nodes.map(({ connections }) => connections.length)
    const session = newSession()
    expect(await poll(node, session)).toBe('o\n')
    const owner = nodes.find(({ connections }, index) => connections.length > (before[index] ?? 0))
    const connection = owner?.connections.at(-1)
    if (owner !== undefined && connection !== undefined && owner !== node) return { session, owner, connection }
  }
}

describe.each(['url', 'broker', 'wrong-url'] as const)('SockJS sessions among nodes reached by %s', (reach) => {
  it('carry everything once and in order, whatever node gets each request', async () => {
    const { nodes } = await openNodes(3, { reach })
    const node = fc.integer({ min: 0, max: 2 })
    const step = fc.record({ sendAt: node, pollAt: node, count: fc.integer({ min: 1, max: 4 }) })
    await fc.assert(
      fc.asyncProperty(node, fc.array(step, { minLength: 1, maxLength: 5 }), async (first, steps) => {
        const session = newSession()
        const sent: string[] = []
        const got: string[] = []
        expect(await poll(at(nodes, first), session)).toBe('o\n')
        for (const { sendAt, pollAt, count: many } of steps) {
          const batch = Array.from({ length: many }, (_, index) => `${session} ${sent.length + index}`)
          expect(await send(at(nodes, sendAt), session, batch)).toBe(204)
          sent.push(...batch)
          got.push(...textsOf(await poll(at(nodes, pollAt), session)))
        }
        expect(got).toEqual(sent)
        const received = nodes.flatMap((each) => each.received.filter((text) => text.startsWith(`${session} `)))
        expect(received).toEqual(sent)
      }),
      { numRuns: 12 },
    )
    expect(ownerOf(nodes).length).toBeGreaterThan(1)
  })

  it('stream through a node in between, and end with a client that leaves', async () => {
    const { nodes } = await openNodes(2, { reach })
    const near = at(nodes, 0)
    const { session, owner, connection } = await foreignSession(nodes, near)
    const response = await stream(near, session)
    response.setEncoding('utf8')
    let text = ''
    response.on('data', (piece: string) => {
      text += piece
    })
    for (const word of ['one', 'two', 'three']) {
      say(connection, word)
      await expect.poll(() => text, PATIENCE).toContain(`a["${word}"]\n`)
    }
    expect(text).toMatch(/^h{2048}\na\["one"\]\na\["two"\]\na\["three"\]\n$/)
    response.destroy()
    await expect.poll(() => owner.closes, PATIENCE).toEqual([1006])
  })
})

describe('SockJS sessions of several nodes', () => {
  it('show hooks the client: its address, cookies and header fields, once for each new session', async () => {
    const asked: FastifyRequest[] = []
    const identify = (request: FastifyRequest) => {
      asked.push(request)
      return { name: String(request.headers.cookie) }
    }
    for (const reach of ['url', 'broker'] as const) {
      const { nodes } = await openNodes(2, { identify, reach })
      const [near, far] = [at(nodes, 0), at(nodes, 1)]
      asked.length = 0
      while (far.connections.length === 0) {
        expect(await poll(near, newSession(), { headers: { cookie: 'zoe=1', 'x-own': 'kept' } })).toBe('o\n')
      }
      expect(asked.length).toBe(near.connections.length + far.connections.length)
      const request = asked.at(-1)
      expect(request?.ip).toBe('127.0.0.1')
      expect(request?.headers).toMatchObject({ cookie: 'zoe=1', 'x-own': 'kept' })
      expect(request?.host).toBe(new URL(near.origin).host)
      expect(far.connections[0]?.peer).toMatchObject({ identity: { name: 'zoe=1' }, remoteAddress: '127.0.0.1' })
    }
  })

  it('belong to their owners, and say 404 to others, on every node', async () => {
    const identify = ({ headers }: FastifyRequest) => ({ name: String(headers.cookie) })
    const { nodes } = await openNodes(2, { identify })
    const session = newSession()
    expect(await poll(at(nodes, 0), session, { headers: { cookie: 'zoe' } })).toBe('o\n')
    for (const node of nodes) {
      const asYan = await post(node, session, 'xhr_send', { body: '["x"]', headers: { cookie: 'yan' } })
      const asZoe = await post(node, session, 'xhr_send', { body: '["x"]', headers: { cookie: 'zoe' } })
      expect([asYan.status, asZoe.status]).toEqual([404, 204])
    }
  })

  it('stay where they are when a node joins, and when one begins to leave', async () => {
    const { cluster, nodes } = await openNodes(2)
    const sessions = Array.from({ length: 20 }, newSession)
    for (const [index, session] of sessions.entries()) expect(await poll(at(nodes, index), session)).toBe('o\n')
    const say20 = async (): Promise<void> => {
      for (const [index, session] of sessions.entries()) {
        expect(await send(at(nodes, index), session, ['hello'])).toBe(204)
        expect(await poll(at(nodes, index + 1), session)).toBe('a["hello"]\n')
      }
    }
    await say20()
    nodes.push(await openNode(cluster, 'node-2'))
    await say20()
    expect(at(nodes, 2).connections).toEqual([])
    // It takes no new ones, and keeps what it has.
    at(nodes, 0).doors.refuse()
    await say20()
    const had = at(nodes, 0).connections.length
    for (let index = 0; index < 20; index++) expect(await poll(at(nodes, index), newSession())).toBe('o\n')
    expect(at(nodes, 0).connections.length).toBe(had)
    expect(at(nodes, 2).connections.length).toBeGreaterThan(0)
  })

  it('begin elsewhere when the node that they would be at has begun to leave, and is not known to', async () => {
    const { nodes } = await openNodes(2)
    const [near, far] = [at(nodes, 0), at(nodes, 1)]
    far.doors.refuse()
    // As if that had not been heard yet.
    far.joined.nodes.announce(`sockjs:${PATH}`, true)
    for (let index = 0; index < 20; index++) {
      const session = newSession()
      expect(await poll(at(nodes, index), session)).toBe('o\n')
      expect(await send(near, session, ['hello'])).toBe(204)
      expect(await poll(near, session)).toBe('a["hello"]\n')
    }
    expect(far.connections).toEqual([])
    near.doors.refuse()
    expect((await post(near, newSession(), 'xhr')).status).toBe(503)
  })

  it.each(['url', 'broker'] as const)(
    'go on, with nothing lost, when a node in between leaves: by %s',
    async (reach) => {
      const { nodes } = await openNodes(3, { reach })
      const near = at(nodes, 0)
      const streamed = await foreignSession(nodes, near)
      const polled = await foreignSession(nodes, near)
      const response = await stream(near, streamed.session)
      response.setEncoding('utf8')
      let text = ''
      response.on('data', (piece: string) => {
        text += piece
      })
      const isEnded = new Promise<boolean>((resolve) => response.once('close', () => resolve(response.complete)))
      const waiting = poll(near, polled.session)
      await expect.poll(() => polled.connection.rung, PATIENCE).toBe('poll')
      say(streamed.connection, 'one')

      near.doors.refuse()
      await near.doors.close(20_000)
      expect(await isEnded).toBe(true)
      expect(text).toMatch(/^h{2048}\na\["one"\]\nh\n$/)
      expect(await waiting).toBe('h\n')
      // What still comes to it is passed on, and not held.
      expect(await poll(near, polled.session)).toBe('h\n')

      say(streamed.connection, 'two')
      expect(await poll(at(nodes, 1), streamed.session)).toBe('a["two"]\n')
      expect(await send(at(nodes, 2), polled.session, ['three'])).toBe(204)
      expect(await poll(at(nodes, 1), polled.session)).toBe('a["three"]\n')
      expect(nodes.slice(1).flatMap(({ closes }) => closes)).toEqual([])
    },
  )

  it.each([
    ['by asking, while what a node holds has not been told yet', 'sockjs-held'],
    ['by what their node has told, when nobody answers', 'sockjs-has'],
  ])('are found %s', async (_how, lost) => {
    const { cluster, nodes } = await openNodes(2)
    const sessions = Array.from({ length: 20 }, newSession)
    for (const session of sessions) expect(await poll(at(nodes, 0), session)).toBe('o\n')
    cluster.isDelivered = (_from, _to, kind) => kind !== lost
    nodes.push(await openNode(cluster, 'node-2'))
    for (const session of sessions) {
      expect(await send(at(nodes, 2), session, ['hello'])).toBe(204)
      expect(await poll(at(nodes, 1), session)).toBe('a["hello"]\n')
    }
    expect(at(nodes, 2).connections).toEqual([])
  })

  it.each(['who knows its place by now', 'who has known it for long'])(
    'are found by %s though their node had not heard of others yet when they began',
    async (who) => {
      const { cluster, nodes } = await openNodes(3)
      const [first, ...others] = nodes
      if (first === undefined) throw new Error('no nodes')
      const isFirst = (id: string): boolean => id === first.joined.id
      const isOfLate = who === 'who knows its place by now'
      cluster.isKnown = (by, id) => isFirst(by) === isFirst(id) || (!isOfLate && isFirst(id))
      cluster.changed()
      cluster.nowMs = 10_000
      const sessions = Array.from({ length: 12 }, newSession)
      for (const session of sessions) expect(await poll(first, session)).toBe('o\n')
      // What it tells then is still on its way when the first requests come elsewhere.
      cluster.isDelivered = (_from, _to, kind) => kind !== 'sockjs-held'
      cluster.isKnown = () => true
      cluster.changed()
      for (const [index, session] of sessions.entries()) {
        expect(await send(at(others, index), session, [session])).toBe(204)
        const reader = isOfLate ? at(others, index + 1) : first
        expect(await poll(reader, session)).toBe(`a["${session}"]\n`)
      }
      expect(others.flatMap(({ connections }) => connections)).toEqual([])
    },
  )

  it('are found where the node is heard of only while a client waits', async () => {
    const { cluster, nodes } = await openNodes(2)
    const [near, far] = [at(nodes, 0), at(nodes, 1)]
    cluster.isKnown = (by, id) => by === id
    cluster.changed()
    const session = newSession()
    expect(await poll(far, session)).toBe('o\n')
    let asked = 0
    near.app.server.on('request', () => asked++)
    const sent = send(near, session, ['hello'])
    const unknown = send(near, newSession(), ['hello'])
    await expect.poll(() => asked).toBe(2)
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
    cluster.isKnown = () => true
    cluster.changed()
    expect(await sent).toBe(204)
    // Nodes that are not known by now will not come to be.
    cluster.nowMs = 10_000
    cluster.changed()
    expect(await unknown).toBe(404)
  })

  it('go on while their node is without its broker, as long as it can be reached', async () => {
    const { nodes } = await openNodes(2)
    const [near, far] = [at(nodes, 0), at(nodes, 1)]
    const { session } = await foreignSession(nodes, near)
    far.joined.fallSilent()
    expect(await send(near, session, ['hello'])).toBe(204)
    expect(await poll(near, session)).toBe('a["hello"]\n')
    expect(far.received).toEqual(['hello'])
  })

  it('are not sent to a node that has taken the place of another', async () => {
    const { cluster, nodes } = await openNodes(2)
    const ghost = cluster.add('ghost')
    ghost.url = new URL(at(nodes, 0).origin)
    ghost.nodes.announce(`sockjs:${PATH}`, true)
    for (let index = 0; index < 20; index++) {
      const session = newSession()
      expect(await poll(at(nodes, index), session)).toBe('o\n')
      expect(await send(at(nodes, index + 1), session, ['hello'])).toBe(204)
      expect(await poll(at(nodes, index), session)).toBe('a["hello"]\n')
    }
    ghost.leave()
  })

  it('receive again where a kept connection between nodes was closed as it was used, and never send twice', async () => {
    const { nodes } = await openNodes(2)
    const near = at(nodes, 0)
    const { session, owner } = await foreignSession(nodes, near)
    const { server } = owner.app
    /** Before anybody sees the request. */
    const closeNext = (): void => {
      const handlers = server.listeners('request') as RequestListener[]
      server.removeAllListeners('request')
      server.once('request', ({ socket }) => {
        for (const handler of handlers) server.on('request', handler)
        socket.destroy()
      })
    }
    expect(await send(owner, session, ['one'])).toBe(204)
    closeNext()
    expect(await poll(near, session)).toBe('a["one"]\n')
    closeNext()
    expect(await send(near, session, ['two'])).toBe(503)
    expect(owner.received).toEqual(['one'])
  })

  it('are unknown when their node has died, and new ones begin elsewhere although it is still believed there', async () => {
    const { cluster, nodes } = await openNodes(2, { reach: 'url' })
    const [near, far] = [at(nodes, 0), at(nodes, 1)]
    const { session, connection } = await foreignSession(nodes, near)
    const response = await stream(near, session)
    const ended = new Promise((resolve) => response.once('close', resolve))
    response.on('error', () => {})
    response.resume()
    say(connection, 'last')
    // Killed: nobody hears of it.
    await far.app.close()
    cluster.isDelivered = (from, to) => from !== far.joined.id && to !== far.joined.id
    await ended
    // Its tunnel is not answered either.
    const late = poll(near, session)
    far.joined.vanish()
    expect(await late).toBe('o\n')
    cluster.nowMs = 10_000
    expect(await send(near, newSession(), ['x'])).toBe(404)
  })

  it('do not let a slow reader behind another node fill what lies between the nodes', async () => {
    const { cluster, nodes } = await openNodes(2, { reach: 'broker', sockjs: { maxStreamBytes: 1_000_000_000 } })
    const near = at(nodes, 0)
    const { session, connection } = await foreignSession(nodes, near)
    const response = await stream(near, session)
    const text = 'x'.repeat(65_536)
    for (let index = 0; index < 1_000; index++) say(connection, text)
    const told = (): number => cluster.toldBytes.get('tunnel') ?? 0
    // Nothing is read: the sockets between take what they take, and the window.
    for (let before = -1; before !== told(); ) {
      before = told()
      for (let turn = 0; turn < 200; turn++) await new Promise(setImmediate)
    }
    expect(told()).toBeLessThan(20_000_000 + WINDOW_BYTES)
    let bytes = 0
    response.on('data', (piece: Buffer) => {
      bytes += piece.length
    })
    await expect.poll(() => bytes, PATIENCE).toBe(2_049 + 1_000 * (text.length + 6))
    response.destroy()
  }, 30_000)

  it('pass GET requests on with what stands behind the question mark', async () => {
    const { nodes } = await openNodes(2)
    const near = at(nodes, 0)
    const texts: string[] = []
    while (ownerOf(nodes).length < 2) {
      const url = `${near.origin}${PATH}/0/${newSession()}`
      const response = await fetch(`${url}/htmlfile?c=own.name`)
      const reader = response.body?.getReader()
      texts.push(Buffer.from((await reader?.read())?.value ?? []).toString())
      await reader?.cancel()
      expect((await fetch(`${url}x/htmlfile`)).status).toBe(500)
    }
    for (const text of texts) expect(text).toContain('var c = parent.own.name;')
  })

  it('refuse claims that are forged, altered, repeated, old, or meant for another node or session', async () => {
    const { nodes } = await openNodes(2)
    const node = at(nodes, 0)
    const key = Buffer.from('sockjs'.padEnd(32, '.'))
    const session = newSession()
    const url = `${PATH}/0/${session}/xhr`
    const facts = { session: `${PATH}\0${session}`, method: 'POST', url, origin: undefined }
    const claim = { ...facts, remoteAddress: '10.1.2.3', protocol: 'https', host: 'there.example', mayOpen: true }
    const seal = createClaimSeal(key, 'node-9', Date.now)
    const ask = async (field: string): Promise<number> =>
      (await fetch(`${node.origin}${url}`, { method: 'POST', headers: { 'hoofbeat-sockjs': field } })).status
    const good = seal.seal('node-0', claim)
    expect(await ask('forged.forged')).toBe(403)
    expect(await ask(good.replace(/^./, (letter) => (letter === 'e' ? 'f' : 'e')))).toBe(403)
    expect(await ask(createClaimSeal(Buffer.alloc(32), 'node-9', Date.now).seal('node-0', claim))).toBe(403)
    expect(await ask(createClaimSeal(key, 'node-9', () => Date.now() - 40_000).seal('node-0', claim))).toBe(403)
    expect(await ask(seal.seal('node-1', claim))).toBe(403)
    expect(await ask(seal.seal('node-0', { ...claim, session: `${PATH}\0other` }))).toBe(403)
    expect(await ask(seal.seal('node-0', { ...claim, origin: 'https://there.example' }))).toBe(403)
    expect(node.connections).toEqual([])
    expect(await ask(good)).toBe(200)
    expect(node.connections[0]?.peer.remoteAddress).toBe('10.1.2.3')
    expect(await ask(good)).toBe(403)
  })

  it('never pass a request on twice: what came from another node is answered where it came', async () => {
    const { nodes } = await openNodes(2)
    const { session, owner } = await foreignSession(nodes, at(nodes, 0))
    const near = at(nodes, 0)
    const url = `${PATH}/0/${session}/xhr_send`
    const facts = { session: `${PATH}\0${session}`, method: 'POST', url, origin: undefined }
    const claim = { ...facts, remoteAddress: '127.0.0.1', protocol: 'http', host: 'a', mayOpen: true }
    const field = createClaimSeal(Buffer.from('sockjs'.padEnd(32, '.')), owner.joined.id, Date.now).seal(
      'node-0',
      claim,
    )
    const headers = { 'hoofbeat-sockjs': field }
    expect((await fetch(`${near.origin}${url}`, { method: 'POST', body: '["x"]', headers })).status).toBe(404)
    expect(owner.received).toEqual([])
  })

  it('bound the body of a request where it comes in', async () => {
    const { nodes } = await openNodes(2, { sockjs: { maxBodyBytes: 300_000 } })
    const { session, owner } = await foreignSession(nodes, at(nodes, 0))
    const large = JSON.stringify(['x'.repeat(290_000)])
    expect((await post(at(nodes, 0), session, 'xhr_send', { body: large })).status).toBe(204)
    expect(owner.received[0]?.length).toBe(290_000)
    const tooLarge = JSON.stringify(['x'.repeat(310_000)])
    expect((await post(at(nodes, 0), session, 'xhr_send', { body: tooLarge })).status).toBe(413)
    expect(owner.received.length).toBe(1)
  })
})
