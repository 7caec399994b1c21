/** What a message carries: text and binary bodies are mixed. */
export type Content = string | Uint8Array

/** Texts that something on the way might change: line ends, NUL, the mark of control messages, beyond the first plane. */
const TAILS = ['', 'a\rb\nc\r\nd', '\u0000', '\u0001k{}', 'Grüße, 世界 🐎', 'data: x\n\nevent: k\n', '"\\', ' \t ']

/** The content of message `number` of a direction: the same on both sides, so that every byte can be checked. */
export function contentOf(number: number): Content {
  if (number % 3 === 0) {
    const bytes = new Uint8Array(4 + ((number * 31) % 300))
    new DataView(bytes.buffer).setUint32(0, number)
    for (let at = 4; at < bytes.length; at++) bytes[at] = at * number
    return bytes
  }
  return `${number}:${TAILS[number % TAILS.length]}${'.'.repeat((number * 17) % 150)}`
}

/** What came of one direction, checked as it comes: none lost, none twice, none out of order, none changed. */
export class Tally {
  /** When each message came, in ms since the epoch; message 1 first. */
  readonly atMs: number[] = []
  /** What was wrong, the first few of it. */
  readonly faults: string[] = []

  take(content: Content): void {
    const due = this.atMs.length + 1
    this.atMs.push(nowMs())
    const number = numberOf(content)
    if (number !== due) this.#blame(`message ${number} came where ${due} was due`)
    else if (!isSame(content, contentOf(number))) this.#blame(`message ${number} was changed on the way`)
  }

  #blame(fault: string): void {
    if (this.faults.length < 10) this.faults.push(fault)
  }
}

/** Sends `count` messages over a time, evenly; tells when each was sent. */
export class Pace {
  readonly atMs: number[] = []
  readonly #timer: ReturnType<typeof setInterval>
  readonly #send: (number: number) => void

  constructor(count: number, durationMs: number, send: (number: number) => void) {
    const beginMs = nowMs()
    this.#send = send
    this.#timer = setInterval(() => {
      const due = Math.min(count, Math.ceil(((nowMs() - beginMs) / durationMs) * count))
      while (this.atMs.length < due) this.sendNow()
      if (due === count) this.stop()
    }, 15)
  }

  /** Sends the next one, whether it is due or not. */
  sendNow(): void {
    this.atMs.push(nowMs())
    this.#send(this.atMs.length)
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}

/** One clock for all processes of this machine, finer than a millisecond. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now()
}

function numberOf(content: Content): number {
  if (typeof content === 'string') return Number.parseInt(content, 10)
  return new DataView(content.buffer, content.byteOffset).getUint32(0)
}

function isSame(one: Content, other: Content): boolean {
  if (typeof one === 'string' || typeof other === 'string') return one === other
  return one.length === other.length && one.every((byte, at) => byte === other[at])
}
