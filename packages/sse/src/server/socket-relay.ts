import type { LinkSocket, LinkSocketListener } from './link-socket.js'

/**
 * A socket that goes on to another listener than the one it was received by, who tells this object all that it is told.
 * Until the new listener attaches, the client is held back.
 */
export class SocketRelay implements LinkSocket, LinkSocketListener {
  readonly #socket: LinkSocket
  #listener: LinkSocketListener | undefined
  /** What the client had sent when it was held back. */
  #waiting: (Uint8Array | string)[] = []
  #isClosed = false

  constructor(socket: LinkSocket) {
    this.#socket = socket
    socket.setPaused(true)
  }

  attach(listener: LinkSocketListener): void {
    this.#listener = listener
    const waiting = this.#waiting
    const wasClosed = this.#isClosed
    this.#waiting = []
    // Nobody is told anything inside a call of its own.
    queueMicrotask(() => {
      for (const data of waiting) listener.message(data)
      if (wasClosed) listener.closed()
    })
    this.#socket.setPaused(false)
  }

  message(data: Uint8Array | string): void {
    if (this.#listener === undefined) this.#waiting.push(data)
    else this.#listener.message(data)
  }

  drained(): void {
    this.#listener?.drained()
  }

  closed(): void {
    this.#isClosed = true
    this.#listener?.closed()
  }

  write(frames: Uint8Array): boolean {
    return this.#socket.write(frames)
  }

  writeText(text: string): boolean {
    return this.#socket.writeText(text)
  }

  setPaused(paused: boolean): void {
    this.#socket.setPaused(paused)
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason)
  }

  destroy(): void {
    this.#socket.destroy()
  }
}
