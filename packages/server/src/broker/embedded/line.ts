/** Those who wait for their turn, each once, first come first served. Every step costs the same, however many wait. */
export interface Line<T> {
  readonly size: number
  /** Puts in at the end; one that stands in line already keeps its place. */
  add(item: T): void
  /** Takes out the first. */
  shift(): T | undefined
  /** Takes one out, wherever it stands. */
  delete(item: T): void
}

/** Makes an empty line. A Set would do, but looking for its first item costs all that were deleted before it. */
export function createLine<T>(): Line<T> {
  const places = new Map<T, number>()
  let line: { readonly item: T; readonly place: number }[] = []
  let first = 0
  let lastPlace = 0
  return {
    get size() {
      return places.size
    },
    add(item) {
      if (places.has(item)) return
      places.set(item, ++lastPlace)
      line.push({ item, place: lastPlace })
      if (line.length < 2 * places.size + 64) return
      line = line.filter((each, i) => i >= first && places.get(each.item) === each.place)
      first = 0
    },
    shift() {
      for (let next = line[first]; next !== undefined; next = line[first]) {
        first++
        const { item, place } = next
        if (places.get(item) !== place) continue
        places.delete(item)
        return item
      }
      return undefined
    },
    delete(item) {
      places.delete(item)
    },
  }
}
