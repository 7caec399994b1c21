import { createChance } from './chance.js'
import { checkEnding, checkLeftovers } from './endings.js'
import { endOf } from './faults.js'
import type { Halves } from './halves.js'
import { Journal } from './journal.js'
import { Page } from './page.js'
import { type Deed, endOfDeed, type Plan, STORM_MS } from './plan.js'
import { Scheduler } from './scheduler.js'
import { ServerHost } from './server-host.js'
import { MAX_TURN_MESSAGES, type ServerSide } from './server-side.js'
import { VirtualNetwork } from './virtual-network.js'

/** Longest time, with the network good again, until all is delivered and acknowledged. */
const CALM_MS = 240_000
/** Longest time until an end is known to both sides, with the network good. */
const ENDING_MS = 180_000
/** Times of links after which nothing may be left. */
const FORGOTTEN_MS = 420_000
/** More happenings than any sound run has: something runs in a circle. */
const MAX_STEPS = 250_000
/** More requests and sockets in ten seconds than a sound client makes with as few messages. */
const MAX_RATE = 120
/** Links that a page opens one after another while faults are at work. */
const MAX_PAGES = 6

/** Runs one plan on two halves, from the first request to the last timer. */
export async function runPlan(halves: Halves, plan: Plan, keepsLines = false): Promise<Journal> {
  const world = new World(halves, plan, keepsLines)
  await world.run()
  return world.journal
}

class World {
  readonly journal: Journal
  readonly #plan: Plan
  readonly #halves: Halves
  readonly #scheduler = new Scheduler()
  readonly #chance: ReturnType<typeof createChance>
  readonly #network: VirtualNetwork
  readonly #pages: Page[] = []
  readonly #memory = new Map<string, string>()
  readonly #greetsWithLink: boolean
  #host: ServerHost
  #numberOfHosts = 0
  #isEnding = false
  #isAfterMs = 0

