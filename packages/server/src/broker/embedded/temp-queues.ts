import { StompError } from '../../errors.js'
import { INNER } from '../broker.js'
import type { Queue } from './queue.js'
import type { QueueTable } from './queue-table.js'

/** What the inner destinations of temporary queues begin with; the id of the session follows, then a name. */
export const TEMP_QUEUE: string = `${INNER}temp/`

/** The temporary queues: each is its session's own and ends with it. */
export class TempQueues {
  readonly #queues: QueueTable
  /** Of the sessions that are there. */
  readonly #bySession = new Map<string, Set<string>>()

  constructor(queues: QueueTable) {
    this.#queues = queues
  }

  /** A session is there: it may have temporary queues from now on. */
  begin(sessionId: string): void {
    this.#bySession.set(sessionId, new Set())
  }

  /** The queue of an inner destination, made if need be. Throws STOMP_ERR_DESTINATION_UNKNOWN if its session is gone. */
  open(destination: string): Queue {
    const known = this.#queues.get(destination)
    if (known !== undefined) return known
    const end = destination.indexOf('/', TEMP_QUEUE.length)
    const names = this.#bySession.get(destination.slice(TEMP_QUEUE.length, end))
    if (names === undefined) {
      throw new StompError('STOMP_ERR_DESTINATION_UNKNOWN', {
        message: 'The session of this temporary queue is gone',
        cure: 'A temporary queue ends with the session that uses it.',
      })
    }
    names.add(destination)
    return this.#queues.open(destination, { isPinned: true })
  }

  /** Ends all of one session. */
  end(sessionId: string): void {
    const names = this.#bySession.get(sessionId)
    this.#bySession.delete(sessionId)
    for (const name of names ?? []) this.#queues.delete(name)
  }
}
