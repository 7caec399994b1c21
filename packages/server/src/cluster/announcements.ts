import type { Clock } from '../clock/clock.js'
import { type Announced, createAnnounced } from './announced.js'
import { fieldsOf } from './bus.js'
import type { Bus, NodeMessage } from './cluster.js'
import { type Digest, isSameDigest, readDigest, writeDigest } from './digest.js'
import type { ClusterLog } from './drops.js'
import { createReplica, type Entry, type EntryChange, type Replica } from './replica.js'

/*
 * Each node has a list of entries that all others are to know. Changes are told together, a moment after the first of
 * them; each message of changes is one version. A beat of the node says what version its list has, and how it sums up:
 * whoever knows something else asks for the whole list, which all nodes hear, so that a hundred who ask cost one answer.
 * Messages of one node are heard in order: so what is told is what is known, and nothing is older than a beat and an
 * answer where messages were lost.
 */

/** A list of each node that all others know. */
export interface Announcements {
  /** What the others are to know of this node's list when they have heard everything. */
  readonly digest: Digest
  /** An entry of this node is not as before. */
  changed(key: string): void
  /** What is known of another node's list; undefined: nothing was heard of it. */
  of(nodeId: string): ReadonlyMap<string, unknown> | undefined
  /** What is known of all other nodes' lists, by their ids. */
  lists(): Iterable<readonly [nodeId: string, values: ReadonlyMap<string, unknown>]>
  /** Another node is there, and its list is this. */
  compare(nodeId: string, digest: Digest): void
  /** What another node has told counts no more. */
  forget(nodeId: string): void
  /** What was held back while the broker was away can be told. */
  resume(): void
  close(): void
}

/** What a list is made with. */
export interface AnnouncementsParts {
  /** Unlike that of all other lists: the kind of the messages. */
  readonly name: string
  readonly bus: Bus
  readonly clock: Pick<Clock, 'now'>
  readonly after: (delayMs: number, run: () => void) => { cancel(): void }
  readonly log: ClusterLog
  /** False while nothing can be told. */
  readonly isAvailable: () => boolean
  /** An entry of this node, as it is now, as JSON has it; undefined: it is not there. */
  readonly read: (key: string) => unknown
  /** Where the list is nearly full, entries of such keys are left out, so that there is room for the others. */
  readonly isLesser?: (key: string) => boolean
  /** An entry of another node is not as before. Must not throw. */
  readonly heard: EntryChange
}

/** How long changes wait for others that follow, so that they are told together. */
export const GATHER_MS = 50
/** Between two tellings of the whole list; and how often at most another node is asked for its own. */
const FULL_PAUSE_MS = 1_000
const ASK_PAUSE_MS = 500
/** Between two pages of a whole list, at most. */
const PAGE_PAUSE_MS = 10_000
/** The whole list is told again, should anything ever have gone wrong that nobody has thought of. */
const FULL_EVERY_MS = 300_000
/** Entries of one node; what is beyond is not told. Of lesser ones there is only room for as long as it is half full. */
const MAX_ENTRIES = 200_000
const MAX_LESSER_ENTRIES = 100_000

/** Makes the lists of one kind. */
export function createAnnouncements(parts: AnnouncementsParts): Announcements {
  return new KnownLists(parts)
}

interface Known {
  readonly replica: Replica
  askedMs: number
  /** When the last page of a whole list came. */
  heardMs: number
}

class KnownLists implements Announcements {
  readonly #parts: AnnouncementsParts
  readonly #own: Announced
  readonly #others = new Map<string, Known>()
  readonly #dirty = new Set<string>()
  #gathering: { cancel(): void } | undefined
  #full: { cancel(): void } | undefined
  #repeating: { cancel(): void } | undefined
  #toldMs = Number.NEGATIVE_INFINITY
  /** The whole list is being told, page by page: changes wait. */
  #isTelling = false
  #isFull = false
  #isClosed = false

