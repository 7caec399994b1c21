import type { Otherwise } from '../../packages/server/test/relay/otherwise.js'

const CAME_ALREADY = 'up to prefetch-count messages are at the node already, and stay with their session'

/** What a relay does in another way than the broker in the process, whatever is behind it. */
export const RELAYED: Otherwise = {
  'of the requests of one channel is the order of the calls, without waiting for them':
    'topics come by another connection than what is sent: a subscription that ends at once has seen nothing',
  'is served in turn: each message to the one who has waited longest': 'the broker shares out as it likes',
  'leaves its share to others': CAME_ALREADY,
  'goes back to its place, for another (auto)': CAME_ALREADY,
  'goes back to its place, for another (client)': CAME_ALREADY,
  'by NACK goes to its old place, and says how often it was given': 'the broker does not count',
  'from a lost session goes to others before what came later, in order': 'the broker does not count, nor sort',
  'from a lost session is for none of its other subscriptions': 'its subscriptions end one after the other',
}
