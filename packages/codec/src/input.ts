import { adopt, allocate } from './bytes.js'

const EMPTY = new Uint8Array(0)
const LEAST_CAPACITY = 1024

/**
 * The bytes that were pushed and not yet consumed, always in one piece.
 *
 * A chunk that comes when nothing is left over is not copied: a view of it is kept until it is consumed. What comes on
 * top of a rest is appended to a buffer of our own. That buffer grows by doubling what it must carry over, so each byte
 * is copied a bounded number of times at any cut; it is only ever written behind its last byte, so views of what was
 * consumed stay true; and it is let go when all of it is consumed, so an idle stream holds nothing.
 */
export class Input {
  bytes: Uint8Array = EMPTY
  /** Index in `bytes` of the first byte not consumed. */
  start = 0
  /** Index in `bytes` past the last byte pushed. */
  end = 0
  /** How many bytes of the stream lie before `bytes[0]`. */
  origin = 0

  push(chunk: Uint8Array): void {
    const added = chunk.length
    if (added === 0) return
    const held = this.end - this.start
    if (held === 0) {
      this.bytes = adopt(chunk)
      this.end = added
      return
    }
    // A chunk of somebody else is always full.
    if (this.bytes.length < this.end + added) this.#move(held, added)
    const { bytes, end } = this
    // The call of a native copy costs more than a few bytes copied by hand.
    if (added < 32) for (let i = 0; i < added; i++) bytes[end + i] = chunk[i] ?? 0
    else bytes.set(chunk, end)
    this.end = end + added
  }

  /** `to`: index in `bytes` of the first byte that is still wanted. */
  consume(to: number): void {
    if (to < this.end) this.start = to
    else this.clear()
  }

  clear(): void {
    this.origin += this.end
    this.bytes = EMPTY
    this.start = 0
    this.end = 0
  }

  #move(held: number, added: number): void {
    const bytes = allocate(Math.max(LEAST_CAPACITY, held * 2, held + added))
    bytes.set(this.bytes.subarray(this.start, this.end))
    this.origin += this.start
    this.bytes = bytes
    this.start = 0
    this.end = held
  }
}
