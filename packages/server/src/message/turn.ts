import { arrayFrame, encodeSockJsFrame } from './sockjs-frames.js'
import type { WireForm, WireFrame } from './wire-frame.js'

export type { WireForm } from './wire-frame.js'

/**
 * The ordered frames that one connection is owed at the end of one turn of the event loop. A turn is immutable and
 * grows by `append`, which gives the **same** object to everybody who appends the same frame to the same turn: so
 * connections that are owed equal frames share one turn, and the bytes are joined once for all of them.
 */
export interface Turn {
  /** Number of frames. */
  readonly count: number
  /** What all frames together count against bounds: their payload bytes, and a little for messages that may be empty. */
  readonly byteLength: number
  /** This turn and one frame more. */
  append(frame: WireFrame): Turn
  /** All bytes in one piece; made once for each form and shared: do not change them. */
  bytes(form: WireForm): Uint8Array
  /** The frames one by one, for carriers that keep their boundaries. */
  frames(): WireFrame[]
}

/** The turn with nothing in it, from which others grow. A new one for each turn of the loop, else nothing is ever freed. */
export function createTurn(): Turn {
  return new GrowingTurn(undefined, undefined)
}

/**
 * Beyond this number of different successors new ones are not remembered; and after as many more that were not among
 * them in a row, only the last one is looked at: where all differ, nothing can be shared.
 */
const MAX_SUCCESSORS = 32

class GrowingTurn implements Turn {
  readonly count: number
  readonly byteLength: number
  readonly #before: GrowingTurn | undefined
  readonly #frame: WireFrame | undefined
  #lastFrame: WireFrame | undefined
  #lastTurn: GrowingTurn | undefined
  #successors: Map<WireFrame, GrowingTurn> | undefined
  /** How many in a row were not remembered any more. */
  #misses = 0
  #websocket: Uint8Array | undefined
  #stream: Uint8Array | undefined
  /** The other forms. */
  #others: Map<WireForm, Uint8Array> | undefined

  constructor(before: GrowingTurn | undefined, frame: WireFrame | undefined) {
    this.#before = before
    this.#frame = frame
    this.count = before === undefined ? 0 : before.count + 1
    this.byteLength = (before?.byteLength ?? 0) + (frame?.weight ?? 0)
  }

  append(frame: WireFrame): Turn {
    if (this.#lastFrame === frame && this.#lastTurn !== undefined) return this.#lastTurn
    const known = this.#misses > MAX_SUCCESSORS ? undefined : this.#successors?.get(frame)
    const turn = known ?? new GrowingTurn(this, frame)
    if (known === undefined) this.#remember(frame, turn)
    else this.#misses = 0
    this.#lastFrame = frame
    this.#lastTurn = turn
    return turn
  }

  #remember(frame: WireFrame, turn: GrowingTurn): void {
    if (this.#lastFrame === undefined || this.#lastTurn === undefined) return
    this.#successors ??= new Map([[this.#lastFrame, this.#lastTurn]])
    if (this.#successors.size < MAX_SUCCESSORS) this.#successors.set(frame, turn)
    else this.#misses++
  }

  bytes(form: WireForm): Uint8Array {
    switch (form) {
      case 'websocket':
        this.#websocket ??= join(this.frames(), 'websocket')
        return this.#websocket
      case 'stream':
        this.#stream ??= join(this.frames(), 'stream')
        return this.#stream
      default:
        return this.#otherBytes(form)
    }
  }

  #otherBytes(form: WireForm): Uint8Array {
    this.#others ??= new Map()
    const known = this.#others.get(form)
    if (known !== undefined) return known
    const bytes = join(this.frames(), form)
    this.#others.set(form, bytes)
    return bytes
  }

  frames(): WireFrame[] {
    const frames: WireFrame[] = []
    for (let turn: GrowingTurn | undefined = this; turn !== undefined; turn = turn.#before) {
      if (turn.#frame !== undefined) frames.push(turn.#frame)
    }
    return frames.reverse()
  }
}

function join(frames: readonly WireFrame[], form: WireForm): Uint8Array {
  const [only] = frames
  if (only !== undefined && frames.length === 1) return only.bytes(form)
  switch (form) {
    case 'sockjs-websocket':
    case 'sockjs-line':
    case 'sockjs-event':
    case 'sockjs-script':
      // One SockJS frame holds all messages of a turn.
      return encodeSockJsFrame(arrayFrame(frames), form)
  }
  let size = 0
  for (const frame of frames) size += frame.size(form)
  const bytes = Buffer.allocUnsafe(size)
  let end = 0
  for (const frame of frames) end = frame.write(bytes, end, form)
  return bytes
}
