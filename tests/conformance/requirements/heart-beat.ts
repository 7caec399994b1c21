import { FROM_1_1, ONLY_1_1, ONLY_1_2, type Requirement, rows } from '../requirement.js'

/** Heart-beating, agreed in CONNECT and CONNECTED. 1.0 has none. */
export const heartBeatRequirements: readonly Requirement[] = rows(
  { section: 'Heart-beating', versions: FROM_1_1, area: 'heart-beat', side: 'both', provenBy: ['codec', 'server'] },
  [
    {
      id: '1.2/heart-beat/both-declare',
      provenBy: ['server'],
      level: 'states',
      text: 'Each side declares what it can send and what it wants: the client in CONNECT, the server in CONNECTED.',
    },
    {
      id: '1.2/heart-beat/two-integers',
      level: 'MUST',
      text: 'heart-beat holds two whole numbers that are not negative, with a comma between them.',
    },
    {
      id: '1.2/heart-beat/first-is-what-it-can-send',
      level: 'states',
      text: 'The first number is the smallest interval in ms at which its sender can send; 0 means that it cannot.',
    },
    {
      id: '1.2/heart-beat/second-is-what-it-wants',
      level: 'states',
      text: 'The second number is the interval in ms at which its sender wants to receive; 0 means that it wants none.',
    },
    {
      id: '1.2/heart-beat/absent-means-0,0',
      level: 'MUST',
      text: 'A missing heart-beat header is the same as `0,0`.',
    },
    {
      id: '1.2/heart-beat/none-when-either-is-0',
      level: 'states',
      text: 'In a direction where one side cannot send or the other does not want any there are no heart-beats.',
    },
    {
      id: '1.2/heart-beat/interval-is-the-greater',
      level: 'states',
      text: 'Otherwise the interval of a direction is the greater of the two numbers.',
    },
    {
      id: '1.2/heart-beat/any-data-is-life',
      provenBy: ['server'],
      level: 'states',
      text: 'Any new octets, even part of a frame, show that the other side is alive.',
    },
    {
      id: '1.2/heart-beat/sent-in-time',
      provenBy: ['server'],
      level: 'MUST',
      text: 'New octets leave at least once in each interval.',
    },
    {
      id: '1.2/heart-beat/is-an-eol',
      versions: ONLY_1_2,
      level: 'MUST',
      text: 'A sender with no frame to send sends one line end, and a reader takes LF and CRLF as such.',
    },
    {
      id: '1.1/heart-beat/is-a-newline',
      versions: ONLY_1_1,
      level: 'MUST',
      text: 'A sender with no frame to send sends the single octet 0x0A.',
    },
    {
      id: '1.2/heart-beat/silence-may-be-death',
      provenBy: ['server'],
      level: 'MAY',
      text: 'A receiver to which nothing came for longer than the interval may take the connection as dead.',
    },
    {
      id: '1.2/heart-beat/tolerance',
      provenBy: ['server'],
      level: 'SHOULD',
      text: 'A receiver allows for inexact timing: silence just over one interval does not end the connection.',
    },
  ],
)
