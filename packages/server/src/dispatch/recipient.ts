import type { Frame } from '@hoofbeat/codec'
import type { StompError } from '../errors.js'
import type { User } from '../hooks/user.js'
import type { Delivery, Taken } from '../message/delivery.js'
import type { Message } from '../message/message.js'

/** Who a dispatcher speaks to: the session whose frames it handles. */
export interface Recipient {
  /** How it is carried just now, where that may change, and how many bytes wait for it: for metrics. */
  readonly carrier?: { readonly rung?: string | undefined; readonly waitingBytes: number }
  /** One message for one of the session's subscriptions. After `full` the dispatcher's `ready` is to be called. */
  deliver(message: Message, delivery: Delivery): Taken
  /** The effect of `frame` is real. Exactly one of this, `refused` and `answered` is told for each handled frame, once. */
  settled(frame: Frame): void
  /** `frame` had no effect, for the reason given. */
  refused(frame: Frame, error: StompError): void
  /**
   * `frame` had no effect, for the reason given, and its sender was told so by a MESSAGE. Without a frame: what belongs
   * to none that is open has failed, and there is nothing to do but to note it.
   */
  answered(frame: Frame | undefined, error: StompError): void
  /** What was promised to the session cannot be kept; no frame that is still open has caused it. */
  failed(error: StompError): void
  /** The application ends the session: tells the error, then closes. Resolves when its connection is gone; never rejects. */
  expel(error: StompError): Promise<void>
  /** True: hand over no further frame for now (a hook is pending, or enough handlers run). False: go on. */
  setPaused(paused: boolean): void
  /** What checks credentials that are to follow the present ones. Undefined: it has none that could be renewed. */
  readonly renewal?: Renewal | undefined
}

/** Checks new credentials of a session that is connected: one SEND after the other. */
export interface Renewal {
  /** Whose they are: a user of the same name as the one that renews. Rejects with the refusal. Nothing changes yet. */
  ask(frame: Frame, renews: User): Promise<User>
  /** The last `ask` is over: with the user that holds from now on, or undefined where it was refused. */
  end(renewed: User | undefined): void
}
