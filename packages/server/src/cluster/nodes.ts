import type { Clock } from '../clock/clock.js'
import type { Announcements } from './announcements.js'
import { fieldsOf, type NodeBus } from './bus.js'
import type { ClusterNode, ClusterNodes } from './cluster.js'
import { readDigest, writeDigest } from './digest.js'
import type { ClusterLog } from './drops.js'
import { createEndedNodes } from './ended-nodes.js'
import { HeardNode } from './heard-node.js'
import { createNodeWarning } from './rare-warning.js'

/** What the list of nodes is made with. */
export interface NodesParts {
  readonly bus: NodeBus
  /** Of this node. */
  readonly url: URL | undefined
  readonly clock: Pick<Clock, 'now' | 'soon'>
  readonly after: (delayMs: number, run: () => void) => { cancel(): void }
  readonly log: ClusterLog
  /** False while the broker is away from this node. */
  readonly isAvailable: () => boolean
  /** What this node tells of itself. */
  readonly facts: Announcements
  readonly ownFacts: Map<string, unknown>
  /** Its sessions; those of a node count no more when it falls silent. */
  readonly sessions: Announcements
}

/** The list, as those see it who make and end it. */
export interface KnownNodes extends ClusterNodes {
  /** Says that this node is there, and asks who else is. Settles when the broker has it. */
  hello(): undefined | Promise<void>
  /** Facts of another node are not as before. */
  factsChanged(): void
  /** Says that this node ends. Settles when the broker has it. */
  goodbye(): undefined | Promise<void>
  close(): void
}

/** How often a node says that it is there. */
export const BEAT_MS = 3_000
/** A node that was not heard for so long is not in the list any more. */
export const SILENT_MS = 10_000
/** How often silence is looked for. */
const CHECK_MS = 1_000
/** How long a node that has fallen silent is remembered: it may be there without its broker. */
const REMEMBERED_MS = 600_000
/** Whoever is asked who is there waits so long for others to ask too. */
const GATHER_MS = 50
/** Between two questions who is there. */
const HELLO_PAUSE_MS = 1_000
const KIND = 'node'
const SAME_URL =
  'two nodes that are both there have the same url: requests for the sessions of one go to the other. Give each node a cluster.url of its own, past any balancer'

/** Makes the list: this node is there. */
export function createNodes(parts: NodesParts): KnownNodes {
  return new HeardNodes(parts)
}

class HeardNodes implements KnownNodes {
  readonly self: string
  readonly #parts: NodesParts
  readonly #own: HeardNode
  readonly #nodes = new Map<string, HeardNode>()
  readonly #ended = createEndedNodes()
  readonly #warnSameUrl
  readonly #listeners = new Set<() => void>()
  #list: readonly ClusterNode[] | undefined
  #checking: { cancel(): void } | undefined
  #answering: { cancel(): void } | undefined
  #asking: { cancel(): void } | undefined
  #checkedMs: number
  #saidMs = Number.NEGATIVE_INFINITY
  #askedMs = Number.NEGATIVE_INFINITY
  #isChanging = false
  #isClosed = false

