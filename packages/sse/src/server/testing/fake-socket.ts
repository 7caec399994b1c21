import { readControl, writeControl } from '../../wire/control.js'
import type { LinkSocket, LinkSocketListener } from '../link-socket.js'

/** A WebSocket whose client is the test. */
export class FakeSocket implements LinkSocket {
  #listener: LinkSocketListener | undefined
  /** Controls as `[letter, data]`, data as text or bytes, in order. */
  readonly got: ([string, Readonly<Record<string, unknown>>] | string | Uint8Array)[] = []
  /** The very objects that were written. */
  readonly buffers: Uint8Array[] = []
  isFull = false
  isPaused = false
  closedBy: { readonly code: number } | 'destroyed' | 'cut' | undefined

  attach(listener: LinkSocketListener): void {
    this.#listener = listener
  }

  write(frames: Uint8Array): boolean {
    if (this.closedBy !== undefined) return false
    this.buffers.push(frames)
    for (const message of messagesOf(frames)) this.got.push(message)
    return !this.isFull
  }

  writeText(text: string): boolean {
    if (this.closedBy !== undefined) return false
    const control = readControl(text)
    this.got.push(control === undefined ? text : [control.letter, control.data])
    return !this.isFull
  }

  setPaused(paused: boolean): void {
    this.isPaused = paused
  }

  close(code: number): void {
    if (this.closedBy !== undefined) return
    this.closedBy = { code }
    setImmediate(() => this.#listener?.closed())
  }

  destroy(): void {
    if (this.closedBy !== undefined) return
    this.closedBy = 'destroyed'
    setImmediate(() => this.#listener?.closed())
  }

  /** The client says a control. */
  say(letter: string, data: object): void {
    this.#listener?.message(writeControl(letter, data))
  }

  /** The client sends this very text or these bytes. */
  send(data: string | Uint8Array): void {
    this.#listener?.message(data)
  }

  drain(): void {
    this.isFull = false
    this.#listener?.drained()
  }

  /** The connection is lost. */
  cut(): void {
    this.closedBy = 'cut'
    this.#listener?.closed()
  }

  /** Data of all controls of this letter. */
  controls(letter: string): Readonly<Record<string, unknown>>[] {
    return this.got.flatMap((entry) => (Array.isArray(entry) && entry[0] === letter ? [entry[1]] : []))
  }

  /** Data messages only. */
  get data(): (string | Uint8Array)[] {
    return this.got.filter((entry): entry is string | Uint8Array => !Array.isArray(entry))
  }
}

/** Takes unmasked frames apart. */
function messagesOf(frames: Uint8Array): (string | Uint8Array)[] {
  const bytes = Buffer.from(frames.buffer, frames.byteOffset, frames.byteLength)
  const messages: (string | Uint8Array)[] = []
  for (let at = 0; at < bytes.length; ) {
    const short = bytes.readUInt8(at + 1)
    const headLength = short < 126 ? 2 : short === 126 ? 4 : 10
    const length =
      short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2))
    const payload = bytes.subarray(at + headLength, at + headLength + length)
    if (payload.length !== length) throw new Error('a frame is cut short')
    messages.push(bytes.readUInt8(at) === 0x81 ? payload.toString('utf8') : new Uint8Array(payload))
    at += headLength + length
  }
  return messages
}
