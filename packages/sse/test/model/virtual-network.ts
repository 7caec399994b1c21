import type { Chance } from './chance.js'
import { type Fault, type FaultKind, strengthOf, type Terrain } from './faults.js'
import { Pipe } from './pipe.js'
import type { Scheduler } from './scheduler.js'

/** One connection under way, of whatever kind. */
export interface Connection {
  readonly name: string
  /** Who opened it. */
  readonly page: string
  /** Nothing passes in these directions before `untilMs`. */
  stall(way: Way, untilMs: number): void
  /** It breaks: what is under way is lost. Those who are not told see nothing. */
  reset(tellClient: boolean, tellServer: boolean): void
  /** The page it belongs to has gone; the browser ends it. */
  leave(): void
}

export type Way = 'up' | 'down' | 'both'

export interface NetworkParts {
  readonly scheduler: Scheduler
  readonly chance: Chance
  readonly terrain: Terrain
  readonly faults: readonly Fault[]
  trace(line: () => string): void
  /** Sums up what happened how often. */
  count(what: string): void
}

/** How often faults that break what is under way look for it. */
const BLOW_MS = 700

/** All that lies between pages and servers. Its faults end; its terrain stays. */
export class VirtualNetwork {
  readonly scheduler: Scheduler
  readonly chance: Chance
  readonly terrain: Terrain
  readonly trace: (line: () => string) => void
  readonly count: (what: string) => void
  readonly #faults: readonly Fault[]
  readonly #connections = new Set<Connection>()
  #numberOfConnections = 0
  readonly #begun: number[] = []
  #lastPage = 0

  constructor(parts: NetworkParts) {
    this.scheduler = parts.scheduler
    this.chance = parts.chance
    this.terrain = parts.terrain
    this.trace = parts.trace
    this.count = parts.count
    this.#faults = parts.faults
    for (const fault of parts.faults) this.#plan(fault)
  }

  /** Ends of connections that somebody has opened and not seen closed, by owner and name. */
  readonly ends: Set<string> = new Set()

  /** The status of a page that a proxy makes up. Not 413 twice running: after three a link ends by right. */
  pageStatus(): number {
    const status = this.chance.pick([502, 503, 504, 401, 403, 404, 413, 429, 200, 410, 409, 400])
    this.#lastPage = status === 413 && this.#lastPage === 413 ? 502 : status
    return this.#lastPage
  }

