import type { Otherwise } from '../../packages/server/test/relay/otherwise.js'
import { RELAYED } from './otherwise.js'

/** What a relay leaves to RabbitMQ, and why: titles of the contract's tests, which are left out. */
export const RABBITMQ_OTHERWISE: Otherwise = {
  ...RELAYED,
  'with client means all up to that one': 'what comes back is not sorted',
  'acknowledges, returns and sends together': 'what comes back is not sorted',
  "knows the server's own headers of a message": 'RabbitMQ has no selectors for queues',
  'on a queue holds nobody up, and leaves what it does not match': 'RabbitMQ has no selectors for queues',
  'shares a queue with others: each message to one, and in order': 'RabbitMQ has no selectors for queues',
  'finds what comes back': 'RabbitMQ has no selectors for queues',
  'may be to a pattern, and select': 'RabbitMQ has no selectors for queues',
  'keeps its destination and selector': 'the broker does not tell what it was made with',
}
