import { sizeOf } from './text.js'

/** A message of the server, as it is handed to the application. */
export type DownData = string | ArrayBuffer

/** The messages of the server: each is handed over once, in order, in a task of its own (PROTOCOL.md, I2). */
export interface Downlink {
  /** The number of the message that must come next. */
  next(): number
  /** Bytes handed over that the server has not been told of. */
  untoldBytes(): number
  /** Tells the number of the last message handed over, which the server is being told of. */
  tell(): number
  /** Takes the message of a number: a repeat is skipped. False: one is missing before it. */
  take(number: number, data: DownData): boolean
  /** Runs as soon as all that has come is handed over: now, if it is. */
  whenDrained(run: () => void): void
  /** Forgets what was not handed over. */
  drop(): void
}

export function createDownlink(soon: (run: () => void) => void, handOver: (data: DownData) => void): Downlink {
  let waiting: DownData[] = []
  let at = 0
  let next = 1
  let handed = 0
  let untoldBytes = 0
  let drained: (() => void)[] = []

  const hand = () => {
    const data = waiting[at]
    if (data === undefined) return
    at++
    handed++
    untoldBytes += sizeOf(data)
    if (at === waiting.length || at >= 1024) {
      waiting.splice(0, at)
      at = 0
    }
    handOver(data)
    if (waiting.length === 0) for (const run of drained.splice(0)) run()
  }

  return {
    next: () => next,
    untoldBytes: () => untoldBytes,
    tell() {
      untoldBytes = 0
      return handed
    },
    take(number, data) {
      if (number === next) {
        next++
        waiting.push(data)
        soon(hand)
      }
      return number < next
    },
    whenDrained(run) {
      if (waiting.length === 0) run()
      else drained.push(run)
    },
    drop() {
      waiting = []
      drained = []
      at = 0
    },
  }
}
