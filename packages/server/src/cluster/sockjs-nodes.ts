import type { IncomingHttpHeaders } from 'node:http'
import {
  type OwnSessions,
  PASSED_HEADER,
  type ProvedClaim,
  type SockJsClaim,
  type SockJsNodes,
  type SockJsPeer,
  type SockJsPeers,
} from '../transports/sockjs/peers.js'
import type { ClaimSeal } from './claim-seal.js'
import type { Bus, ClusterNodes } from './cluster.js'
import type { NodeWays } from './node-ways.js'
import { SessionRing } from './session-ring.js'

/** What the SockJS endpoints need of the cluster. */
export interface SockJsPeersParts {
  readonly bus: Bus
  readonly nodes: ClusterNodes
  readonly ways: NodeWays
  readonly seal: ClaimSeal
  readonly now: () => number
  /** Settled when this node knows the others; undefined: it does already. */
  readonly introduced: () => Promise<void> | undefined
}

/** Of one path, from one node to all others. */
const HELD = 'sockjs-held'
/** Asks all others to tell what they hold. */
const WANTED = 'sockjs-wanted'
/** Asks all others to end their answers to what one node has passed on to them. */
const LEAVING = 'sockjs-leaving'
/** Asks one node whether it has a session. */
const HAS = 'sockjs-has'
/** How long that may take, in ms. */
const ASK_MS = 1_000
/** How long a node that has fallen silent, but has an address, is still asked there: it may be without its broker only. */
const SILENT_MS = 60_000
/** Ids told in one message: of the longest, 64 KiB. */
const MAX_IDS = 200
const NOBODY: readonly SockJsPeer[] = []

/**
 * Makes the SockJS endpoints of all nodes one: who has a session follows from its id, over the nodes that have the path.
 * What a node holds against that rule, because nodes came or went since, it tells the others.
 */
export function createSockJsPeers(parts: SockJsPeersParts): SockJsPeers & { close(): void } {
  const { bus, nodes, now } = parts
  const endpoints = new Map<string, Endpoint>()
  const endpointOf = (head: unknown): { fields: Fields; endpoint: Endpoint | undefined } => {
    const fields: Fields = typeof head === 'object' && head !== null ? { ...head } : {}
    return { fields, endpoint: typeof fields.path === 'string' ? endpoints.get(fields.path) : undefined }
  }
  bus.take(HELD, ({ from, head }) => {
    const { fields, endpoint } = endpointOf(head)
    endpoint?.hear(from, fields)
  })
  bus.take(LEAVING, ({ from, head }) => endpointOf(head).endpoint?.own.release(from))
  bus.take(WANTED, ({ head }) => endpointOf(head).endpoint?.tellAll())
  bus.answer(HAS, (head) => {
    const { fields, endpoint } = endpointOf(head)
    return typeof fields.session === 'string' && endpoint?.own.has(fields.session) === true
  })
  bus.onMissed(() => {
    for (const [path, endpoint] of endpoints) {
      endpoint.tellAll()
      tellQuietly(bus, WANTED, { path })
    }
  })
  const stopWatching = nodes.onChange(() => {
    for (const endpoint of endpoints.values()) endpoint.look()
  })
  return {
    at(path, own) {
      const endpoint = new Endpoint(path, own, parts, new SessionRing(nodes.self, now))
      endpoints.set(path, endpoint)
      endpoint.join()
      return endpoint
    },
    close: stopWatching,
  }
}

type Fields = Readonly<Record<string, unknown>>

/** What is lost is told again when the broker is there. */
function tellQuietly(bus: Bus, kind: string, head: unknown): void {
  try {
    bus.tell('all', kind, head)?.catch(() => {})
  } catch {
    // The same.
  }
}

class Endpoint implements SockJsNodes {
  readonly own: OwnSessions
  readonly #path: string
  readonly #fact: string
  readonly #parts: SockJsPeersParts
  readonly #ring: SessionRing
  /** What others hold against the rule, by node. */
  readonly #held = new Map<string, Set<string>>()
  /** Nodes that have fallen silent, and until when they count. */
  readonly #silent = new Map<string, number>()
  /** What we hold so, as the others were told. */
  #told = new Set<string>()
  /** Opened while others may not have known all nodes: they are told of these, too. */
  readonly #early = new Set<string>()

