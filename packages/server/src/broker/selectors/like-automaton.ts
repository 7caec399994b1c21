/** One character of a LIKE pattern that is no `%`; undefined for `_`. */
export type Piece = string | undefined

/**
 * Makes the test for any LIKE pattern: a set of the places in the pattern that the text read so far can have led to. Bit n
 * is the place before piece n. A character moves each place whose piece it fits to the next one, 32 places at once, and
 * a place at a `%` stays too (the Shift-And algorithm). Nothing is ever tried again: the steps are the characters of the
 * text, times one for each 32 pieces of the pattern begun.
 *
 * @param gaps the places at which a `%` stands
 */
export function createAutomaton(pieces: readonly Piece[], gaps: ReadonlySet<number>): (text: string) => boolean {
  const table = createTable(pieces, gaps)
  return table.size === 1 ? createNarrowTest(table) : createWideTest(table)
}

/** Sets of places are rows of `size` words with 32 bits each. */
interface Table {
  readonly size: number
  /** The places at a `%`. */
  readonly staying: Int32Array
  /** Rows end to end, one for each character of the pattern and the first for all other characters: the places it moves. */
  readonly moving: Int32Array
  /** Where the row of a character begins, by code point; those of ASCII apart, since most texts are of them. */
  readonly rowStarts: ReadonlyMap<number, number>
  readonly asciiRowStarts: Int32Array
  /** The bit of the place behind all pieces, in the last word. */
  readonly end: number
  /** True if the pattern ends with `%`: who comes to the end stays there. */
  readonly isOpen: boolean
}

function createTable(pieces: readonly Piece[], gaps: ReadonlySet<number>): Table {
  const size = (pieces.length >>> 5) + 1
  const rowOf = (isWanted: (place: number) => boolean): number[] => {
    const row = new Array<number>(size).fill(0)
    for (let place = 0; place <= pieces.length; place++) {
      if (isWanted(place)) row[place >>> 5] = (row[place >>> 5] ?? 0) | (1 << (place & 31))
    }
    return row
  }
  const letters = [...new Set(pieces)].filter((piece) => piece !== undefined)
  const rows = [undefined, ...letters].map((letter) =>
    rowOf((place) => place < pieces.length && (pieces[place] === undefined || pieces[place] === letter)),
  )
  const rowStarts = new Map(letters.map((letter, i) => [letter.codePointAt(0) ?? 0, (i + 1) * size]))
  return {
    size,
    staying: Int32Array.from(rowOf((place) => gaps.has(place))),
    moving: Int32Array.from(rows.flat()),
    rowStarts,
    asciiRowStarts: Int32Array.from({ length: 128 }, (_, code) => rowStarts.get(code) ?? 0),
    end: 1 << (pieces.length & 31),
    isOpen: gaps.has(pieces.length),
  }
}

/** For up to 31 pieces: all places are one number, which measured twice as fast as the general test. */
function createNarrowTest({
  staying,
  moving,
  rowStarts,
  asciiRowStarts,
  end,
  isOpen,
}: Table): (text: string) => boolean {
  const stay = staying[0] ?? 0
  return (text) => {
    let places = 1
    for (let at = 0; at < text.length; at++) {
      const code = text.codePointAt(at) ?? 0
      if (code > 0xffff) at++
      const row = (code < 128 ? asciiRowStarts[code] : rowStarts.get(code)) ?? 0
      places = ((places & (moving[row] ?? 0)) << 1) | (places & stay)
      if (places === 0) return false
      if (isOpen && (places & end) !== 0) return true
    }
    return (places & end) !== 0
  }
}

function createWideTest(table: Table): (text: string) => boolean {
  const { size, staying, moving, rowStarts, asciiRowStarts, end, isOpen } = table
  // Shared by all calls: none begins while another runs.
  const places = new Int32Array(size)
  return (text) => {
    places.fill(0)
    places[0] = 1
    for (let at = 0; at < text.length; at++) {
      const code = text.codePointAt(at) ?? 0
      if (code > 0xffff) at++
      const row = (code < 128 ? asciiRowStarts[code] : rowStarts.get(code)) ?? 0
      let carry = 0
      let any = 0
      for (let i = 0; i < size; i++) {
        const before = places[i] ?? 0
        const moved = before & (moving[row + i] ?? 0)
        const after = (moved << 1) | carry | (before & (staying[i] ?? 0))
        carry = moved >>> 31
        places[i] = after
        any |= after
      }
      if (any === 0) return false
      if (isOpen && ((places[size - 1] ?? 0) & end) !== 0) return true
    }
    return ((places[size - 1] ?? 0) & end) !== 0
  }
}
