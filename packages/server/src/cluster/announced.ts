import { type Digest, entrySum } from './digest.js'
import type { Entry } from './replica.js'

/** How many characters of entries one message carries, little enough for every broker; an entry that is longer goes alone. */
export const PAGE_LENGTH = 32_768

/** What others know of a list of this node, once they have heard all that was told of it. */
export interface Announced {
  readonly digest: Digest
  /** Takes over how these entries are now, page by page: each is one change of the list. Texts of `Entry` lists. */
  update(keys: Iterable<string>): readonly { readonly version: number; readonly text: string }[]
  /** The whole list in pages; at least one. */
  pages(): readonly string[]
}

/**
 * Makes an empty one. `read` gives the present value of an entry; undefined: it is not there. An entry is
 * left out where there are `maxEntries` for its key, and `isFull` is told.
 */
export function createAnnounced(
  read: (key: string) => unknown,
  maxEntries: (key: string) => number,
  isFull: () => void,
): Announced {
  /** The texts of the values, as they were told. */
  const sums = new Map<string, number>()
  let version = 0
  let sum = 0
  const take = (key: string): string | undefined => {
    const value = read(key)
    const former = sums.get(key)
    if (value === undefined && former === undefined) return undefined
    if (former === undefined && sums.size >= maxEntries(key)) {
      isFull()
      return undefined
    }
    sum ^= former ?? 0
    if (value === undefined) {
      sums.delete(key)
      return JSON.stringify([key] satisfies Entry)
    }
    const text = JSON.stringify(value)
    const added = entrySum(key, text)
    sums.set(key, added)
    sum ^= added
    return `[${JSON.stringify(key)},${text}]`
  }
  return {
    get digest() {
      return { version, count: sums.size, sum }
    },
    update: (keys) => paged(keys, take).map((text) => ({ version: ++version, text })),
    pages() {
      const pages = paged(sums.keys(), (key) => {
        const value = read(key)
        return value === undefined ? undefined : JSON.stringify([key, value] satisfies Entry)
      })
      return pages.length === 0 ? ['[]'] : pages
    },
  }
}

function paged(keys: Iterable<string>, textOf: (key: string) => string | undefined): readonly string[] {
  const pages: string[] = []
  let page: string[] = []
  let length = 0
  const turn = (): void => {
    if (page.length > 0) pages.push(`[${page.join()}]`)
    page = []
    length = 0
  }
  for (const key of keys) {
    const text = textOf(key)
    if (text === undefined) continue
    if (length + text.length > PAGE_LENGTH) turn()
    page.push(text)
    length += text.length + 1
  }
  turn()
  return pages
}
