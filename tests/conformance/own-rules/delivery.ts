import { ALL, FROM_1_1, ONLY_1_0, type Requirement, rows } from '../requirement.js'

/** What subscribers get, and when senders are told. */
export const deliveryRules: readonly Requirement[] = rows(
  { section: 'Delivery', versions: ALL, area: 'message', side: 'server', provenBy: ['server'] },
  [
    {
      id: 'ours/message/reserved-headers',
      level: 'MUST',
      text: 'receipt, transaction, ack, content-length, message-id and subscription of the sender reach no subscriber.',
    },
    {
      id: 'ours/message/content-length-always',
      level: 'MUST',
      text: 'MESSAGE carries content-length even when its body is empty.',
    },
    {
      id: 'ours/message/content-type-passes-through',
      level: 'MUST',
      text: 'MESSAGE carries the content-type of the sender, and none when the sender gave none.',
    },
    {
      id: 'ours/message/unwritable-header-is-left-out',
      versions: ONLY_1_0,
      level: 'MUST',
      text: 'A header that the version of a subscriber cannot write is left out of its MESSAGE; all else arrives.',
    },
    {
      id: 'ours/message/order',
      level: 'MUST',
      text: 'Messages of one sender to one destination arrive in the order of sending.',
    },
    {
      id: 'ours/message/id-is-shared',
      level: 'MUST',
      text: 'Every subscriber sees the same message-id for one message.',
    },
    {
      id: 'ours/receipt/before-own-message',
      area: 'receipt',
      level: 'MUST',
      text: 'The RECEIPT of a SEND comes before the MESSAGE that it causes at the same session.',
    },
    {
      id: 'ours/receipt/subscription-is-active',
      area: 'receipt',
      level: 'MUST',
      text: 'A subscription that has its RECEIPT misses nothing that is sent after.',
    },
    {
      id: 'ours/receipt/handler-is-done',
      area: 'receipt',
      level: 'MUST',
      text: 'The RECEIPT of a SEND to a route comes when its handler is done, and a slow handler holds up no later frame.',
    },
    {
      id: 'ours/route/message',
      level: 'MUST',
      text: 'What a message route returns is published to its destination.',
    },
    {
      id: 'ours/route/failure',
      area: 'error',
      level: 'MUST',
      text: 'A handler that throws causes an ERROR with receipt-id that shows nothing of the thrown text, then close.',
    },
    {
      id: 'ours/heart-beat/default',
      versions: FROM_1_1,
      area: 'heart-beat',
      level: 'MUST',
      text: 'The server states `10000,10000`.',
    },
    {
      id: 'ours/heart-beat/judged-at-2x-to-3x',
      versions: FROM_1_1,
      area: 'heart-beat',
      level: 'MUST',
      text: 'Silence is judged after twice and before three times the interval.',
    },
  ],
)
