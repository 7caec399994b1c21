import { FROM_1_1, type Requirement, rows } from '../requirement.js'

/** What becomes of connections that come and go quickly, and of the last frame. */
export const lingeringRequirements: readonly Requirement[] = rows(
  { section: 'Connection Lingering', versions: FROM_1_1, area: 'connection', side: 'server', provenBy: ['server'] },
  [
    {
      id: '1.2/lingering/rapid-clients',
      level: 'MUST',
      text: 'Clients that connect and disconnect in quick succession are served.',
    },
    {
      id: '1.2/lingering/closed-connections-linger-briefly',
      level: 'states',
      text: 'A connection that is done lingers for a short time only before the server ends it.',
    },
    {
      id: '1.2/lingering/last-frame-may-be-lost',
      level: 'states',
      text: 'Only a client that does not read in that short time may miss the last frame; any other reads it, even one that goes on sending.',
    },
  ],
)
