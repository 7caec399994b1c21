import { ALL, FROM_1_1, ONLY_1_0, type Requirement, rows } from '../requirement.js'

/** UNSUBSCRIBE. */
export const unsubscribeRequirements: readonly Requirement[] = rows(
  { section: 'UNSUBSCRIBE', versions: FROM_1_1, area: 'subscription', side: 'server', provenBy: ['server'] },
  [
    {
      id: '1.2/unsubscribe/no-more-messages',
      versions: ALL,
      level: 'states',
      text: 'After UNSUBSCRIBE no further message of that subscription arrives.',
    },
    {
      id: '1.2/unsubscribe/id-required',
      area: 'error',
      level: 'MUST',
      text: 'UNSUBSCRIBE without id is refused.',
    },
    {
      id: '1.2/unsubscribe/id-of-a-subscription',
      area: 'error',
      level: 'MUST',
      text: 'UNSUBSCRIBE with an id that no subscription has is refused.',
    },
    {
      id: '1.0/unsubscribe/by-destination-or-id',
      versions: ONLY_1_0,
      level: 'MUST',
      text: 'A 1.0 UNSUBSCRIBE names its subscription by destination, or by id if SUBSCRIBE gave one.',
    },
  ],
)