  constructor(parts: NodesParts) {
    const { bus, url, clock, ownFacts } = parts
    this.#parts = parts
    this.#warnSameUrl = createNodeWarning(parts.log, clock, SAME_URL)
    this.self = bus.nodeId
    this.#checkedMs = clock.now()
    this.#own = new HeardNode(this.self, url, this.#checkedMs, () => ownFacts)
    bus.take(KIND, ({ from, head }) => this.#hear(from, fieldsOf(head)))
    bus.onMissed(() => this.#askSoon())
  }

  list(): readonly ClusterNode[] {
    this.#list ??= [this.#own, ...this.#nodes.values()]
      .filter(({ isSilent }) => !isSilent)
      .sort((one, other) => (one.id < other.id ? -1 : 1))
    return this.#list
  }

  get(id: string): ClusterNode | undefined {
    return id === this.self ? this.#own : this.#nodes.get(id)
  }

  findFact(key: string): ClusterNode | undefined {
    if (this.#own.facts.has(key)) return this.#own
    let silent: ClusterNode | undefined
    for (const node of this.#nodes.values()) {
      if (!node.facts.has(key)) continue
      if (!node.isSilent) return node
      silent = node
    }
    return silent
  }

  isGone(id: string): boolean {
    return this.#ended.has(id)
  }

  announce(key: string, value: unknown): void {
    const { facts, ownFacts } = this.#parts
    if (value === undefined) ownFacts.delete(key)
    else ownFacts.set(key, value)
    facts.changed(key)
    this.#changed()
  }

  onChange(changed: () => void): () => void {
    this.#listeners.add(changed)
    return () => this.#listeners.delete(changed)
  }

  hello(): undefined | Promise<void> {
    this.#askedMs = this.#parts.clock.now()
    this.#checkedMs = this.#askedMs
    try {
      return this.#say(true)
    } finally {
      this.#check()
    }
  }

  factsChanged(): void {
    this.#changed()
  }

  goodbye(): undefined | Promise<void> {
    return this.#parts.bus.tell('all', KIND, { type: 'goodbye' })
  }

  close(): void {
    this.#isClosed = true
    for (const timer of [this.#checking, this.#answering, this.#asking]) timer?.cancel()
    this.#listeners.clear()
  }

  #say(isAsking: boolean): undefined | Promise<void> {
    const { bus, url, clock, facts, sessions } = this.#parts
    this.#saidMs = clock.now()
    const digests = { facts: writeDigest(facts.digest), sessions: writeDigest(sessions.digest) }
    return bus.tell('all', KIND, { type: 'here', url: url?.href, isAsking, ...digests })
  }

  /** What is lost is said again with the next beat. */
  #sayQuietly(isAsking: boolean): void {
    if (!this.#parts.isAvailable()) return
    try {
      this.#say(isAsking)?.catch(() => {})
    } catch {
      // The same.
    }
  }

  #hear(from: string, { type, url, isAsking, facts, sessions }: { readonly [name: string]: unknown }): void {
    // Whoever has said goodbye does not come back: ids are never used again.
    if (this.#ended.has(from) && !this.#ended.isReplaced(from)) return
    if (type === 'goodbye') return this.#end(from, true)
    if (type !== 'here') return
    this.#note(from, typeof url === 'string' && URL.canParse(url) ? new URL(url) : undefined)
    const known = { facts: readDigest(facts), sessions: readDigest(sessions) }
    if (known.facts !== undefined) this.#parts.facts.compare(from, known.facts)
    if (known.sessions !== undefined) this.#parts.sessions.compare(from, known.sessions)
    if (isAsking === true) this.#answerSoon()
  }

  #note(id: string, url: URL | undefined): void {
    const { clock, facts } = this.#parts
    const node = this.#nodes.get(id)
    if (node?.url?.href === url?.href && node !== undefined) {
      node.heardMs = clock.now()
      const others = this.#atPlaceOf(node)
      if (others.includes(this.#own) || (node.isReplaced && others.length > 0)) {
        this.#warnSameUrl(id, { url: url?.href, others: others.map((other) => other.id) })
      }
      node.isReplaced = false
      if (!node.isSilent) return
      node.isSilent = false
      return this.#changed()
    }
    const heard = new HeardNode(id, url, clock.now(), () => facts.of(id))
    // One that was taken for ended has either been on its way for long, or is there: then it is heard again.
    heard.isReplaced = this.#ended.isReplaced(id)
    if (!heard.isReplaced) for (const other of this.#atPlaceOf(heard)) other.isReplaced = true
    this.#ended.delete(id)
    this.#nodes.set(id, heard)
    this.#changed()
  }

  /** Others that tell the same place. */
  #atPlaceOf({ id, url }: HeardNode): readonly HeardNode[] {
    if (url === undefined) return []
    return [this.#own, ...this.#nodes.values()].filter((other) => other.id !== id && other.url?.href === url.href)
  }

  /** It has ended, for sure; `isSaid`: so it says itself. */
  #end(id: string, isSaid: boolean): void {
    const { bus, facts, sessions } = this.#parts
    this.#ended.add(id, isSaid)
    this.#nodes.delete(id)
    facts.forget(id)
    sessions.forget(id)
    bus.gone(id)
    this.#changed()
  }

  #silence(node: HeardNode): void {
    node.isSilent = true
    this.#parts.sessions.forget(node.id)
    this.#parts.bus.gone(node.id)
    this.#changed()
  }

  #check(): void {
    this.#checking?.cancel()
    if (this.#isClosed) return
    this.#checking = this.#parts.after(CHECK_MS, () => this.#check())
    const nowMs = this.#parts.clock.now()
    const passedMs = nowMs - this.#checkedMs
    this.#checkedMs = nowMs
    // What others have said waits to be read, where this process stood still; and says nothing where the broker is away.
    const isDeaf = passedMs > 2 * CHECK_MS || !this.#parts.isAvailable()
    for (const node of [...this.#nodes.values()]) {
      if (isDeaf) node.heardMs += passedMs
      const silentMs = nowMs - node.heardMs
      if (node.isReplaced && silentMs > 2 * BEAT_MS + CHECK_MS) this.#end(node.id, false)
      else if (!node.isSilent && silentMs > SILENT_MS) this.#silence(node)
      else if (silentMs > REMEMBERED_MS) this.#forget(node)
    }
    if (nowMs - this.#saidMs < BEAT_MS) return
    this.#parts.facts.resume()
    this.#parts.sessions.resume()
    this.#sayQuietly(false)
  }

  #forget(node: HeardNode): void {
    this.#nodes.delete(node.id)
    this.#parts.facts.forget(node.id)
    this.#changed()
  }

  #answerSoon(): void {
    if (this.#answering !== undefined || this.#isClosed) return
    this.#answering = this.#parts.after(GATHER_MS, () => {
      this.#answering = undefined
      this.#sayQuietly(false)
    })
  }

  #askSoon(): void {
    if (this.#asking !== undefined || this.#isClosed) return
    const pauseMs = this.#askedMs + HELLO_PAUSE_MS - this.#parts.clock.now()
    this.#asking = this.#parts.after(Math.max(pauseMs, 0), () => {
      this.#asking = undefined
      this.#askedMs = this.#parts.clock.now()
      this.#sayQuietly(true)
    })
  }

  /** Of all changes of a turn together. */
  #changed(): void {
    this.#list = undefined
    if (this.#isChanging || this.#listeners.size === 0) return
    this.#isChanging = true
    this.#parts.clock.soon(() => {
      this.#isChanging = false
      for (const changed of [...this.#listeners]) changed()
    })
  }
}
