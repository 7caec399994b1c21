import type { CarrierSocket, Sign, Surroundings } from '../../src/client/surroundings.js'
import { areSame, contentOf, shown } from './contents.js'
import type { Content } from './frames.js'
import type { ClientLink, Halves } from './halves.js'
import type { ServerSide, SideParts } from './server-side.js'
import { createFetch } from './virtual-fetch.js'
import type { VirtualNetwork } from './virtual-network.js'
import type { RequestHost } from './virtual-request.js'
import { openSocket, type SocketHost } from './virtual-socket.js'

export interface PageParts extends SideParts {
  readonly halves: Halves
  readonly network: VirtualNetwork
  readonly memory: Map<string, string>
  host(): SocketHost & RequestHost
  /** Puts something of a script between the page and the network. */
  readonly wrapFetch?: (fetch: typeof globalThis.fetch) => typeof globalThis.fetch
  /** Told once, when its link has ended. */
  ended(page: Page): void
}

/** One client object and the application on it. */
export class Page {
  readonly name: string
  readonly sent: Content[] = []
  got = 0
  isOpen = false
  /** What the application closed it with. */
  closing: number | undefined
  closed: { readonly code: number; readonly reason: string } | undefined
  /** The page itself is no more. */
  hasLeft = false
  side: ServerSide | undefined
  readonly openedMs: number
  readonly #parts: PageParts
  readonly #link: ClientLink
  readonly #watchers = new Set<(sign: Sign) => void>()
  #owed = 0
  #locksLeft = 4

  constructor(name: string, parts: PageParts) {
    this.name = name
    this.#parts = parts
    this.openedMs = parts.scheduler.now
    const link = parts.halves.createHttpLink(
      'https://server.example/stomp',
      { protocols: ['v12.stomp'] },
      this.#surroundings(),
    )
    this.#link = link
    link.binaryType = 'arraybuffer'
    link.onopen = () => this.#opened()
    link.onmessage = (event: { readonly data: unknown }) => this.#message(event.data)
    link.onrungchange = (event: { readonly rung: string }) => {
      parts.journal.trace(() => `${name} is carried by ${event.rung}`)
      parts.journal.count(parts.journal.events, `changed to ${event.rung}`)
    }
    link.onclose = (event: { readonly code: number; readonly reason: string }) => this.#closed(event.code, event.reason)
    parts.journal.trace(() => `${name} is there`)
    parts.journal.totals.links++
  }

  get bufferedAmount(): number {
    return this.#link.bufferedAmount
  }

  /** The link is there, for all that its application knows. */
  get isAlive(): boolean {
    return this.closed === undefined && this.closing === undefined && !this.hasLeft
  }

  send(count: number): void {
    if (!this.isAlive) return
    this.#owed += count
    if (this.isOpen) this.#flush()
  }

  close(code: number): void {
    if (!this.isAlive) return
    this.closing = code
    this.#parts.journal.trace(() => `${this.name} closes with ${code} behind message ${this.sent.length}`)
    this.#parts.journal.guard('close', () => this.#link.close(code, 'the page ends it'))
  }

  /** The browser tells of something. */
  tell(sign: Sign): void {
    this.#parts.journal.trace(() => `${this.name} is told ${sign}`)
    for (const told of [...this.#watchers]) this.#parts.journal.guard(`sign ${sign}`, () => told(sign))
  }

  /** The user goes elsewhere. */
  leave(): void {
    if (this.hasLeft) return
    this.tell('left')
    if (this.closed === undefined && this.isOpen) this.#parts.journal.violate('a link went on when its page was left')
    this.hasLeft = true
    this.#parts.scheduler.forget(this.name)
    this.#parts.scheduler.forget(`${this.name}.arrivals`)
    this.#parts.network.leave(this.name)
  }

  accepted(side: ServerSide): void {
    if (this.side !== undefined && !this.side.isLost) this.#parts.journal.violate(`${this.name} has two links`)
    else if (this.side !== undefined) this.#parts.journal.violate(`${this.name} goes on with a link of another process`)
    this.side = side
  }

  serverClosed(side: ServerSide): void {
    const code = side.ended?.code
    const { journal } = this.#parts
    journal.count(journal.closeCodes, `server ${code}`)
    if (code === 4400) journal.violate('the server found the client at fault')
    if (code !== undefined && code === this.closing && side.got !== this.sent.length) {
      journal.violate(
        `I4: the server is told that the client closed, and has ${side.got} of ${this.sent.length} messages`,
      )
    }
  }

  #opened(): void {
    const { journal } = this.#parts
    journal.trace(() => `${this.name} opens`)
    if (this.isOpen || this.closed !== undefined) return journal.violate('open was told twice or after close')
    this.isOpen = true
    this.#flush()
  }

  #message(data: unknown): void {
    const { journal, chance } = this.#parts
    if (!this.isOpen) return journal.violate('a message came before open')
    if (this.closed !== undefined) return journal.violate('a message came after close')
    if (typeof data !== 'string' && !(data instanceof ArrayBuffer))
      return journal.violate(`a message is a ${typeof data}`)
    const content = typeof data === 'string' ? data : new Uint8Array(data)
    const number = ++this.got
    const expected = this.side?.sent[number - 1]
    journal.totals.down++
    journal.count(journal.events, `down by ${this.#link.rung ?? 'none'}`)
    journal.trace(() => `${this.name} takes down ${number} ${shown(content)}`)
    if (expected === undefined) return journal.violate(`down message ${number} was never sent: ${shown(content)}`)
    if (!areSame(content, expected)) {
      return journal.violate(`I2: down message ${number} is ${shown(content)} and must be ${shown(expected)}`)
    }
    if (this.isAlive && chance.is(0.1)) this.send(1)
  }

