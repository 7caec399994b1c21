import type { Command, Version } from '../src/index.js'

/** One row: how a frame stands on the wire, and what it is. */
export interface FrameRow {
  readonly title: string
  readonly versions: readonly Version[]
  readonly wire: string
  readonly command: Command
  readonly headers: readonly (readonly [string, string])[]
  readonly body?: string
  /** What the encoder writes for it, where that is not `wire`. */
  readonly canonical?: string
}

const ALL: readonly Version[] = ['1.0', '1.1', '1.2']

/** `wire` is read as the frame; the frame is written as `canonical`; that is read as the frame again. */
export const FRAME_ROWS: readonly FrameRow[] = [
  {
    title: 'a frame without headers',
    versions: ALL,
    wire: 'DISCONNECT\n\n\0',
    command: 'DISCONNECT',
    headers: [],
  },
  {
    title: 'a body without content-length ends at the first NUL',
    versions: ALL,
    wire: 'SEND\ndestination:/queue/a\n\nhello\0',
    command: 'SEND',
    headers: [['destination', '/queue/a']],
    body: 'hello',
    canonical: 'SEND\ndestination:/queue/a\ncontent-length:5\n\nhello\0',
  },
  {
    title: 'content-length counts bytes, not characters',
    versions: ALL,
    wire: 'SEND\ndestination:/q\ncontent-length:12\n\ngrün 日本\0',
    command: 'SEND',
    headers: [
      ['destination', '/q'],
      ['content-length', '12'],
    ],
    body: 'grün 日本',
  },
  {
    title: 'a body with content-length may hold NULs',
    versions: ALL,
    wire: 'SEND\ndestination:/q\ncontent-length:5\n\n\0a\0b\0\0',
    command: 'SEND',
    headers: [
      ['destination', '/q'],
      ['content-length', '5'],
    ],
    body: '\0a\0b\0',
  },
  {
    title: 'an empty body',
    versions: ALL,
    wire: 'MESSAGE\nmessage-id:1\ncontent-length:0\n\n\0',
    command: 'MESSAGE',
    headers: [
      ['message-id', '1'],
      ['content-length', '0'],
    ],
  },
  {
    title: 'a body that begins with line ends and looks like headers',
    versions: ALL,
    wire: 'SEND\ndestination:/q\ncontent-length:8\n\n\n\r\na:b\n\n\0',
    command: 'SEND',
    headers: [
      ['destination', '/q'],
      ['content-length', '8'],
    ],
    body: '\n\r\na:b\n\n',
  },
  {
    title: 'an empty value',
    versions: ALL,
    wire: 'SUBSCRIBE\nid:\n\n\0',
    command: 'SUBSCRIBE',
    headers: [['id', '']],
  },
  {
    title: 'repeated headers in their order',
    versions: ALL,
    wire: 'MESSAGE\nfoo:World\nbar:1\nfoo:Hello\ncontent-length:0\n\n\0',
    command: 'MESSAGE',
    headers: [
      ['foo', 'World'],
      ['bar', '1'],
      ['foo', 'Hello'],
      ['content-length', '0'],
    ],
  },
  {
    title: 'names in their own case',
    versions: ALL,
    wire: 'SUBSCRIBE\nId:1\nid:2\n\n\0',
    command: 'SUBSCRIBE',
    headers: [
      ['Id', '1'],
      ['id', '2'],
    ],
  },
  {
    title: 'UTF-8 in names and values',
    versions: ALL,
    wire: 'SUBSCRIBE\ngröße:日本\nsmile:😀\n\n\0',
    command: 'SUBSCRIBE',
    headers: [
      ['größe', '日本'],
      ['smile', '😀'],
    ],
  },
  {
    title: 'U+FFFD that was really sent',
    versions: ALL,
    wire: 'SUBSCRIBE\nid:a\ufffdb\n\n\0',
    command: 'SUBSCRIBE',
    headers: [['id', 'a\ufffdb']],
  },
  {
    title: 'a byte order mark as the character that it is',
    versions: ALL,
    wire: 'SEND\nid:\ufeffx\ncontent-length:4\n\n\ufeffx\0',
    command: 'SEND',
    headers: [
      ['id', '\ufeffx'],
      ['content-length', '4'],
    ],
    body: '\ufeffx',
  },
  {
    title: 'every escape of STOMP 1.2, in name and value',
    versions: ['1.2'],
    wire: 'SUBSCRIBE\na\\cb\\nc\\rd\\\\e:f\\cg\\nh\\ri\\\\j\n\n\0',
    command: 'SUBSCRIBE',
    headers: [['a:b\nc\rd\\e', 'f:g\nh\ri\\j']],
  },
  {
    title: 'every escape of STOMP 1.1, and CR as it is',
    versions: ['1.1'],
    wire: 'SUBSCRIBE\na\\cb\\nc\rd\\\\e:f\\cg\\nh\ri\\\\j\r\n\n\0',
    command: 'SUBSCRIBE',
    headers: [['a:b\nc\rd\\e', 'f:g\nh\ri\\j\r']],
  },
  {
    title: 'an escaped backslash before the letter of an escape',
    versions: ['1.1', '1.2'],
    wire: 'SUBSCRIBE\nid:\\\\n\\\\\\n\n\n\0',
    command: 'SUBSCRIBE',
    headers: [['id', '\\n\\\n']],
  },
  {
    title: 'escapes beside characters that are not ASCII',
    versions: ['1.1', '1.2'],
    wire: 'SUBSCRIBE\nü\\cü:é\\\\é\\cé\n\n\0',
    command: 'SUBSCRIBE',
    headers: [['ü:ü', 'é\\é:é']],
  },
  {
    title: 'backslashes in STOMP 1.0, which has no escapes',
    versions: ['1.0'],
    wire: 'SUBSCRIBE\nid:a\\nb\\\n\n\0',
    command: 'SUBSCRIBE',
    headers: [['id', 'a\\nb\\']],
  },
  {
    title: 'colons in a value, after the first',
    versions: ['1.0'],
    wire: 'SUBSCRIBE\nid:a:b::c\n\n\0',
    command: 'SUBSCRIBE',
    headers: [['id', 'a:b::c']],
  },
  {
    title: 'colons in a value that were not escaped',
    versions: ['1.1', '1.2'],
    wire: 'SUBSCRIBE\nid:a:b\n\n\0',
    command: 'SUBSCRIBE',
    headers: [['id', 'a:b']],
    canonical: 'SUBSCRIBE\nid:a\\cb\n\n\0',
  },
  {
    title: 'no escapes in CONNECT',
    versions: ALL,
    wire: 'CONNECT\nlogin:a\\nb:c\\\nhost:h\n\n\0',
    command: 'CONNECT',
    headers: [
      ['login', 'a\\nb:c\\'],
      ['host', 'h'],
    ],
  },
  {
    title: 'no escapes in STOMP',
    versions: ALL,
    wire: 'STOMP\nlogin:\\\n\n\0',
    command: 'STOMP',
    headers: [['login', '\\']],
  },
  {
    title: 'no escapes in CONNECTED',
    versions: ALL,
    wire: 'CONNECTED\nversion:1.2\nuser-name:a:\\c\n\n\0',
    command: 'CONNECTED',
    headers: [
      ['version', '1.2'],
      ['user-name', 'a:\\c'],
    ],
  },
  {
    title: 'CRLF line ends in CONNECT',
    versions: ALL,
    wire: 'CONNECT\r\naccept-version:1.2\r\nhost:h\n\r\n\0',
    command: 'CONNECT',
    headers: [
      ['accept-version', '1.2'],
      ['host', 'h'],
    ],
    canonical: 'CONNECT\naccept-version:1.2\nhost:h\n\n\0',
  },
  {
    title: 'CRLF line ends in CONNECTED',
    versions: ALL,
    wire: 'CONNECTED\r\nversion:1.2\r\n\r\n\0',
    command: 'CONNECTED',
    headers: [['version', '1.2']],
    canonical: 'CONNECTED\nversion:1.2\n\n\0',
  },
  {
    title: 'CRLF line ends in STOMP 1.2',
    versions: ['1.2'],
    wire: 'SEND\r\ndestination:/q\r\nx:\r\n\r\nhi\r\n\0',
    command: 'SEND',
    headers: [
      ['destination', '/q'],
      ['x', ''],
    ],
    body: 'hi\r\n',
    canonical: 'SEND\ndestination:/q\nx:\ncontent-length:4\n\nhi\r\n\0',
  },
  {
    title: 'only one CR belongs to the line end',
    versions: ['1.2'],
    wire: 'SUBSCRIBE\nid:a\rb\r\r\n\n\0',
    command: 'SUBSCRIBE',
    headers: [['id', 'a\rb\r']],
    canonical: 'SUBSCRIBE\nid:a\\rb\\r\n\n\0',
  },
  {
    title: 'a CR in STOMP 1.0 and 1.1 belongs to the value',
    versions: ['1.0', '1.1'],
    wire: 'SUBSCRIBE\nid:a\r\n\n\0',
    command: 'SUBSCRIBE',
    headers: [['id', 'a\r']],
  },
  {
    title: 'spaces and tabs around names and values are dropped in STOMP 1.0',
    versions: ['1.0'],
    wire: 'CONNECT\n login\t: \t a b \t\n\n\0',
    command: 'CONNECT',
    headers: [['login', 'a b']],
    canonical: 'CONNECT\nlogin:a b\n\n\0',
  },
  {
    title: 'no other white space is dropped in STOMP 1.0',
    versions: ['1.0'],
    wire: 'SUBSCRIBE\nid:\u00a0x\v\n\n\0',
    command: 'SUBSCRIBE',
    headers: [['id', '\u00a0x\v']],
  },
  {
    title: 'spaces are kept from STOMP 1.1 on',
    versions: ['1.1', '1.2'],
    wire: 'SUBSCRIBE\n id\t: \t a b \n\n\0',
    command: 'SUBSCRIBE',
    headers: [[' id\t', ' \t a b ']],
  },
  {
    title: 'spaces around content-length are tolerated',
    versions: ['1.1', '1.2'],
    wire: 'SEND\ncontent-length: 2\t\n\n\0\0\0',
    command: 'SEND',
    headers: [['content-length', ' 2\t']],
    body: '\0\0',
    canonical: 'SEND\ncontent-length:2\n\n\0\0\0',
  },
  {
    title: 'of a repeated content-length the first counts',
    versions: ALL,
    wire: 'SEND\ncontent-length:1\ncontent-length:99\n\n\0\0',
    command: 'SEND',
    headers: [
      ['content-length', '1'],
      ['content-length', '99'],
    ],
    body: '\0',
    canonical: 'SEND\ncontent-length:1\n\n\0\0',
  },
  {
    title: 'a content-length of 0 on a frame without body',
    versions: ALL,
    wire: 'RECEIPT\ncontent-length:0\nreceipt-id:7\n\n\0',
    command: 'RECEIPT',
    headers: [
      ['content-length', '0'],
      ['receipt-id', '7'],
    ],
    canonical: 'RECEIPT\nreceipt-id:7\n\n\0',
  },
]
