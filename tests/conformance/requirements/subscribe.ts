import { ALL, FROM_1_1, ONLY_1_0, ONLY_1_1, ONLY_1_2, type Requirement, rows } from '../requirement.js'

/** SUBSCRIBE; the ack modes stand apart. */
export const subscribeRequirements: readonly Requirement[] = rows(
  { section: 'SUBSCRIBE', versions: ALL, area: 'subscription', side: 'server', provenBy: ['server'] },
  [
    {
      id: '1.2/subscribe/destination-required',
      area: 'error',
      level: 'MUST',
      text: 'SUBSCRIBE without destination is refused.',
    },
    {
      id: '1.2/subscribe/messages-follow',
      level: 'states',
      text: 'Messages that come to the destination from then on are delivered as MESSAGE frames.',
    },
    {
      id: '1.2/subscribe/failure-is-an-error',
      versions: FROM_1_1,
      area: 'error',
      level: 'MUST',
      text: 'A subscription that cannot be made is answered with ERROR and the connection is closed.',
    },
    {
      id: '1.2/subscribe/server-headers',
      versions: FROM_1_1,
      level: 'MAY',
      text: 'Further headers shape the delivery: prefetch-count, selector, since, replay, durable.',
    },
    {
      id: '1.2/subscribe/id-required',
      section: 'SUBSCRIBE id Header',
      versions: FROM_1_1,
      area: 'error',
      level: 'MUST',
      text: 'SUBSCRIBE without id is refused.',
    },
    {
      id: '1.2/subscribe/id-relates-frames',
      section: 'SUBSCRIBE id Header',
      versions: FROM_1_1,
      level: 'states',
      text: 'The id ties MESSAGE, UNSUBSCRIBE and, in 1.1, ACK and NACK to their subscription when a connection has several.',
    },
    {
      id: '1.2/subscribe/ids-differ',
      section: 'SUBSCRIBE id Header',
      versions: ONLY_1_2,
      level: 'MUST',
      text: 'Two live subscriptions of one connection never share an id; other connections may use the same.',
    },
    {
      id: '1.1/subscribe/ids-differ',
      section: 'SUBSCRIBE id Header',
      versions: ONLY_1_1,
      level: 'MUST',
      text: 'An id names one subscription within its connection.',
    },
    {
      id: '1.0/subscribe/id-is-optional',
      versions: ONLY_1_0,
      level: 'MAY',
      text: 'SUBSCRIBE may come without id.',
    },
    {
      id: '1.0/subscribe/id-shows-in-message',
      versions: ONLY_1_0,
      level: 'SHOULD',
      text: 'The id of a subscription that has one stands in `subscription` of its MESSAGE frames.',
    },
    {
      id: '1.0/subscribe/overlapping',
      versions: ONLY_1_0,
      level: 'MAY',
      text: 'Two subscriptions with different ids may overlap in their destinations, with selectors or wildcards.',
    },
    {
      id: '1.0/subscribe/body-is-ignored',
      versions: ONLY_1_0,
      provenBy: ['codec', 'server'],
      level: 'states',
      text: 'The body of a 1.0 SUBSCRIBE is ignored.',
    },
    {
      id: '1.0/subscribe/selector',
      versions: ONLY_1_0,
      level: 'MAY',
      text: 'A selector header filters messages by their headers, in the manner of SQL 92.',
    },
  ],
)
