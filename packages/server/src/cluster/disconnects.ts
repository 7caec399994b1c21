import type { Clock } from '../clock/clock.js'
import { StompError } from '../errors.js'
import type { UserRegistry } from '../users/user-registry.js'
import type { SessionTarget } from '../users/users.js'
import { fieldsOf, type NodeBus } from './bus.js'
import type { ClusterNodes, NodeMessage } from './cluster.js'
import {
  createDisconnectOrders,
  type DisconnectOrder,
  type KnownOrder,
  pagesOf,
  readOrder,
  writeOrder,
} from './disconnect-orders.js'
import { DisconnectRound } from './disconnect-round.js'
import type { ClusterLog } from './drops.js'
import { createRareWarning } from './rare-warning.js'

/*
 * An order is told to all nodes at once. Each remembers it for REMEMBERED_MS; a node that may have missed some asks for
 * them when it hears the broker again, and is told them by whoever has given them, or, where that one is not there any
 * more, by whoever has heard of them. An order says how long ago it was given, so that no clock has to agree with
 * another; and each node carries it out once, on the sessions that had begun by then.
 */

/** Ends sessions wherever they are. */
export interface Disconnects {
  /**
   * Ends all sessions of a user, or one session, on all nodes. Resolves with how many they were on this node and on those
   * that have answered within {@link DISCONNECT_TIMEOUT_MS}. A node that is away from the broker meanwhile ends its own when
   * it is back, if that is within {@link REMEMBERED_MS}: those of a user that have begun before this was called. Rejects
   * with STOMP_ERR_BROKER_UNAVAILABLE where it is this node that is away; its own sessions have ended then, and the others
   * are told when it is back.
   */
  disconnect(target: SessionTarget, reason?: string): Promise<number>
}

/** The same, as those see it who make and end it. */
export interface NodeDisconnects extends Disconnects {
  /** Others are heard from now on: sessions that have begun before may have to end. */
  heard(): void
  /** Whoever waits for other nodes is told what has come so far. */
  close(): void
}

/** What it is done with. */
export interface DisconnectsParts {
  readonly bus: Pick<NodeBus, 'take' | 'tell' | 'onMissed'>
  readonly nodes: Pick<ClusterNodes, 'self' | 'list' | 'onChange'>
  readonly users: Pick<UserRegistry, 'disconnect' | 'has' | 'sessionIds' | 'users'>
  /** When a session of this node has begun, on its clock. */
  readonly begunMs: (sessionId: string) => number | undefined
  readonly clock: Pick<Clock, 'now'>
  readonly after: (delayMs: number, run: () => void) => { cancel(): void }
  readonly log: ClusterLog
}

/** How long the answers of other nodes are waited for, when the broker has the question. */
export const DISCONNECT_TIMEOUT_MS = 10_000

const ORDERS = 'disconnect'
const DONE = 'disconnected'
/** Asks all others to tell their orders again. */
const WANTED = 'disconnects-wanted'
/** Whoever is asked waits so long for others to ask too. */
const GATHER_MS = 50
/** Between two times that orders are told again. */
const AGAIN_PAUSE_MS = 1_000
const FORGOTTEN =
  'more sessions were disconnected than this node remembers: nodes that are away from the broker may not be told of the first ones'

/** Makes it, and answers other nodes from now on. */
export function createDisconnects(parts: DisconnectsParts): NodeDisconnects {
  return new ClusterDisconnects(parts)
}

class ClusterDisconnects implements NodeDisconnects {
  readonly #parts: DisconnectsParts
  readonly #orders
  readonly #rounds = new Map<number, DisconnectRound>()
  #lastNumber = 0
  #againMs = Number.NEGATIVE_INFINITY
  #again: { cancel(): void } | undefined
  #isClosed = false

