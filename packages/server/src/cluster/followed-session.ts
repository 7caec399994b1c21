import type { SessionSubscription } from '../users/users.js'

/**
 * How many characters of subscriptions are told together, about. Others are told of a whole part again when one of its
 * subscriptions comes or goes: so a change costs no more than this, or than a subscription that is longer by itself.
 */
export const PART_LENGTH = 512

/** What a subscription takes besides its id and destination. */
const AROUND_LENGTH = 16

/** Subscriptions by the keys under which they are known here. */
type Subscriptions = Map<object, SessionSubscription>

/** The subscriptions that did not fit into the first part, by the numbers of the others. */
interface More {
  readonly parts: Map<number, { readonly subscriptions: Subscriptions; length: number }>
  readonly numbers: Map<object, number>
  last: number
}

/**
 * A session of this node, as other nodes are told of it: in parts, of which most sessions have one. A subscription stays
 * in its part. Part 0 is there as long as the session.
 */
export class FollowedSession {
  readonly userName: string | undefined
  /** On the clock of this node. */
  readonly begunMs: number
  readonly #first: Subscriptions = new Map()
  #length: number
  #more: More | undefined

  constructor(userName: string | undefined, begunMs: number) {
    this.userName = userName
    this.begunMs = begunMs
    this.#length = userName?.length ?? 0
  }

  /** The numbers of all parts. */
  get parts(): readonly number[] {
    return this.#more === undefined ? [0] : [0, ...this.#more.parts.keys()]
  }

  /** The subscriptions of one part; undefined: it is not there any more. */
  part(number: number): ReadonlyMap<object, SessionSubscription> | undefined {
    return number === 0 ? this.#first : this.#more?.parts.get(number)?.subscriptions
  }

  /** Adds one that is not there; tells its part. */
  add(key: object, subscription: SessionSubscription): number {
    const length = lengthOf(subscription)
    if (this.#length + length <= PART_LENGTH) {
      this.#first.set(key, subscription)
      this.#length += length
      return 0
    }
    this.#more ??= { parts: new Map(), numbers: new Map(), last: 0 }
    const { parts, numbers } = this.#more
    const latest = parts.get(this.#more.last)
    const part = latest !== undefined && latest.length + length <= PART_LENGTH ? latest : undefined
    if (part === undefined) parts.set(++this.#more.last, { subscriptions: new Map([[key, subscription]]), length })
    else {
      part.subscriptions.set(key, subscription)
      part.length += length
    }
    numbers.set(key, this.#more.last)
    return this.#more.last
  }

  /** Tells the part that it was in; undefined: it was not there. */
  delete(key: object): number | undefined {
    const first = this.#first.get(key)
    if (first !== undefined) {
      this.#first.delete(key)
      this.#length -= lengthOf(first)
      return 0
    }
    const number = this.#more?.numbers.get(key)
    const part = number === undefined ? undefined : this.#more?.parts.get(number)
    const subscription = part?.subscriptions.get(key)
    if (number === undefined || part === undefined || subscription === undefined) return undefined
    part.subscriptions.delete(key)
    part.length -= lengthOf(subscription)
    this.#more?.numbers.delete(key)
    if (part.subscriptions.size === 0) this.#more?.parts.delete(number)
    return number
  }
}

function lengthOf({ id = '', destination }: SessionSubscription): number {
  return id.length + destination.length + AROUND_LENGTH
}
