import { createDecoder, type Decoder, type Frame, VERSIONS, type Version } from '@hoofbeat/codec'
import type { ClosedWith } from './carrier.js'
import { Expectation } from './expectation.js'
import { allInWords, endInWords } from './frame-words.js'
import { everyChance, type Patience } from './patience.js'
import { ServerRefusal } from './server-refusal.js'

/** What somebody waits for. */
export interface Awaited {
  /** In words, as in 'a RECEIPT'. */
  readonly what: string
  readonly fits: (frame: Frame) => boolean
  /** A MESSAGE that says that it will not come. @default there is none */
  readonly isRefusal?: (frame: Frame) => boolean
}

/** What a test client has received, in order, until the test asks for it. */
export interface Inbox {
  /** Version of the frames that are read from now on. CONNECTED sets it. */
  version: Version
  readonly heartBeats: number
  /** What has come and was not asked for yet. */
  readonly unread: readonly Frame[]
  bytes(data: Uint8Array): void
  heartBeat(): void
  closed(ending: ClosedWith): void
  /** The test itself ends the connection. */
  closeByTest(): void
  has(fits: (frame: Frame) => boolean): boolean
  /**
   * The first frame that fits; of several that wait for the same the first one that was asked for gets it. Rejects with a
   * {@link ServerRefusal} where an ERROR has come, and with an Error where the connection has ended, or nothing that fits
   * comes although the server has had every chance.
   */
  expect(awaited: Awaited): Expectation<Frame>
  /** The ERROR. Rejects as `expect` does. */
  error(): Expectation<ServerRefusal>
  /** How the connection has ended. Rejects where it has not. */
  ending(): Expectation<ClosedWith>
  /** Rejects if something comes that fits, or the connection ends. */
  expectNone(fits: (frame: Frame) => boolean, withinMs: number): Promise<void>
}

/** What an inbox is made with. */
export interface InboxParts {
  readonly patience: Patience
  /** Called when CONNECTED arrives. */
  readonly connected: (frame: Frame) => void
  /** Said where nothing comes. */
  readonly hint: () => string
}

/** Makes an empty inbox. */
export function createInbox(parts: InboxParts): Inbox {
  return new FrameInbox(parts)
}

interface Waiter extends Awaited {
  /** Gives what has come, or throws why it will not. */
  settle: (() => Frame) | undefined
}

/** A test may look at whatever the server is able to send. */
const MAX_BODY_BYTES = 1024 * 1024 * 1024

class FrameInbox implements Inbox {
  heartBeats = 0
  readonly #parts: InboxParts
  readonly #decoder: Decoder = createDecoder({ from: 'server', limits: { maxBodyBytes: MAX_BODY_BYTES } })
  readonly #frames: Frame[] = []
  readonly #waiters = new Set<Waiter>()
  #error: Frame | undefined
  #ending: ClosedWith | undefined
  #isClosedByTest = false
  /** What the server has sent is no STOMP. */
  #fault: unknown
  /** The test knows that the connection has ended. */
  #isEndTold = false

  constructor(parts: InboxParts) {
    this.#parts = parts
  }

  get version(): Version {
    return this.#decoder.version
  }

  set version(version: Version) {
    this.#decoder.version = version
  }

