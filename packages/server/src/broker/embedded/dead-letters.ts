import { createHeaders, type Headers } from '@hoofbeat/codec'
import type { Message } from '../../message/message.js'
import { createMessage } from '../../message/message.js'
import type { Observe } from '../../observe/events.js'
import { INNER } from '../broker.js'
import { isDurableName } from './durable-subscriptions.js'
import type { HeldMessage } from './held-message.js'
import type { Queue } from './queue.js'
import type { QueueEntry } from './queue-entry.js'
import type { QueueTable } from './queue-table.js'
import type { Step } from './step.js'

/** What dead letters carry besides their own headers; taken off again when they are moved back. */
const ORIGINAL_DESTINATION = 'original-destination'
/** Only for those of durable subscriptions: its name. */
const ORIGINAL_SUBSCRIPTION = 'original-subscription'
const REASON = 'dead-letter-reason'
const OWN_HEADERS = new Set([ORIGINAL_DESTINATION, ORIGINAL_SUBSCRIPTION, REASON])

/** A publisher's headers without those that only dead letters have: nobody forges where one came from. */
export function withoutOrigin(headers: Headers): Headers {
  if (!headers.has(REASON) && !headers.has(ORIGINAL_SUBSCRIPTION) && !headers.has(ORIGINAL_DESTINATION)) return headers
  return createHeaders([...headers].filter(([name]) => !OWN_HEADERS.has(name)))
}

/** Where messages go that came back too often. */
export interface DeadLetters {
  /** Gives entries back to their queue: to their places, or, if they were delivered too often, to the dead letters. */
  giveBack(queue: Queue, entries: readonly QueueEntry[]): void
}

/** What dead letters need of the broker. */
export interface DeadLettersParts {
  readonly queues: QueueTable
  readonly observe: Observe
  /** Name of the queue of dead letters. */
  readonly destination: string
  readonly maxDeliveries: number
  /** Stores and applies. */
  readonly execute: (step: Step) => undefined | Promise<void>
}

/** Makes dead letters. */
export function createDeadLetters({
  queues,
  observe,
  destination,
  maxDeliveries,
  execute,
}: DeadLettersParts): DeadLetters {
  /** False if it cannot lie there. */
  const bury = (queue: Queue, entry: QueueEntry): boolean => {
    let put: Step
    try {
      put = queues.planPut(queues.open(destination), buried(entry.held, queue.name, destination))
    } catch {
      return false
    }
    const move: Step = {
      changes: [...queues.removal(queue, [entry]), ...put.changes],
      destinations: put.destinations,
      accept: put.accept,
      abandon: put.abandon,
      apply() {
        queue.settle(entry)
        put.apply()
        const { id } = entry.held.message
        observe({ type: 'dead-letter', destination: queue.name, messageId: id, deliveries: entry.deliveries })
      },
      undo() {
        put.undo()
        queue.put(entry)
      },
    }
    // What cannot be stored stays where it was, which `undo` has seen to.
    execute(move)?.catch(() => {})
    return true
  }
  return {
    giveBack(queue, entries) {
      // The dead letters themselves, and those of nobody, come back for ever.
      const isMortal = queue.name !== destination && !queue.name.startsWith(INNER)
      const isOver = (entry: QueueEntry): boolean => isMortal && entry.deliveries >= maxDeliveries
      queue.putAll(entries.filter((entry) => !isOver(entry) || !bury(queue, entry)))
    },
  }
}

/** The queue that a dead letter came from. */
export function originOf({ headers }: Message): string | undefined {
  if (!headers.has(REASON)) return undefined
  return headers.get(ORIGINAL_SUBSCRIPTION) ?? headers.get(ORIGINAL_DESTINATION)
}

/** A message as it lies in another queue, and no dead letter any more. */
export function revived(held: HeldMessage, queue: string): HeldMessage {
  const { headers } = held.message
  const destination = isDurableName(queue) ? (headers.get(ORIGINAL_DESTINATION) ?? held.message.destination) : queue
  return withHeaders(held, destination, [])
}

function buried(held: HeldMessage, queue: string, deadLetters: string): HeldMessage {
  const origin: [string, string][] = [
    [REASON, 'too many deliveries'],
    [ORIGINAL_DESTINATION, held.message.destination],
  ]
  if (isDurableName(queue)) origin.push([ORIGINAL_SUBSCRIPTION, queue])
  // Dead letters are looked at later than they were meant to be.
  return { ...withHeaders(held, deadLetters, origin), expiresAtMs: undefined }
}

function withHeaders(
  held: HeldMessage,
  destination: string,
  more: readonly (readonly [string, string])[],
): HeldMessage {
  const { id, headers, body } = held.message
  const kept = [...headers].filter(([name]) => !OWN_HEADERS.has(name))
  return { ...held, message: createMessage({ id, destination, headers: createHeaders([...kept, ...more]), body }) }
}