  /** Connections begun in the last ten seconds. */
  get rateOfConnections(): number {
    const sinceMs = this.scheduler.now - 10_000
    while ((this.#begun[0] ?? sinceMs) < sinceMs) this.#begun.shift()
    return this.#begun.length
  }

  nextName(kind: string): string {
    this.#begun.push(this.scheduler.now)
    return `${kind}#${++this.#numberOfConnections}`
  }

  /** Whether a fault of this kind hits what happens now. */
  strikes(kind: FaultKind): boolean {
    const strength = strengthOf(this.#faults, kind, this.scheduler.now)
    if (strength === 0 || !this.chance.is(strength)) return false
    this.count(`hit by ${kind}`)
    return true
  }

  /** When the page can reach anything again; undefined: now. */
  get offlineUntilMs(): number | undefined {
    const { now } = this.scheduler
    let untilMs: number | undefined
    for (const fault of this.#faults) {
      const endMs = fault.fromMs + fault.lengthMs
      if (fault.kind === 'offline' && now >= fault.fromMs && now < endMs) untilMs = Math.max(untilMs ?? 0, endMs)
    }
    return untilMs
  }

  /**
   * A middlebox takes whole messages out of a connection, which no carrier may do: only for runs that show that such a
   * breach is noticed.
   */
  dropShare = 0
  dropWay: Way = 'both'
  dropped = 0

  /** Whether this message is taken out. */
  drops(data: string | Uint8Array, way: 'up' | 'down'): boolean {
    if (this.dropShare === 0 || (this.dropWay !== way && this.dropWay !== 'both') || !this.chance.is(this.dropShare))
      return false
    const isControl = typeof data === 'string' && data.startsWith('\u0001') && !data.startsWith('\u0001\u0001')
    if (isControl) return false
    this.dropped++
    this.trace(() => 'a middlebox drops what follows')
    return true
  }

  pipe<T>(owner: string, sizeOf: (item: T) => number, arrive: (item: T) => void, moved?: () => void): Pipe<T> {
    const { latencyMs, jitterMs } = this.terrain
    return new Pipe<T>({
      scheduler: this.scheduler,
      owner,
      sizeOf,
      arrive,
      ...(moved === undefined ? {} : { moved }),
      delayMs: () => latencyMs + this.chance.next() * jitterMs,
      bytesPerMs: () => (strengthOf(this.#faults, 'slow', this.scheduler.now) > 0 ? 2 : 2_000),
    })
  }

  /** How long a fault holds back what passes: moments, so that others overtake it, or longer than anybody waits. */
  get delayMs(): number {
    return this.chance.is(0.5) ? this.chance.between(20, 3_000) : this.chance.between(1_000, 40_000)
  }

  /** A connection comes to be: from now on it may be hit. */
  add(connection: Connection): void {
    this.#connections.add(connection)
    const untilMs = this.offlineUntilMs
    if (untilMs !== undefined) connection.stall('both', untilMs)
    else if (this.strikes('mute')) this.#mute(connection)
    if (!Number.isFinite(this.terrain.lifeMs)) return
    this.scheduler.after(this.terrain.lifeMs, 'network', () => {
      if (!this.#connections.has(connection)) return
      this.trace(() => `${connection.name} has lived too long`)
      connection.reset(true, true)
    })
  }

  remove(connection: Connection): void {
    this.#connections.delete(connection)
  }

  /** Every connection breaks: the server's process has ended. */
  resetAll(): void {
    for (const connection of [...this.#connections]) connection.reset(true, true)
    for (const end of [...this.ends]) if (end.startsWith('server ')) this.ends.delete(end)
  }

  /** A page has gone. */
  leave(page: string): void {
    for (const connection of [...this.#connections]) if (connection.page === page) connection.leave()
    for (const end of [...this.ends]) if (end.startsWith(`${page} `)) this.ends.delete(end)
  }

  #plan(fault: Fault): void {
    if (fault.kind === 'offline') this.scheduler.after(fault.fromMs, 'network', () => this.#goOffline())
    if (fault.kind !== 'cut' && fault.kind !== 'mute') return
    const endMs = fault.fromMs + fault.lengthMs
    for (let atMs = fault.fromMs; atMs < endMs; atMs += BLOW_MS) {
      this.scheduler.after(Math.min(atMs + this.chance.below(BLOW_MS), endMs), 'network', () => this.#blow(fault))
    }
  }

  #blow(fault: Fault): void {
    for (const connection of [...this.#connections]) {
      if (!this.chance.is(fault.chance / 2)) continue
      this.count(`hit by ${fault.kind}`)
      if (fault.kind === 'mute') this.#mute(connection)
      else this.#cut(connection)
    }
  }

  #cut(connection: Connection): void {
    const [tellClient, tellServer] = this.chance.pick([
      [true, true],
      [true, true],
      [true, false],
      [false, true],
    ])
    this.trace(
      () => `cut ${connection.name}${tellClient ? '' : ', client not told'}${tellServer ? '' : ', server not told'}`,
    )
    connection.reset(tellClient, tellServer)
  }

  #mute(connection: Connection): void {
    const way = this.chance.pick<Way>(['up', 'down', 'both'])
    const untilMs = this.chance.is(0.5)
      ? Number.POSITIVE_INFINITY
      : this.scheduler.now + this.chance.between(500, 60_000)
    this.trace(() => `mute ${connection.name} ${way} until ${Math.round(untilMs)}`)
    connection.stall(way, untilMs)
  }

  #goOffline(): void {
    const untilMs = this.offlineUntilMs ?? 0
    this.count('hit by offline')
    this.trace(() => `offline until ${untilMs}`)
    for (const connection of [...this.#connections]) {
      if (this.chance.is(0.3)) connection.reset(true, false)
      else connection.stall('both', this.chance.is(0.5) ? untilMs : Number.POSITIVE_INFINITY)
    }
  }
}
