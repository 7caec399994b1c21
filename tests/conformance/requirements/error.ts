import { ALL, FROM_1_1, ONLY_1_0, ONLY_1_2, type Requirement, rows } from '../requirement.js'

/** ERROR. */
export const errorRequirements: readonly Requirement[] = rows(
  { section: 'ERROR', versions: ALL, area: 'error', side: 'server', provenBy: ['server'] },
  [
    {
      id: '1.2/error/sent-when-something-is-wrong',
      level: 'MAY',
      text: 'A server that meets something wrong says so with an ERROR frame.',
    },
    {
      id: '1.2/error/then-close',
      versions: ONLY_1_2,
      level: 'MUST',
      text: 'The server closes the connection just after an ERROR frame.',
    },
    {
      id: '1.2/error/message-header',
      level: 'SHOULD',
      text: 'ERROR carries a short description in `message`.',
    },
    {
      id: '1.2/error/body',
      level: 'MAY',
      text: 'The body of ERROR may say more.',
    },
    {
      id: '1.2/error/identifies-the-frame',
      versions: FROM_1_1,
      level: 'SHOULD',
      text: 'ERROR about a frame that had a receipt header carries its value in receipt-id.',
    },
    {
      id: '1.2/error/content-length',
      versions: FROM_1_1,
      level: 'SHOULD',
      text: 'ERROR with a body carries content-length.',
    },
    {
      id: '1.0/error/content-length',
      versions: ONLY_1_0,
      level: 'SHOULD',
      text: 'ERROR with a body is recommended to carry content-length.',
    },
    {
      id: '1.2/error/content-type',
      versions: FROM_1_1,
      level: 'SHOULD',
      text: 'ERROR with a body carries content-type.',
    },
  ],
)
