import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { WINDOW_BYTES } from '../src/cluster/tunnel.js'
import { at, closeNodes, type NodeDoors, openLink, openNodes, PATH, say } from './node-doors.js'

vi.setConfig({ testTimeout: 30_000 })
const PATIENCE = { timeout: 20_000 }

const links: { terminate(): void }[] = []

afterEach(async () => {
  for (const link of links.splice(0)) link.terminate()
  await closeNodes()
})

/** An open link, and what came over it. */
async function connect(pick: () => NodeDoors, options: Parameters<typeof openLink>[1]) {
  const link = openLink(pick, options)
  links.push(link)
  const got: string[] = []
  const closes: number[] = []
  link.onmessage = ({ data }) => void got.push(String(data))
  link.onclose = ({ code }) => void closes.push(code)
  await new Promise((resolve) => {
    link.onopen = resolve
  })
  return { link, got, closes }
}

/** An opened link, as its client knows it. */
async function openBare(node: NodeDoors) {
  const response = await post(node, 'open', { protocols: [] })
  return (await response.json()) as { link: string; key: string }
}

const post = (node: NodeDoors, path: string, body: object, headers: Record<string, string> = {}) =>
  fetch(`${node.origin}${PATH}/${path}`, { method: 'POST', headers, body: JSON.stringify({ v: 1, ...body }) })

const down = (node: NodeDoors, { link, key }: { link: string; key: string }, attach: number, more: object = {}) =>
  post(node, `${link}/down`, { key, attach, ack: 0, ...more })

describe.each(['url', 'broker', 'wrong-url'] as const)('links among nodes reached by %s', (reach) => {
  it.each(['websocket', 'stream', 'poll'] as const)(
    'carry everything once and in order by %s, whatever node gets each request',
    async (rung) => {
      const { nodes } = await openNodes(3, { reach })
      await fc.assert(
        fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 3, maxLength: 12 }), async (plan) => {
          let turn = 0
          const { link, got } = await connect(() => at(nodes, plan[turn++ % plan.length] ?? 0), { rungs: [rung] })
          const sent = plan.map((_, index) => `${index} of ${plan.length}`)
          for (const text of sent) {
            link.send(text)
            // One at a time, so that there are many requests.
            if (text.startsWith('3')) await expect.poll(() => got.length, PATIENCE).toBeGreaterThan(0)
          }
          await expect.poll(() => got.length, PATIENCE).toBe(sent.length)
          expect(got).toEqual(sent)
          link.terminate()
        }),
        { numRuns: 6 },
      )
    },
    30_000,
  )

  it('take large messages both ways', async () => {
    const { nodes } = await openNodes(2, { reach })
    const [owner, other] = [at(nodes, 0), at(nodes, 1)]
    let isOpen = false
    const { link, got } = await connect(() => (isOpen ? other : owner), { rungs: ['stream'] })
    isOpen = true
    const text = 'ü'.repeat(40_000)
    for (let index = 0; index < 10; index++) link.send(`${index}${text}`)
    await expect.poll(() => got.length, PATIENCE).toBe(10)
    expect(got).toEqual(Array.from({ length: 10 }, (_, index) => `${index}${text}`))
  })
})

