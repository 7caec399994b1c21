import type { Refusal } from '../wire/requests.js'
import type { Exchange, Standing } from './exchange.js'
import type { LinkSocket, SocketRequest } from './link-socket.js'
import { PassedExchange } from './passed-exchange.js'
import type { PeerNode, Peers } from './peers.js'
import { aliasOf } from './peers.js'
import { refusalOf, refuse, wordOf } from './refusal.js'

/** Passes on what is for the links of other nodes, as one link table sees it. */
export class PeerDoor<Admission> {
  readonly #peers: Peers<Admission>
  readonly #alias: string
  readonly #leave: () => void
  readonly #passed = new Set<PassedExchange<Admission>>()
  #isClosed = false

  /** `alias`: begins the ids of the links that `node` owns. */
  constructor(peers: Peers<Admission>, alias: string, node: PeerNode<Admission>) {
    this.#peers = peers
    this.#alias = alias
    this.#leave = peers.join(alias, node)
  }

  /** The alias of the other node that owns a link. Undefined: it is ours, or this is no id of a link. */
  ownerOf(link: string | undefined): string | undefined {
    const alias = aliasOf(link)
    return alias === this.#alias ? undefined : alias
  }

  /** Has the owner serve an exchange, until its reply is given or its stream has begun. Never rejects. */
  async serve(exchange: Exchange<Admission>, alias: string, link: string, maxBodyBytes: number): Promise<void> {
    const refusal = this.refusal(alias, exchange.forwarded !== undefined)
    if (refusal !== undefined) return refuse(exchange, refusal)
    const standing = exchange.hasCredentials ? await standingOf(exchange) : undefined
    if (standing !== undefined && 'error' in standing) return refuse(exchange, standing)
    const passed = new PassedExchange(exchange, { link, standing }, (done) => this.#passed.delete(done))
    this.#passed.add(passed)
    try {
      await this.#peers.forward(alias, passed, maxBodyBytes)
    } catch (error) {
      refuse(passed, refusalOf(wordOf(error) ?? 'busy'))
    }
  }

  /** Joins a socket to the owner. Rejects, with nothing said on the socket, when that cannot be done. */
  passSocket(alias: string, socket: LinkSocket, request: SocketRequest<Admission>, first: string): Promise<void> {
    return this.#peers.forwardSocket(alias, socket, request, first)
  }

  /**
   * Why what is for the links of an alias cannot be passed on; undefined: it can. What another node passed on to us is
   * not ours where that node was told something old: who says `gone` must know, else the client comes again.
   */
  refusal(alias: string, isForwarded: boolean): Refusal | undefined {
    const state = this.#isClosed ? 'unknown' : this.#peers.lookup(alias)
    if (state === 'gone') return refusalOf('unknown')
    return state === 'reachable' && !isForwarded ? undefined : refusalOf('busy')
  }

  /** Our links are over, and what is under way to other nodes ends: clients come again elsewhere. */
  close(): void {
    this.#isClosed = true
    this.#leave()
    for (const passed of this.#passed) passed.end()
  }
}

/** What the application says of credentials, which only the node that has the request itself can ask. */
async function standingOf<Admission>(exchange: Exchange<Admission>): Promise<Standing | Refusal> {
  const admitted = await exchange.admit().catch((error: unknown) => wordOf(error) ?? 'busy')
  if (typeof admitted === 'string') return refusalOf(admitted)
  return { subject: admitted.subject, expiresMs: admitted.expiresMs }
}
