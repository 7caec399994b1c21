import type { Socket } from 'node:net'

/** Unwritten bytes from which a socket counts as full; never below its own mark, since `drain` comes only above it. */
const FULL_BYTES = 65_536

/** Who has bytes in a round. */
export interface RoundMember {
  /** Its socket takes no more, until its `drain`. Told while the round is written. */
  filled(): void
}

/**
 * What leaves on many sockets in one turn of the event loop: first all links are handed what they are owed, then all is
 * written, when the code that runs now has come to its end. Were each written to as soon as it was handed to, the system
 * call for one link would drive out of the processor's caches what is needed to hand to the next: with a thousand links
 * that costs as much again as handing to them.
 */
class WriteRound {
  readonly #run = (): void => this.run()
  #sockets: Socket[] = []
  #bytes: Uint8Array[] = []
  #members: RoundMember[] = []
  /** Of the round that is being filled. */
  number = 1

  /** Writes the bytes in this round: once for each member, whose further writes come behind `run`. */
  add(member: RoundMember, socket: Socket, bytes: Uint8Array): void {
    if (this.#sockets.push(socket) === 1) process.nextTick(this.#run)
    this.#bytes.push(bytes)
    this.#members.push(member)
  }

  /** Writes at once what is in the round. */
  run(): void {
    const sockets = this.#sockets
    const bytes = this.#bytes
    const members = this.#members
    this.#sockets = []
    this.#bytes = []
    this.#members = []
    this.number++
    // Nothing of a member but its socket is looked at, unless it is full.
    for (let i = 0; i < sockets.length; i++) {
      const socket = sockets[i]
      const own = bytes[i]
      if (socket === undefined || own === undefined || !socket.writable) continue
      if (!writeTo(socket, own)) members[i]?.filled()
    }
  }
}

/** The one round of the process. */
export const writeRound: Readonly<Pick<WriteRound, 'number' | 'add' | 'run'>> = new WriteRound()

/** Writes to a socket that is writable. False: full until its `drain`. */
export function writeTo(socket: Socket, bytes: Uint8Array): boolean {
  return socket.write(bytes) || socket.writableLength < Math.max(FULL_BYTES, socket.writableHighWaterMark)
}
