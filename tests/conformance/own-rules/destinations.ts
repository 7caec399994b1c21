import { ALL, FROM_1_1, type Requirement, rows } from '../requirement.js'

const queues = rows({ section: 'Queues', versions: ALL, area: 'message', side: 'server', provenBy: ['server'] }, [
  {
    id: 'ours/queue/one-consumer',
    level: 'MUST',
    text: 'Each message of a queue goes to one consumer; consumers with room take turns.',
  },
  {
    id: 'ours/queue/keeps-its-messages',
    level: 'MUST',
    text: 'A queue without consumers keeps its messages, in order, for whoever comes.',
  },
  {
    id: 'ours/queue/expiry',
    level: 'MUST',
    text: 'A message with expiration or expires is delivered until its time is over, and not after.',
  },
  {
    id: 'ours/queue/persistent',
    level: 'MUST',
    text: 'A message with persistent:true that was receipted outlives a restart of the server; one without it does not.',
  },
  {
    id: 'ours/queue/needs-a-rule',
    area: 'error',
    level: 'MUST',
    text: 'SUBSCRIBE and SEND to a queue that no rule opens get ERROR.',
  },
  {
    id: 'ours/queue/no-wildcards',
    area: 'error',
    level: 'MUST',
    text: 'SUBSCRIBE to a pattern of queues gets ERROR.',
  },
  {
    id: 'ours/temp-queue/private',
    level: 'MUST',
    text: 'A temporary queue is its session’s own: the same name of another session is another queue, and nobody can take it.',
  },
  {
    id: 'ours/temp-queue/reply-to',
    level: 'MUST',
    text: 'A reply-to that names a temporary queue reaches the consumer as a name to which it may SEND, and the reply comes back.',
  },
])

const subscriptions = rows(
  { section: 'Subscriptions', versions: ALL, area: 'subscription', side: 'server', provenBy: ['server'] },
  [
    {
      id: 'ours/selector/filters',
      level: 'MUST',
      text: 'A selector lets through the messages whose headers it fits, on topics and on queues; the others stay for others.',
    },
    {
      id: 'ours/selector/malformed',
      area: 'error',
      level: 'MUST',
      text: 'A selector that cannot be read gets ERROR at SUBSCRIBE.',
    },
    {
      id: 'ours/topic/history',
      level: 'MUST',
      text: 'SUBSCRIBE with replay or since gets what was published before, then what follows, each once and in order.',
    },
    {
      id: 'ours/topic/no-history',
      area: 'error',
      level: 'MUST',
      text: 'SUBSCRIBE with replay or since where no history is kept gets ERROR.',
    },
    {
      id: 'ours/topic/durable',
      versions: FROM_1_1,
      level: 'MUST',
      text: 'A durable subscription keeps the messages of its topic while its client is away, until it is unsubscribed.',
    },
    {
      id: 'ours/subscription-route/plain-only',
      area: 'error',
      level: 'MUST',
      text: 'SUBSCRIBE to an application route with an ack mode but `auto`, or with a selector, gets an ERROR that names it.',
    },
  ],
)

const users = rows(
  { section: 'User destinations', versions: ALL, area: 'message', side: 'server', provenBy: ['server'] },
  [
    {
      id: 'ours/user/from-clients',
      level: 'MUST',
      text: 'A client that may, sends to a user by `/user/<name>/...`, where the name is percent-encoded.',
    },
    {
      id: 'ours/user/absent',
      level: 'MUST',
      text: 'A message to a user who is not there is dropped without harm to its sender, and nothing is kept.',
    },
    {
      id: 'ours/user/private',
      area: 'error',
      level: 'MUST',
      text: 'No wildcard and no other name lets a client read what is for another user.',
    },
  ],
)

/** Queues, topics and user destinations: what a destination means is for the server to say. */
export const destinationRules: readonly Requirement[] = [...queues, ...subscriptions, ...users]