  constructor(halves: Halves, plan: Plan, keepsLines: boolean) {
    this.#halves = halves
    this.#plan = plan
    this.journal = new Journal(this.#scheduler, keepsLines)
    this.#chance = createChance(plan.seed)
    this.#greetsWithLink = this.#chance.is(0.8)
    const { terrain, faults } = plan
    const { journal } = this
    const told = { trace: journal.trace, count: (what: string) => journal.count(journal.events, what) }
    this.#network = new VirtualNetwork({
      scheduler: this.#scheduler,
      chance: this.#chance.fork(),
      terrain,
      faults,
      ...told,
    })
    this.#host = this.#startHost()
  }

  async run(): Promise<void> {
    const { journal } = this
    journal.trace(() => JSON.stringify(this.#plan))
    try {
      await this.#storm()
      await this.#calm()
      await this.#end()
    } catch (error) {
      journal.violate(`the run threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
    }
    journal.totals.steps = this.#scheduler.steps
  }

  /** Faults at work, messages both ways. */
  async #storm(): Promise<void> {
    const { faults, deeds, paceUpMs, paceDownMs } = this.#plan
    const untilMs = Math.max(endOf(faults), ...deeds.map(endOfDeed), STORM_MS / 2)
    this.#openPage()
    for (const deed of deeds) this.#scheduler.after(deed.atMs, 'world', () => this.#do(deed))
    this.#pace(paceUpMs, untilMs, () => this.#page?.send(1))
    this.#pace(paceDownMs, untilMs, () => this.#side?.send(this.#chance.between(1, 3)))
    this.#pace(1_000, untilMs, () => this.#checkBounds())
    await this.#pass(untilMs)
  }

  /** What is retained is bounded, whatever becomes of it; requests are few, whatever answers them. */
  #checkBounds(): void {
    const { retainedBytes, extraBytes } = this.#plan
    const links = this.#pages.length
    const kept = this.#host.links.counts.retainedBytes
    const most = links * (retainedBytes + 2 * MAX_TURN_MESSAGES * (extraBytes + 300))
    if (kept > most) this.journal.violate(`${kept} bytes are retained of at most ${most}`)
    const rate = this.#network.rateOfConnections
    if (rate > MAX_RATE) this.journal.violate(`${rate} requests and sockets in ten seconds`)
  }

  /** No more faults: everything must arrive and be acknowledged. */
  async #calm(): Promise<void> {
    this.#isAfterMs = this.#scheduler.now
    this.journal.trace(() => 'the faults are over')
    if (this.#page?.isAlive !== true) this.#reopen()
    for (let round = 0; round < 2; round++) {
      this.#page?.send(2)
      this.#side?.send(2)
      await this.#passUntil(CALM_MS, () => this.#isQuiet())
      if (!this.#isQuiet()) return this.journal.violate(`stuck: ${this.#state()}`)
      if (round === 0) this.journal.restMs = this.#scheduler.now - this.#isAfterMs
    }
  }

  /** The link ends in good order, and nothing is left of it. */
  async #end(): Promise<void> {
    this.#isEnding = true
    const page = this.#page
    const side = this.#side
    const { ending } = this.#plan
    if (page !== undefined && side !== undefined && ending !== 'stay') {
      if (ending === 'page') page.close(3_100)
      else if (ending === 'server') side.close(4_100)
      else page.leave()
      const isOver = (): boolean => side.ended !== undefined && (page.closed !== undefined || page.hasLeft)
      await this.#passUntil(ENDING_MS, isOver)
      if (!isOver()) return this.journal.violate(`the end is not known to both: ${this.#state()}`)
      checkEnding(this.journal, this.#plan, page, side)
    }
    if (ending === 'stay') page?.leave()
    await this.#pass(this.#scheduler.now + FORGOTTEN_MS)
    checkLeftovers(this.journal, { pages: this.#pages, host: this.#host, network: this.#network })
  }

  get #page(): Page | undefined {
    return this.#pages.at(-1)
  }

  /** The server application's end of the present page's link. */
  get #side(): ServerSide | undefined {
    const side = this.#page?.side
    return side?.isLost ? undefined : side
  }

  #isQuiet(): boolean {
    const page = this.#page
    const side = this.#side
    if (page === undefined || side === undefined || !page.isAlive || !side.isOpen) return false
    return (
      page.got === side.sent.length &&
      side.got === page.sent.length &&
      side.owed === 0 &&
      page.bufferedAmount === 0 &&
      this.#host.links.counts.retainedBytes === 0
    )
  }

  #state(): string {
    const page = this.#page
    const side = this.#side
    return (
      `${page?.name} open ${page?.isOpen} closing ${page?.closing} closed ${page?.closed?.code}, ` +
      `down ${page?.got} of ${side?.sent.length} (${side?.owed} owed), up ${side?.got} of ${page?.sent.length}, ` +
      `buffered ${page?.bufferedAmount}, side closing ${side?.closing?.code} ended ${side?.ended?.code}, ` +
      `rung ${side?.rung}, ${JSON.stringify(this.#host.links.counts)}`
    )
  }

  #openPage(): void {
    if (this.#isEnding || (this.#isAfterMs === 0 && this.#pages.length >= MAX_PAGES)) return
    const page = new Page(`page${this.#pages.length + 1}`, {
      scheduler: this.#scheduler,
      chance: this.#chance.fork(),
      journal: this.journal,
      extraBytes: this.#plan.extraBytes,
      halves: this.#halves,
      network: this.#network,
      memory: this.#memory,
      host: () => this.#host,
      ended: (ended) => {
        if (this.#isAfterMs > 0 && ended.openedMs > this.#isAfterMs && !this.#isEnding) {
          this.journal.violate(`a link opened in a good network ended with ${ended.closed?.code}`)
        }
        // A link that nothing ever reached may be discarded as one that nobody uses.
        if (this.#plan.mustLive && ended.side !== undefined && !this.#isEnding) {
          this.journal.violate(`a link ended with ${ended.closed?.code} for faults that it must outlive`)
        }
        this.#reopen()
      },
    })
    this.#pages.push(page)
    page.send(1)
  }

  /** Applications connect anew when a link is gone. */
  #reopen(): void {
    this.#scheduler.after(1_000, 'world', () => {
      if (this.#page?.isAlive) return
      this.#openPage()
      if (this.#isAfterMs > 0) this.#page?.send(2)
    })
  }

  #startHost(): ServerHost {
    return new ServerHost(`host${++this.#numberOfHosts}`, {
      scheduler: this.#scheduler,
      chance: this.#chance.fork(),
      journal: this.journal,
      extraBytes: this.#plan.extraBytes,
      halves: this.#halves,
      retainedBytes: this.#plan.retainedBytes,
      inboxBytes: this.#plan.inboxBytes,
      greetsWithLink: this.#greetsWithLink,
      pageOf: (name) => this.#pages.find((page) => page.name === name),
    })
  }

  #do(deed: Deed): void {
    const page = this.#page
    const side = this.#side
    const { amount } = deed
    this.journal.trace(() => `${deed.kind} ${amount}`)
    switch (deed.kind) {
      case 'burst-up':
        return page?.send(amount)
      case 'burst-down':
        return side?.send(amount)
      case 'pause':
        return side?.pause(amount * 1_000)
      case 'suspend':
        return this.#suspend(amount * 10_000)
      case 'hide':
        return this.#scheduler.hold(page?.name ?? '', this.#scheduler.now + amount * 10_000, 60_000)
      case 'restart':
        return this.#restart(amount * 100)
      case 'drain':
        return this.#drain(amount * 200)
      case 'server-closes':
        return side?.close(4_200)
      case 'page-closes':
        return page?.close(3_200)
      case 'page-leaves':
        page?.leave()
        return this.#reopen()
      case 'sign':
        return page?.tell(this.#chance.pick(['online', 'offline', 'visible', 'restored', 'suspended']))
      default:
        return deed.kind satisfies never
    }
  }

  #suspend(forMs: number): void {
    const page = this.#page
    if (page === undefined) return
    const untilMs = this.#scheduler.now + forMs
    this.#scheduler.hold(page.name, untilMs)
    this.#scheduler.hold(`${page.name}.arrivals`, untilMs)
    this.#scheduler.after(forMs, 'world', () => {
      if (!page.isAlive) return
      page.tell('suspended')
      if (this.#chance.is(0.5)) page.tell('visible')
    })
  }

  #restart(downMs: number): void {
    this.#host.kill()
    this.#network.resetAll()
    const killed = this.#host
    this.#scheduler.after(downMs, 'world', () => {
      if (this.#host === killed) this.#host = this.#startHost()
    })
  }

  #drain(withinMs: number): void {
    const old = this.#host
    old.drain(withinMs).then(
      () => {
        if (this.#host !== old) return
        this.journal.trace(() => `${old.name} has ended, ${this.#scheduler.pending(old.name)} timers left`)
        this.#restart(0)
      },
      (error: unknown) => this.journal.violate(`close rejected: ${String(error)}`),
    )
  }

  #pace(everyMs: number, untilMs: number, run: () => void): void {
    const delayMs = this.#chance.between(0, 2 * everyMs)
    if (this.#scheduler.now + delayMs > untilMs) return
    this.#scheduler.after(delayMs, 'world', () => {
      run()
      this.#pace(everyMs, untilMs, run)
    })
  }

  #pass(untilMs: number): Promise<void> {
    return this.#passUntil(untilMs - this.#scheduler.now, () => false)
  }

  async #passUntil(forMs: number, isEnough: () => boolean): Promise<void> {
    const untilMs = this.#scheduler.now + forMs
    await this.#scheduler.runUntil(untilMs, () => {
      if (this.journal.violation !== undefined || isEnough()) return true
      if (this.#scheduler.steps < MAX_STEPS) return false
      this.journal.violate(`no rest: more than ${MAX_STEPS} steps; ${this.#state()}`)
      return true
    })
  }
}
