import type { User } from '../hooks/user.js'

/** A subscription of a session, as its client wrote it. */
export interface SessionSubscription {
  /** Undefined where a client of STOMP 1.0 has left it out. */
  readonly id: string | undefined
  /** For example `/topic/news`, or `/user/queue/notices`: without what the server makes of it. */
  readonly destination: string
}

/** A session that is connected, as it was when it was asked for: what changes later does not show. */
export interface ConnectedSession {
  readonly id: string
  /** As `authenticate` gave it for this session; undefined for an anonymous one. Of another node's session: its name only. */
  readonly user: User | undefined
  /** The id of the node that it is connected to, where that is another one than this. Absent: to this process. */
  readonly node?: string
  /**
   * In the order in which they began. Those that hooks have allowed and that the broker serves, or the stream of a
   * subscription route as long as it is open.
   */
  readonly subscriptions: readonly SessionSubscription[]
}

/** One session of a user. */
export interface UserSession extends ConnectedSession {
  /** Two sessions of one name may differ in what else it says. */
  readonly user: User
}

/** A user that is connected, as it was when it was asked for: what changes later does not show. */
export interface RegisteredUser {
  readonly name: string
  /** Those of this process first, in the order in which they connected; at least one. */
  readonly sessions: readonly UserSession[]
}

/** A subscription, and whose it is. */
export interface FoundSubscription extends SessionSubscription {
  readonly sessionId: string
  /** Undefined for an anonymous session. Of another node's session: its name only. */
  readonly user: User | undefined
  /** As in `ConnectedSession`. */
  readonly node?: string
}

/**
 * Who is connected. Sessions with the same user name are one user; a user is there from its first
 * session to its last. Names are compared character by character. Nothing is kept up to date for these questions: each
 * is answered by the sessions when it is asked.
 *
 * Where several nodes have one broker in common (`relayBroker`), the answer is for all of them: what is connected to
 * this process as it is now, and the sessions of other nodes, marked with their `node`, as those have told. That is a
 * moment old (changes are told within 50 ms); where messages between nodes were lost, it is set right within 5 s; and
 * what was connected to a node that ended without a word is shown for at most 12 s more. While the broker is away, others
 * are shown as they were before.
 */
export interface Users {
  /** How many different users are connected. Anonymous sessions are none. */
  readonly size: number
  /** How many sessions are connected, anonymous ones too. */
  readonly sessionCount: number
  get(name: string): RegisteredUser | undefined
  /** A session by the id that CONNECTED told its client and every hook and handler is given; anonymous ones too. */
  session(id: string): ConnectedSession | undefined
  /**
   * Who has subscribed at exactly this destination, or to what fits: anonymous sessions too, in the order in which the
   * sessions connected. A wildcard subscription is found under its pattern, not under what that matches. Looks at every
   * subscription.
   */
  subscriptions(which: string | ((subscription: FoundSubscription) => boolean)): readonly FoundSubscription[]
  /** In the order in which they came. Users who come or go during the iteration are seen as they are when it gets there. */
  [Symbol.iterator](): IterableIterator<RegisteredUser>
}

/** Which sessions are meant: all of a user, or one. */
export type SessionTarget =
  | { readonly user: string; readonly session?: never }
  | { readonly session: string; readonly user?: never }
