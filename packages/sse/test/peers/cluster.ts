import { connect, type Socket } from 'node:net'
import fastifyWebsocket from '@fastify/websocket'
import Fastify, { type FastifyInstance } from 'fastify'
import { systemClock } from '../../src/server/clock.js'
import { createDownTurn } from '../../src/server/down-message.js'
import type { Admitted } from '../../src/server/exchange.js'
import { openHttpDoors } from '../../src/server/http-doors.js'
import { createHttpPeers, forwardedSocket, type HttpPeers } from '../../src/server/http-peers.js'
import type { Link, LinkListener } from '../../src/server/link.js'
import { createLinks } from '../../src/server/link-table.js'
import type { LinkLimits, Links, LinkTimes } from '../../src/server/links.js'
import { linkSocket } from '../../src/server/web-socket.js'

export const SECRET = 'a secret that all nodes of the cluster share'
export const PATH = '/stomp'
/** Of the only page that may come. */
export const PAGE = 'https://page.example'

/** What a cluster is made with. */
export interface ClusterOptions {
  readonly nodes: number
  readonly limits?: Partial<LinkLimits>
  readonly times?: Partial<LinkTimes>
  /** The secret of each node. @default all the same */
  readonly secretOf?: (index: number) => string
}

/** The application's end of a link. */
export class Side implements LinkListener {
  readonly link: Link<string>
  readonly node: ClusterNode
  readonly got: (Uint8Array | string)[] = []
  closedBy: { readonly code: number; readonly reason: string } | undefined

  constructor(link: Link<string>, node: ClusterNode) {
    this.link = link
    this.node = node
    link.attach(this)
  }

  message(data: Uint8Array | string): void {
    this.got.push(data)
  }

  drained(): void {}

  closed(code: number, reason: string): void {
    this.closedBy = { code, reason }
  }

  /** Sends all in one turn. */
  send(...messages: (string | Uint8Array)[]): boolean {
    return this.link.write(createDownTurn(messages))
  }
}

/** One node: doors on a port of its own, and a link table behind them. */
export class ClusterNode {
  readonly app: FastifyInstance
  readonly links: Links<string>
  readonly peers: HttpPeers
  readonly sides: Side[] = []
  readonly sockets = new Set<Socket>()
  /** Doors that were asked, with the status that was answered, as far as it is known. */
  readonly asked: string[] = []
  /** How often the application was asked who it is. */
  admits = 0
  /** How far its time of day is from the true one. */
  skewMs = 0
  readonly failures: unknown[] = []
  alias = ''
  origin = ''

  constructor(cluster: Cluster, secret: string, { limits = {}, times = {} }: ClusterOptions) {
    this.peers = createHttpPeers({
      secret,
      directory: (alias) => cluster.directory.get(alias),
      joined: (alias) => {
        this.alias = alias
        return () => cluster.directory.set(alias, 'gone')
      },
      failed: (_alias, error) => this.failures.push(error),
      epochMs: () => Date.now() + this.skewMs,
    })
    this.links = createLinks<string>({
      clock: systemClock,
      limits,
      times,
      peers: this.peers.at(PATH),
      selectProtocol: (offered) => offered.find((name) => name === 'v12.stomp'),
      accept: (link) => this.sides.push(new Side(link, this)),
    })
    this.app = Fastify({ forceCloseConnections: true, return503OnClosing: false })
    this.app.server.on('connection', (socket) => {
      this.sockets.add(socket)
      socket.once('close', () => this.sockets.delete(socket))
    })
    this.app.addHook('onResponse', async (request, reply) => {
      this.asked.push(`${request.method} ${request.url.split('/').pop()} ${reply.statusCode}`)
    })
  }

  async listen(): Promise<void> {
    const { app, links, peers } = this
    const admit = async (authorization: string | undefined): Promise<Admitted<string>> => {
      this.admits++
      return { admission: 'someone', subject: authorization?.replace('Bearer ', '') }
    }
    await app.register(fastifyWebsocket)
    await openHttpDoors(app, {
      path: PATH,
      links,
      clock: systemClock,
      peers,
      checkOrigin: async ({ headers }) => {
        if (headers.origin !== undefined && headers.origin !== PAGE) throw new Error('a foreign page')
      },
      admit: ({ headers }) => admit(headers.authorization),
    })
    app.route({
      method: 'GET',
      url: PATH,
      async preValidation(request) {
        peers.verify(request.headers, 'socket', undefined)
      },
      handler: async (_request, reply) => reply.code(426).send(),
      async wsHandler(socket, request) {
        const carrier = linkSocket(socket, request.raw.socket)
        const claim = peers.verify(request.headers, 'socket', undefined)
        if (claim !== undefined) return links.acceptSocket(carrier, forwardedSocket(claim))
        links.acceptSocket(carrier, {
          origin: request.headers.origin,
          remoteAddress: request.ip,
          protocols: ['v12.stomp'],
          admitted: { admission: 'someone', subject: undefined },
        })
      },
    })
    this.origin = await app.listen({ port: 0, host: '127.0.0.1' })
  }

  /** Breaks all connections, of clients and of other nodes. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy()
  }

  /** Ends without a word. */
  async kill(): Promise<void> {
    this.cut()
    await this.app.close()
  }

  /** Ends in good order. */
  async drain(): Promise<void> {
    this.links.refuse()
    await this.links.close(100)
    await this.app.close()
  }

  post(door: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(`${this.origin}${PATH}/${door}`, {
      method: 'POST',
      body: JSON.stringify({ v: 1, ...body }),
      headers: { connection: 'close', ...headers },
    })
  }

  /** A link opened here by hand. */
  async open(headers: Record<string, string> = {}): Promise<{ readonly link: string; readonly key: string }> {
    const response = await this.post('open', { protocols: ['v12.stomp'] }, headers)
    return (await response.json()) as { link: string; key: string }
  }

  /** The first link that was taken up here. */
  get side(): Side {
    const [side] = this.sides
    if (side === undefined) throw new Error('no link was accepted')
    return side
  }

  /** Sends a request by hand on a connection of its own. */
  connect(): Socket {
    return connect(Number(new URL(this.origin).port), '127.0.0.1')
  }
}

/** Nodes that know each other by one directory. */
export class Cluster {
  readonly directory = new Map<string, URL | 'gone'>()
  readonly nodes: ClusterNode[] = []

  static async start(options: ClusterOptions): Promise<Cluster> {
    const cluster = new Cluster()
    for (let index = 0; index < options.nodes; index++) {
      const node = new ClusterNode(cluster, options.secretOf?.(index) ?? SECRET, options)
      await node.listen()
      cluster.nodes.push(node)
      cluster.directory.set(node.alias, new URL(node.origin))
    }
    return cluster
  }

  /** All application's ends of links, of all nodes. */
  get sides(): readonly Side[] {
    return this.nodes.flatMap((node) => node.sides)
  }

  /** The application's end of the only link. */
  get side(): Side {
    const [side, ...more] = this.sides
    if (side === undefined || more.length > 0) throw new Error(`${this.sides.length} links were accepted`)
    return side
  }

  /** Two nodes, of which the first one opens what the second is asked for. */
  get pair(): readonly [ClusterNode, ClusterNode] {
    const [first, second] = this.nodes
    if (first === undefined || second === undefined) throw new Error('there are no two nodes')
    return [first, second]
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()))
  }
}