  constructor(path: string, own: OwnSessions, parts: SockJsPeersParts, ring: SessionRing) {
    this.#path = path
    this.own = own
    this.#fact = `sockjs:${path}`
    this.#parts = parts
    this.#ring = ring
  }

  join(): void {
    this.#parts.nodes.announce(this.#fact, true)
    this.look()
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
    if (this.#silent.size > 0) this.#lookInTime()
    const holder = this.#holderOf(session)
    const strangers = this.#strangers()
    if (holder === undefined && strangers.length === 0 && this.#ring.isAlone) return NOBODY
    const { self } = this.#parts.nodes
    const ranked = this.#ring.rank(session)
    const end = ranked.indexOf(self)
    const before = end < 0 ? ranked : ranked.slice(0, end)
    if (holder !== undefined) return this.#peers([holder, ...before])
    const asked = [...this.#ring.formerOwners(session), ...strangers]
    return asked.length === 0 ? this.#peers(before) : this.#ask(session, asked, before)
  }

  opened(session: string): void {
    if (this.#ring.isSettled) {
      if (this.#ring.isOurs(session)) return
    } else this.#early.add(session)
    this.#told.add(session)
    this.#say({ ids: [session] })
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
    for (const node of this.#held.keys()) if (nodes.get(node) === undefined) this.#held.delete(node)
    const ids = nodes.list().flatMap(({ id, facts }) => (facts.has(this.#fact) ? [id] : []))
    if (this.#ring.set([...ids, ...this.#silentOnes(ids)].sort())) this.tellAll()
  }

  #lookInTime(): void {
    const nowMs = this.#parts.now()
    if ([...this.#silent.values()].some((untilMs) => untilMs <= nowMs)) this.look()
  }

  #silentOnes(present: readonly string[]): string[] {
    const { nodes, now } = this.#parts
    const nowMs = now()
    const heard = new Set(nodes.list().map(({ id }) => id))
    for (const id of this.#ring.ids) {
      const node = heard.has(id) || nodes.isGone(id) ? undefined : nodes.get(id)
      const isAsked = node?.url !== undefined && node.facts.has(this.#fact)
      if (!isAsked) this.#silent.delete(id)
      else if (!this.#silent.has(id)) this.#silent.set(id, nowMs + SILENT_MS)
    }
    for (const [id, untilMs] of this.#silent) if (untilMs <= nowMs || present.includes(id)) this.#silent.delete(id)
    return [...this.#silent.keys()]
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
  hear(from: string, { ids, over, isAll }: Fields): void {
    const held = isAll === true ? new Set<string>() : (this.#held.get(from) ?? new Set())
    if (Array.isArray(ids)) for (const id of ids) if (typeof id === 'string') held.add(id)
    if (Array.isArray(over)) for (const id of over) held.delete(id)
    if (held.size > 0) this.#held.set(from, held)
    else this.#held.delete(from)
  }

  #say(what: { readonly ids?: readonly string[]; readonly over?: readonly string[]; readonly isAll?: boolean }): void {
    tellQuietly(this.#parts.bus, HELD, { path: this.#path, ...what })
  }

  /** Nodes that are there, and have not been heard to tell anything of themselves yet. */
  #strangers(): string[] {
    const { nodes } = this.#parts
    const strangers: string[] = []
    for (const { id, facts } of nodes.list()) if (facts.size === 0 && id !== nodes.self) strangers.push(id)
    return strangers
  }

  #holderOf(session: string): string | undefined {
    for (const [node, held] of this.#held) if (held.has(session)) return node
    return undefined
  }

  /** For a while after nodes came or went they may not have told us yet what they hold. */
  async #ask(session: string, former: readonly string[], before: readonly string[]): Promise<readonly SockJsPeer[]> {
    const asked = former.map(async (node) => {
      const has = await this.#parts.bus.ask(node, HAS, { path: this.#path, session }, ASK_MS)
      if (has !== true) throw new Error('it is not there')
      return node
    })
    const holder = await Promise.any(asked).catch(() => undefined)
    return this.#peers(holder === undefined ? before : [holder, ...before])
  }

  #peers(ids: readonly string[]): readonly SockJsPeer[] {
    const { ways, seal } = this.#parts
    return [...new Set(ids)].flatMap((id) => {
      const way = ways.to(id)
      return way === undefined ? [] : [{ ...way, seal: (claim: SockJsClaim) => seal.seal(id, claim) }]
    })
  }
}
