import type { Command, Version } from '../src/index.js'

/**
 * Every example frame of the three specifications, in their order. The documents indent examples and write NUL as ^@;
 * a line of nothing but indentation is taken for the blank line that it stands for. A body that is followed by a line
 * of its own before ^@ ends with a line feed.
 */
export interface Example {
  readonly version: Version
  readonly section: string
  readonly wire: string
  readonly command: Command
  readonly headers: readonly (readonly [string, string])[]
  readonly body?: string
}

const ERROR_BODY_1_0 = `The message:
-----
MESSAGE
destined:/queue/a

Hello queue a!
-----
Did not contain a destination header, which is required 
for message propagation.
`

const ERROR_BODY_1_1 = `The message:
-----
MESSAGE
destined:/queue/a
receipt:message-12345


Hello queue a!
-----
Did not contain a destination header, which is REQUIRED
for message propagation.
`

const ERROR_BODY_1_2 = ERROR_BODY_1_1.replace('\n\n\n', '\n\n')

const frame = (
  version: Version,
  section: string,
  wire: string,
  command: Command,
  headers: readonly (readonly [string, string])[],
  body = '',
): Example => ({ version, section, wire, command, headers, body })

const transaction = (version: Version, command: Command): Example =>
  frame(version, command, `${command}\ntransaction:tx1\n\n\0`, command, [['transaction', 'tx1']])

const transaction10 = (command: Command): Example =>
  frame('1.0', command, `${command}\ntransaction: <transaction-identifier>\n\n\0`, command, [
    ['transaction', '<transaction-identifier>'],
  ])

