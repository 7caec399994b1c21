import type { Frame } from '@hoofbeat/codec'
import type { TransactionRequest } from '../broker/broker.js'
import { StompError } from '../errors.js'
import type { Invocation, MessageMatch } from '../routes/routes.js'

/** One frame of a transaction, authorised and validated; nothing has happened yet. */
export type Admitted =
  /** What the broker is to do; names are looked up at COMMIT. */
  | { readonly kind: 'broker'; readonly requests: () => readonly TransactionRequest[] }
  /** A handler that is to run after the commit; `head`: the frame as it was sent, without its body. */
  | { readonly kind: 'route'; readonly head: Frame; readonly match: MessageMatch; readonly invocation: Invocation }

/** Limits of one session's transactions. */
export interface TransactionLimits {
  /** Transactions that one session may have open. @default 16 */
  readonly maxTransactions: number
  /** Frames of one transaction. @default 1000 */
  readonly maxTransactionFrames: number
  /** Bytes of bodies and headers of all frames in the open transactions of one session. @default 1048576 (1 MiB) */
  readonly maxTransactionBytes: number
}

/**
 * The open transactions of one session: frames are collected, and handed on as one batch at COMMIT. They end with the
 * session, as if they had never begun.
 */
export interface Transactions {
  /** Throws STOMP_ERR_TRANSACTION_EXISTS or STOMP_ERR_TRANSACTION_LIMIT. */
  begin(name: string): void
  /** Throws STOMP_ERR_TRANSACTION_UNKNOWN, or STOMP_ERR_TRANSACTION_LIMIT where `frame` would be too much. */
  check(name: string, frame: Frame): void
  /** Adds a frame; `check` it first. */
  add(name: string, frame: Frame, admitted: Admitted): void
  /** Ends one and returns its frames in their order. Throws STOMP_ERR_TRANSACTION_UNKNOWN. */
  take(name: string): readonly Admitted[]
}

interface Open {
  readonly admitted: Admitted[]
  bytes: number
}

/** Makes the transactions of one session: none is open. */
export function createTransactions(limits: TransactionLimits): Transactions {
  return new SessionTransactions(limits)
}

class SessionTransactions implements Transactions {
  readonly #limits: TransactionLimits
  #open: Map<string, Open> | undefined
  #bytes = 0

  constructor(limits: TransactionLimits) {
    this.#limits = limits
  }

  begin(name: string): void {
    const { maxTransactions } = this.#limits
    this.#open ??= new Map()
    if (this.#open.has(name)) {
      throw new StompError('STOMP_ERR_TRANSACTION_EXISTS', { message: `A transaction '${name}' is open already` })
    }
    if (this.#open.size >= maxTransactions) {
      throw new StompError('STOMP_ERR_TRANSACTION_LIMIT', {
        message: `A session may have at most ${maxTransactions} transactions open`,
      })
    }
    this.#open.set(name, { admitted: [], bytes: 0 })
  }

  check(name: string, frame: Frame): void {
    const { maxTransactionFrames, maxTransactionBytes } = this.#limits
    const { admitted } = this.#find(name)
    if (admitted.length >= maxTransactionFrames) {
      throw new StompError('STOMP_ERR_TRANSACTION_LIMIT', {
        message: `A transaction may have at most ${maxTransactionFrames} frames`,
      })
    }
    if (this.#bytes + sizeOf(frame) > maxTransactionBytes) {
      throw new StompError('STOMP_ERR_TRANSACTION_LIMIT', {
        message: `The open transactions of a session may hold at most ${maxTransactionBytes} bytes`,
      })
    }
  }

  add(name: string, frame: Frame, admitted: Admitted): void {
    const transaction = this.#find(name)
    const size = sizeOf(frame)
    transaction.admitted.push(admitted)
    transaction.bytes += size
    this.#bytes += size
  }

  take(name: string): readonly Admitted[] {
    const transaction = this.#find(name)
    this.#open?.delete(name)
    this.#bytes -= transaction.bytes
    return transaction.admitted
  }

  #find(name: string): Open {
    const transaction = this.#open?.get(name)
    if (transaction !== undefined) return transaction
    throw new StompError('STOMP_ERR_TRANSACTION_UNKNOWN', { message: `No transaction '${name}' is open` })
  }
}

function sizeOf({ headers, body }: Frame): number {
  let bytes = body.length
  for (const text of headers.flat) bytes += text.length
  return bytes
}
