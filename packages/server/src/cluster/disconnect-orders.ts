import type { SessionTarget } from '../users/users.js'
import { fieldsOf } from './bus.js'

/** Sessions are to end, wherever they are. */
export interface DisconnectOrder {
  /** The node that was asked for it, and the how manieth it is there. */
  readonly by: string
  readonly number: number
  readonly target: SessionTarget
  readonly reason: string | undefined
  /** When it was given, on the clock of this node: a user's sessions that have begun later stay. */
  readonly givenMs: number
}

/** One that this node has carried out. */
export interface KnownOrder extends DisconnectOrder {
  /** How many sessions of this node have ended by it, when they have. */
  readonly ended: Promise<number>
}

/** The orders of late, so that nodes that were away hear of them when they are back. */
export interface DisconnectOrders {
  find(by: string, number: number): KnownOrder | undefined
  add(order: KnownOrder): void
  /** Those that are still to be told, in the order in which they came. */
  list(): readonly KnownOrder[]
}

/** How long an order is remembered, and told again. */
export const REMEMBERED_MS = 600_000
/** How many are remembered; the first ones are forgotten before their time. */
const MAX_ORDERS = 10_000

/** So much is told in one message, about. */
const MAX_TEXT_LENGTH = 32_768

/** Makes an empty list. `forgotten` is told when there are too many. */
export function createDisconnectOrders(now: () => number, forgotten: () => void): DisconnectOrders {
  const orders = new Map<string, KnownOrder>()
  const keyOf = (by: string, number: number): string => `${number} ${by}`
  const sweep = (): void => {
    const sinceMs = now() - REMEMBERED_MS
    for (const [key, { givenMs }] of orders) if (givenMs <= sinceMs) orders.delete(key)
  }
  return {
    find: (by, number) => orders.get(keyOf(by, number)),
    add(order) {
      if (orders.size >= MAX_ORDERS) sweep()
      for (const first of orders.keys()) {
        if (orders.size < MAX_ORDERS) break
        orders.delete(first)
        forgotten()
      }
      orders.set(keyOf(order.by, order.number), order)
    },
    list() {
      sweep()
      return [...orders.values()]
    },
  }
}

/** As it is told to other nodes: how long ago it was given, since their clocks show something else. */
export function writeOrder({ by, number, target, reason, givenMs }: DisconnectOrder, nowMs: number): object {
  return { by, number, ...target, reason, agoMs: nowMs - givenMs }
}

/** One of another node. Undefined: it is none, or is too old to be carried out. */
export function readOrder(written: unknown, nowMs: number): DisconnectOrder | undefined {
  const { by, number, user, session, reason, agoMs } = fieldsOf(written)
  if (typeof by !== 'string' || typeof number !== 'number' || typeof agoMs !== 'number') return undefined
  if (agoMs < 0 || agoMs >= REMEMBERED_MS) return undefined
  const order = { by, number, reason: typeof reason === 'string' ? reason : undefined, givenMs: nowMs - agoMs }
  if (typeof user === 'string') return { ...order, target: { user } }
  return typeof session === 'string' ? { ...order, target: { session } } : undefined
}

/** The same, in parts that fit into one message each. */
export function* pagesOf(orders: readonly DisconnectOrder[]): Iterable<readonly DisconnectOrder[]> {
  let page: DisconnectOrder[] = []
  let length = 0
  for (const order of orders) {
    if (length > MAX_TEXT_LENGTH) {
      yield page
      page = []
      length = 0
    }
    page.push(order)
    length += JSON.stringify(order.target).length + (order.reason?.length ?? 0) + 100
  }
  if (page.length > 0) yield page
}
