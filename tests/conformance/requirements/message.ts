import { ALL, FROM_1_1, ONLY_1_2, type Requirement, rows } from '../requirement.js'

/** MESSAGE, and what a server may send at all. */
export const messageRequirements: readonly Requirement[] = rows(
  { section: 'MESSAGE', versions: ALL, area: 'message', side: 'server', provenBy: ['server'] },
  [
    {
      id: '1.2/server-frames/which',
      section: 'Server Frames',
      level: 'MAY',
      text: 'After CONNECTED a server sends MESSAGE, RECEIPT and ERROR frames only.',
    },
    {
      id: '1.2/message/destination',
      level: 'MUST',
      text: 'MESSAGE carries the destination to which the message was sent.',
    },
    {
      id: '1.2/message/destination-as-sent',
      versions: ONLY_1_2,
      level: 'SHOULD',
      text: 'The destination in MESSAGE is the very one of the SEND, under a wildcard subscription too.',
    },
    {
      id: '1.2/message/message-id',
      level: 'MUST',
      text: 'MESSAGE carries a message-id that no other message has.',
    },
    {
      id: '1.2/message/subscription',
      versions: FROM_1_1,
      level: 'MUST',
      text: 'MESSAGE carries the id of the subscription that receives it.',
    },
    {
      id: '1.2/message/body',
      level: 'states',
      text: 'The body of MESSAGE is the message.',
    },
    {
      id: '1.2/message/content-length',
      level: 'SHOULD',
      text: 'MESSAGE with a body carries content-length.',
    },
    {
      id: '1.2/message/content-type',
      versions: FROM_1_1,
      level: 'SHOULD',
      status: {
        notOurs: 'the content-type of the sender is passed on, and none is made up where the sender gave none',
      },
      text: 'MESSAGE with a body carries content-type.',
    },
    {
      id: '1.2/message/user-headers',
      versions: FROM_1_1,
      level: 'states',
      text: 'MESSAGE carries every header of the user that came with the message.',
    },
    {
      id: '1.2/message/server-headers',
      versions: FROM_1_1,
      level: 'MAY',
      text: 'The server adds headers of its own to MESSAGE: redelivered and delivery-count to a message that comes again.',
    },
  ],
)
