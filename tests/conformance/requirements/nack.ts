import { FROM_1_1, type Requirement, rows } from '../requirement.js'

/** NACK. 1.0 has none. */
export const nackRequirements: readonly Requirement[] = rows(
  { section: 'NACK', versions: FROM_1_1, area: 'ack', side: 'server', provenBy: ['server'] },
  [
    {
      id: '1.2/nack/not-consumed',
      level: 'states',
      text: 'NACK says that a message was not consumed, and the server gives it to another client, drops it or sets it aside.',
    },
    {
      id: '1.2/nack/headers',
      level: 'MUST',
      text: 'NACK takes the same headers as ACK: those that name the message are required.',
    },
    {
      id: '1.2/nack/scope',
      level: 'states',
      text: 'NACK covers one message in mode `client-individual`, and all open ones up to it in mode `client`.',
    },
    {
      id: '1.2/nack/transaction',
      level: 'MAY',
      text: 'A NACK with a transaction header takes effect with that transaction: at COMMIT, not before, and never after ABORT.',
    },
  ],
)
