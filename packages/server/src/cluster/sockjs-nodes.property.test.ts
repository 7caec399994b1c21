import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createWheel } from '../clock/wheel.js'
import { createTestCluster } from '../testing/test-cluster.js'
import type { SockJsNodes, SockJsPeer } from '../transports/sockjs/peers.js'
import { createAnyNode } from './any-node.js'

/** What a node has at one path. */
interface SessionNode {
  readonly id: string
  readonly comesMs: number
  readonly sessions: Set<string>
  readonly nodes: SockJsNodes
  open(): void
}

/** Nodes that hear each other after delays, and answer requests as the doors of SockJS do. */
function createSessionNodes(comesMs: readonly number[], delays: readonly number[]) {
  const test = createTestCluster()
  const wheel = createWheel(test.clock)
  let told = 0
  test.hub.delayMs = () => delays[told++ % delays.length] ?? 0
  const all = comesMs.map((atMs, index): SessionNode => {
    const id = `n${index}`
    const { cluster, backbone } = test.join(id, { url: new URL(`http://${id}/`) })
    const anyNode = createAnyNode({
      ...{ backbone: backbone.backbone, nodes: cluster.nodes, bus: cluster.bus, clock: test.clock },
      after: (delayMs, run) => wheel.after(delayMs, run),
      log: { warn: () => {} },
    })
    const sessions = new Set<string>()
    const own = { has: (session: string) => sessions.has(session), ids: () => sessions, release: () => {} }
    return {
      ...{ id, comesMs: atMs, sessions },
      nodes: anyNode.sockjs.at('/stomp', own),
      open: () => void anyNode.serve({ server: { emit: () => false }, routing: () => {} }, cluster.open()),
    }
  })
  const open = async (node: SessionNode, session: string): Promise<void> => {
    node.sessions.add(session)
    await node.nodes.opened(session)
  }
  /** The node that answers; undefined: 404. */
  const request = async (at: SessionNode, session: string, isOpening: boolean): Promise<SessionNode | undefined> => {
    if (at.sessions.has(session)) return at
    const pass = async (peers: readonly SockJsPeer[], mayOpen: boolean): Promise<SessionNode | undefined> => {
      for (const { url } of peers) {
        const node = all.find(({ id }) => id === url.hostname)
        if (node?.sessions.has(session)) return node
        if (node === undefined || !mayOpen) continue
        await open(node, session)
        return node
      }
      return undefined
    }
    const peers = await at.nodes.find(session)
    if (!isOpening || !at.nodes.isSettled) {
      const known = await pass(peers, false)
      if (known !== undefined) return known
      const holder = await at.nodes.locate(session, isOpening ? 300 : 1_000, !isOpening)
      const held = holder && (await pass([holder], false))
      if (held !== undefined) return held
    }
    if (!isOpening) return undefined
    const opened = await pass(peers, true)
    if (opened !== undefined) return opened
    await open(at, session)
    return at
  }
  return { clock: test.clock, all, request }
}

describe('a SockJS session of nodes that come at the same time', () => {
  it('is found by all that is sent to it, whoever has heard of whom', async () => {
    // Long after they were made.
    const comes = (spreadMs: number) => fc.integer({ min: 6_000, max: 6_000 + spreadMs })
    const node = fc.nat(2)
    const client = fc.record({
      beginsMs: fc.integer({ min: 6_000, max: 14_000 }),
      opensAt: node,
      sends: fc.array(fc.record({ pauseMs: fc.integer({ min: 1, max: 600 }), at: node }), { maxLength: 4 }),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(comes(3_000), comes(600), comes(600)),
        fc.array(fc.nat(200), { minLength: 1, maxLength: 40 }),
        fc.array(client, { minLength: 5, maxLength: 25 }),
        async (comesMs, delays, clients) => {
          const { clock, all, request } = createSessionNodes(comesMs, delays)
          for (const each of all) clock.after(each.comesMs + 1, each.open)
          // No node listens before it was opened.
          const listening = (index: number): SessionNode | undefined => {
            const [first, second] = [all[index], all.find(({ comesMs: atMs }) => clock.now() > atMs + 50)]
            return first !== undefined && clock.now() > first.comesMs + 50 ? first : second
          }
          const lives = clients.map(async ({ beginsMs, opensAt, sends }, index) => {
            await clock.sleep(beginsMs + 1)
            const near = listening(opensAt)
            const session = `s${index}`
            const owner = near && (await request(near, session, true))
            if (owner === undefined) return
            for (const { pauseMs, at } of sends) {
              await clock.sleep(pauseMs)
              const through = listening(at)
              const answering = through && (await request(through, session, false))
              expect(`${session} by ${through?.id}: ${answering?.id}`).toBe(`${session} by ${through?.id}: ${owner.id}`)
            }
          })
          const end = Promise.all(lives)
          end.catch(() => {})
          await clock.pass(30_000)
          await end
        },
      ),
      { numRuns: 40 },
    )
  })
})
