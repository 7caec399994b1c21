import { ALL, ONLY_1_0, type Requirement, rows } from '../requirement.js'

/** How sessions begin and end. */
export const sessionRules: readonly Requirement[] = rows(
  { section: 'Sessions', versions: ALL, area: 'connection', side: 'server', provenBy: ['server'] },
  [
    {
      id: 'ours/connect/deadline',
      level: 'MUST',
      text: 'A connection without CONNECT for 10 s gets ERROR and is closed, whatever else it sent.',
    },
    {
      id: 'ours/connect/host-and-login-are-optional',
      level: 'MUST',
      text: 'CONNECT without host or login is accepted in every version.',
    },
    {
      id: 'ours/connect/padding-of-1.0',
      versions: ONLY_1_0,
      level: 'MUST',
      text: 'Spaces around the values of a CONNECT without accept-version, as 1.0 writes it, do not count.',
    },
    {
      id: 'ours/connect/credentials-refused',
      area: 'error',
      level: 'MUST',
      text: 'Refused credentials get ERROR, then close, and the ERROR does not repeat them.',
    },
    {
      id: 'ours/disconnect/waits-for-handlers',
      area: 'receipt',
      level: 'MUST',
      text: 'DISCONNECT waits until the handlers of earlier frames are done, but 10 s at most, and its RECEIPT comes last.',
    },
    {
      id: 'ours/sub-protocol/agreed',
      transports: ['websocket'],
      area: 'sub-protocol',
      level: 'MUST',
      text: 'A WebSocket client that offers v10.stomp, v11.stomp or v12.stomp gets it; one that offers none is served too.',
    },
    {
      id: 'ours/sub-protocol/unknown',
      transports: ['websocket'],
      area: 'sub-protocol',
      level: 'MUST',
      text: 'A sub-protocol that is not known is passed over for one that is.',
    },
    {
      id: 'ours/half-close/answered',
      transports: ['linked', 'tcp'],
      level: 'MUST',
      text: 'A client that ends its side alone is answered for all that it had sent, an ERROR if it earned one, then the server ends too.',
    },
    {
      id: 'ours/half-close/inside-a-frame',
      transports: ['linked', 'tcp'],
      area: 'error',
      level: 'MUST',
      text: 'A client that ends its side within a frame gets ERROR, then the end.',
    },
    {
      id: 'ours/half-close/ends-the-session',
      transports: ['linked', 'tcp'],
      level: 'MUST',
      text: 'With a side that ends the session ends: its transactions are undone, and what it had not acknowledged goes back.',
    },
    {
      id: 'ours/connect/receipt-is-not-asked-for',
      area: 'receipt',
      level: 'MUST',
      text: 'CONNECT with a receipt header is answered by CONNECTED alone.',
    },
  ],
)
