/**
 * The headers of a frame: an ordered list in which a name may come again. Then the first entry is the one that counts,
 * the others are its history (STOMP 1.2, "Repeated Header Entries"). Names are case sensitive. Never changes.
 */
export interface Headers extends Iterable<[name: string, value: string]> {
  /** Number of entries, repeats counted. */
  readonly size: number
  /** All entries in wire order as `[name, value, name, value, ...]`: the cheap way to walk them. Not to be changed. */
  readonly flat: readonly string[]
  /** The value of the first entry of this name. */
  get(name: string): string | undefined
  /** The values of all entries of this name, in order; empty when there is none. */
  getAll(name: string): string[]
  has(name: string): boolean
  /** A new object without prototype; of a repeated name the first value. */
  toObject(): Record<string, string>
}

/** What headers can be made of. An object gives its own enumerable properties in their order. */
export type HeadersInit = Headers | Readonly<Record<string, string>> | Iterable<readonly [string, string]>

/** The one implementation. A flat list costs a frame one array; an object is made only for who asks for it. */
export class FlatHeaders implements Headers {
  readonly flat: readonly string[]

  constructor(flat: readonly string[]) {
    this.flat = flat
  }

  get size(): number {
    return this.flat.length / 2
  }

  get(name: string): string | undefined {
    const { flat } = this
    for (let i = 0; i < flat.length; i += 2) if (flat[i] === name) return flat[i + 1]
    return undefined
  }

  getAll(name: string): string[] {
    return [...this].filter(([key]) => key === name).map(([, value]) => value)
  }

  has(name: string): boolean {
    return this.get(name) !== undefined
  }

  toObject(): Record<string, string> {
    const object: Record<string, string> = Object.create(null)
    for (const [name, value] of this) object[name] ??= value
    return object
  }

  *[Symbol.iterator](): Iterator<[name: string, value: string]> {
    const { flat } = this
    for (let i = 0; i < flat.length; i += 2) yield [flat[i] ?? '', flat[i + 1] ?? '']
  }
}

/** Headers out of an object, of pairs, or of other headers (which are returned as they are). */
export function createHeaders(init: HeadersInit = []): Headers {
  if (init instanceof FlatHeaders) return init
  const flat: string[] = []
  if (Symbol.iterator in init) for (const [name, value] of init) flat.push(name, value)
  else for (const name of Object.keys(init)) flat.push(name, init[name] ?? '')
  return new FlatHeaders(flat)
}

/**
 * Headers over a ready list `[name, value, name, value, ...]`, which is not copied: do not change it afterwards.
 *
 * @throws RangeError when a name has no value
 */
export function headersFromFlat(flat: readonly string[]): Headers {
  if (flat.length % 2 !== 0) throw new RangeError('a flat list of headers has a value for each name')
  return new FlatHeaders(flat)
}
