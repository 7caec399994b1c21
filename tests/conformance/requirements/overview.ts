import { ALL, FROM_1_1, ONLY_1_2, type Requirement, rows } from '../requirement.js'

/** What is said of the whole: the network beneath, the two modes of a client, the table of frames and headers. */
export const overviewRequirements: readonly Requirement[] = rows(
  { section: 'Protocol Overview', versions: ALL, area: 'connection', side: 'server', provenBy: ['server'] },
  [
    {
      id: '1.2/overview/over-a-stream',
      section: 'STOMP Frames',
      transports: ['tcp'],
      level: 'states',
      text: 'STOMP is spoken over a reliable stream in both directions, such as TCP, whatever the pieces in which it comes.',
    },
    {
      id: '1.2/overview/producer-and-consumer',
      versions: FROM_1_1,
      level: 'states',
      text: 'A client may produce and consume at the same time.',
    },
    {
      id: '1.2/overview/required-headers-suffice',
      section: 'Frames and Headers',
      versions: ONLY_1_2,
      level: 'MUST',
      text: 'Each client frame is taken with its required headers alone.',
    },
    {
      id: '1.2/overview/required-headers-are-demanded',
      section: 'Frames and Headers',
      versions: ONLY_1_2,
      area: 'error',
      level: 'MUST',
      text: 'Each client frame is refused without one of its required headers, which the ERROR names; only accept-version and host may be absent.',
    },
    {
      id: '1.2/overview/optional-headers',
      section: 'Frames and Headers',
      versions: ONLY_1_2,
      level: 'MAY',
      text: 'Each client frame is taken with its optional headers too.',
    },
  ],
)
