import type { IncomingHttpHeaders } from 'node:http'
import {
  type OwnSessions,
  PASSED_HEADER,
  type ProvedClaim,
  type SockJsClaim,
  type SockJsNodes,
  type SockJsPeer,
} from '../transports/sockjs/peers.js'
import type { ClaimSeal } from './claim-seal.js'
import type { Bus, ClusterNodes } from './cluster.js'
import { type Fields, HeldSessions } from './held-sessions.js'
import type { NodeWays } from './node-ways.js'
import type { SessionRing } from './session-ring.js'
import { searchNodes } from './session-search.js'
import { SilentNodes } from './silent-nodes.js'

/** What the SockJS endpoints need of the cluster. */
export interface SockJsPeersParts {
  readonly bus: Bus
  readonly nodes: ClusterNodes
  readonly ways: NodeWays
  readonly seal: ClaimSeal
  readonly now: () => number
  readonly after: (delayMs: number, run: () => void) => { cancel(): void }
  /** Settled when this node knows the others; undefined: it does already. */
  readonly introduced: () => Promise<void> | undefined
}

/** Of one path, from one node to all others. */
export const HELD = 'sockjs-held'
/** Asks all others to end their answers to what one node has passed on to them. */
export const LEAVING = 'sockjs-leaving'
/** Asks one node whether it has a session. */
export const HAS = 'sockjs-has'
/** Sessions that are asked for at once: requests for what nobody has must not fill the broker. */
const MAX_LOCATING = 64
/** How long whoever opens a session waits at most until the others are told, in ms. */
const TELL_MS = 200
/** Ids told in one message: of the longest, 64 KiB. */
const MAX_IDS = 200
const NOBODY: readonly SockJsPeer[] = []

/** What is lost is told again when the broker is there. Settled when the broker has it, or will not. */
export async function tellQuietly(bus: Bus, kind: string, head: unknown): Promise<void> {
  try {
    await bus.tell('all', kind, head)
  } catch {
    // The same.
  }
}

/** The sessions of all nodes at one path, as this node sees them. */
export class SockJsEndpoint implements SockJsNodes {
  readonly own: OwnSessions
  readonly #path: string
  readonly #fact: string
  readonly #parts: SockJsPeersParts
  readonly #ring: SessionRing
  readonly #held = new HeldSessions()
  readonly #silent: SilentNodes
  /** What we hold so, as the others were told. */
  #told = new Set<string>()
  /** Opened while others may not have known all nodes: they are told of these, too. */
  readonly #early = new Set<string>()
  #locating = 0

  constructor(path: string, own: OwnSessions, parts: SockJsPeersParts, ring: SessionRing) {
    this.#path = path
    this.own = own
    this.#fact = `sockjs:${path}`
    this.#parts = parts
    this.#ring = ring
    this.#silent = new SilentNodes(this.#fact, parts)
  }

  join(): void {
    this.#parts.nodes.announce(this.#fact, true)
    this.look()
  }

  begin(): void {
    this.#ring.begin()
  }

  verify(
    headers: IncomingHttpHeaders,
    asked: Parameters<SockJsNodes['verify']>[1],
  ): ProvedClaim | 'refused' | undefined {
    const field = headers[PASSED_HEADER]
    if (field === undefined) return undefined
    const claim = typeof field === 'string' ? this.#parts.seal.open(field) : undefined
    const isMeant =
      claim?.session === asked.session &&
      claim.method === asked.method &&
      claim.url === asked.url &&
      claim.origin === asked.origin
    return isMeant ? claim : 'refused'
  }

