import { ALL, FROM_1_1, ONLY_1_2, type Requirement, rows } from '../requirement.js'

/** DISCONNECT, whose receipt is the assurance that all arrived. */
export const disconnectRequirements: readonly Requirement[] = rows(
  { section: 'DISCONNECT', versions: ALL, area: 'connection', side: 'server', provenBy: ['server'] },
  [
    {
      id: '1.2/disconnect/socket-may-close-any-time',
      versions: FROM_1_1,
      level: 'states',
      text: 'A client may close its socket at any time, which ends its session and no other.',
    },
    {
      id: '1.2/disconnect/receipt-assures',
      versions: FROM_1_1,
      area: 'receipt',
      level: 'SHOULD',
      text: 'DISCONNECT with a receipt is answered when every frame before it has been received, then the client closes.',
    },
    {
      id: '1.2/disconnect/time-to-read-the-receipt',
      versions: ONLY_1_2,
      level: 'states',
      text: 'The server leaves the client time to read the RECEIPT before it closes its end.',
    },
    {
      id: '1.0/disconnect/graceful',
      versions: ['1.0'],
      level: 'states',
      text: 'DISCONNECT ends the session in good order.',
    },
    {
      id: '1.2/disconnect/nothing-after',
      versions: FROM_1_1,
      side: 'client',
      level: 'MUST NOT',
      text: 'After DISCONNECT a client sends no more frames, and a server acts on none.',
    },
  ],
)
