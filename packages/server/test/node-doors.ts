import { HttpLink, type HttpLinkOptions } from '@hoofbeat/sse/client'
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import { WebSocket } from 'ws'
import { systemClock } from '../src/clock/clock.js'
import { createWheel } from '../src/clock/wheel.js'
import { type AnyNode, createAnyNode } from '../src/cluster/any-node.js'
import type { Connection } from '../src/connection/connection.js'
import { type Doors, openDoors } from '../src/doors.js'
import { createAdmission } from '../src/hooks/admission.js'
import type { UserLike } from '../src/hooks/user.js'
import { createTurn } from '../src/message/turn.js'
import { createRawFrame } from '../src/message/wire-frame.js'
import type { SockJsOptions } from '../src/transports/sockjs/sockjs-options.js'
import { guardUpgrades } from '../src/transports/upgrade-guard.js'
import { provideWebSocket } from '../src/transports/websocket-door.js'
import { type JoinedNode, type JoinedNodes, joinNodes } from './joined-nodes.js'

/** The path of the doors. */
export const PATH = '/behind/doors'

/** What a node of a test is like. */
export interface NodeDoorsOptions {
  /** Whether other nodes are told its address, or a wrong one. @default 'url' */
  readonly reach?: 'url' | 'broker' | 'wrong-url'
  readonly identify?: (request: FastifyRequest) => UserLike
  readonly sockjs?: SockJsOptions
}

/** A node with all doors, behind which every message is said back. */
export interface NodeDoors {
  readonly app: FastifyInstance
  readonly joined: JoinedNode
  readonly anyNode: AnyNode
  readonly doors: Doors
  readonly origin: string
  /** Sessions and links that have begun here. */
  readonly connections: Connection[]
  /** All that they have received. */
  readonly received: string[]
  /** The ends that they were told. */
  readonly closes: number[]
  readonly warnings: string[]
  /** Ends it in good order. */
  close(): Promise<void>
}

const open = new Set<NodeDoors>()

/** Opens the doors of one node of a cluster, until {@link closeNodes}. */
export async function openNode(cluster: JoinedNodes, id: string, options?: NodeDoorsOptions): Promise<NodeDoors> {
  const node = await openDoorsOf(cluster, id, options)
  open.add(node)
  return node
}

/** Opens so many nodes of a new cluster. */
export async function openNodes(
  count: number,
  options?: NodeDoorsOptions,
): Promise<{ readonly cluster: JoinedNodes; readonly nodes: NodeDoors[] }> {
  const cluster = joinNodes()
  const nodes: NodeDoors[] = []
  for (let index = 0; index < count; index++) nodes.push(await openNode(cluster, `node-${index}`, options))
  return { cluster, nodes }
}

/** Ends all that were opened. */
export async function closeNodes(): Promise<void> {
  await Promise.all([...open].map((node) => node.close()))
}

/** The node at an index, counted round and round. */
export function at(nodes: readonly NodeDoors[], index: number): NodeDoors {
  const node = nodes[index % nodes.length]
  if (node === undefined) throw new Error('no node')
  return node
}

async function openDoorsOf(cluster: JoinedNodes, id: string, options: NodeDoorsOptions = {}): Promise<NodeDoors> {
  const joined = cluster.add(id)
  const wheel = createWheel(systemClock)
  const after = (delayMs: number, run: () => void) => wheel.after(delayMs, run)
  const warnings: string[] = []
  const anyNode = createAnyNode({
    backbone: { key: (purpose) => Buffer.from(purpose.padEnd(32, '.')) },
    ...{ nodes: joined.nodes, bus: joined.bus },
    // Time stands almost still, unless it is set: a machine that is slow changes nothing.
    clock: { ...systemClock, now: () => cluster.nowMs },
    after: (delayMs, run) => after(20 * delayMs, run),
    log: { warn: (_details, text) => void warnings.push(text) },
    // Here all hear each other at once.
    greetingMs: 0,
  })
  const app = Fastify({ forceCloseConnections: true, return503OnClosing: false })
  await provideWebSocket(app, 1_000_000)
  const connections: Connection[] = []
  const received: string[] = []
  const closes: number[] = []
  const identify = options.identify
  const admission = createAdmission(
    identify === undefined ? {} : { identify: async (request) => identify(request) },
    () => false,
    Date.now,
  )
  const soon = (run: () => void): void => void setImmediate(run)
  const guard = guardUpgrades(app.server, { timeoutMs: 10_000, after, soon, isClosing: () => false })
  let doors: Doors | undefined
  await app.register(
    async (scope) => {
      doors = await openDoors(
        scope,
        '/doors',
        { sockjs: { disconnectDelayMs: 600_000, ...options.sockjs } },
        {
          ...{ clock: systemClock, wheel, admission, allowedOrigins: [], guard },
          fallback: { peers: anyNode.links },
          sockJsPeers: anyNode.sockjs,
          selectProtocol: () => false,
          accept(connection) {
            connections.push(connection)
            connection.attach({
              message(data) {
                received.push(String(data))
                say(connection, String(data))
              },
              drained: () => {},
              ended: () => {},
              broken: () => {},
              closed: (code) => void closes.push(code),
            })
          },
        },
      )
    },
    { prefix: '/behind' },
  )
  const origin = await app.listen({ port: 0, host: '127.0.0.1' })
  await anyNode.serve(app)
  const { reach = 'url' } = options
  // Nobody listens at that port, to which only root could bind.
  if (reach !== 'broker') joined.url = new URL(reach === 'url' ? origin : 'http://127.0.0.1:1')
  if (doors === undefined) throw new Error('no doors')
  const opened = doors
  const node: NodeDoors = {
    ...{ app, joined, anyNode, origin, connections, received, closes, warnings },
    doors: opened,
    async close() {
      open.delete(node)
      opened.refuse()
      for (const connection of connections) connection.close(1012, '')
      await opened.close(0)
      anyNode.close()
      joined.leave()
      wheel.stop()
      await app.close()
    },
  }
  return node
}

/** Writes one text. False: full. */
export function say(connection: Connection, text: string): boolean {
  return connection.write(createTurn().append(createRawFrame(text)))
}

/** A link whose requests go where `pick` says. */
export function openLink(pick: () => NodeDoors, options: HttpLinkOptions = {}): HttpLink {
  class RoamingSocket extends WebSocket {
    constructor(_url: string, protocols: string[]) {
      super(`${pick().origin.replace('http', 'ws')}${PATH}`, protocols)
    }
  }
  return new HttpLink(`http://cluster.invalid${PATH}`, {
    WebSocket: RoamingSocket as never,
    fetch: (input, init) => fetch(String(input).replace('http://cluster.invalid', pick().origin), init),
    ...options,
  })
}
