import { ALL, BEFORE_1_2, ONLY_1_2, type Requirement, rows } from '../requirement.js'

/** The receipt header and RECEIPT. */
export const receiptRequirements: readonly Requirement[] = rows(
  { section: 'RECEIPT', versions: ALL, area: 'receipt', side: 'server', provenBy: ['server'] },
  [
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
  ],
)
