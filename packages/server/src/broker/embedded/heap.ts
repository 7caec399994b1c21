/** A binary heap: what has the smallest key comes out first. Both ways cost the logarithm of its size. */
export interface Heap<T> {
  readonly size: number
  push(item: T): void
  peek(): T | undefined
  pop(): T | undefined
  /** All items, in no order. */
  items(): T[]
  /** Keeps only what `isKept` says, once each. */
  sift(isKept: (item: T) => boolean): void
}

/** Makes an empty heap. The key of an item must not change while it is inside. */
export function createHeap<T>(keyOf: (item: T) => number): Heap<T> {
  return new BinaryHeap(keyOf)
}

class BinaryHeap<T> implements Heap<T> {
  readonly #keyOf: (item: T) => number
  #items: T[] = []

  constructor(keyOf: (item: T) => number) {
    this.#keyOf = keyOf
  }

  get size(): number {
    return this.#items.length
  }

  peek(): T | undefined {
    return this.#items[0]
  }

  items(): T[] {
    return [...this.#items]
  }

  push(item: T): void {
    const items = this.#items
    const key = this.#keyOf(item)
    let at = items.length
    items.push(item)
    while (at > 0) {
      const above = (at - 1) >> 1
      const parent = items[above]
      if (parent === undefined || this.#keyOf(parent) <= key) break
      items[at] = parent
      at = above
    }
    items[at] = item
  }

  pop(): T | undefined {
    const items = this.#items
    const first = items[0]
    const last = items.pop()
    if (last !== undefined && items.length > 0) this.#sink(last)
    return first
  }

  sift(isKept: (item: T) => boolean): void {
    // In order, an array is a heap.
    const kept = [...new Set(this.#items)].filter(isKept)
    this.#items = kept.sort((a, b) => this.#keyOf(a) - this.#keyOf(b))
  }

  /** Puts `item` in the place of the first one. */
  #sink(item: T): void {
    const items = this.#items
    const key = this.#keyOf(item)
    let at = 0
    for (;;) {
      const left = items[2 * at + 1]
      if (left === undefined) break
      const right = items[2 * at + 2]
      const isRight = right !== undefined && this.#keyOf(right) < this.#keyOf(left)
      const child = isRight ? right : left
      if (this.#keyOf(child) >= key) break
      items[at] = child
      at = 2 * at + (isRight ? 2 : 1)
    }
    items[at] = item
  }
}