describe('links of several nodes', () => {
  it('are known at once to be gone when their node has left, and not when it is silent', async () => {
    for (const reach of ['url', 'broker'] as const) {
      const { nodes } = await openNodes(3, { reach })
      const [owner, other, silent] = [at(nodes, 0), at(nodes, 1), at(nodes, 2)]
      const bare = await openBare(owner)
      const lost = await openBare(silent)
      expect((await post(other, `${bare.link}/up`, { key: bare.key, seq: 1, ack: 0, items: [] })).status).toBe(200)
      await owner.close()
      silent.joined.vanish()
      for (const door of ['up', 'down']) {
        expect((await post(other, `${bare.link}/${door}`, { key: bare.key, seq: 1, ack: 0, items: [] })).status).toBe(
          404,
        )
        expect((await post(other, `${lost.link}/${door}`, { key: lost.key, seq: 1, ack: 0, items: [] })).status).toBe(
          503,
        )
      }
    }
  })

  it('are gone when their endpoint has ended, though the node is still there', async () => {
    const { nodes } = await openNodes(2)
    const bare = await openBare(at(nodes, 0))
    await at(nodes, 0).doors.close(0)
    expect((await down(at(nodes, 1), bare, 1)).status).toBe(404)
  })

  it.each(['url', 'broker'] as const)(
    'have their requests end at once when their node dies (%s), so that clients come again',
    async (reach) => {
      const { nodes } = await openNodes(2, { reach })
      const [owner, other] = [at(nodes, 0), at(nodes, 1)]
      const bare = await openBare(owner)
      const stream = await down(other, bare, 1)
      const polled = await openBare(owner)
      const poll = down(other, polled, 1, { hold: 20_000 })
      const reader = stream.body?.getReader()
      expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toContain('event: o')
      await new Promise(setImmediate)
      if (reach === 'url') await owner.app.close()
      owner.joined.vanish()
      const rest = (async () => {
        while ((await reader?.read())?.done === false);
      })()
      await rest
      expect((await poll).status).toBe(503)
    },
  )

  it('tell their clients 1012 when their node drains, and a new one is opened elsewhere', async () => {
    for (const rung of ['websocket', 'stream', 'poll'] as const) {
      const { nodes } = await openNodes(2, { reach: 'broker' })
      const [owner, other] = [at(nodes, 0), at(nodes, 1)]
      let isOpen = false
      const { link, got, closes } = await connect(() => (isOpen ? other : owner), { rungs: [rung] })
      isOpen = true
      link.send('one')
      await expect.poll(() => got, PATIENCE).toEqual(['one'])
      owner.doors.refuse()
      for (const connection of owner.connections) connection.close(1012, 'restart')
      await expect.poll(() => closes, PATIENCE).toEqual([1012])
      const again = await connect(() => other, { rungs: [rung] })
      again.link.send('two')
      await expect.poll(() => again.got, PATIENCE).toEqual(['two'])
      expect(other.received).toEqual(['two'])
    }
  })

  it('refuse bodies that are too large where they come in', async () => {
    const { cluster, nodes } = await openNodes(2, { reach: 'broker' })
    const { link, key } = await openBare(at(nodes, 0))
    const before = cluster.toldBytes.get('tunnel') ?? 0
    const items = ['x'.repeat(2_000_000)]
    expect((await post(at(nodes, 1), `${link}/up`, { key, seq: 1, ack: 0, items })).status).toBe(413)
    expect(cluster.toldBytes.get('tunnel') ?? 0).toBe(before)
  })

  it('refuse a forged claim over every way', async () => {
    const { nodes } = await openNodes(2)
    const { link, key } = await openBare(at(nodes, 0))
    const headers = { 'hoofbeat-peer': 'forged.forged' }
    expect((await post(at(nodes, 0), `${link}/up`, { key, seq: 1, ack: 0, items: [] }, headers)).status).toBe(403)
  })

  it('do not let a slow reader behind another node fill what lies between the nodes', async () => {
    const { cluster, nodes } = await openNodes(2, { reach: 'broker' })
    const [owner, other] = [at(nodes, 0), at(nodes, 1)]
    const bare = await openBare(owner)
    const stream = await down(other, bare, 1)
    const [connection] = owner.connections
    if (connection === undefined) throw new Error('no link')
    const text = 'x'.repeat(50_000)
    let isFull = false
    // What is not acknowledged is retained, to a bound: the writer is told.
    for (let index = 0; index < 200 && !isFull; index++) isFull = !say(connection, text)
    expect(isFull).toBe(true)
    for (let turn = 0; turn < 200; turn++) await new Promise(setImmediate)
    expect(cluster.toldBytes.get('tunnel') ?? 0).toBeLessThan(2_000_000 + WINDOW_BYTES)
    await stream.body?.cancel()
  })
})
