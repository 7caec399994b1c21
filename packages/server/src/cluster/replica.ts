import { type Digest, EMPTY_DIGEST, entrySum } from './digest.js'

/** An entry of another node's list, before and after; undefined: it was or is not there. */
export type EntryChange = (key: string, value: unknown, former: unknown) => void

/** An entry and its value, or its key only: it is not there any more. */
export type Entry = readonly [key: string, value?: unknown]

/** What this node knows of a list of another node. */
export interface Replica {
  readonly values: ReadonlyMap<string, unknown>
  readonly digest: Digest
  /** True while a whole list is on its way. */
  readonly isCollecting: boolean
  /** One change, the next one after the last. */
  apply(version: number, entries: readonly Entry[]): void
  /** A whole list is to come, in place of what is known. */
  begin(version: number): void
  /** A part of it. False: there was no beginning, or a part is missing. */
  collect(page: number, entries: readonly Entry[]): boolean
  /** It is complete. */
  replace(): void
  /** Nothing is known any more. */
  clear(): void
}

/** Makes an empty replica; `changed` is told of each entry that is not as before. */
export function createReplica(changed: EntryChange, maxEntries: number): Replica {
  return new KnownList(changed, maxEntries)
}

class KnownList implements Replica {
  readonly values = new Map<string, unknown>()
  readonly #changed: EntryChange
  readonly #maxEntries: number
  #version = EMPTY_DIGEST.version
  #sum = EMPTY_DIGEST.sum
  #coming: { readonly version: number; readonly values: Map<string, unknown>; pages: number } | undefined

  constructor(changed: EntryChange, maxEntries: number) {
    this.#changed = changed
    this.#maxEntries = maxEntries
  }

  get digest(): Digest {
    return { version: this.#version, count: this.values.size, sum: this.#sum }
  }

  get isCollecting(): boolean {
    return this.#coming !== undefined
  }

  apply(version: number, entries: readonly Entry[]): void {
    for (const [key, value] of entries) this.#set(key, value)
    this.#version = version
  }

  begin(version: number): void {
    this.#coming = { version, values: new Map(), pages: 0 }
  }

  collect(page: number, entries: readonly Entry[]): boolean {
    const coming = this.#coming
    if (coming?.pages !== page) {
      this.#coming = undefined
      return false
    }
    for (const [key, value] of entries) if (coming.values.size < this.#maxEntries) coming.values.set(key, value)
    coming.pages++
    return true
  }

  replace(): void {
    const coming = this.#coming
    if (coming === undefined) return
    this.#coming = undefined
    for (const key of [...this.values.keys()]) if (!coming.values.has(key)) this.#set(key, undefined)
    for (const [key, value] of coming.values) this.#set(key, value)
    this.#version = coming.version
  }

  clear(): void {
    this.#coming = undefined
    for (const key of [...this.values.keys()]) this.#set(key, undefined)
    this.#version = EMPTY_DIGEST.version
  }

  #set(key: string, value: unknown): void {
    const former = this.values.get(key)
    if (former === undefined && (value === undefined || this.values.size >= this.#maxEntries)) return
    if (former !== undefined) this.#sum ^= entrySum(key, JSON.stringify(former))
    if (value === undefined) this.values.delete(key)
    else {
      this.values.set(key, value)
      this.#sum ^= entrySum(key, JSON.stringify(value))
    }
    this.#changed(key, value, former)
  }
}