  #closed(code: number, reason: string): void {
    const { journal, scheduler } = this.#parts
    journal.trace(() => `${this.name} is closed ${code} ${reason}`)
    journal.count(journal.closeCodes, `page ${code}${reason === '' ? '' : ` (${reason})`}`)
    if (this.closed !== undefined) return journal.violate('close was told twice')
    this.closed = { code, reason }
    journal.totals.attaches += this.#link.attaches
    journal.totals.resumes += this.#link.resumes
    const { side } = this
    if (code === 4400) journal.violate(`the client found the server at fault: ${reason}`)
    if (side?.closing !== undefined && code === side.closing.code && this.got !== side.sent.length) {
      journal.violate(`I3: the close came, and ${side.sent.length - this.got} messages before it did not`)
    }
    if (code === 4404 && side !== undefined && !side.isLost && side.ended === undefined) {
      journal.violate('the client was told that the link is unknown, and the server has it')
    }
    scheduler.after(0, 'world', () => this.#parts.ended(this))
  }

  #flush(): void {
    for (; this.#owed > 0; this.#owed--) {
      const content = contentOf('up', this.sent.length + 1, this.#parts.extraBytes)
      this.sent.push(content)
      this.#parts.journal.guard('send', () => this.#link.send(content))
    }
    this.#parts.journal.trace(() => `${this.name} has sent up to ${this.sent.length}`)
  }

  #surroundings(): Surroundings {
    const { scheduler, network, chance, memory, wrapFetch = (fetch) => fetch } = this.#parts
    const { name } = this
    const host = (): SocketHost & RequestHost => this.#parts.host()
    // A constructor may return what it likes.
    const socketType = function socket(url: string, protocols: string[]): CarrierSocket {
      if (!url.startsWith('wss://server.example/stomp')) throw new Error(`a socket to ${url}`)
      return openSocket(network, host, name, protocols)
    } as unknown as NonNullable<Surroundings['WebSocket']>
    const { locks } = network.terrain
    return {
      now: () => scheduler.now,
      after: (delayMs, run) => scheduler.after(delayMs, name, run),
      // A task of its own, which a hidden page does not hold back.
      soon: (run) => void scheduler.after(0, `${name}.arrivals`, run),
      random: () => chance.next(),
      fetch: wrapFetch(createFetch(network, host, name)),
      WebSocket: socketType,
      watch: (told) => {
        this.#watchers.add(told)
        return () => this.#watchers.delete(told)
      },
      ...(locks === 'absent' ? {} : { locks: { take: async () => this.#takeLock(locks === 'taken') } }),
      memory: {
        get: (url) => memory.get(url),
        set: (url, rung) => {
          memory.set(url, rung)
        },
      },
    }
  }

  #takeLock(isTaken: boolean): (() => void) | undefined {
    if (isTaken || this.#locksLeft === 0) return undefined
    this.#locksLeft--
    return () => {
      this.#locksLeft++
      if (this.#locksLeft > 4) this.#parts.journal.violate('a lock was given back twice')
    }
  }

  /** What must be over when the link is: locks given back, nobody watching. */
  get leftovers(): string {
    const left: string[] = []
    if (this.#locksLeft !== 4) left.push(`${4 - this.#locksLeft} locks`)
    if (this.#watchers.size !== 0) left.push('a watch')
    const timers = this.#parts.scheduler.pending(this.name)
    if (timers !== 0) left.push(`${timers} timers`)
    for (const end of this.#parts.network.ends) if (end.startsWith(`${this.name} `)) left.push(end)
    return left.join(', ')
  }
}
