import { fieldsOf } from './bus.js'
import type { ClusterNode } from './cluster.js'
import { readDigest } from './digest.js'
import { createEndedNodes } from './ended-nodes.js'
import { HeardNode } from './heard-node.js'
import type { KnownNodes, NodesParts } from './known-nodes.js'
import { createGreetings, NODE_KIND } from './node-greetings.js'
import { createNodeWarning } from './rare-warning.js'

/** How often a node says that it is there. */
export const BEAT_MS = 3_000
/** A node that was not heard for so long is not in the list any more. */
export const SILENT_MS = 10_000
/** How often silence is looked for. */
const CHECK_MS = 1_000
/** How long a node that has fallen silent is remembered: it may be there without its broker. */
const REMEMBERED_MS = 600_000
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
  readonly #greetings
  readonly #nodes = new Map<string, HeardNode>()
  readonly #ended = createEndedNodes()
  readonly #warnSameUrl
  readonly #listeners = new Set<() => void>()
  #list: readonly ClusterNode[] | undefined
  #checking: { cancel(): void } | undefined
  #checkedMs: number
  #isChanging = false
  #isClosed = false

  constructor(parts: NodesParts) {
    const { bus, url, clock, ownFacts } = parts
    this.#parts = parts
    this.#warnSameUrl = createNodeWarning(parts.log, clock, SAME_URL)
    this.self = bus.nodeId
    this.#checkedMs = clock.now()
    this.#greetings = createGreetings(parts)
    this.#own = new HeardNode(this.self, url, this.#checkedMs, () => ownFacts)
    bus.take(NODE_KIND, ({ from, head }) => this.#hear(from, fieldsOf(head)))
    bus.onMissed(() => this.#greetings.askSoon())
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
    this.#checkedMs = this.#parts.clock.now()
    try {
      return this.#greetings.ask()
    } finally {
      this.#check()
    }
  }

  factsChanged(): void {
    this.#changed()
  }

  goodbye(): undefined | Promise<void> {
    return this.#parts.bus.tell('all', NODE_KIND, { type: 'goodbye' })
  }

  close(): void {
    this.#isClosed = true
    this.#checking?.cancel()
    this.#greetings.close()
    this.#listeners.clear()
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
    if (isAsking === true) this.#greetings.answerSoon()
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
    if (nowMs - this.#greetings.saidMs < BEAT_MS) return
    this.#parts.facts.resume()
    this.#parts.sessions.resume()
    this.#greetings.sayQuietly()
  }

  #forget(node: HeardNode): void {
    this.#nodes.delete(node.id)
    this.#parts.facts.forget(node.id)
    this.#changed()
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
