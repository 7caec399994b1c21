import { ALL, BEFORE_1_2, FROM_1_1, ONLY_1_2, type Requirement, rows } from '../requirement.js'

const receipts = rows({ section: 'RECEIPT', versions: ALL, area: 'receipt', side: 'server', provenBy: ['server'] }, [
  {
    id: '1.2/receipt/any-client-frame',
    section: 'Header receipt',
    level: 'MAY',
    side: 'client',
    text: 'Any client frame but CONNECT may ask for a receipt, with any value.',
  },
  {
    id: '1.2/receipt/answered',
    section: 'Header receipt',
    level: 'states',
    text: 'A frame that asks for a receipt is answered with a RECEIPT frame.',
  },
  {
    id: '1.2/receipt/when-processed',
    level: 'states',
    text: 'RECEIPT is sent once the frame has been processed with success, and not for a frame that failed.',
  },
  {
    id: '1.2/receipt/receipt-id',
    level: 'MUST',
    text: 'RECEIPT carries in receipt-id the value of the receipt header, unchanged.',
  },
  {
    id: '1.2/receipt/cumulative',
    versions: ONLY_1_2,
    level: 'states',
    text: 'RECEIPT also says that every frame before the one it answers has been received.',
  },
  {
    id: '1.1/receipt/no-body',
    versions: BEFORE_1_2,
    level: 'states',
    text: 'RECEIPT has no body.',
  },
  {
    id: '1.2/receipt/processing-goes-on',
    versions: ONLY_1_2,
    level: 'SHOULD',
    text: 'Frames received before a client disconnects are still processed.',
  },
])

const disconnect = rows(
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

/** The receipt header, RECEIPT, and DISCONNECT, whose receipt is the assurance that all arrived. */
export const receiptRequirements: readonly Requirement[] = [...receipts, ...disconnect]
