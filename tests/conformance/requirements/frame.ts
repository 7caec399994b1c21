import { ALL, BEFORE_1_2, FROM_1_1, ONLY_1_0, ONLY_1_1, ONLY_1_2, type Requirement, rows } from '../requirement.js'

const frames = rows({ section: 'STOMP Frames', versions: ALL, area: 'codec', side: 'both', provenBy: ['codec'] }, [
  {
    id: '1.2/frame/shape',
    level: 'states',
    text: 'A frame is a command line, header lines `key:value`, a blank line, a body and one NUL octet.',
  },
  {
    id: '1.2/frame/zero-or-more-headers',
    level: 'states',
    text: 'A frame may carry no header at all.',
  },
  {
    id: '1.1/frame/one-or-more-headers',
    versions: ONLY_1_1,
    level: 'states',
    status: { notOurs: 'the grammar of 1.1 itself allows none, and its DISCONNECT needs none' },
    text: 'A 1.1 frame has at least one header.',
  },
  {
    id: '1.2/frame/line-ends-with-lf-or-crlf',
    versions: ONLY_1_2,
    level: 'MUST',
    text: 'A line ends with a line feed, before which one carriage return may stand.',
  },
  {
    id: '1.1/frame/line-ends-with-lf',
    versions: BEFORE_1_2,
    level: 'states',
    text: 'A line ends with a line feed alone, so a carriage return before it belongs to the line.',
  },
  {
    id: '1.2/frame/line-ends-may-follow',
    level: 'states',
    text: 'Any number of line ends may follow the NUL octet of a frame.',
  },
  {
    id: '1.2/frame/case-sensitive',
    versions: FROM_1_1,
    level: 'states',
    provenBy: ['codec', 'server'],
    text: 'Commands and header names are told apart by case.',
  },
  {
    id: '1.2/body/encoding-is-free',
    versions: FROM_1_1,
    section: 'Protocol Overview',
    level: 'states',
    provenBy: ['codec', 'server'],
    text: 'A body may be binary or text in any encoding and reaches its reader octet for octet.',
  },
])

const encoding = rows(
  { section: 'Value Encoding', versions: FROM_1_1, area: 'codec', side: 'both', provenBy: ['codec'] },
  [
    {
      id: '1.2/value-encoding/utf-8',
      level: 'states',
      text: 'Commands and headers are UTF-8.',
    },
    {
      id: '1.2/escape/decode-lf-colon-backslash',
      level: 'MUST',
      text: 'A reader turns `\\n`, `\\c` and `\\\\` in header names and values into line feed, colon and backslash.',
    },
    {
      id: '1.2/escape/decode-cr',
      versions: ONLY_1_2,
      level: 'MUST',
      text: 'A reader turns `\\r` in header names and values into carriage return.',
    },
    {
      id: '1.2/escape/encode-lf-colon-backslash',
      level: 'MUST',
      text: 'A writer escapes line feed, colon and backslash in header names and values.',
    },
    {
      id: '1.2/escape/encode-cr',
      versions: ONLY_1_2,
      level: 'MUST',
      text: 'A writer escapes a carriage return in header names and values.',
    },
    {
      id: '1.2/escape/not-in-connect',
      level: 'states',
      text: 'CONNECT and CONNECTED neither escape nor unescape anything.',
    },
    {
      id: '1.2/escape/undefined-is-fatal',
      level: 'MUST',
      provenBy: ['codec', 'server'],
      text: 'An escape sequence that is not defined, such as `\\t`, is a fatal error.',
    },
    {
      id: '1.1/escape/cr-is-undefined',
      versions: ONLY_1_1,
      level: 'MUST',
      provenBy: ['codec', 'server'],
      text: 'In 1.1 `\\r` is an undefined escape sequence and so a fatal error.',
    },
    {
      id: '1.0/escape/none',
      versions: ONLY_1_0,
      section: 'Augmented BNF',
      level: 'states',
      text: 'In 1.0 nothing is escaped: a backslash stands for itself, and a value may hold colons.',
    },
    {
      id: '1.2/headers/never-trimmed-or-padded',
      level: 'MUST NOT',
      provenBy: ['codec', 'server'],
      text: 'Spaces around a header name or value are neither removed nor added.',
    },
  ],
)

const bodies = rows({ section: 'Body', versions: FROM_1_1, area: 'codec', side: 'both', provenBy: ['codec'] }, [
  {
    id: '1.2/body/send-message-error-may',
    level: 'MAY',
    text: 'SEND, MESSAGE and ERROR may have a body.',
  },
  {
    id: '1.2/body/others-must-not',
    level: 'MUST NOT',
    provenBy: ['codec', 'server'],
    text: 'A frame of any other command has no body: it is not written with one, and refused when it comes with one.',
  },
])

const grammar = rows({ section: 'Augmented BNF', versions: ALL, area: 'codec', side: 'both', provenBy: ['codec'] }, [
  {
    id: '1.2/bnf/frame-stream',
    level: 'states',
    text: 'A stream is one frame after another.',
  },
  {
    id: '1.2/bnf/client-commands',
    versions: FROM_1_1,
    level: 'states',
    text: 'A client sends SEND, SUBSCRIBE, UNSUBSCRIBE, BEGIN, COMMIT, ABORT, ACK, NACK, DISCONNECT, CONNECT or STOMP.',
  },
  {
    id: '1.0/bnf/client-commands',
    versions: ONLY_1_0,
    level: 'states',
    text: 'A 1.0 client sends CONNECT, SEND, SUBSCRIBE, UNSUBSCRIBE, BEGIN, COMMIT, ABORT, ACK or DISCONNECT.',
  },
  {
    id: '1.2/bnf/server-commands',
    level: 'states',
    text: 'A server sends CONNECTED, MESSAGE, RECEIPT or ERROR.',
  },
  {
    id: '1.2/bnf/header-name-not-empty',
    level: 'states',
    text: 'A header name has at least one octet.',
  },
  {
    id: '1.2/bnf/header-value-may-be-empty',
    versions: FROM_1_1,
    level: 'states',
    text: 'A header value may be empty.',
  },
  {
    id: '1.2/bnf/delimiters-stand-for-themselves-only',
    versions: ONLY_1_2,
    level: 'states',
    text: 'No header name or value is written with a raw carriage return, line feed or colon in it.',
  },
  {
    id: '1.1/bnf/delimiters-stand-for-themselves-only',
    versions: ONLY_1_1,
    level: 'states',
    text: 'No header name or value is written with a raw line feed or colon in it.',
  },
  {
    id: '1.2/bnf/raw-colon-in-a-value',
    versions: FROM_1_1,
    level: 'states',
    status: { notOurs: 'clients do send colons as they are, so they are read; none is written' },
    text: 'A header value that holds a raw colon is no header value.',
  },
  {
    id: '1.0/bnf/header-value-not-empty',
    versions: ONLY_1_0,
    level: 'states',
    status: { notOurs: 'clients of 1.0 do send empty values, so they are read and written' },
    text: 'A 1.0 header value has at least one character.',
  },
  {
    id: '1.0/bnf/us-ascii',
    versions: ONLY_1_0,
    level: 'states',
    status: { notOurs: 'clients of 1.0 do send UTF-8, so it is read and written' },
    text: 'Names and values of 1.0 headers are US-ASCII.',
  },
  {
    id: '1.2/bnf/header-has-colon',
    level: 'states',
    provenBy: ['codec', 'server'],
    text: 'A header line without a colon is not a header.',
  },
])

/** Frames, value encoding, bodies and the grammar. */
export const frameRequirements: readonly Requirement[] = [...frames, ...encoding, ...bodies, ...grammar]