  find(session: string): readonly SockJsPeer[] | Promise<readonly SockJsPeer[]> {
    const introduced = this.#parts.introduced()
    if (introduced !== undefined) return introduced.then(() => this.find(session))
    if (this.#silent.isOver) this.look()
    const holder = this.#held.holderOf(session)
    if (holder === undefined && this.#ring.isAlone) return NOBODY
    const ranked = this.#ring.rank(session)
    const end = ranked.indexOf(this.#parts.nodes.self)
    const before = end < 0 ? ranked : ranked.slice(0, end)
    return this.#peers(holder === undefined ? before : [holder, ...before])
  }

  get isSettled(): boolean {
    return this.#ring.isSettled && !this.#hasStrangers()
  }

  async locate(session: string, withinMs: number, isPatient: boolean): Promise<SockJsPeer | undefined> {
    if (this.#locating >= MAX_LOCATING) return undefined
    this.#locating++
    const { bus, nodes, after } = this.#parts
    const holder = await searchNodes(
      {
        others: () => nodes.list().flatMap(({ id }) => (id === nodes.self ? [] : [id])),
        ask: (node, waitMs) => bus.ask(node, HAS, { path: this.#path, session }, waitMs),
        onChange: (changed) => nodes.onChange(changed),
        isSettled: () => this.isSettled,
        after,
      },
      withinMs,
      isPatient,
    )
    this.#locating--
    return holder === undefined ? undefined : this.#peers([holder])[0]
  }

  opened(session: string): undefined | Promise<void> {
    if (this.isSettled) {
      if (this.#ring.isOurs(session)) return undefined
    } else this.#early.add(session)
    this.#told.add(session)
    return this.#inTime(this.#say({ ids: [session] }))
  }

  ended(session: string): void {
    this.#early.delete(session)
    if (this.#told.delete(session)) this.#say({ over: [session] })
  }

  refuse(): void {
    // Told before the others see that we take no more.
    this.#ring.leave()
    this.tellAll()
    this.#parts.nodes.announce(this.#fact, undefined)
  }

  leave(): void {
    tellQuietly(this.#parts.bus, LEAVING, { path: this.#path })
  }

  /** The nodes have changed, or what they tell of themselves. */
  look(): void {
    const { nodes } = this.#parts
    this.#held.keep((node) => nodes.get(node) !== undefined)
    const ids = nodes.list().flatMap(({ id, facts }) => (facts.has(this.#fact) ? [id] : []))
    if (this.#ring.set([...ids, ...this.#silent.look(this.#ring.ids, ids)].sort())) this.tellAll()
  }

  /** Tells all that we hold against the rule, in place of what was told before. */
  tellAll(): void {
    const had = this.#told.size > 0
    this.#told = new Set()
    if (!this.#ring.isAlone)
      for (const session of this.own.ids())
        if (this.#early.has(session) || !this.#ring.isOurs(session)) this.#told.add(session)
    if (!had && this.#told.size === 0) return
    const ids = [...this.#told]
    this.#say({ ids: ids.slice(0, MAX_IDS), isAll: true })
    for (let at = MAX_IDS; at < ids.length; at += MAX_IDS) this.#say({ ids: ids.slice(at, at + MAX_IDS) })
  }

  /** Another node tells what it holds. */
  hear(from: string, told: Fields): void {
    this.#held.hear(from, told)
  }

  #say(what: {
    readonly ids?: readonly string[]
    readonly over?: readonly string[]
    readonly isAll?: boolean
  }): Promise<void> {
    return tellQuietly(this.#parts.bus, HELD, { path: this.#path, ...what })
  }

  #inTime(told: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const deadline = this.#parts.after(TELL_MS, resolve)
      told.then(() => {
        deadline.cancel()
        resolve()
      })
    })
  }

  /** True where nodes are there that have not been heard to tell anything of themselves yet. */
  #hasStrangers(): boolean {
    const { nodes } = this.#parts
    return nodes.list().some(({ id, facts }) => facts.size === 0 && id !== nodes.self)
  }

  #peers(ids: readonly string[]): readonly SockJsPeer[] {
    const { ways, seal } = this.#parts
    return [...new Set(ids)].flatMap((id) => {
      const way = ways.to(id)
      return way === undefined ? [] : [{ ...way, seal: (claim: SockJsClaim) => seal.seal(id, claim) }]
    })
  }
}