  constructor(parts: DisconnectsParts) {
    this.#parts = parts
    const { bus, clock, log } = parts
    this.#orders = createDisconnectOrders(() => clock.now(), createRareWarning(log, clock, FORGOTTEN))
    bus.take(ORDERS, (message) => this.#hear(message))
    bus.take(DONE, ({ from, head }) => {
      const { number, count } = fieldsOf(head)
      if (typeof number === 'number' && typeof count === 'number') this.#rounds.get(number)?.answered(from, count)
    })
    bus.take(WANTED, () => this.#tellAgainSoon())
    bus.onMissed(() => {
      this.#want()
      // What this node has told may have been lost as well.
      this.#tellAgainSoon()
    })
  }

  async disconnect(target: SessionTarget, reason?: string): Promise<number> {
    const { users } = this.#parts
    // Ids of sessions are unique.
    const isHere = target.session !== undefined && users.has(target.session)
    const here = users.disconnect(target, reason)
    if (isHere) return here
    const [counted, others] = await Promise.allSettled([here, this.#elsewhere(target, reason, here)])
    if (others.status === 'rejected') throw others.reason
    return (counted.status === 'fulfilled' ? counted.value : 0) + others.value
  }

  heard(): void {
    if (this.#parts.users.users.sessionCount > 0) this.#want()
  }

  close(): void {
    this.#isClosed = true
    this.#again?.cancel()
    for (const round of this.#rounds.values()) round.end()
  }

  /** Resolves with the sum of what other nodes answer. */
  async #elsewhere(target: SessionTarget, reason: string | undefined, ended: Promise<number>): Promise<number> {
    const { nodes, clock, after } = this.#parts
    const number = ++this.#lastNumber
    const order = { by: nodes.self, number, target, reason, givenMs: clock.now(), ended }
    this.#orders.add(order)
    const round = new DisconnectRound(target.session !== undefined, () => nodes.list().map(({ id }) => id), nodes.self)
    this.#rounds.set(number, round)
    const stop = nodes.onChange(() => round.look())
    let deadline: { cancel(): void } | undefined
    try {
      await told(() => this.#tell([order]))
      deadline = after(DISCONNECT_TIMEOUT_MS, () => round.end())
      if (this.#isClosed) round.end()
      round.look()
      return await round.sum
    } finally {
      stop()
      deadline?.cancel()
      this.#rounds.delete(number)
    }
  }

  #hear({ from, head, lateMs }: NodeMessage): void {
    const { orders } = fieldsOf(head)
    if (!Array.isArray(orders)) return
    const { nodes, clock } = this.#parts
    for (const written of orders) {
      const order = readOrder(written, clock.now() - lateMs)
      if (order === undefined || order.by === nodes.self) continue
      const { ended } = this.#orders.find(order.by, order.number) ?? this.#carryOut(order)
      // Again, where it was told again: the first answer may have been lost.
      if (from === order.by) this.#answer(order, ended)
    }
  }

  #carryOut(order: DisconnectOrder): KnownOrder {
    const known = { ...order, ended: this.#end(order) }
    this.#orders.add(known)
    return known
  }

  async #end({ target, reason, givenMs }: DisconnectOrder): Promise<number> {
    const { users, begunMs } = this.#parts
    if (target.session !== undefined) return users.disconnect(target, reason)
    const meant = users.sessionIds(target.user).filter((id) => (begunMs(id) ?? givenMs) <= givenMs)
    const counts = await Promise.all(meant.map((session) => users.disconnect({ session }, reason)))
    return counts.reduce((sum, count) => sum + count, 0)
  }

  async #answer({ by, number }: DisconnectOrder, ended: Promise<number>): Promise<void> {
    const count = await ended
    this.#quietly(() => this.#parts.bus.tell(by, DONE, { number, count }))
  }

  #want(): void {
    this.#quietly(() => this.#parts.bus.tell('all', WANTED, {}))
  }

  #tellAgainSoon(): void {
    if (this.#again !== undefined || this.#isClosed) return
    const { clock, after } = this.#parts
    const pauseMs = Math.max(this.#againMs + AGAIN_PAUSE_MS - clock.now(), GATHER_MS)
    this.#again = after(pauseMs, () => {
      this.#again = undefined
      this.#againMs = clock.now()
      this.#tellAgain()
    })
  }

  #tellAgain(): void {
    const { self } = this.#parts.nodes
    const present = new Set(this.#parts.nodes.list().map(({ id }) => id))
    // Those of others only where they cannot tell them themselves.
    const orders = this.#orders.list().filter(({ by }) => by === self || !present.has(by))
    for (const page of pagesOf(orders)) this.#quietly(() => this.#tell(page))
  }

  #tell(orders: readonly DisconnectOrder[]): undefined | Promise<void> {
    const nowMs = this.#parts.clock.now()
    return this.#parts.bus.tell('all', ORDERS, { orders: orders.map((order) => writeOrder(order, nowMs)) })
  }

  /** What is lost because the broker is away is told again when it is back. */
  #quietly(tell: () => undefined | Promise<void>): void {
    try {
      tell()?.catch(() => {})
    } catch {
      // The same.
    }
  }
}

async function told(tell: () => undefined | Promise<void>): Promise<void> {
  try {
    await tell()
  } catch (cause) {
    throw new StompError('STOMP_ERR_BROKER_UNAVAILABLE', {
      message:
        'Only sessions of this server were ended so far: the message broker cannot be reached, which tells the others',
      cause,
    })
  }
}
