import { createDownTurn } from '../../src/server/down-message.js'
import type { Link, LinkListener } from '../../src/server/link.js'
import type { Chance } from './chance.js'
import { areSame, contentOf, shown } from './contents.js'
import type { Content } from './frames.js'
import type { Journal } from './journal.js'
import type { Page } from './page.js'
import type { Scheduler } from './scheduler.js'

/** What both applications need. */
export interface SideParts {
  readonly scheduler: Scheduler
  readonly chance: Chance
  readonly journal: Journal
  /** Size of the greater messages. */
  readonly extraBytes: number
}

/** Messages that the application writes at once. */
export const MAX_TURN_MESSAGES = 8

/** The server application's end of one link. */
export class ServerSide implements LinkListener {
  readonly sent: Content[] = []
  got = 0
  /** What the application closed the link with. */
  closing: { readonly code: number; readonly reason: string } | undefined
  /** What it was told at the end. */
  ended: { readonly code: number; readonly reason: string } | undefined
  /** The process that held it is gone. */
  isLost = false
  readonly #scheduler: Scheduler
  readonly #link: Link<string>
  readonly #page: Page
  readonly #chance: Chance
  readonly #journal: Journal
  readonly #extraBytes: number
  #mayWrite = true
  #owed = 0
  #isPaused = false

  constructor(link: Link<string>, page: Page, parts: SideParts) {
    this.#link = link
    this.#page = page
    this.#scheduler = parts.scheduler
    this.#chance = parts.chance
    this.#journal = parts.journal
    this.#extraBytes = parts.extraBytes
    link.attach(this)
  }

  /** The link still takes messages of this side. */
  get isOpen(): boolean {
    return this.closing === undefined && this.ended === undefined && !this.isLost
  }

  /** Messages that wait for room. */
  get owed(): number {
    return this.#owed
  }

  get rung(): string {
    return this.#link.rung ?? 'none'
  }

  /** Sends so many messages in one turn, unless the link is full. */
  send(count: number): void {
    if (!this.isOpen) return
    this.#owed += count
    this.#flush()
  }

  /** Takes no messages for so long. */
  pause(forMs: number): void {
    if (this.#isPaused || this.ended !== undefined || this.isLost) return
    this.#isPaused = true
    this.#journal.trace(() => `application pauses for ${forMs} ms`)
    this.#link.setPaused(true)
    this.#scheduler.after(forMs, 'world', () => {
      this.#isPaused = false
      this.#journal.trace(() => 'application resumes')
      if (this.ended === undefined && !this.isLost) this.#link.setPaused(false)
    })
  }

  /** Says a last message and closes. */
  close(code: number): void {
    if (!this.isOpen) return
    this.#mayWrite = true
    this.#owed = 1
    this.#flush()
    this.closing = { code, reason: 'the application ends it' }
    this.#journal.trace(() => `application closes with ${code} behind message ${this.sent.length}`)
    this.#link.close(code, 'the application ends it')
  }

  message(data: Content): void {
    if (this.isLost) return
    const number = ++this.got
    const expected = this.#page.sent[number - 1]
    this.#journal.totals.up++
    this.#journal.count(this.#journal.events, `up by ${this.rung}`)
    this.#journal.trace(() => `server takes up ${number} ${shown(data)}`)
    if (this.ended !== undefined) return this.#journal.violate('a message came after closed')
    if (this.closing !== undefined)
      return this.#journal.violate('a message came after the application had closed the link')
    if (this.#isPaused) return this.#journal.violate('a message came to a paused application')
    if (expected === undefined) return this.#journal.violate(`up message ${number} was never sent: ${shown(data)}`)
    if (!areSame(data, expected)) {
      return this.#journal.violate(`I1: up message ${number} is ${shown(data)} and must be ${shown(expected)}`)
    }
    const mood = this.#chance.next()
    if (mood < 0.1) this.send(1)
    else if (mood < 0.15) queueMicrotask(() => this.send(2))
    else if (mood < 0.16) this.pause(this.#chance.between(10, 8_000))
  }

  drained(): void {
    if (this.ended !== undefined || this.isLost) return
    this.#journal.trace(() => 'server link has drained')
    this.#mayWrite = true
    this.#flush()
  }

  closed(code: number, reason: string): void {
    this.#journal.trace(() => `server is told closed ${code} ${reason}`)
    if (this.ended !== undefined) return this.#journal.violate('the application was told closed twice')
    this.ended = { code, reason }
    this.#page.serverClosed(this)
  }

  /** Writes what waits, a few messages a turn, until the link is full. */
  #flush(): void {
    while (this.#mayWrite && this.#owed > 0 && this.isOpen) {
      const contents: Content[] = []
      for (; this.#owed > 0 && contents.length < MAX_TURN_MESSAGES; this.#owed--) {
        const content = contentOf('down', this.sent.length + 1, this.#extraBytes)
        this.sent.push(content)
        contents.push(content)
      }
      this.#mayWrite = this.#link.write(createDownTurn(contents))
      this.#journal.trace(() => `server writes down to ${this.sent.length}${this.#mayWrite ? '' : ', full'}`)
    }
  }
}