  get unread(): readonly Frame[] {
    return [...this.#frames]
  }

  bytes(data: Uint8Array): void {
    if (this.#fault !== undefined) return
    // What is thrown here would be thrown into the server's write.
    try {
      this.#decoder.push(data)
      for (let next = this.#decoder.next(); next !== undefined; next = this.#decoder.next()) {
        if (next === 'heart-beat') this.heartBeats++
        else this.#add(next)
      }
    } catch (error) {
      this.#fault = error
      this.#settleAll()
    }
  }

  heartBeat(): void {
    this.heartBeats++
  }

  closed(ending: ClosedWith): void {
    this.#ending ??= ending
    this.#settleAll()
  }

  closeByTest(): void {
    this.#isClosedByTest = true
    this.#isEndTold = true
  }

  has(fits: (frame: Frame) => boolean): boolean {
    return this.#frames.some(fits)
  }

  expect(awaited: Awaited): Expectation<Frame> {
    const waiter: Waiter = { ...awaited, settle: undefined }
    this.#waiters.add(waiter)
    const frame = this.#remove(waiter.fits)
    if (frame !== undefined) this.#settle(waiter, () => frame)
    else this.#settleAll()
    return new Expectation(async () => {
      const settle = await this.#parts.patience.until(() => waiter.settle)
      this.#waiters.delete(waiter)
      if (settle === undefined) throw this.#missing(waiter.what)
      return settle()
    })
  }

  error(): Expectation<ServerRefusal> {
    const what = 'an ERROR'
    return new Expectation(async () => {
      const isOver = (): true | undefined => this.#error !== undefined || this.#isOver || undefined
      if ((await this.#parts.patience.until(isOver)) === undefined) throw this.#missing(what)
      if (this.#error === undefined) throw this.#endFor(what)
      return this.#refusalFor(what, this.#error)
    })
  }

  ending(): Expectation<ClosedWith> {
    return new Expectation(async () => {
      const ending = await this.#parts.patience.until(() => this.#ending)
      if (ending === undefined) throw this.#missing('the end of the connection')
      this.#isEndTold = true
      return ending
    })
  }

  async expectNone(fits: (frame: Frame) => boolean, withinMs: number): Promise<void> {
    await everyChance()
    if (withinMs > 0) await this.#parts.patience.until(() => this.has(fits) || undefined, withinMs)
    const came = this.#frames.filter(fits)
    if (came.length > 0) throw new Error(`Nothing was expected, but there came ${allInWords(came)}.`)
    if (this.#ending !== undefined && !this.#isEndTold) {
      throw new Error(`Nothing was expected to happen. ${this.#endInWords(this.#ending)}`)
    }
  }

  #add(frame: Frame): void {
    if (frame.command === 'CONNECTED') {
      // At once: frames of the agreed version may follow in the same chunk. STOMP 1.0 need not name it.
      const version = frame.headers.get('version')
      this.version = VERSIONS.find((known) => known === version) ?? '1.0'
      this.#parts.connected(frame)
    }
    if (frame.command === 'ERROR') this.#error = frame
    this.#frames.push(frame)
    for (const waiter of this.#waiters) {
      if (!waiter.fits(frame)) continue
      this.#remove(waiter.fits)
      this.#settle(waiter, () => frame)
      break
    }
    this.#settleAll()
  }

  #settle(waiter: Waiter, settle: () => Frame): void {
    this.#waiters.delete(waiter)
    waiter.settle = settle
    this.#parts.patience.stir()
  }

  /** Behind an ERROR nothing comes, nor behind the end; and some are refused softly. */
  #settleAll(): void {
    this.#parts.patience.stir()
    for (const waiter of this.#waiters) {
      const { what, isRefusal } = waiter
      const refusal = isRefusal && this.#frames.find(isRefusal)
      const error = this.#error
      const reason =
        (refusal && (() => new ServerRefusal(refusal, what))) ??
        (error && (() => this.#refusalFor(what, error))) ??
        (this.#isOver ? () => this.#endFor(what) : undefined)
      if (reason === undefined) continue
      this.#settle(waiter, () => {
        throw reason()
      })
    }
  }

  #remove(fits: (frame: Frame) => boolean): Frame | undefined {
    const index = this.#frames.findIndex(fits)
    if (index < 0) return undefined
    const [frame] = this.#frames.splice(index, 1)
    if (frame?.command === 'ERROR') this.#isEndTold = true
    return frame
  }

  get #isOver(): boolean {
    return this.#fault !== undefined || this.#ending !== undefined
  }

  /** The ERROR was told to the test, and the end with it. */
  #refusalFor(what: string, error: Frame): ServerRefusal {
    this.#remove((frame) => frame === error)
    this.#isEndTold = true
    return new ServerRefusal(error, what)
  }

  /** The end was told to the test. */
  #endFor(what: string): Error {
    this.#isEndTold = true
    const text = `${capital(what)} did not come`
    if (this.#fault !== undefined) {
      return new Error(`${text}: what the server has sent is no STOMP.`, { cause: this.#fault })
    }
    const end = this.#ending === undefined ? '' : ` ${this.#endInWords(this.#ending)}`
    return new Error(`${text}.${end}${this.#unreadInWords()}`)
  }

  #missing(what: string): Error {
    const { ms } = this.#parts.patience
    const chance = ms === 0 ? 'the server has had every chance' : `the server has had every chance, and ${ms} ms`
    const text = `${capital(what)} did not come, although ${chance}. The connection is open.`
    return new Error(`${text}${this.#unreadInWords()}${this.#parts.hint()}`)
  }

  #unreadInWords(): string {
    return this.#frames.length === 0 ? ' Nothing else came.' : ` There came instead: ${allInWords(this.#frames)}.`
  }

  #endInWords(ending: ClosedWith): string {
    return this.#isClosedByTest ? 'The test has closed the client.' : endInWords(ending)
  }
}

const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`
