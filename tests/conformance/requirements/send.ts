import { ALL, FROM_1_1, ONLY_1_0, ONLY_1_2, type Requirement, rows } from '../requirement.js'
import { NO_TRANSACTIONS } from './transaction.js'

/** Client frames in general, and SEND. */
export const sendRequirements: readonly Requirement[] = rows(
  { section: 'SEND', versions: ALL, area: 'message', side: 'server', provenBy: ['server'] },
  [
    {
      id: '1.2/client-frames/unknown-command',
      section: 'Client Frames',
      versions: FROM_1_1,
      area: 'error',
      provenBy: ['codec', 'server'],
      level: 'MAY',
      text: 'A frame with a command that is not of the protocol is answered with ERROR and the connection is closed.',
    },
    {
      id: '1.2/send/destination-required',
      area: 'error',
      level: 'MUST',
      text: 'SEND without destination is refused.',
    },
    {
      id: '1.2/send/body-is-the-message',
      level: 'states',
      text: 'The body of SEND is the message, and reaches subscribers unchanged.',
    },
    {
      id: '1.2/send/destination-is-opaque',
      level: 'states',
      text: 'A destination is a plain string: two that differ in one octet are two destinations.',
    },
    {
      id: '1.2/send/transaction',
      area: 'transaction',
      level: 'states',
      status: NO_TRANSACTIONS,
      text: 'SEND with a transaction header takes effect with its transaction.',
    },
    {
      id: '1.2/send/content-length',
      versions: FROM_1_1,
      side: 'client',
      area: 'codec',
      provenBy: ['codec'],
      level: 'SHOULD',
      text: 'SEND with a body is written with content-length.',
    },
    {
      id: '1.0/send/content-length',
      versions: ONLY_1_0,
      side: 'client',
      area: 'codec',
      provenBy: ['codec'],
      level: 'SHOULD',
      text: 'SEND is written with content-length where it has a body.',
    },
    {
      id: '1.2/send/content-type',
      versions: FROM_1_1,
      side: 'client',
      level: 'SHOULD',
      status: { notOurs: 'what a body is, only the application that sends it knows' },
      text: 'SEND with a body is written with content-type.',
    },
    {
      id: '1.2/send/user-headers',
      versions: FROM_1_1,
      side: 'client',
      level: 'MAY',
      provenBy: ['codec', 'server'],
      text: 'SEND may carry headers of the user.',
    },
    {
      id: '1.2/send/user-headers-pass-through',
      versions: FROM_1_1,
      level: 'MUST',
      text: 'Headers of the user reach subscribers in MESSAGE.',
    },
    {
      id: '1.2/send/user-headers-are-of-the-message',
      section: 'Frames and Headers',
      versions: ONLY_1_2,
      level: 'SHOULD',
      text: 'Headers of the user count as part of the carried message: every subscriber gets the same.',
    },
    {
      id: '1.2/send/failure-is-an-error',
      versions: FROM_1_1,
      area: 'error',
      level: 'MUST',
      text: 'A SEND that cannot be processed is answered with ERROR and the connection is closed.',
    },
    {
      id: '1.2/frames-and-headers/server-headers',
      section: 'Frames and Headers',
      versions: ONLY_1_2,
      level: 'MAY',
      status: { deferred: 'persistence and expiry are not built yet' },
      text: 'A server may give access to persistence, expiry and the like through further headers.',
    },
  ],
)
