import { ALL, FROM_1_1, ONLY_1_0, type Requirement, rows } from './requirement.js'

const connection = rows(
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
      area: 'sub-protocol',
      level: 'MUST',
      text: 'A WebSocket client that offers v10.stomp, v11.stomp or v12.stomp gets it; one that offers none is served too.',
    },
    {
      id: 'ours/sub-protocol/unknown',
      area: 'sub-protocol',
      level: 'MUST',
      text: 'A sub-protocol that is not known is passed over for one that is.',
    },
  ],
)

const unsupported = rows(
  { section: 'What is not offered yet', versions: ALL, area: 'error', side: 'server', provenBy: ['server'] },
  [
    {
      id: 'ours/unsupported/ack-mode',
      level: 'MUST',
      text: 'SUBSCRIBE with ack `client` or `client-individual` gets an ERROR that names the mode.',
    },
    {
      id: 'ours/unsupported/unknown-ack-mode',
      level: 'MUST',
      text: 'SUBSCRIBE with an ack value that no version knows gets an ERROR that names it.',
    },
    {
      id: 'ours/unsupported/ack-frames',
      level: 'MUST',
      text: 'ACK, and NACK from 1.1 on, get an ERROR that names the command.',
    },
    {
      id: 'ours/unsupported/transaction-frames',
      level: 'MUST',
      text: 'BEGIN, COMMIT and ABORT get an ERROR that names the command.',
    },
    {
      id: 'ours/unsupported/transaction-header',
      level: 'MUST',
      text: 'SEND with a transaction header gets an ERROR that names it, and nothing is published.',
    },
    {
      id: 'ours/unsupported/selector',
      level: 'MUST',
      text: 'SUBSCRIBE with a selector gets an ERROR that names it.',
    },
    {
      id: 'ours/unsupported/queue',
      level: 'MUST',
      text: 'SUBSCRIBE to a queue gets ERROR.',
    },
  ],
)

const delivery = rows({ section: 'Delivery', versions: ALL, area: 'message', side: 'server', provenBy: ['server'] }, [
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
])

const badInput = rows({ section: 'Bad input', versions: ALL, area: 'error', side: 'server', provenBy: ['server'] }, [
  {
    id: 'ours/bad-input/only-its-sender-is-hurt',
    level: 'MUST',
    text: 'Other sessions do not notice that one was refused.',
  },
  {
    id: 'ours/bad-input/first-frame-is-not-connect',
    level: 'MUST',
    text: 'A first frame other than CONNECT or STOMP gets ERROR, then close, and has no effect.',
  },
  {
    id: 'ours/bad-input/unknown-command',
    level: 'MUST',
    text: 'An unknown command gets ERROR, then close.',
  },
  {
    id: 'ours/bad-input/header-without-colon',
    level: 'MUST',
    text: 'A header line without a colon gets ERROR, then close.',
  },
  {
    id: 'ours/bad-input/header-beyond-limit',
    level: 'MUST',
    text: 'Headers beyond a limit get ERROR, then close, before the frame has ended.',
  },
  {
    id: 'ours/bad-input/body-beyond-limit',
    level: 'MUST',
    text: 'A body beyond the limit gets ERROR, then close, before it has come, and so does a content-length beyond it.',
  },
  {
    id: 'ours/bad-input/binary-rubbish',
    level: 'MUST',
    text: 'Octets that are no STOMP get ERROR, then close.',
  },
  {
    id: 'ours/bad-input/one-octet-at-a-time',
    level: 'MUST',
    text: 'A session whose octets come one by one is served as any other.',
  },
  {
    id: 'ours/bad-input/half-a-frame',
    level: 'MUST',
    text: 'A frame that was begun and stays without a further octet for 30 s gets ERROR, then close.',
  },
])

const codec = rows({ section: 'Codec', versions: ALL, area: 'codec', side: 'both', provenBy: ['codec'] }, [
  {
    id: 'ours/codec/any-cut',
    level: 'MUST',
    text: 'A stream gives the same frames however it is cut into chunks.',
  },
  {
    id: 'ours/codec/dead-after-error',
    level: 'MUST',
    text: 'After an error the decoder throws that same error and says where it was.',
  },
  {
    id: 'ours/codec/limits-while-reading',
    level: 'MUST',
    text: 'A limit takes effect while the frame is read, within a KiB of the octet that breaks it, not when it has ended.',
  },
  {
    id: 'ours/codec/unwritable-header-throws',
    level: 'MUST',
    text: 'The encoder throws for a header that the version has no way to write.',
  },
  {
    id: 'ours/codec/trimming-in-1.0',
    versions: ONLY_1_0,
    level: 'MUST',
    text: 'Spaces around header names and values of 1.0, as its own examples have them, are removed.',
  },
  {
    id: 'ours/codec/ill-formed-utf-8',
    level: 'MUST',
    text: 'Headers that are not well-formed UTF-8 are refused.',
  },
  {
    id: 'ours/codec/octets-between-frames',
    level: 'MUST',
    text: 'Line ends and NUL octets between frames are skipped.',
  },
  {
    id: 'ours/codec/crlf-in-connect',
    level: 'MUST',
    text: 'CONNECT and STOMP may end their lines with CRLF in every version, since none is agreed on yet.',
  },
  {
    id: 'ours/codec/heart-beats-are-seen',
    level: 'MUST',
    text: 'A line end between frames is told as a heart-beat.',
  },
])

/** What we promise beyond the specifications. */
export const OWN_RULES: readonly Requirement[] = [...connection, ...unsupported, ...delivery, ...badInput, ...codec]
