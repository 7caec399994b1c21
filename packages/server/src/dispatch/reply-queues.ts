import { INNER } from '../broker/broker.js'
import { StompError } from '../errors.js'

/** What clients call their own temporary queues. */
export const TEMP_QUEUE_PREFIX = '/temp-queue'
/** What a temporary queue is called in a `reply-to` that somebody else reads. */
export const REPLY_QUEUE_PREFIX = '/reply-queue'

/**
 * The temporary queues of all sessions. A session names its own as `/temp-queue/x`; where it asks for a reply there, the
 * one who is to reply reads `/reply-queue/` with 122 random bits: the name is the right to send, and to nothing else.
 */
export interface ReplyQueues {
  /** The temporary queues of one session: none yet. */
  open(sessionId: string): TempQueues
  /** The inner destination of a `/reply-queue/...`; undefined if its session is gone, or never was. */
  find(destination: string): string | undefined
}

/**
 * The temporary queues of one session. A name counts from its first use to the end of the session. Throws
 * STOMP_ERR_DESTINATION_LIMIT beyond `maxTempQueues` names.
 */
export interface TempQueues {
  /** The inner destination of `/temp-queue/x`; undefined when the session is over: there is nobody left to read it. */
  own(destination: string): string | undefined
  /** What others may call it; leads nowhere when the session is over. */
  address(destination: string): string
  /** The session is over: forgets all of it. */
  end(): void
}

/**
 * Makes the list for an application. With a `nodeId` other nodes can tell whose reply queues these are: it stands in their
 * names.
 */
export function createReplyQueues(maxTempQueues: number, nodeId?: string): ReplyQueues {
  const inner = new Map<string, string>()
  const prefix = nodeId === undefined ? `${REPLY_QUEUE_PREFIX}/` : `${REPLY_QUEUE_PREFIX}/${nodeId}-`
  return {
    open: (sessionId) => new SessionTempQueues(sessionId, maxTempQueues, inner, prefix),
    find: (destination) => inner.get(destination),
  }
}

const OF_A_NODE = /^\/reply-queue\/([\w-]{1,128})-[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/

/** The node whose reply queue it is, or was; undefined for what is no name of a reply queue of a node. */
export function nodeOfReplyQueue(destination: string): string | undefined {
  return OF_A_NODE.exec(destination)?.[1]
}

class SessionTempQueues implements TempQueues {
  readonly #sessionId: string
  readonly #maxTempQueues: number
  /** Inner destinations by address, of all sessions. */
  readonly #inner: Map<string, string>
  /** What addresses begin with. */
  readonly #prefix: string
  /** Addresses by name, where somebody was told one. */
  #addresses: Map<string, string | undefined> | undefined
  #isOver = false

  constructor(sessionId: string, maxTempQueues: number, inner: Map<string, string>, prefix: string) {
    this.#sessionId = sessionId
    this.#maxTempQueues = maxTempQueues
    this.#inner = inner
    this.#prefix = prefix
  }

  own(destination: string): string | undefined {
    if (this.#isOver) return undefined
    this.#known(destination)
    return this.#innerOf(destination)
  }

  address(destination: string): string {
    const known = this.#isOver ? undefined : this.#known(destination).get(destination)
    if (known !== undefined) return known
    const address = `${this.#prefix}${crypto.randomUUID()}`
    if (this.#isOver) return address
    this.#addresses?.set(destination, address)
    this.#inner.set(address, this.#innerOf(destination))
    return address
  }

  end(): void {
    this.#isOver = true
    for (const address of this.#addresses?.values() ?? []) if (address !== undefined) this.#inner.delete(address)
    this.#addresses = undefined
  }

  #innerOf(destination: string): string {
    return `${INNER}temp/${this.#sessionId}${destination.slice(TEMP_QUEUE_PREFIX.length)}`
  }

  #known(destination: string): Map<string, string | undefined> {
    this.#addresses ??= new Map()
    const names = this.#addresses
    if (names.has(destination)) return names
    if (names.size >= this.#maxTempQueues) {
      throw new StompError('STOMP_ERR_DESTINATION_LIMIT', {
        message: 'This session has as many temporary queues as are allowed',
        cure: 'Use one temporary queue for many replies, and tell them apart by correlation-id.',
      })
    }
    names.set(destination, undefined)
    return names
  }
}