  constructor(parts: AnnouncementsParts) {
    this.#parts = parts
    const maxEntries = (key: string): number => (parts.isLesser?.(key) === true ? MAX_LESSER_ENTRIES : MAX_ENTRIES)
    this.#own = createAnnounced(parts.read, maxEntries, () => this.#warn())
    parts.bus.take(parts.name, (message) => this.#hear(message))
    parts.bus.onMissed(() => this.resume())
    this.#repeat()
  }

  get digest(): Digest {
    return this.#own.digest
  }

  changed(key: string): void {
    this.#dirty.add(key)
    this.#gather()
  }

  of(nodeId: string): ReadonlyMap<string, unknown> | undefined {
    return this.#others.get(nodeId)?.replica.values
  }

  *lists(): Iterable<readonly [nodeId: string, values: ReadonlyMap<string, unknown>]> {
    for (const [nodeId, { replica }] of this.#others) yield [nodeId, replica.values]
  }

  compare(nodeId: string, digest: Digest): void {
    let known = this.#others.get(nodeId)
    if (known === undefined) {
      const { heard } = this.#parts
      const replica = createReplica(heard, MAX_ENTRIES)
      known = { replica, askedMs: Number.NEGATIVE_INFINITY, heardMs: 0 }
      this.#others.set(nodeId, known)
    }
    // A list that has stopped coming is asked for again.
    const isComing = known.replica.isCollecting && this.#parts.clock.now() - known.heardMs < PAGE_PAUSE_MS
    if (!isComing && !isSameDigest(known.replica.digest, digest)) this.#ask(nodeId, known)
  }

  forget(nodeId: string): void {
    const known = this.#others.get(nodeId)
    this.#others.delete(nodeId)
    known?.replica.clear()
  }

  resume(): void {
    if (this.#dirty.size > 0) this.#gather()
  }

  close(): void {
    this.#isClosed = true
    for (const timer of [this.#gathering, this.#full, this.#repeating]) timer?.cancel()
  }

  #gather(): void {
    if (this.#gathering !== undefined || this.#isClosed) return
    this.#gathering = this.#parts.after(GATHER_MS, () => {
      this.#gathering = undefined
      this.#flush()
    })
  }

  /** What cannot be told now stays to be told. */
  #flush(): void {
    const { bus, name, isAvailable } = this.#parts
    if (this.#isTelling || this.#isClosed || !isAvailable()) return
    const changes = this.#own.update(this.#dirty)
    this.#dirty.clear()
    for (const { version, text } of changes) {
      quietly(() => bus.tell('all', name, { type: 'changes', version }, Buffer.from(text)))
    }
  }

  #ask(nodeId: string, known: Known): void {
    const { bus, name, clock } = this.#parts
    if (clock.now() - known.askedMs < ASK_PAUSE_MS) return
    known.askedMs = clock.now()
    quietly(() => bus.tell(nodeId, name, { type: 'ask' }))
  }

  #hear({ from, head, body }: NodeMessage): void {
    const { type, version, page, isLast, digest } = fieldsOf(head)
    if (type === 'ask') return this.#tellFullSoon()
    const known = this.#others.get(from)
    if (known === undefined || typeof version !== 'number') return
    const { replica } = known
    if (type === 'changes') {
      const ahead = version - replica.digest.version
      if (ahead === 1) replica.apply(version, readEntries(body))
      else if (ahead > 1 && !replica.isCollecting) this.#ask(from, known)
      return
    }
    if (type !== 'full' || typeof page !== 'number') return
    if (page === 0) {
      const told = readDigest(digest)
      if (told !== undefined && isSameDigest(told, replica.digest)) return
      replica.begin(version)
    } else if (!replica.isCollecting) return
    known.heardMs = this.#parts.clock.now()
    if (replica.collect(page, readEntries(body)) && isLast === true) replica.replace()
  }

  #tellFullSoon(): void {
    if (this.#full !== undefined || this.#isClosed) return
    const pauseMs = this.#toldMs + FULL_PAUSE_MS - this.#parts.clock.now()
    this.#full = this.#parts.after(Math.max(pauseMs, GATHER_MS), () => {
      this.#full = undefined
      this.#tellFull()
    })
  }

  async #tellFull(): Promise<void> {
    const { bus, name, clock, isAvailable } = this.#parts
    if (this.#isTelling || !isAvailable()) return
    this.#flush()
    this.#isTelling = true
    try {
      const { digest } = this.#own
      const pages = this.#own.pages()
      for (const [page, text] of pages.entries()) {
        if (this.#isClosed) return
        const isLast = page === pages.length - 1
        const head = { type: 'full', version: digest.version, page, isLast, digest: writeDigest(digest) }
        await bus.tell('all', name, head, Buffer.from(text))
      }
    } catch {
      // The broker is away: whoever has asked asks again.
    } finally {
      this.#isTelling = false
      this.#toldMs = clock.now()
      this.resume()
    }
  }

  #repeat(): void {
    this.#repeating = this.#parts.after(FULL_EVERY_MS, () => {
      this.#tellFullSoon()
      this.#repeat()
    })
  }

  #warn(): void {
    if (this.#isFull) return
    this.#isFull = true
    const { log, name } = this.#parts
    log.warn({ list: name, limit: MAX_ENTRIES }, 'other nodes are not told of more than they can know of this one')
  }
}

/** What is lost is seen by the others, and asked for. */
function quietly(tell: () => undefined | Promise<void>): void {
  try {
    tell()?.catch(() => {})
  } catch {
    // The same.
  }
}

function readEntries(body: Uint8Array): readonly Entry[] {
  let entries: unknown
  try {
    entries = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.length).toString())
  } catch {
    // As another version may write it: its digest will not fit, which is all that can be known.
  }
  if (!Array.isArray(entries)) return []
  return entries.flatMap((entry: unknown): readonly Entry[] => {
    if (!Array.isArray(entry)) return []
    const [key, value]: readonly unknown[] = entry
    return typeof key === 'string' ? [entry.length === 1 ? [key] : [key, value]] : []
  })
}