export const EXAMPLES: readonly Example[] = [
  // STOMP 1.0
  frame('1.0', 'CONNECT', 'CONNECT\nlogin: <username>\npasscode:<passcode>\n\n\0', 'CONNECT', [
    ['login', '<username>'],
    ['passcode', '<passcode>'],
  ]),
  frame('1.0', 'CONNECTED', 'CONNECTED\nsession: <session-id>\n\n\0', 'CONNECTED', [['session', '<session-id>']]),
  frame(
    '1.0',
    'SEND',
    'SEND\ndestination:/queue/a\n\nhello queue a\n\0',
    'SEND',
    [['destination', '/queue/a']],
    'hello queue a\n',
  ),
  frame('1.0', 'SUBSCRIBE', 'SUBSCRIBE\ndestination: /queue/foo\nack: client\n\n\0', 'SUBSCRIBE', [
    ['destination', '/queue/foo'],
    ['ack', 'client'],
  ]),
  frame('1.0', 'UNSUBSCRIBE', 'UNSUBSCRIBE\ndestination: /queue/a\n\n\0', 'UNSUBSCRIBE', [['destination', '/queue/a']]),
  transaction10('BEGIN'),
  transaction10('COMMIT'),
  frame('1.0', 'ACK', 'ACK\nmessage-id: <message-identifier>\ntransaction: <transaction-identifier>\n\n\0', 'ACK', [
    ['message-id', '<message-identifier>'],
    ['transaction', '<transaction-identifier>'],
  ]),
  transaction10('ABORT'),
  frame('1.0', 'DISCONNECT', 'DISCONNECT\n\n\0', 'DISCONNECT', []),
  frame(
    '1.0',
    'Receipt',
    'SEND\ndestination:/queue/a\nreceipt:message-12345\n\nHello a!\0',
    'SEND',
    [
      ['destination', '/queue/a'],
      ['receipt', 'message-12345'],
    ],
    'Hello a!',
  ),
  frame(
    '1.0',
    'MESSAGE',
    'MESSAGE\ndestination:/queue/a\nmessage-id: <message-identifier>\n\nhello queue a\0',
    'MESSAGE',
    [
      ['destination', '/queue/a'],
      ['message-id', '<message-identifier>'],
    ],
    'hello queue a',
  ),
  frame('1.0', 'RECEIPT', 'RECEIPT\nreceipt-id:message-12345\n\n\0', 'RECEIPT', [['receipt-id', 'message-12345']]),
  frame(
    '1.0',
    'ERROR',
    `ERROR\nmessage: malformed packet received\n\n${ERROR_BODY_1_0}\0`,
    'ERROR',
    [['message', 'malformed packet received']],
    ERROR_BODY_1_0,
  ),

  // STOMP 1.1 and 1.2, as far as they are alike
  ...(['1.1', '1.2'] as const).flatMap((version) => [
    frame(version, 'Repeated Header Entries', 'MESSAGE\nfoo:World\nfoo:Hello\n\n\0', 'MESSAGE', [
      ['foo', 'World'],
      ['foo', 'Hello'],
    ]),
    frame(version, 'Connecting', `CONNECT\naccept-version:${version}\nhost:stomp.github.org\n\n\0`, 'CONNECT', [
      ['accept-version', version],
      ['host', 'stomp.github.org'],
    ]),
    frame(version, 'Connecting', `CONNECTED\nversion:${version}\n\n\0`, 'CONNECTED', [['version', version]]),
    frame(
      version,
      'Protocol Negotiation',
      'CONNECT\naccept-version:1.0,1.1,2.0\nhost:stomp.github.org\n\n\0',
      'CONNECT',
      [
        ['accept-version', '1.0,1.1,2.0'],
        ['host', 'stomp.github.org'],
      ],
    ),
    frame(version, 'Protocol Negotiation', 'CONNECTED\nversion:1.1\n\n\0', 'CONNECTED', [['version', '1.1']]),
    frame(
      version,
      'Protocol Negotiation',
      'ERROR\nversion:1.2,2.1\ncontent-type:text/plain\n\nSupported protocol versions are 1.2 2.1\0',
      'ERROR',
      [
        ['version', '1.2,2.1'],
        ['content-type', 'text/plain'],
      ],
      'Supported protocol versions are 1.2 2.1',
    ),
    frame(version, 'Heart-beating', 'CONNECT\nheart-beat:<cx>,<cy>\n\n\0', 'CONNECT', [['heart-beat', '<cx>,<cy>']]),
    frame(version, 'Heart-beating', 'CONNECTED\nheart-beat:<sx>,<sy>\n\n\0', 'CONNECTED', [
      ['heart-beat', '<sx>,<sy>'],
    ]),
    frame(
      version,
      'SEND',
      'SEND\ndestination:/queue/a\ncontent-type:text/plain\n\nhello queue a\n\0',
      'SEND',
      [
        ['destination', '/queue/a'],
        ['content-type', 'text/plain'],
      ],
      'hello queue a\n',
    ),
    frame(version, 'SUBSCRIBE', 'SUBSCRIBE\nid:0\ndestination:/queue/foo\nack:client\n\n\0', 'SUBSCRIBE', [
      ['id', '0'],
      ['destination', '/queue/foo'],
      ['ack', 'client'],
    ]),
    frame(version, 'UNSUBSCRIBE', 'UNSUBSCRIBE\nid:0\n\n\0', 'UNSUBSCRIBE', [['id', '0']]),
    transaction(version, 'BEGIN'),
    transaction(version, 'COMMIT'),
    transaction(version, 'ABORT'),
    // These two stand without their blank line in both documents.
    frame(version, 'DISCONNECT', 'DISCONNECT\nreceipt:77\n\0', 'DISCONNECT', [['receipt', '77']]),
    frame(version, 'DISCONNECT', 'RECEIPT\nreceipt-id:77\n\0', 'RECEIPT', [['receipt-id', '77']]),
    frame(
      version,
      'Header receipt',
      'SEND\ndestination:/queue/a\nreceipt:message-12345\n\nhello queue a\0',
      'SEND',
      [
        ['destination', '/queue/a'],
        ['receipt', 'message-12345'],
      ],
      'hello queue a',
    ),
    frame(
      version,
      'MESSAGE',
      'MESSAGE\nsubscription:0\nmessage-id:007\ndestination:/queue/a\ncontent-type:text/plain\n\nhello queue a\0',
      'MESSAGE',
      [
        ['subscription', '0'],
        ['message-id', '007'],
        ['destination', '/queue/a'],
        ['content-type', 'text/plain'],
      ],
      'hello queue a',
    ),
    frame(version, 'RECEIPT', 'RECEIPT\nreceipt-id:message-12345\n\n\0', 'RECEIPT', [['receipt-id', 'message-12345']]),
  ]),

  frame('1.1', 'ACK', 'ACK\nsubscription:0\nmessage-id:007\ntransaction:tx1\n\n\0', 'ACK', [
    ['subscription', '0'],
    ['message-id', '007'],
    ['transaction', 'tx1'],
  ]),
  frame('1.2', 'ACK', 'ACK\nid:12345\ntransaction:tx1\n\n\0', 'ACK', [
    ['id', '12345'],
    ['transaction', 'tx1'],
  ]),
  frame(
    '1.1',
    'ERROR',
    'ERROR\nreceipt-id:message-12345\ncontent-type:text/plain\ncontent-length:171\n' +
      `message: malformed frame received\n\n${ERROR_BODY_1_1}\0`,
    'ERROR',
    [
      ['receipt-id', 'message-12345'],
      ['content-type', 'text/plain'],
      ['content-length', '171'],
      ['message', ' malformed frame received'],
    ],
    ERROR_BODY_1_1,
  ),
  frame(
    '1.2',
    'ERROR',
    'ERROR\nreceipt-id:message-12345\ncontent-type:text/plain\ncontent-length:170\n' +
      `message:malformed frame received\n\n${ERROR_BODY_1_2}\0`,
    'ERROR',
    [
      ['receipt-id', 'message-12345'],
      ['content-type', 'text/plain'],
      ['content-length', '170'],
      ['message', 'malformed frame received'],
    ],
    ERROR_BODY_1_2,
  ),
]
