import { ModelBatches } from './batches.js'
import { ModelBooks } from './books.js'
import { ModelDeadLetters } from './dead-letters.js'
import { ModelDeliveries } from './deliveries.js'
import { ModelDurables } from './durables.js'
import { ModelOperators } from './operators.js'
import { ModelOutcomes } from './outcomes.js'
import { ModelQueues } from './queues.js'
import { ModelRecovery } from './recovery.js'
import { ModelRequests } from './requests.js'
import { ModelSessions } from './sessions.js'
import { ModelState } from './state.js'
import { ModelTopics } from './topics.js'

/**
 * What an embedded broker must do, in lists. It does not foretell who is given a message, but judges each delivery, and
 * afterwards whether anything waits that somebody could have. It knows nothing of heaps, credit counters or stores.
 */
export interface BrokerModel {
  readonly state: ModelState
  readonly batches: ModelBatches
  readonly queues: ModelQueues
  readonly deadLetters: ModelDeadLetters
  readonly sessions: ModelSessions
  readonly durables: ModelDurables
  readonly topics: ModelTopics
  readonly requests: ModelRequests
  readonly outcomes: ModelOutcomes
  readonly deliveries: ModelDeliveries
  readonly books: ModelBooks
  readonly operators: ModelOperators
  readonly recovery: ModelRecovery
}

/** Makes the model of a broker at which nothing is. */
export function createBrokerModel(): BrokerModel {
  const state = new ModelState()
  const batches = new ModelBatches(state)
  const queues = new ModelQueues(state)
  const deadLetters = new ModelDeadLetters(state, batches, queues)
  const sessions = new ModelSessions(state, queues)
  const durables = new ModelDurables(state, batches, queues)
  const topics = new ModelTopics(state, batches, sessions)
  const requests = new ModelRequests(state, batches, queues, sessions)
  const operators = new ModelOperators(state, batches, queues, requests)
  return {
    ...{ state, batches, queues, deadLetters, sessions, durables, topics, requests, operators },
    outcomes: new ModelOutcomes(state, queues, sessions, durables, topics),
    deliveries: new ModelDeliveries(state, batches, queues, deadLetters, sessions, topics),
    books: new ModelBooks(state, batches, queues),
    recovery: new ModelRecovery(state, queues),
  }
}
